/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/lock.h"
#include "store/tests.h"

static void
two_locks_on_one_byte_exclude_each_other_in_one_process(void **state)
{
	struct place *place = *state;
	struct lock first = LOCK_INIT, second = LOCK_INIT;

	assert_int_equal(LARDER_OK, lock_create(place->dirfd, &place->error));
	assert_int_equal(LARDER_OK, lock_try(place->dirfd, 7, &first, &place->error));
	assert_int_equal(LARDER_UNAVAILABLE, lock_try(place->dirfd, 7, &second, &place->error));
	assert_int_equal(-1, second.fd);
	assert_int_equal(LARDER_OK, lock_try(place->dirfd, 8, &second, &place->error));
	lock_close(&second);
	lock_close(&first);
	assert_int_equal(LARDER_OK, lock_try(place->dirfd, 7, &first, &place->error));
	lock_close(&first);
	lock_close(&first);
}

static int
try_seven(struct place *place)
{
	struct lock lock = LOCK_INIT;

	return (int)lock_try(place->dirfd, 7, &lock, NULL);
}

static void
a_lock_excludes_other_processes_and_ends_with_its_holder(void **state)
{
	struct place *place = *state;
	struct lock lock = LOCK_INIT;

	assert_int_equal(LARDER_OK, lock_create(place->dirfd, &place->error));
	assert_int_equal(LARDER_OK, in_child(try_seven, place)); /* exits without closing */
	assert_int_equal(LARDER_OK, lock_try(place->dirfd, 7, &lock, &place->error));
	assert_int_equal(LARDER_UNAVAILABLE, in_child(try_seven, place));
	lock_close(&lock);
}

static void
a_lock_lives_until_the_last_that_inherited_it_is_gone(void **state)
{
	struct place *place = *state;
	struct lock lock = LOCK_INIT;
	int go[2];
	pid_t pid;

	assert_int_equal(LARDER_OK, lock_create(place->dirfd, &place->error));
	assert_int_equal(LARDER_OK, lock_try(place->dirfd, 7, &lock, &place->error));
	assert_int_equal(0, pipe(go));
	pid = fork();
	if (pid == 0) {
		char byte;

		(void)close(go[1]);
		_exit(read(go[0], &byte, 1) == 0 ? 0 : 1);
	}
	lock_close(&lock);
	assert_int_equal(LARDER_UNAVAILABLE, lock_try(place->dirfd, 7, &lock, &place->error));
	(void)close(go[1]);
	(void)close(go[0]);
	assert_int_equal(pid, waitpid(pid, NULL, 0));
	assert_int_equal(LARDER_OK, lock_try(place->dirfd, 7, &lock, &place->error));
	lock_close(&lock);
}

static void
an_executed_program_does_not_inherit_a_lock_unasked(void **state)
{
	struct place *place = *state;
	struct lock lock = LOCK_INIT;

	assert_int_equal(LARDER_OK, lock_create(place->dirfd, &place->error));
	assert_int_equal(LARDER_OK, lock_try(place->dirfd, 7, &lock, &place->error));
	assert_true((fcntl(lock.fd, F_GETFD) & FD_CLOEXEC) != 0);
	lock_close(&lock);
}

static void
the_byte_of_a_record_is_never_the_agents(void **state)
{
	uint8_t zero[16] = { 0 }, ones[16], one[16] = { 0 };

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	one[7] = 1;
	assert_int_equal(1, lock_byte(zero));
	assert_int_equal(2, lock_byte(one));
	assert_true(lock_byte(ones) == INT64_C(1) << 62);
}

static void
a_missing_or_foreign_lock_file_is_refused(void **state)
{
	struct place *place = *state;
	struct lock lock = LOCK_INIT;

	assert_int_equal(LARDER_DAMAGED, lock_try(place->dirfd, 7, &lock, &place->error));
	assert_int_equal(LARDER_OK, lock_create(place->dirfd, &place->error));
	assert_int_not_equal(LARDER_OK, lock_create(place->dirfd, &place->error));
	assert_int_equal(0, fchmodat(place->dirfd, LOCK_FILE, 0644, 0));
	assert_int_equal(LARDER_DENIED, lock_try(place->dirfd, 7, &lock, &place->error));
	assert_int_equal(0, unlinkat(place->dirfd, LOCK_FILE, 0));
	assert_int_equal(0, mkfifoat(place->dirfd, LOCK_FILE, 0600));
	assert_int_equal(LARDER_DENIED, lock_try(place->dirfd, 7, &lock, &place->error));
	assert_int_equal(-1, lock.fd);
}

static void
a_copied_lock_file_has_another_identity(void **state)
{
	struct place *place = *state;
	struct lock_identity first, again, copy;

	assert_int_equal(LARDER_DAMAGED, lock_identify(place->dirfd, &first, &place->error));
	assert_int_equal(LARDER_OK, lock_create(place->dirfd, &place->error));
	assert_int_equal(LARDER_OK, lock_identify(place->dirfd, &first, &place->error));
	assert_int_equal(LARDER_OK, lock_identify(place->dirfd, &again, &place->error));
	assert_true(first.inode == again.inode && first.born_ns == again.born_ns);
	/* the old file stays, so that its inode cannot be used again */
	assert_int_equal(0, renameat(place->dirfd, LOCK_FILE, place->dirfd, "old"));
	assert_int_equal(LARDER_OK, lock_create(place->dirfd, &place->error));
	assert_int_equal(LARDER_OK, lock_identify(place->dirfd, &copy, &place->error));
	assert_true(first.inode != copy.inode);
}

int
lock_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    two_locks_on_one_byte_exclude_each_other_in_one_process, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_lock_excludes_other_processes_and_ends_with_its_holder, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_lock_lives_until_the_last_that_inherited_it_is_gone, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    an_executed_program_does_not_inherit_a_lock_unasked, place_make, place_remove),
		cmocka_unit_test(the_byte_of_a_record_is_never_the_agents),
		cmocka_unit_test_setup_teardown(a_missing_or_foreign_lock_file_is_refused, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_copied_lock_file_has_another_identity, place_make, place_remove),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
