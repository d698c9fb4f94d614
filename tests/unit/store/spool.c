/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "store/spool.h"
#include "store/tests.h"

static const uint8_t record_id[16] = "record----------";
static const uint8_t attempt_id[16] = "attempt---------";

static void
claim(struct place *place, size_t size, struct spool_slot *ret)
{
	if (spool_claim(place->dirfd, size, ret, &place->error) != LARDER_OK)
		fail_msg("%s: %s", place->error.what, place->error.why);
}

static void
a_new_spool_has_one_full_slot_of_ours_alone(void **state)
{
	struct place *place = *state;
	mode_t mask = umask(0);
	struct stat st;

	assert_int_equal(LARDER_OK, spool_create(place->dirfd, &place->error));
	(void)umask(mask);
	assert_int_equal(0, fstatat(place->dirfd, SPOOL_DIR, &st, 0));
	assert_int_equal(0700, st.st_mode & 07777);
	assert_int_equal(0, fstatat(place->dirfd, SPOOL_DIR "/0000", &st, 0));
	assert_int_equal(0600, st.st_mode & 07777);
	assert_true((size_t)st.st_size == SPOOL_SIZE_MIN);
	assert_true((size_t)st.st_blocks * 512 >= SPOOL_SIZE_MIN); /* no hole */
	assert_int_equal(LARDER_EXISTS, spool_create(place->dirfd, &place->error));
}

static void
a_reply_comes_back_as_it_was_written_and_its_slot_is_used_again_after_blanking(void **state)
{
	struct place *place = *state;
	struct spool_slot slot = SPOOL_SLOT_INIT, other = SPOOL_SLOT_INIT;
	struct buf payload = BUF_INIT(SPOOL_PAYLOAD_MAX);
	uint8_t record[16] = { 0 }, attempt[16] = { 0 };

	assert_int_equal(LARDER_OK, spool_create(place->dirfd, &place->error));
	claim(place, 100, &slot);
	assert_int_equal(0, slot.number);
	assert_int_equal(SPOOL_BLANK, spool_read(slot.fd, record, attempt, &payload));
	assert_true(spool_write(slot.fd, record_id, attempt_id, "sealed", 6));
	spool_close(&slot);

	claim(place, 100, &other); /* an unsettled reply is not a free slot */
	assert_int_equal(1, other.number);
	spool_close(&other);

	assert_int_equal(LARDER_OK, spool_open(place->dirfd, 0, &slot, &place->error));
	assert_int_equal(SPOOL_REPLY, spool_read(slot.fd, record, attempt, &payload));
	assert_memory_equal(record_id, record, 16);
	assert_memory_equal(attempt_id, attempt, 16);
	assert_string_equal("sealed", buf_str(&payload));
	assert_true(spool_blank(slot.fd));
	assert_int_equal(SPOOL_BLANK, spool_read(slot.fd, record, attempt, &payload));
	spool_close(&slot);
	claim(place, 100, &slot);
	assert_int_equal(0, slot.number);
	spool_close(&slot);
	buf_clear(&payload);
}

static void
a_claimed_slot_is_nobody_elses_until_the_last_holder_is_gone(void **state)
{
	struct place *place = *state;
	struct spool_slot slot = SPOOL_SLOT_INIT, other = SPOOL_SLOT_INIT;
	int go[2];
	pid_t pid;

	assert_int_equal(LARDER_OK, spool_create(place->dirfd, &place->error));
	claim(place, 100, &slot);
	assert_int_equal(0, pipe(go));
	pid = fork();
	if (pid == 0) {
		char byte;

		(void)close(go[1]);
		_exit(read(go[0], &byte, 1) == 0 ? 0 : 1);
	}
	spool_close(&slot);
	assert_int_equal(LARDER_UNAVAILABLE, spool_open(place->dirfd, 0, &slot, &place->error));
	claim(place, 100, &other);
	assert_int_equal(1, other.number);
	(void)close(go[1]);
	(void)close(go[0]);
	assert_int_equal(pid, waitpid(pid, NULL, 0));
	assert_int_equal(LARDER_OK, spool_open(place->dirfd, 0, &slot, &place->error));
	spool_close(&slot);
	spool_close(&other);
}

static void
a_reply_that_somebody_looks_at_is_waited_for(void **state)
{
	struct place *place = *state;
	struct spool_slot slot = SPOOL_SLOT_INIT;
	pid_t pid;

	assert_int_equal(LARDER_OK, spool_create(place->dirfd, &place->error));
	claim(place, 100, &slot);
	assert_true(spool_write(slot.fd, record_id, attempt_id, "sealed", 6));
	pid = fork();
	if (pid == 0) {
		(void)poll(NULL, 0, 100);
		_exit(0);
	}
	spool_close(&slot); /* the child still holds it */
	assert_int_equal(LARDER_OK, spool_open(place->dirfd, 0, &slot, &place->error));
	assert_int_equal(pid, waitpid(pid, NULL, 0));
	spool_close(&slot);
}

