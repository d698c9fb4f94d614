/* SPDX-License-Identifier: Apache-2.0 */
/* What opens a vault, in which order, and what is said when nothing does. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "vault/support.h"

struct answers {
	const char *command, *person;
	int commands, asked;
	char prompt[300];
};

static enum larder_code
answer(const char *text, struct secret *ret, struct larder_error *ret_error)
{
	if (text == NULL)
		return error_set(ret_error, LARDER_LOCKED, "cannot ask", NULL, "nobody is there");
	*ret = a_secret(text);
	return LARDER_OK;
}

static enum larder_code
run_command(void *ctx, struct secret *ret, struct larder_error *ret_error)
{
	struct answers *answers = ctx;

	answers->commands++;
	return answer(answers->command, ret, ret_error);
}

static enum larder_code
ask(void *ctx, const char *prompt, struct secret *ret, struct larder_error *ret_error)
{
	struct answers *answers = ctx;

	answers->asked++;
	text_format(answers->prompt, sizeof(answers->prompt), "%s", prompt);
	return answer(answers->person, ret, ret_error);
}

static struct unlock
nothing(void)
{
	return (struct unlock){ .passphrase_fd = -1 };
}

static enum larder_code
try(struct place *place, struct unlock unlock, struct larder_error *ret_error)
{
	vault_close(&place->session);
	return vault_open(place->vault, &unlock, somebody, &place->session, ret_error);
}

static void
add(struct place *place, enum slot_kind kind, const char *text)
{
	struct secret secret = a_secret(text);
	struct slot_new slot = { .kind = kind, .secret = &secret };
	uint32_t number;

	assert_ok(slot_add(&place->session, &slot, &number, NULL));
	secret_free(&secret);
}

static int
pipe_with(const char *text)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	close(ends[1]);
	return ends[0];
}

static enum larder_code
try_text(struct place *place, const char *text, struct larder_error *ret_error)
{
	struct unlock unlock = nothing();
	enum larder_code code;

	unlock.passphrase_fd = pipe_with(text);
	code = try(place, unlock, ret_error);
	close(unlock.passphrase_fd);
	return code;
}

static void
a_key_file_is_found_where_it_was(void **state)
{
	struct place *place = *state;
	struct unlock unlock = nothing();
	struct larder_error error;

	assert_ok(try(place, unlock, NULL));
	place_run(place, "mv key elsewhere");
	assert_int_equal(try(place, unlock, &error), LARDER_LOCKED);
	assert_says(&error, "key is not there");
	place_run(place, "printf 0123456789abcdef0123456789abcdef > key && chmod 600 key");
	assert_int_equal(try(place, unlock, &error), LARDER_LOCKED);
	assert_says(&error, "the key is wrong");
	char path[160];
	text_format(path, sizeof(path), "%s/elsewhere", place->root);
	unlock.key_file = path;
	assert_ok(try(place, unlock, NULL));
}

static void
a_key_file_that_is_not_private_or_not_one_is_refused(void **state)
{
	struct place *place = *state;
	struct larder_error error;

	place_run(place, "chmod 640 key");
	assert_int_equal(try(place, nothing(), &error), LARDER_DENIED);
	place_run(place, "chmod 600 key && printf x >> key");
	assert_int_equal(try(place, nothing(), &error), LARDER_LOCKED);
	assert_says(&error, "33 bytes; a key file has exactly 32");
	place_run(place, "rm key && mkfifo -m 600 key");
	assert_int_not_equal(try(place, nothing(), &error), LARDER_OK);
	place_run(place, "rm key && mkdir -m 700 key");
	assert_int_not_equal(try(place, nothing(), &error), LARDER_OK);
}

static void
a_service_credential_opens_the_vault(void **state)
{
	struct place *place = *state;
	struct unlock unlock = nothing();
	struct larder_error error;
	char path[160];

	text_format(path, sizeof(path), "%s/larder.key", place->root);
	place_run(place, "mv key larder.key && chmod 440 larder.key");
	unlock.credentials_file = path;
	assert_ok(try(place, unlock, NULL));
	place_run(place, "chmod 444 larder.key");
	assert_int_equal(try(place, unlock, &error), LARDER_DENIED);
	place_run(place, "chmod 600 larder.key && head -c 32 /dev/urandom > larder.key");
	assert_int_equal(try(place, unlock, &error), LARDER_LOCKED);
	assert_says(&error, "the key is wrong");
}

/* S193 */
static void
a_passphrase_is_taken_byte_for_byte(void **state)
{
	/* a space at the end, a letter with a combining mark, a byte that is no UTF-8 */
	static const char right[] = "n\xcc\x83 \xff ";
	struct place *place = *state;
	struct larder_error error;
	struct answers answers = { .person = right };
	struct unlock unlock = nothing();

	add(place, SLOT_PASSPHRASE, right);
	place_run(place, "mv key gone");
	unlock.ask = ask;
	unlock.ctx = &answers;
	assert_ok(try(place, unlock, NULL));
	assert_string_equal(answers.prompt + strlen("Passphrase for "), strstr(answers.prompt, "/tmp"));
	assert_int_equal(try_text(place, "\xc3\xb1 \xff ", &error), LARDER_LOCKED); /* the composed letter */
	assert_says(&error, "the key is wrong");
	assert_int_equal(try_text(place, "", &error), LARDER_USAGE);
}

