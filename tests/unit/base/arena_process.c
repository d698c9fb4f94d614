/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only another process or the kernel's own books can prove about the arena.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/support.h"

struct area {
	uintptr_t start, end;
	long locked_kib;
	char flags[512];
};

/* The kernel's entry for the mapping that address is in. */
static bool
find_area(const void *address, struct area *ret)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	char line[512];
	bool inside = false, found = false;

	if (maps == NULL)
		return false;
	memset(ret, 0, sizeof(*ret));
	while (!found && fgets(line, sizeof(line), maps) != NULL) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
			inside = (uintptr_t)address >= start && (uintptr_t)address < end;
			ret->start = start;
			ret->end = end;
		} else if (inside && strncmp(line, "Locked:", 7) == 0) {
			(void)sscanf(line, "Locked: %ld", &ret->locked_kib);
		} else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
			(void)snprintf(ret->flags, sizeof(ret->flags), "%s", line + 8);
			found = true;
		}
	}
	(void)fclose(maps);
	return found;
}

/* S188 */
static void
secret_pages_are_locked_not_dumped_and_wiped_on_fork(void **state)
{
	uint8_t *block = arena_alloc(20000);
	struct area area;

	(void)state;
	assert_non_null(block);
	memset(block, 1, 20000);
	if (!find_area(block, &area)) {
		arena_free(block);
		skip();
	}
	assert_true(area.locked_kib >= 16);
	assert_non_null(strstr(area.flags, " lo "));
	assert_non_null(strstr(area.flags, " dd "));
	assert_non_null(strstr(area.flags, " wf "));
	arena_free(block);
}

static int
touch(void *ctx)
{
	volatile uint8_t *place = ctx;

	return *place == 0 ? 0 : 1;
}

static void
an_unreadable_page_is_before_and_after_the_secrets(void **state)
{
	uint8_t *block = arena_alloc(100);
	struct area area;

	(void)state;
	assert_non_null(block);
	if (!find_area(block, &area)) {
		arena_free(block);
		skip();
	}
	assert_int_equal(in_child(touch, (void *)area.start), 0);
	assert_int_equal(in_child(touch, (void *)(area.start - 1)), 1000 + SIGSEGV);
	assert_int_equal(in_child(touch, (void *)area.end), 1000 + SIGSEGV);
	arena_free(block);
}

/* What a child of a program that uses the library does: look, free what it inherited, go on. */
static int
use_inherited(void *ctx)
{
	uint8_t *inherited = ctx;
	struct secret own = SECRET_INIT;
	struct area area;
	size_t used, mapped, i;

	for (i = 0; i < 1000; i++) {
		if (inherited[i] != 0)
			return 1;
	}
	arena_free(inherited);
	arena_usage(&used, &mapped);
	if (used != 0 || mapped != 0)
		return 2;
	if (!secret_copy("of the child", 12, &own) || strcmp((const char *)own.data, "of the child") != 0)
		return 3;
	if (own.data >= inherited && own.data < inherited + 1000)
		return 4;
	if (find_area(own.data, &area) && (area.locked_kib < 4 || strstr(area.flags, " lo ") == NULL))
		return 5; /* locks are not inherited: it must be a segment of its own */
	secret_free(&own);
	arena_usage(&used, &mapped);
	return used == 0 ? 0 : 6;
}

static int
use_inherited_and_fork(void *ctx)
{
	int status = use_inherited(ctx);

	return status != 0 ? status : in_child(use_inherited, ctx);
}

static void
a_child_sees_zeros_and_can_go_on(void **state)
{
	uint8_t *block = arena_alloc(1000);

	(void)state;
	assert_non_null(block);
	memset(block, 0x5a, 1000);
	assert_int_equal(in_child(use_inherited, block), 0);
	assert_int_equal(in_child(use_inherited_and_fork, block), 0);
	assert_int_equal(block[0], 0x5a);
	assert_int_equal(block[999], 0x5a);
	arena_free(block);
}

static atomic_bool stop;