static void
a_larger_claim_extends_a_slot_with_real_blocks(void **state)
{
	struct place *place = *state;
	struct spool_slot slot = SPOOL_SLOT_INIT;
	struct buf payload = BUF_INIT(SPOOL_PAYLOAD_MAX);
	uint8_t id[16];
	struct stat st;

	assert_int_equal(LARDER_OK, spool_create(place->dirfd, &place->error));
	claim(place, 100000, &slot);
	assert_int_equal(0, slot.number);
	assert_int_equal(0, fstat(slot.fd, &st));
	assert_true(st.st_size >= 100000 && st.st_blocks * 512 >= 100000);
	assert_int_equal(SPOOL_BLANK, spool_read(slot.fd, id, id, &payload));
	spool_close(&slot);
	assert_int_equal(LARDER_INTERNAL, spool_claim(place->dirfd, SPOOL_PAYLOAD_MAX * 2, &slot, &place->error));
	assert_int_equal(-1, slot.fd);
}

/* What stands in slot 0 after an interruption, and what it must count as. */
static enum spool_content
content_of(struct place *place, const void *data, size_t len)
{
	struct spool_slot slot = SPOOL_SLOT_INIT;
	struct buf payload = BUF_INIT(SPOOL_PAYLOAD_MAX);
	uint8_t id[16];
	enum spool_content content;

	file_put(place, SPOOL_DIR "/0000", data, len);
	assert_int_equal(LARDER_OK, spool_open(place->dirfd, 0, &slot, &place->error));
	content = spool_read(slot.fd, id, id, &payload);
	spool_close(&slot);
	buf_clear(&payload);
	return content;
}

static void
an_interrupted_making_of_a_slot_is_blank_and_is_finished_by_the_next_claim(void **state)
{
	struct place *place = *state;
	struct spool_slot slot = SPOOL_SLOT_INIT;
	uint8_t filler[4096];
	struct stat st;

	memset(filler, 0x5a, sizeof(filler));
	assert_int_equal(LARDER_OK, spool_create(place->dirfd, &place->error));
	for (size_t len = 0; len <= sizeof(filler); len += len < 64 ? 1 : 1344) {
		assert_int_equal(SPOOL_BLANK, content_of(place, filler, len));
		claim(place, 100, &slot);
		assert_int_equal(0, slot.number);
		assert_int_equal(0, fstat(slot.fd, &st));
		assert_true((size_t)st.st_size == SPOOL_SIZE_MIN);
		spool_close(&slot);
	}
}

static void
a_payload_without_its_header_is_no_reply(void **state)
{
	struct place *place = *state;
	struct spool_slot slot = SPOOL_SLOT_INIT;
	struct buf payload = BUF_INIT(SPOOL_PAYLOAD_MAX);
	uint8_t id[16];

	assert_int_equal(LARDER_OK, spool_create(place->dirfd, &place->error));
	claim(place, 100, &slot);
	assert_int_equal(IO_OK, io_pwrite_all(slot.fd, "half a reply", 12, 44));
	assert_int_equal(SPOOL_BLANK, spool_read(slot.fd, id, id, &payload));
	spool_close(&slot);
}

static void
what_is_neither_blank_nor_a_reply_is_kept_as_unreadable(void **state)
{
	struct place *place = *state;
	struct spool_slot slot = SPOOL_SLOT_INIT;
	uint8_t torn[100] = "LSPOOL2\nbut of another version";
	uint8_t overlong[100] = "LSPOOL1\n";
	uint8_t huge[100] = "LSPOOL1\n";

	overlong[43] = 57; /* 56 bytes follow the header */
	memset(huge + 40, 0xff, 4);
	assert_int_equal(LARDER_OK, spool_create(place->dirfd, &place->error));
	assert_int_equal(SPOOL_UNREADABLE, content_of(place, torn, sizeof(torn)));
	assert_int_equal(SPOOL_UNREADABLE, content_of(place, huge, sizeof(huge)));
	assert_int_equal(SPOOL_UNREADABLE, content_of(place, overlong, sizeof(overlong)));
	overlong[43] = 56;
	assert_int_equal(SPOOL_REPLY, content_of(place, overlong, sizeof(overlong)));
	assert_int_equal(SPOOL_UNREADABLE, content_of(place, torn, sizeof(torn)));
	claim(place, 100, &slot);
	assert_int_equal(1, slot.number);
	spool_close(&slot);
}

static void
a_slot_that_cannot_be_read_decides_nothing(void **state)
{
	struct buf payload = BUF_INIT(SPOOL_PAYLOAD_MAX);
	uint8_t id[16];

	(void)state;
	assert_int_equal(SPOOL_FAILED, spool_read(-1, id, id, &payload));
}

static void
writing_to_a_closed_slot_fails_with_errno(void **state)
{
	(void)state;
	assert_false(spool_write(-1, record_id, attempt_id, "x", 1));
	assert_int_equal(EBADF, errno);
	assert_false(spool_write(-1, record_id, attempt_id, "x", SPOOL_PAYLOAD_MAX + 1));
	assert_int_equal(EFBIG, errno);
}