static void
nobody_is_asked_when_a_key_is_at_hand(void **state)
{
	struct place *place = *state;
	struct answers answers = { 0 };
	struct unlock unlock = nothing();
	struct larder_error error;

	unlock.ask = ask;
	unlock.key_command = run_command;
	unlock.ctx = &answers;
	assert_ok(try(place, unlock, NULL));
	assert_int_equal(answers.commands, 0);
	place_run(place, "mv key gone");
	assert_int_equal(try(place, unlock, &error), LARDER_LOCKED);
	assert_int_equal(answers.commands, 1);
	assert_int_equal(answers.asked, 0); /* there is no slot that an answer could open */
}

static void
a_key_command_opens_its_slot(void **state)
{
	struct place *place = *state;
	struct answers answers = { .command = "c2l4dHktZm91ciBjaGFyYWN0ZXJzIG9mIGJhc2U2NCBhcmUgYSBrZXk=\r\n" };
	struct unlock unlock = nothing();
	struct larder_error error;

	add(place, SLOT_COMMAND, "c2l4dHktZm91ciBjaGFyYWN0ZXJzIG9mIGJhc2U2NCBhcmUgYSBrZXk=");
	place_run(place, "mv key gone");
	unlock.key_command = run_command;
	unlock.ctx = &answers;
	assert_ok(try(place, unlock, NULL));
	answers.command = "c2l4dHktZm91ciBjaGFyYWN0ZXJzIG9mIGJhc2U2NCBhcmUgYSBrZXk";
	assert_int_equal(try(place, unlock, &error), LARDER_LOCKED);
	assert_says(&error, "the key is wrong");
}

static void
words_of_a_command_are_a_passphrase(void **state)
{
	struct place *place = *state;
	struct answers answers = { .command = "four words that are more than 32 bytes\n" };
	struct unlock unlock = nothing();
	struct slot_view views[16];
	size_t count;

	add(place, SLOT_COMMAND, "four words that are more than 32 bytes");
	assert_ok(slot_list(&place->session, views, 16, &count, NULL));
	assert_string_equal(views[1].detail, "output is a passphrase");
	place_run(place, "mv key gone");
	unlock.key_command = run_command;
	unlock.ctx = &answers;
	assert_ok(try(place, unlock, NULL));
}

static void
a_recovery_code_opens_and_a_typo_is_told_at_once(void **state)
{
	struct place *place = *state;
	struct secret code;
	struct timespec before, after;
	struct larder_error error;
	char text[64];

	assert_ok(slot_recovery_make(&code, NULL));
	text_format(text, sizeof(text), "%s", (const char *)code.data);
	secret_free(&code);
	add(place, SLOT_RECOVERY, text);
	add(place, SLOT_PASSPHRASE, "another way");
	place_close(place);
	place_run(place, "mv key gone");
	assert_ok(try_text(place, text, NULL));
	text[7] = text[7] == 'X' ? 'Y' : 'X';
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(try_text(place, text, &error), LARDER_LOCKED);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_says(&error, "typo");
	assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 < 200);
	text[7] = text[7] == 'X' ? 'Y' : 'X';
}

static void
a_damaged_slot_is_not_a_wrong_key(void **state)
{
	struct place *place = *state;
	struct secret code;
	struct larder_error error;
	char text[64];

	assert_ok(slot_recovery_make(&code, NULL));
	text_format(text, sizeof(text), "%s", (const char *)code.data);
	secret_free(&code);
	add(place, SLOT_RECOVERY, text);
	place_close(place);
	place_sql(place,
	    "UPDATE record SET body = CAST(substr(body, 1, 200) || x'00' || substr(body, 202) AS BLOB) WHERE kind = 3 AND"
	    " key = x'00000001'");
	assert_int_equal(try(place, nothing(), &error), LARDER_DAMAGED);
	assert_says(&error, "slot 1 is damaged");
	assert_ok(try_text(place, text, NULL)); /* the others still open it */
	assert_int_equal(vault_verify(&place->session, &(struct verify_report){ 0 }, &error), LARDER_DAMAGED);
}

