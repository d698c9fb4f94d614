/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Getting the vault key: what is at hand is tried in a fixed order, each against the slots that it could open. What
 * went wrong on the way is told only when nothing opened the vault.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/io.h"
#include "base/text.h"
#include "vault/slot.h"

struct attempt_state {
	const char *dir;
	const uint8_t *vault_id;
	const struct unlock *unlock;
	struct slot *slots;
	size_t count;
	struct secret vault_key;     /* set: open */
	struct larder_error failure; /* the one to tell; code OK: none */
};

static bool
is_open(const struct attempt_state *state)
{
	return !secret_is_empty(&state->vault_key);
}

static bool
has_kind(const struct attempt_state *state, enum slot_kind kind)
{
	for (size_t i = 0; i < state->count; i++)
		if (!state->slots[i].damaged && state->slots[i].kind == kind)
			return true;
	return false;
}

/*
 * Keep the last failure, which is of what a person gave; but that memory, a mode or a slot's parameters were the cause
 * says more than "wrong key".
 */
static void
remember(struct attempt_state *state, const struct larder_error *error)
{
	if (state->failure.code == LARDER_OK || state->failure.code == LARDER_LOCKED)
		state->failure = *error;
}

/* Try a secret on all slots of a kind, also after one of them failed. */
static void
try_kind(struct attempt_state *state, enum slot_kind kind, const struct secret *secret)
{
	struct larder_error error;

	for (size_t i = 0; i < state->count && !is_open(state); i++) {
		if (state->slots[i].damaged || state->slots[i].kind != kind)
			continue;
		if (slot_try(&state->slots[i], state->vault_id, secret, &state->vault_key, &error) != LARDER_OK)
			remember(state, &error);
	}
}

/* A passphrase, or a recovery code in its place. A code with a typo is told before anything slow is tried. */
static void
try_text(struct attempt_state *state, const struct secret *text)
{
	struct larder_error error;

	if (has_kind(state, SLOT_RECOVERY)) {
		if (recovery_is_code(text))
			try_kind(state, SLOT_RECOVERY, text);
		else if (recovery_has_shape(text)) {
			error_set(&error, LARDER_LOCKED, "cannot open the vault", "compare it with what you wrote down",
			    "the recovery code has a typo");
			remember(state, &error);
			return;
		}
	}
	if (text->len <= PASSPHRASE_MAX)
		try_kind(state, SLOT_PASSPHRASE, text);
}

static void
from_key_file(struct attempt_state *state, const char *path)
{
	struct secret key = SECRET_INIT;
	struct larder_error error;

	if (keyfile_read(path, &key, &error) != LARDER_OK)
		remember(state, &error);
	else
		try_kind(state, SLOT_KEY_FILE, &key);
	secret_free(&key);
}

static void
from_remembered_files(struct attempt_state *state)
{
	for (size_t i = 0; i < state->count && !is_open(state); i++)
		if (!state->slots[i].damaged && state->slots[i].kind == SLOT_KEY_FILE && state->slots[i].path[0] == '/')
			from_key_file(state, state->slots[i].path);
}

/*
 * A credential of the service manager: its file may belong to root and be shared with the service by an access list,
 * so only what others could read is refused.
 */
static enum larder_code
read_credential(const char *path, struct secret *ret, struct larder_error *ret_error)
{
	static const char what[] = "cannot read the service credential";
	struct secret content = SECRET_INIT;
	enum larder_code code = LARDER_OK;
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return error_set_errno(ret_error, LARDER_LOCKED, errno, what, NULL, "larder.key");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0) ||
	    (st.st_mode & 07) != 0)
		code = error_set(ret_error, LARDER_DENIED, what, NULL, "larder.key is not a private file");
	else if (st.st_size == 0 || st.st_size > PASSPHRASE_MAX)
		code = error_set(ret_error, LARDER_LOCKED, what, NULL, "larder.key is empty or longer than %d bytes",
		    PASSPHRASE_MAX);
	else if (!secret_new((size_t)st.st_size, &content))
		code = error_no_memory(ret_error);
	else if (io_pread_all(fd, content.data, content.len, 0) != IO_OK)
		code = error_set(ret_error, LARDER_STORAGE, what, NULL, "larder.key cannot be read");
	(void)close(fd);
	if (code == LARDER_OK)
		*ret = content;
	else
		secret_free(&content);
	return code;
}

/* 32 bytes may be a key file's content; anything may be a passphrase with a newline at its end. */
static void
from_credential(struct attempt_state *state)
{
	struct secret content = SECRET_INIT, text;
	struct larder_error error;

	if (read_credential(state->unlock->credentials_file, &content, &error) != LARDER_OK) {
		remember(state, &error);
		return;
	}
	if (content.len == KEY_BYTES)
		try_kind(state, SLOT_KEY_FILE, &content);
	text = content;
	if (text.data[text.len - 1] == '\n')
		text.len--;
	if (!is_open(state) && text.len > 0)
		try_text(state, &text);
	secret_free(&content);
}

static void
from_descriptor(struct attempt_state *state)
{
	struct secret text = SECRET_INIT;
	struct larder_error error;

	if (file_read_secret_fd(state->unlock->passphrase_fd, PASSPHRASE_MAX, "passphrase", &text, &error) != LARDER_OK)
		remember(state, &error);
	else
		try_text(state, &text);
	secret_free(&text);
}

