/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "vault/support.h"

#define MAKERS 20

static enum larder_code
create_at(const char *path, struct vault *ret, struct larder_error *ret_error)
{
	struct secret key = a_secret("0123456789abcdef0123456789abcdef");
	struct slot_new slot = { .kind = SLOT_KEY_FILE, .secret = &key, .path = "/nowhere/key" };
	enum larder_code code = vault_create(path, &slot, somebody, ret, ret_error);

	secret_free(&key);
	return code;
}

static mode_t
mode_of(const struct place *place, const char *name)
{
	char path[200];
	struct stat st;

	text_format(path, sizeof(path), "%s/%s", place->vault, name);
	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
an_open_umask_opens_nothing(void **state)
{
	struct place *place = *state;
	mode_t before = umask(0);

	text_format(place->vault, sizeof(place->vault), "%s/a/b/vault", place->root);
	vault_close(&place->session);
	assert_ok(create_at(place->vault, &place->session, NULL));
	put_credential(&place->session, "one");
	umask(before);
	assert_int_equal(mode_of(place, "."), 0700);
	assert_int_equal(mode_of(place, ".."), 0700);
	assert_int_equal(mode_of(place, "vault.db"), 0600);
	assert_int_equal(mode_of(place, "vault.db-wal"), 0600);
	assert_int_equal(mode_of(place, "vault.lock"), 0600);
	assert_int_equal(mode_of(place, "spool"), 0700);
}

static void
one_of_many_makers_wins(void **state)
{
	struct place *place = *state;
	struct vault vault = { 0 };
	pid_t makers[MAKERS];
	int won = 0, status;
	char path[160];

	text_format(path, sizeof(path), "%s/raced", place->root);
	for (int i = 0; i < MAKERS; i++) {
		makers[i] = fork();
		assert_true(makers[i] >= 0);
		if (makers[i] == 0)
			_exit((int)create_at(path, &vault, NULL));
	}
	for (int i = 0; i < MAKERS; i++) {
		assert_int_equal(waitpid(makers[i], &status, 0), makers[i]);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == LARDER_OK)
			won++;
		else
			assert_int_equal(WEXITSTATUS(status), LARDER_EXISTS);
	}
	assert_int_equal(won, 1);
	place_run(place, "printf 0123456789abcdef0123456789abcdef > key");
	text_format(place->vault, sizeof(place->vault), "%s", path);
	place_open(place);
	assert_ok(vault_verify(&place->session, &(struct verify_report){ 0 }, NULL));
}

static void
a_file_that_is_there_stays(void **state)
{
	static const char *const names[] = { "vault.db", "vault.lock", "spool" };
	struct place *place = *state;
	struct vault vault = { 0 };
	struct larder_error error;
	char path[160], command[200];

	for (size_t i = 0; i < 3; i++) {
		text_format(path, sizeof(path), "%s/other%zu", place->root, i);
		text_format(
		    command, sizeof(command), "mkdir -m 700 other%zu && printf mine > other%zu/%s", i, i, names[i]);
		place_run(place, command);
		assert_int_equal(create_at(path, &vault, &error), LARDER_EXISTS);
		assert_says(&error, names[i]);
		text_format(command, sizeof(command),
		    "test \"$(cat other%zu/%s)\" = mine && test $(ls -A other%zu | wc -l) = 1", i, names[i], i);
		place_run(place, command);
	}
	assert_int_equal(create_at(place->vault, &vault, &error), LARDER_EXISTS);
}

/* As a loss of power in the middle leaves it: the mark, and files that say nothing yet. */
static void
what_an_interrupted_creation_left_is_made_anew(void **state)
{
	struct place *place = *state;
	struct unlock unlock = { .passphrase_fd = -1 };
	struct vault vault = { 0 };
	struct larder_error error;
	char path[160];

	text_format(path, sizeof(path), "%s/cut", place->root);
	place_run(place, "umask 077 && mkdir -p cut/spool && cd cut && touch vault.new vault.db-journal vault.lock");
	place_run(place, "umask 077 && cd cut && head -c 5000 /dev/zero > vault.db && touch spool/0000");
	assert_int_equal(vault_open(path, &unlock, somebody, &vault, &error), LARDER_NOT_FOUND);
	assert_says(&error, "interrupted");
	assert_ok(create_at(path, &vault, NULL));
	assert_ok(vault_verify(&vault, &(struct verify_report){ 0 }, NULL));
	vault_close(&vault);
	place_run(place, "test ! -e cut/vault.new && test ! -e cut/vault.db-journal");
}

static void
a_whole_vault_with_a_mark_stays_and_loses_it_when_it_is_changed(void **state)
{
	struct place *place = *state;
	struct vault vault = { 0 };
	struct larder_error error;

	place_run(place, "umask 077 && touch vault/vault.new");
	assert_int_equal(create_at(place->vault, &vault, &error), LARDER_EXISTS);
	assert_says(&error, "vault.db is there already");
	put_credential(&place->session, "one");
	place_run(place, "test ! -e vault/vault.new");
}

static void
a_vault_that_another_process_is_making_is_left_to_it(void **state)
{
	struct place *place = *state;
	struct flock request = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct vault vault = { 0 };
	struct larder_error error;
	char path[160];
	int fd;

	place_run(place, "umask 077 && mkdir held && touch held/vault.new held/vault.db");
	text_format(path, sizeof(path), "%s/held/vault.new", place->root);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &request), 0);
	text_format(path, sizeof(path), "%s/held", place->root);
	assert_int_equal(create_at(path, &vault, &error), LARDER_EXISTS);
	assert_says(&error, "another process");
	place_run(place, "test -e held/vault.new && test -e held/vault.db");
	(void)close(fd);
}