/* A vault with a credential, whose key file's slot has rotted; open again by the recovery code that is in text. */
static void
rot(struct place *place, char text[static 64], const char *also)
{
	struct secret code;

	assert_ok(slot_recovery_make(&code, NULL));
	text_format(text, 64, "%s", (const char *)code.data);
	secret_free(&code);
	add(place, SLOT_RECOVERY, text);
	put_credential(&place->session, "mail");
	place_close(place);
	place_sql(place,
	    "UPDATE record SET body = CAST(substr(body, 1, 200) || x'00' || substr(body, 202) AS BLOB) WHERE kind = 3 AND"
	    " key = x'00000001'");
	place_sql(place, also);
	assert_ok(try_text(place, text, NULL));
}

/* D62: the recovery code opens the vault, and makes it whole again */
static void
a_damaged_slot_can_be_removed_and_the_vault_is_whole(void **state)
{
	struct place *place = *state;
	struct credential credential;
	struct verify_report report;
	struct larder_error error;
	char text[64];

	rot(place, text, "SELECT 1");
	assert_int_equal(credential_load(&place->session, "other", &credential, &error), LARDER_DAMAGED);
	assert_says(&error, "slot 1 is not what was written");
	assert_string_equal(error.hint + strlen(error.hint) - strlen("restore a backup"), "restore a backup");
	assert_ok(slot_remove(&place->session, 1, NULL));
	assert_ok(vault_verify(&place->session, &report, NULL));
	assert_int_equal(credential_load(&place->session, "other", &credential, &error), LARDER_NOT_FOUND);
	put_credential(&place->session, "other");
	assert_ok(vault_verify(&place->session, &report, NULL));
	place_close(place);
	assert_ok(try_text(place, text, NULL));
	assert_ok(credential_load(&place->session, "mail", &credential, NULL));
	credential_clear(&credential);
}

static void
no_slot_is_removed_to_hide_that_more_is_damaged(void **state)
{
	static const char *const damages[] = {
		"DELETE FROM record WHERE kind = 6",
		"UPDATE record SET body = CAST(substr(body, 1, 60) || x'0001' || substr(body, 63) AS BLOB) WHERE kind = 5",
	};
	struct larder_error error;
	char text[64];

	for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
		struct place *place;

		assert_int_equal(place_remove(state), 0);
		assert_int_equal(place_new(state), 0);
		place = *state;
		rot(place, text, damages[i]);
		assert_int_equal(slot_remove(&place->session, 1, &error), LARDER_DAMAGED);
		assert_int_equal(vault_verify(&place->session, &(struct verify_report){ 0 }, &error), LARDER_DAMAGED);
	}
}

/* S193 */
static void
without_any_key_it_says_so(void **state)
{
	struct place *place = *state;
	struct answers answers = { .command = "0123456789abcdef0123456789abcdef" };
	struct unlock unlock = nothing();
	struct larder_error error;

	add(place, SLOT_COMMAND, answers.command);
	assert_ok(try(place, unlock, NULL));
	unlock.key_command = run_command;
	unlock.ctx = &answers;
	place_run(place, "mv key gone");
	assert_ok(try(place, unlock, NULL));
	assert_ok(slot_remove(&place->session, 1, NULL)); /* opened with the other one */
	assert_int_equal(try(place, nothing(), &error), LARDER_LOCKED);
	assert_says(&error, "no key at hand");
}

int
run_unlock_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_new, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(a_key_file_is_found_where_it_was),
		TEST(a_key_file_that_is_not_private_or_not_one_is_refused),
		TEST(a_service_credential_opens_the_vault),
		TEST(a_passphrase_is_taken_byte_for_byte),
		TEST(nobody_is_asked_when_a_key_is_at_hand),
		TEST(a_key_command_opens_its_slot),
		TEST(words_of_a_command_are_a_passphrase),
		TEST(a_recovery_code_opens_and_a_typo_is_told_at_once),
		TEST(a_damaged_slot_is_not_a_wrong_key),
		TEST(a_damaged_slot_can_be_removed_and_the_vault_is_whole),
		TEST(no_slot_is_removed_to_hide_that_more_is_damaged),
		TEST(without_any_key_it_says_so),
	};

	return cmocka_run_group_tests_name("unlock", tests, NULL, NULL);
}