/* A command may also print the passphrase of a vault that has no slot made for commands. */
static void
from_command(struct attempt_state *state)
{
	struct secret output = SECRET_INIT, text;
	struct larder_error error;

	if (state->unlock->key_command(state->unlock->ctx, &output, &error) != LARDER_OK) {
		remember(state, &error);
		secret_free(&output);
		return;
	}
	if (has_kind(state, SLOT_COMMAND)) {
		try_kind(state, SLOT_COMMAND, &output);
	} else {
		text = output;
		while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
			text.len--;
		if (text.len > 0)
			try_text(state, &text);
	}
	secret_free(&output);
}

static void
from_person(struct attempt_state *state)
{
	struct secret text = SECRET_INIT;
	struct larder_error error;
	char prompt[300], dir[256];

	(void)text_format(prompt, sizeof(prompt),
	    "Passphrase for %s: ", text_escape(dir, sizeof(dir), state->dir, strlen(state->dir)));
	if (state->unlock->ask(state->unlock->ctx, prompt, &text, &error) != LARDER_OK)
		remember(state, &error);
	else
		try_text(state, &text);
	secret_free(&text);
}

static void
try_all(struct attempt_state *state)
{
	const struct unlock *unlock = state->unlock;

	if (unlock->key_file != NULL)
		from_key_file(state, unlock->key_file);
	else
		from_remembered_files(state);
	if (!is_open(state) && unlock->credentials_file != NULL)
		from_credential(state);
	if (!is_open(state) && unlock->passphrase_fd >= 0)
		from_descriptor(state);
	if (!is_open(state) && unlock->key_command != NULL)
		from_command(state);
	if (!is_open(state) && unlock->ask != NULL &&
	    (has_kind(state, SLOT_PASSPHRASE) || has_kind(state, SLOT_RECOVERY)))
		from_person(state);
}

/* By looking at every row: a slot that the index has lost would otherwise look like a wrong key. */
static enum larder_code
count_slots(struct store *store, size_t *ret_count, struct larder_error *ret_error)
{
	enum larder_code code = store_scan(store, 0, ret_error);
	struct store_row row;
	size_t count = 0;

	if (code != LARDER_OK)
		return code;
	while ((code = store_next(store, &row, ret_error)) == LARDER_OK)
		if (row.kind == RECORD_SLOT)
			count++;
	store_scan_end(store);
	*ret_count = count;
	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

/* Why it stayed closed. Damage to a slot goes before "wrong key", for the key may well be right. */
static enum larder_code
say_why(struct store *store, const struct attempt_state *state, struct larder_error *ret_error)
{
	size_t count = 0;
	enum larder_code code = count_slots(store, &count, ret_error);

	if (code != LARDER_OK)
		return code;
	if (count != state->count)
		return record_damaged(ret_error, "key slot", "one cannot be found by its number");
	for (size_t i = 0; i < state->count; i++)
		if (state->slots[i].damaged)
			return error_set(ret_error, LARDER_DAMAGED, "cannot open the vault",
			    "open it with another key, such as the recovery code", "key slot %u is damaged",
			    (unsigned)state->slots[i].number);
	if (state->failure.code == LARDER_OK)
		return error_set(ret_error, LARDER_LOCKED, "cannot open the vault",
		    "name a key file, or run it at a terminal", "there is no key at hand");
	if (ret_error != NULL)
		*ret_error = state->failure;
	return state->failure.code;
}

/*
 * The usual vault has a key file in its first slot: one row is read then instead of a search for all of them. Anything
 * unusual, errors too, is left to the full way.
 */
static void
try_first_slot(struct store *store, struct attempt_state *state)
{
	struct slot slot;

	if (slot_load_first(store, &slot)) {
		state->slots = &slot;
		state->count = 1;
		if (state->unlock->key_file != NULL)
			from_key_file(state, state->unlock->key_file);
		else
			from_remembered_files(state);
		state->slots = NULL;
		state->count = 0;
		state->failure = (struct larder_error){ .code = LARDER_OK };
	}
	slot_clear(&slot);
}

enum larder_code
unlock_run(struct store *store, const char *dir, const uint8_t vault_id[static VAULT_ID_BYTES],
    const struct unlock *unlock, struct vault_keys **ret_keys, struct larder_error *ret_error)
{
	struct attempt_state state = { .dir = dir, .vault_id = vault_id, .unlock = unlock };
	struct vault_keys *keys;
	enum larder_code code = LARDER_OK;

	try_first_slot(store, &state);
	if (!is_open(&state)) {
		code = slots_load(store, &state.slots, &state.count, ret_error);
		if (code != LARDER_OK)
			return code;
		try_all(&state);
	}
	if (!is_open(&state)) {
		code = say_why(store, &state, ret_error);
	} else {
		keys = keys_new(state.vault_key.data, vault_id);
		if (keys == NULL)
			code = error_no_memory(ret_error);
		else
			*ret_keys = keys;
	}
	secret_free(&state.vault_key);
	slots_free(state.slots, state.count);
	return code;
}
