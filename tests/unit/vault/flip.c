/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bits flip anywhere in vault.db: everything that can be read afterwards is what was written, or the vault says that it
 * is damaged. A sample of the bytes by default; LARDER_FLIP_ALL=1 takes every byte, three bits of each.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "vault/support.h"

#define SAMPLE_STEP 61 /* bytes; a prime, so that all parts of a page are met */

struct file {
	int fd;
	uint8_t *data;
	size_t len;
};

static struct file
load_db(const struct place *place)
{
	struct file file;
	struct stat st;
	char path[200];

	text_format(path, sizeof(path), "%s/vault.db", place->vault);
	file.fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(file.fd >= 0 && fstat(file.fd, &st) == 0);
	file.len = (size_t)st.st_size;
	file.data = malloc(file.len);
	assert_non_null(file.data);
	assert_int_equal(pread(file.fd, file.data, file.len, 0), file.len);
	return file;
}

/* Damage and failure may be said; nothing else but the truth. */
static bool
is_told(enum larder_code code)
{
	return code == LARDER_DAMAGED || code == LARDER_STORAGE;
}

static void
check_credential(struct vault *vault, const char *name)
{
	struct credential credential;
	struct access access = { 0 };
	struct grant grant = { 0 };
	enum larder_code code = credential_load(vault, name, &credential, NULL);

	assert_true(code == LARDER_OK || is_told(code));
	if (code != LARDER_OK)
		return;
	assert_string_equal(credential.name, name);
	assert_int_equal(credential.generation, 1);
	code = grant_load(vault, &credential, &grant, NULL);
	assert_true(code == LARDER_OK || is_told(code));
	if (code == LARDER_OK)
		assert_int_equal(grant.refresh_token.data[9], name[0]);
	/* a cached token that is gone costs an exchange, and vault_verify_quick comes before that */
	code = access_load(vault, &credential, "", "", &access, NULL);
	if (code == LARDER_NOT_FOUND)
		code = vault_verify_quick(vault, NULL);
	assert_true(code == LARDER_OK || is_told(code));
	if (access.token.len > 0)
		assert_int_equal(access.token.data[9], name[0]);
	grant_clear(&grant);
	access_clear(&access);
}

static void
check_list(struct vault *vault)
{
	char(*names)[NAME_SIZE] = NULL, only[NAME_SIZE];
	size_t count = 0;
	enum larder_code code = credential_names(vault, &names, &count, NULL);

	assert_true(code == LARDER_OK || is_told(code));
	if (code == LARDER_OK)
		assert_int_equal(count, 2);
	free(names);
	code = credential_count(vault, &count, only, NULL);
	assert_true(code == LARDER_OK || is_told(code));
	if (code == LARDER_OK)
		assert_true(count > 1 && only[0] == '\0');
}

static void
check_all(struct place *place, size_t at, int bit)
{
	struct larder_error error = { 0 };
	enum larder_code code;

	code = place_try_open(place, &error);
	if (code != LARDER_OK && !is_told(code))
		fail_msg("byte %zu bit %d: %s: %s: %s", at, bit, larder_code_name(code), error.what, error.why);
	if (code != LARDER_OK)
		return;
	check_credential(&place->session, "a");
	check_credential(&place->session, "b");
	check_list(&place->session);
	place_close(place);
}

static void
a_flipped_bit_is_told_or_changes_nothing(void **state)
{
	struct place *place = *state;
	bool all = getenv("LARDER_FLIP_ALL") != NULL;
	struct file file;
	uint8_t flipped;
	char path[200];

	put_credential(&place->session, "a");
	put_credential(&place->session, "b");
	place_close(place);
	place_sql(place, "PRAGMA wal_checkpoint(TRUNCATE)");
	text_format(path, sizeof(path), "%s/vault.db-wal", place->vault);
	file = load_db(place);
	for (size_t at = 0; at < file.len; at += all ? 1 : SAMPLE_STEP) {
		for (int bit = all ? 0 : (int)(at % 8); bit < 8; bit += all ? 3 : 8) {
			flipped = file.data[at] ^ (uint8_t)(1 << bit);
			assert_int_equal(pwrite(file.fd, &flipped, 1, (off_t)at), 1);
			check_all(place, at, bit);
			/* whatever was written meanwhile goes */
			if (truncate(path, 0) != 0)
				assert_int_equal(errno, ENOENT);
			assert_int_equal(pwrite(file.fd, file.data, file.len, 0), file.len);
			assert_int_equal(ftruncate(file.fd, (off_t)file.len), 0);
		}
	}
	place_open(place);
	assert_ok(vault_verify(&place->session, &(struct verify_report){ 0 }, NULL));
	close(file.fd);
	free(file.data);
}

static void
a_file_cut_anywhere_is_told(void **state)
{
	struct place *place = *state;
	struct larder_error error = { 0 };
	struct file file;
	enum larder_code code;

	put_credential(&place->session, "a");
	put_credential(&place->session, "b");
	place_close(place);
	place_sql(place, "PRAGMA wal_checkpoint(TRUNCATE)");
	file = load_db(place);
	for (size_t len = 0; len < file.len; len += 512) {
		assert_int_equal(ftruncate(file.fd, (off_t)len), 0);
		code = place_try_open(place, &error);
		if (code == LARDER_OK)
			code = vault_verify(&place->session, &(struct verify_report){ 0 }, &error);
		if (!is_told(code))
			fail_msg("%zu bytes: %s", len, larder_code_name(code));
		place_close(place);
		assert_int_equal(pwrite(file.fd, file.data, file.len, 0), file.len);
	}
	close(file.fd);
	free(file.data);
}

int
run_flip_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_new, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(a_flipped_bit_is_told_or_changes_nothing),
		TEST(a_file_cut_anywhere_is_told),
	};

	return cmocka_run_group_tests_name("flip", tests, NULL, NULL);
}