static void *
keep_busy(void *ctx)
{
	while (!atomic_load(&stop))
		arena_free(arena_alloc(100));
	return ctx;
}

static int
allocate_one(void *ctx)
{
	void *block = arena_alloc(50);

	(void)ctx;
	arena_free(block);
	return block != NULL ? 0 : 1;
}

static void
a_fork_while_a_thread_allocates_does_not_hang_the_child(void **state)
{
	pthread_t thread;
	int i;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, keep_busy, NULL), 0);
	for (i = 0; i < 50; i++)
		assert_int_equal(in_child(allocate_one, NULL), 0);
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static int
free_twice(void *ctx)
{
	void *a = arena_alloc(100), *b = arena_alloc(100), *c = arena_alloc(100);

	(void)ctx;
	(void)a;
	(void)c;
	arena_free(b);
	arena_free(b);
	return 0;
}

static int
free_foreign(void *ctx)
{
	arena_free(ctx);
	return 0;
}

static void
freeing_twice_or_what_is_not_ours_ends_the_process(void **state)
{
	int on_stack = 0;

	(void)state;
	assert_int_equal(in_child(free_twice, NULL), 1000 + SIGABRT);
	assert_int_equal(in_child(free_foreign, &on_stack), 1000 + SIGABRT);
}

static int
allocate_without_limit(void *ctx)
{
	const struct rlimit limit = { 0, 0 };
	struct secret secret = SECRET_INIT;

	(void)ctx;
	if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0)
		return 77;
	errno = 0;
	if (secret_copy("x", 1, &secret) || secret.data != NULL)
		return 1;
	return errno == EPERM || errno == ENOMEM || errno == EAGAIN ? 0 : 2;
}

static int
allocate_with_hard_limit(void *ctx)
{
	const struct rlimit limit = { 0, (rlim_t)512 << 10 };
	struct rlimit now;
	struct secret secret = SECRET_INIT;

	(void)ctx;
	if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0)
		return 77;
	if (!secret_copy("x", 1, &secret))
		return 1;
	if (getrlimit(RLIMIT_MEMLOCK, &now) != 0 || now.rlim_cur != now.rlim_max)
		return 2;
	if (arena_alloc((size_t)1 << 20) != NULL)
		return 3;
	/* just enough is tried where the usual size is over the limit */
	return arena_alloc((size_t)100 << 10) != NULL && arena_alloc((size_t)150 << 10) != NULL ? 0 : 4;
}

static void
without_a_right_to_lock_nothing_is_handed_out(void **state)
{
	int status = in_plain_child(allocate_without_limit, NULL);

	(void)state;
	if (status == 77)
		skip();
	assert_int_equal(status, 0);
}

static void
the_soft_limit_is_raised_to_the_hard_one(void **state)
{
	int status = in_plain_child(allocate_with_hard_limit, NULL);

	(void)state;
	if (status == 77)
		skip();
	assert_int_equal(status, 0);
}

static int
harden(void *ctx)
{
	struct rlimit core = { 1, 1 };

	(void)ctx;
	process_harden();
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 ? 0
														   : 1;
}

/* S188 */
static void
a_hardened_process_leaves_no_core(void **state)
{
	(void)state;
	assert_int_equal(in_child(harden, NULL), 0);
}

int
run_arena_process_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secret_pages_are_locked_not_dumped_and_wiped_on_fork),
		cmocka_unit_test(an_unreadable_page_is_before_and_after_the_secrets),
		cmocka_unit_test(a_child_sees_zeros_and_can_go_on),
		cmocka_unit_test(a_fork_while_a_thread_allocates_does_not_hang_the_child),
		cmocka_unit_test(freeing_twice_or_what_is_not_ours_ends_the_process),
		cmocka_unit_test(without_a_right_to_lock_nothing_is_handed_out),
		cmocka_unit_test(the_soft_limit_is_raised_to_the_hard_one),
		cmocka_unit_test(a_hardened_process_leaves_no_core),
	};

	return cmocka_run_group_tests_name("arena, processes", tests, NULL, NULL);
}
