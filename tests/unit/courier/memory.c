/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

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
#ifdef LOOKS_AT_FREED_MEMORY
		cmocka_unit_test(a_freed_block_is_wiped),
#endif
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
