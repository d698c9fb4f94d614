/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "courier/courier.h"
#include "courier/memory.h"

static void
blocks_keep_their_content_when_they_grow_and_shrink(void **state)
{
	char *block = memory_copy("canary");

	(void)state;
	assert_non_null(block);
	block = memory_resize(block, 4096);
	assert_non_null(block);
	assert_string_equal(block, "canary");
	block = memory_resize(block, 3);
	assert_non_null(block);
	assert_memory_equal(block, "can", 3);
	memory_free(block);
	memory_free(NULL);
	block = memory_resize(NULL, 8);
	assert_non_null(block);
	memory_free(block);
}

static void
new_blocks_of_calloc_are_zero_and_too_large_ones_refused(void **state)
{
	static const char zeros[300];
	char *block = memory_calloc(3, 100);

	(void)state;
	assert_non_null(block);
	assert_memory_equal(block, zeros, 300);
	memory_free(block);
	assert_null(memory_calloc(SIZE_MAX / 2, 3));
	assert_null(memory_alloc(SIZE_MAX - 4));
}

/*
 * Reads a block after it was freed, on purpose: a plain build looks at what the allocator left there. The C library
 * writes its list pointers to the first bytes only. A sanitizer would rightly stop this, so it is not built there.
 */
#if !defined(__SANITIZE_ADDRESS__) && !(defined(__has_feature) && __clang__)
#define LOOKS_AT_FREED_MEMORY 1
#endif

#ifdef LOOKS_AT_FREED_MEMORY
/* In a child, as the limit and the reserve are the process's. */
static void
without_memory_there_is_enough_for_an_exchange(void **state)
{
	const struct rlimit none = { 0, 0 };
	pid_t child = fork();
	int status = 1;

	(void)state;
	if (child == 0) {
		char *block;

		if (setrlimit(RLIMIT_AS, &none) != 0)
			_exit(2);
		while (malloc(16) != NULL)
			; /* what the allocator has left */
		for (int i = 0; i < 50; i++) {
			block = memory_copy("canary");
			block = block == NULL ? NULL : memory_resize(block, 10000);
			if (block == NULL || strcmp(block, "canary") != 0)
				_exit(3);
			memory_free(block);
		}
		_exit(memory_alloc((size_t)2 << 20) == NULL ? 0 : 4);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static int
count_canaries(const volatile char *from, size_t len)
{
	int count = 0;

	for (size_t i = 0; i < len; i++)
		count += from[i] == 'S';
	return count;
}

static void
a_freed_block_is_wiped(void **state)
{
	char *block = memory_alloc(512);
	uintptr_t address = (uintptr_t)block;

	(void)state;
	assert_non_null(block);
	memset(block, 'S', 512);
	memory_free(block);
	assert_int_equal(count_canaries((const volatile char *)address, 512), 0);
}
#endif

int
run_memory_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_keep_their_content_when_they_grow_and_shrink),
		cmocka_unit_test(new_blocks_of_calloc_are_zero_and_too_large_ones_refused),
#ifdef LOOKS_AT_FREED_MEMORY /* nor does a sanitizer live with so little */
		cmocka_unit_test(without_memory_there_is_enough_for_an_exchange),
#endif
#ifdef LOOKS_AT_FREED_MEMORY
		cmocka_unit_test(a_freed_block_is_wiped),
#endif
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
