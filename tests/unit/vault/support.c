/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/support.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/derive.h"

const struct actor somebody = { .uid = 1000, .pid = 42, .exe = "/usr/bin/test", .parent = "/bin/sh" };

static void
write_key(const char *path)
{
	uint8_t key[KEY_BYTES];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	random_fill(key, sizeof(key));
	assert_int_equal(write(fd, key, sizeof(key)), sizeof(key));
	close(fd);
}

static void
create_with_key(struct place *place)
{
	struct slot_new slot = { .kind = SLOT_KEY_FILE };
	struct secret key;
	int fd = open(place->key, O_RDONLY);

	assert_true(fd >= 0 && secret_new(KEY_BYTES, &key));
	assert_int_equal(read(fd, key.data, key.len), KEY_BYTES);
	close(fd);
	slot.secret = &key;
	text_format(slot.path, sizeof(slot.path), "%s", place->key);
	assert_ok(vault_create(place->vault, &slot, somebody, &place->session, NULL));
	secret_free(&key);
}

int
place_new(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	assert_true(crypto_init());
	text_format(place->root, sizeof(place->root), "/tmp/larder-vault-XXXXXX");
	assert_non_null(mkdtemp(place->root));
	text_format(place->vault, sizeof(place->vault), "%s/vault", place->root);
	text_format(place->key, sizeof(place->key), "%s/key", place->root);
	text_format(place->anchors, sizeof(place->anchors), "%s/state/larder", place->root);
	write_key(place->key);
	create_with_key(place);
	*state = place;
	return 0;
}

int
place_remove(void **state)
{
	struct place *place = *state;
	char command[128];

	vault_close(&place->session);
	text_format(command, sizeof(command), "rm -rf %s", place->root);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

struct unlock
place_unlock(const struct place *place)
{
	return (struct unlock){ .key_file = place->key, .passphrase_fd = -1, .anchor_dir = place->anchors };
}

enum larder_code
place_try_open(struct place *place, struct larder_error *ret_error)
{
	struct unlock unlock = place_unlock(place);

	vault_close(&place->session);
	return vault_open(place->vault, &unlock, somebody, &place->session, ret_error);
}

void
place_open(struct place *place)
{
	struct larder_error error = { 0 };

	if (place_try_open(place, &error) != LARDER_OK)
		fail_msg("%s: %s", error.what, error.why);
}

void
place_close(struct place *place)
{
	vault_close(&place->session);
}

static sqlite3 *
open_db(const struct place *place)
{
	char path[160];
	sqlite3 *db = NULL;

	text_format(path, sizeof(path), "%s/vault.db", place->vault);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

void
place_sql(const struct place *place, const char *sql)
{
	sqlite3 *db = open_db(place);
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(db);
	place_run(place, "chmod 600 vault/vault.db*");
}

int64_t
place_number(const struct place *place, const char *sql)
{
	sqlite3 *db = open_db(place);
	sqlite3_stmt *statement = NULL;
	int64_t number;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return number;
}

void
place_run(const struct place *place, const char *command)
{
	char line[2048];

	text_format(line, sizeof(line), "cd %s && %s", place->root, command);
	assert_int_equal(system(line), 0);
}

struct secret
a_secret(const char *text)
{
	struct secret secret;

	assert_true(secret_copy(text, strlen(text), &secret));
	return secret;
}

void
put_one(struct vault *vault, const char *name, uint8_t id)
{
	struct credential credential = { .id = { id, 1, 2 }, .state = STATE_OK, .generation = 1, .rotating = true };
	struct grant grant = { .refresh_token = a_secret("rt-canary-") };
	struct access access = { .token = a_secret("at-canary-"), .token_type = "Bearer", .expires_at = 2000 };

	text_format(credential.name, sizeof(credential.name), "%s", name);
	text_format(credential.client, sizeof(credential.client), "client");
	grant.refresh_token.data[9] = id;
	access.token.data[9] = id;
	assert_ok(credential_store(vault, &credential, NULL));
	assert_ok(grant_store(vault, &credential, &grant, NULL));
	assert_ok(access_store(vault, &credential, "", "", &access, NULL));
	grant_clear(&grant);
	access_clear(&access);
}

void
put_credential(struct vault *vault, const char *name)
{
	assert_ok(vault_begin(vault, STORE_DURABLE, NULL));
	put_one(vault, name, (uint8_t)name[0]);
	assert_ok(vault_commit(vault, NULL, NULL));
}

void
assert_says(const struct larder_error *error, const char *text)
{
	if (strstr(error->what, text) == NULL && strstr(error->why, text) == NULL && strstr(error->hint, text) == NULL)
		fail_msg("\"%s: %s; %s\" does not say \"%s\"", error->what, error->why, error->hint, text);
}
