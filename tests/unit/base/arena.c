/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/support.h"

#define SEGMENT_FIRST ((size_t)256 << 10)

static size_t
used(void)
{
	size_t in_use, mapped;

	arena_usage(&in_use, &mapped);
	return in_use;
}

static size_t
mapped(void)
{
	size_t in_use, all;

	arena_usage(&in_use, &all);
	return all;
}

static size_t
count_not(const uint8_t *data, size_t len, uint8_t byte)
{
	size_t i, count = 0;

	for (i = 0; i < len; i++)
		count += data[i] != byte;
	return count;
}

/* S188 */
static void
a_freed_block_is_wiped_slack_included(void **state)
{
	static const size_t lens[] = { 1, 16, 33, 100, 1000, 70000 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t whole = (lens[i] + 15) / 16 * 16;
		uint8_t *before = arena_alloc(64), *block = arena_alloc(lens[i]), *after = arena_alloc(64);

		assert_non_null(block);
		memset(block, 0xa5, whole);
		arena_free(block);
		/* the neighbours are in use, so only the links of a free list may stand there: 16 bytes, no secret's */
		assert_null(memmem(block, whole, "\xa5\xa5", 2));
		if (whole > 16)
			assert_int_equal(count_not(block + 16, whole - 16, 0), 0);
		arena_free(before);
		arena_free(after);
		assert_int_equal(count_not(block, whole, 0xa5), whole);
	}
}

static void
a_new_block_is_zero_even_where_another_one_was(void **state)
{
	int round;

	(void)state;
	for (round = 0; round < 100; round++) {
		size_t len = (size_t)(round * 37 + 1);
		uint8_t *block = arena_alloc(len);

		assert_non_null(block);
		assert_int_equal((uintptr_t)block % 16, 0);
		assert_int_equal(count_not(block, len, 0), 0);
		memset(block, 0xff, len);
		arena_free(block);
	}
}

static void
all_that_is_freed_can_be_used_again_as_one_piece(void **state)
{
	void *blocks[64];
	size_t before = used();
	size_t i;
	void *large;

	(void)state;
	assert_non_null(large = arena_alloc(SEGMENT_FIRST / 2));
	arena_free(large);
	for (i = 0; i < 64; i++)
		assert_non_null(blocks[i] = arena_alloc(SEGMENT_FIRST / 128));
	for (i = 0; i < 64; i += 2)
		arena_free(blocks[i]);
	for (i = 1; i < 64; i += 2)
		arena_free(blocks[i]);
	assert_int_equal(used(), before);
	i = mapped();
	assert_non_null(large = arena_alloc(SEGMENT_FIRST / 2));
	assert_int_equal(mapped(), i);
	arena_free(large);
}

static void
random_use_keeps_contents_apart(void **state)
{
	enum { SLOTS = 200, ROUNDS = 20000 };
	static uint8_t *blocks[SLOTS];
	static size_t lens[SLOTS];
	size_t before = used();
	unsigned seed = 1;
	int round, i;

	(void)state;
	for (round = 0; round < ROUNDS; round++) {
		seed = seed * 1103515245U + 12345U;
		i = (int)(seed >> 8) % SLOTS;
		if (blocks[i] != NULL) {
			assert_int_equal(count_not(blocks[i], lens[i], (uint8_t)(i + 1)), 0);
			arena_free(blocks[i]);
			blocks[i] = NULL;
			continue;
		}
		lens[i] = (seed >> 16) % (round % 50 == 0 ? 20000 : 300) + 1;
		blocks[i] = arena_alloc(lens[i]);
		assert_non_null(blocks[i]);
		assert_int_equal(count_not(blocks[i], lens[i], 0), 0);
		memset(blocks[i], i + 1, lens[i]);
	}
	for (i = 0; i < SLOTS; i++) {
		arena_free(blocks[i]);
		blocks[i] = NULL;
	}
	assert_int_equal(used(), before);
}