static void
the_count_covers_the_highest_slot_and_no_other_file(void **state)
{
	struct place *place = *state;
	struct spool_slot slot = SPOOL_SLOT_INIT;
	uint32_t count = 99;

	assert_int_equal(LARDER_OK, spool_create(place->dirfd, &place->error));
	file_put(place, SPOOL_DIR "/0007", "", 0);
	file_put(place, SPOOL_DIR "/notes", "", 0);
	file_put(place, SPOOL_DIR "/9999", "", 0);
	assert_int_equal(LARDER_OK, spool_count(place->dirfd, &count, &place->error));
	assert_int_equal(8, count);
	assert_int_equal(LARDER_NOT_FOUND, spool_open(place->dirfd, 3, &slot, &place->error));
	assert_int_equal(LARDER_NOT_FOUND, spool_open(place->dirfd, 99999, &slot, &place->error));
}

static void
foreign_things_in_the_place_of_the_spool_are_refused(void **state)
{
	struct place *place = *state;
	struct spool_slot slot = SPOOL_SLOT_INIT;

	assert_int_equal(LARDER_DAMAGED, spool_claim(place->dirfd, 100, &slot, &place->error));
	assert_int_equal(LARDER_OK, spool_create(place->dirfd, &place->error));
	assert_int_equal(0, unlinkat(place->dirfd, SPOOL_DIR "/0000", 0));
	assert_int_equal(0, mkfifoat(place->dirfd, SPOOL_DIR "/0000", 0600));
	assert_int_equal(LARDER_DENIED, spool_claim(place->dirfd, 100, &slot, &place->error));
	assert_int_equal(0, unlinkat(place->dirfd, SPOOL_DIR "/0000", 0));
	assert_int_equal(0, symlinkat("/etc/passwd", place->dirfd, SPOOL_DIR "/0000"));
	assert_int_equal(LARDER_DENIED, spool_claim(place->dirfd, 100, &slot, &place->error));
	assert_int_equal(0, fchmodat(place->dirfd, SPOOL_DIR, 0755, 0));
	assert_int_equal(LARDER_DENIED, spool_claim(place->dirfd, 100, &slot, &place->error));
	assert_int_equal(0, renameat(place->dirfd, SPOOL_DIR, place->dirfd, "elsewhere"));
	assert_int_equal(0, symlinkat("elsewhere", place->dirfd, SPOOL_DIR));
	assert_int_equal(LARDER_DENIED, spool_claim(place->dirfd, 100, &slot, &place->error));
	assert_int_equal(-1, slot.fd);
}

/* Claims ten slots, holding all, and writes its pid into each. */
static int
claim_ten(struct place *place)
{
	struct spool_slot slots[10];
	uint8_t id[16];
	struct buf payload = BUF_INIT(64);
	pid_t pid = getpid();

	for (int i = 0; i < 10; i++) {
		slots[i].fd = -1;
		if (spool_claim(place->dirfd, 100, &slots[i], NULL) != LARDER_OK)
			return 1;
		if (!spool_write(slots[i].fd, record_id, attempt_id, &pid, sizeof(pid)))
			return 2;
	}
	for (int i = 0; i < 10; i++) {
		if (spool_read(slots[i].fd, id, id, &payload) != SPOOL_REPLY)
			return 3;
		if (payload.len != sizeof(pid) || memcmp(payload.data, &pid, sizeof(pid)) != 0)
			return 4;
	}
	return 0;
}

static void
claimers_at_the_same_time_get_different_slots(void **state)
{
	struct place *place = *state;
	pid_t pids[4];
	uint32_t count = 0;
	int status;

	assert_int_equal(LARDER_OK, spool_create(place->dirfd, &place->error));
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(claim_ten(place));
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pids[i], waitpid(pids[i], &status, 0));
		assert_int_equal(0, status);
	}
	assert_int_equal(LARDER_OK, spool_count(place->dirfd, &count, &place->error));
	assert_true(count >= 40);
}

int
spool_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_spool_has_one_full_slot_of_ours_alone, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_reply_comes_back_as_it_was_written_and_its_slot_is_used_again_after_blanking, place_make,
		    place_remove),
		cmocka_unit_test_setup_teardown(
		    a_claimed_slot_is_nobody_elses_until_the_last_holder_is_gone, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_reply_that_somebody_looks_at_is_waited_for, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_larger_claim_extends_a_slot_with_real_blocks, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    an_interrupted_making_of_a_slot_is_blank_and_is_finished_by_the_next_claim, place_make,
		    place_remove),
		cmocka_unit_test_setup_teardown(a_payload_without_its_header_is_no_reply, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    what_is_neither_blank_nor_a_reply_is_kept_as_unreadable, place_make, place_remove),
		cmocka_unit_test(a_slot_that_cannot_be_read_decides_nothing),
		cmocka_unit_test(writing_to_a_closed_slot_fails_with_errno),
		cmocka_unit_test_setup_teardown(
		    the_count_covers_the_highest_slot_and_no_other_file, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    foreign_things_in_the_place_of_the_spool_are_refused, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    claimers_at_the_same_time_get_different_slots, place_make, place_remove),
	};

	return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