static void
a_key_that_cannot_be_leaves_nothing_behind(void **state)
{
	struct place *place = *state;
	struct secret short_key = a_secret("short"), empty = SECRET_INIT;
	struct slot_new slot = { .kind = SLOT_KEY_FILE, .secret = &short_key };
	struct vault vault = { 0 };
	struct larder_error error;
	char path[160];

	text_format(path, sizeof(path), "%s/none", place->root);
	assert_int_equal(vault_create(path, &slot, somebody, &vault, &error), LARDER_USAGE);
	assert_says(&error, "exactly 32 bytes, this one has 5");
	slot = (struct slot_new){ .kind = SLOT_PASSPHRASE, .secret = &empty };
	assert_int_equal(vault_create(path, &slot, somebody, &vault, &error), LARDER_USAGE);
	assert_says(&error, "empty");
	assert_int_equal(access(path, F_OK), -1);
	secret_free(&short_key);
}

static void
a_vault_that_others_can_enter_is_refused(void **state)
{
	struct place *place = *state;
	struct larder_error error;

	place_close(place);
	place_run(place, "chmod 770 vault");
	assert_int_equal(place_try_open(place, &error), LARDER_DENIED);
	place_run(place, "chmod 700 vault && mv vault real && ln -s real vault");
	assert_int_equal(place_try_open(place, &error), LARDER_DENIED);
	place_run(place, "rm vault");
	assert_int_equal(place_try_open(place, &error), LARDER_NOT_FOUND);
	assert_says(&error, "larder init");
}

static void
half_a_vault_is_damage(void **state)
{
	struct place *place = *state;
	struct larder_error error;

	place_close(place);
	place_sql(place, "DELETE FROM record WHERE kind = 1");
	assert_int_equal(place_try_open(place, &error), LARDER_DAMAGED);
	assert_says(&error, "header");
}

static void
a_newer_format_is_refused(void **state)
{
	struct place *place = *state;
	struct larder_error error;

	place_close(place);
	place_sql(place, "UPDATE record SET body = CAST(x'0002' || substr(body, 3) AS BLOB) WHERE kind = 1");
	assert_int_equal(place_try_open(place, &error), LARDER_DAMAGED);
	assert_says(&error, "newer Larder");
	assert_says(&error, "upgrade");
}

static void
what_was_not_committed_never_was(void **state)
{
	struct place *place = *state;
	struct credential credential;
	pid_t child;
	int status;

	put_credential(&place->session, "kept");
	place_close(place);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		place_open(place);
		assert_ok(vault_begin(&place->session, STORE_DURABLE, NULL));
		put_one(&place->session, "lost", 9);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	place_open(place);
	assert_ok(credential_load(&place->session, "kept", &credential, NULL));
	assert_int_equal(credential_load(&place->session, "lost", &credential, NULL), LARDER_NOT_FOUND);
	assert_ok(vault_verify(&place->session, &(struct verify_report){ 0 }, NULL));
}

static void
a_forked_child_has_no_keys(void **state)
{
	struct place *place = *state;
	struct credential credential;
	pid_t child;
	int status;

	put_credential(&place->session, "one");
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit((int)credential_load(&place->session, "one", &credential, NULL));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), LARDER_LOCKED);
}

static void
records_change_in_durable_transactions_only(void **state)
{
	struct place *place = *state;
	struct client client = { .name = "c" };

	assert_int_equal(client_store(&place->session, &client, NULL), LARDER_INTERNAL);
	assert_ok(vault_begin(&place->session, STORE_RELAXED, NULL));
	assert_int_equal(client_store(&place->session, &client, NULL), LARDER_INTERNAL);
	assert_int_equal(vault_begin(&place->session, STORE_DURABLE, NULL), LARDER_INTERNAL);
	vault_rollback(&place->session);
	assert_int_equal(vault_commit(&place->session, NULL, NULL), LARDER_INTERNAL);
}

/* S039, S192 */
static void
the_files_name_nobody_and_no_token(void **state)
{
	struct place *place = *state;

	put_credential(&place->session, "name-canary");
	place_run(place, "! grep -raE 'canary|Bearer|/usr/bin/test' vault");
	place_close(place);
	place_run(place, "! grep -raE 'canary|Bearer|/usr/bin/test' vault");
}

int
run_create_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_new, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(an_open_umask_opens_nothing),
		TEST(one_of_many_makers_wins),
		TEST(a_file_that_is_there_stays),
		TEST(what_an_interrupted_creation_left_is_made_anew),
		TEST(a_whole_vault_with_a_mark_stays_and_loses_it_when_it_is_changed),
		TEST(a_vault_that_another_process_is_making_is_left_to_it),
		TEST(a_key_that_cannot_be_leaves_nothing_behind),
		TEST(a_vault_that_others_can_enter_is_refused),
		TEST(half_a_vault_is_damage),
		TEST(a_newer_format_is_refused),
		TEST(what_was_not_committed_never_was),
		TEST(a_forked_child_has_no_keys),
		TEST(records_change_in_durable_transactions_only),
		TEST(the_files_name_nobody_and_no_token),
	};

	return cmocka_run_group_tests_name("create", tests, NULL, NULL);
}