static void
the_maximum_is_kept_and_emptied_segments_are_given_back(void **state)
{
	enum { BLOCK = 1 << 20, COUNT = SECRET_ARENA_MAX / BLOCK + 1 };
	void *blocks[COUNT];
	int count = 0, i;

	(void)state;
	assert_null(arena_alloc(SECRET_ARENA_MAX + 1));
	assert_int_equal(errno, ENOMEM);
	assert_null(arena_alloc(SIZE_MAX));
	while (count < COUNT && (blocks[count] = arena_alloc(BLOCK - 64)) != NULL)
		count++;
	/* the limit on locked memory may come first, but then as an error too */
	assert_true(count >= 1 && count < COUNT);
	assert_true(errno == ENOMEM || errno == EAGAIN || errno == EPERM);
	assert_true(mapped() <= SECRET_ARENA_MAX);
	for (i = 0; i < count; i++)
		arena_free(blocks[i]);
	assert_true(mapped() <= SECRET_ARENA_MAX / 2 + SEGMENT_FIRST);
	assert_non_null(blocks[0] = arena_alloc(100));
	arena_free(blocks[0]);
}

static void *
use_it(void *ctx)
{
	unsigned seed = (unsigned)(uintptr_t)ctx;
	int round;

	for (round = 0; round < 5000; round++) {
		size_t len = (seed = seed * 1103515245U + 12345U) >> 20;
		uint8_t *block = arena_alloc(len);

		if (block == NULL || count_not(block, len, 0) != 0)
			return ctx;
		memset(block, (int)(uintptr_t)ctx, len);
		if (count_not(block, len, (uint8_t)(uintptr_t)ctx) != 0)
			return ctx;
		arena_free(block);
	}
	return NULL;
}

static void
threads_do_not_disturb_each_other(void **state)
{
	pthread_t threads[4];
	uintptr_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_it, (void *)(i + 1)), 0);
	for (i = 0; i < 4; i++) {
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

static void
the_arena_knows_its_own_blocks(void **state)
{
	void *block = arena_alloc(10), *other = malloc(10);

	(void)state;
	assert_true(arena_owns(block));
	assert_false(arena_owns(other));
	assert_false(arena_owns(&block));
	assert_false(arena_owns(NULL));
	arena_free(block);
	arena_free(NULL);
	free(other);
}

static void
a_secret_ends_with_a_nul_that_it_does_not_count(void **state)
{
	struct secret secret = SECRET_INIT;
	size_t before = used();

	(void)state;
	assert_true(secret_copy("0123456789abcdef", 16, &secret));
	assert_int_equal(secret.len, 16);
	assert_int_equal(secret.data[16], 0);
	assert_string_equal((const char *)secret.data, "0123456789abcdef");
	secret_free(&secret);
	assert_null(secret.data);
	assert_int_equal(secret.len, 0);
	secret_free(&secret);
	secret_free(NULL);
	assert_int_equal(used(), before);
}

static void
an_empty_secret_has_no_memory(void **state)
{
	struct secret secret = { (uint8_t *)state, 5 };

	assert_true(secret_new(0, &secret));
	assert_null(secret.data);
	assert_true(secret_is_empty(&secret));
	secret.len = 5;
	assert_true(secret_copy(NULL, 0, &secret));
	assert_true(secret_is_empty(&secret));
	assert_false(secret_new(SIZE_MAX, &secret));
	assert_null(secret.data);
}

static void
secrets_are_equal_only_with_the_same_bytes(void **state)
{
	struct secret a = SECRET_INIT, b = SECRET_INIT, empty = SECRET_INIT;

	(void)state;
	assert_true(secret_copy("abcd", 4, &a));
	assert_true(secret_copy("abcd", 4, &b));
	assert_true(secret_equal(&a, &b));
	b.data[3] = 'e';
	assert_false(secret_equal(&a, &b));
	b.data[3] = 'd';
	b.len = 3;
	assert_false(secret_equal(&a, &b));
	assert_false(secret_equal(&a, &empty));
	assert_true(secret_equal(&empty, &empty));
	b.len = 4;
	secret_free(&a);
	secret_free(&b);
}

int
run_arena_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_freed_block_is_wiped_slack_included),
		cmocka_unit_test(a_new_block_is_zero_even_where_another_one_was),
		cmocka_unit_test(all_that_is_freed_can_be_used_again_as_one_piece),
		cmocka_unit_test(random_use_keeps_contents_apart),
		cmocka_unit_test(the_maximum_is_kept_and_emptied_segments_are_given_back),
		cmocka_unit_test(threads_do_not_disturb_each_other),
		cmocka_unit_test(the_arena_knows_its_own_blocks),
		cmocka_unit_test(a_secret_ends_with_a_nul_that_it_does_not_count),
		cmocka_unit_test(an_empty_secret_has_no_memory),
		cmocka_unit_test(secrets_are_equal_only_with_the_same_bytes),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
