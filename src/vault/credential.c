/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "vault/keys.h"
#include "vault/list.h"
#include "vault/verify.h"

static const struct member members[] = {
	MEMBER(1, BYTES, credential, id),
	MEMBER(2, TEXT, credential, name),
	MEMBER(3, TEXT, credential, client),
	MEMBER(4, TEXT, credential, provider),
	MEMBER(5, TEXT, credential, account),
	MEMBER(6, TEXT, credential, scope),
	MEMBER(7, TEXT, credential, token_endpoint),
	MEMBER(8, NUMBER, credential, state),
	MEMBER(9, BOOL, credential, rotating),
	MEMBER(10, BOOL, credential, remove_when_revoked),
	MEMBER(11, NUMBER, credential, revoke_what),
	MEMBER(12, NUMBER, credential, generation),
	MEMBER(13, NUMBER, credential, exchanges),
	MEMBER(14, NUMBER, credential, attempts),
	MEMBER(15, NUMBER, credential, created_at),
	MEMBER(16, NUMBER, credential, last_refresh_at),
	MEMBER(17, NUMBER, credential, access_expires_at),
	MEMBER(18, NUMBER, credential, access_life_s),
	MEMBER(19, NUMBER, credential, refresh_expires_at),
	MEMBER(20, NUMBER, credential, next_refresh_at),
	MEMBER(21, NUMBER, credential, retry_at),
	MEMBER(22, NUMBER, credential, failures),
	MEMBER(23, NUMBER, credential, reply_len_max),
	MEMBER(24, TEXT, credential, last_error),
	MEMBER(25, TEXT, credential, last_error_text),
	MEMBER(26, NUMBER, credential, last_error_at),
	MEMBER(27, TEXT, credential, api_hosts),
	MEMBER(28, TEXT, credential, subject),
	MEMBER(39, BOOL, credential, subject_of_id_token),
	MEMBER(32, NUMBER, credential, granted_at),
	MEMBER(33, NUMBER, credential, refresh_idle_end_at),
	MEMBER(34, NUMBER, credential, refresh_absolute_end_at),
	MEMBER(35, TEXT, credential, cause),
	MEMBER(29, NUMBER, credential, grant_type),
	MEMBER(36, NUMBER, credential, nonce_asked_at),
	MEMBER(37, TEXT, credential, dpop_jkt),
	MEMBER(38, TEXT, credential, redirect_uri),
	MEMBER(57, TEXT, credential, resource),
	MEMBER(55, TEXT, credential, extra),
	/* the intent: nothing of it is stored once it is closed */
	MEMBER(40, BOOL, credential, intent.open),
	MEMBER(41, BYTES, credential, intent.attempt_id),
	MEMBER(42, BYTES, credential, intent.attempt_key),
	MEMBER(43, NUMBER, credential, intent.generation),
	MEMBER(44, NUMBER, credential, intent.opened_at),
	MEMBER(45, NUMBER, credential, intent.opened_boot_ms),
	MEMBER(46, BYTES, credential, intent.boot_id),
	MEMBER(47, NUMBER, credential, intent.pid),
	MEMBER(48, NUMBER, credential, intent.slot),
	MEMBER(49, TEXT, credential, intent.scope),
	MEMBER(50, TEXT, credential, intent.resource),
	MEMBER(51, NUMBER, credential, intent.doubted_at),
};
#define INTENT_MEMBERS 12

static bool
is_valid(const void *record)
{
	const struct credential *credential = record;

	return text_is_name(credential->name) && credential->state >= STATE_OK && credential->state <= STATE_REVOKED &&
	    credential->grant_type <= GRANT_TYPE_TOKEN_EXCHANGE;
}

const struct record_type type_credential = RECORD_TYPE(RECORD_CREDENTIAL, "credential", members, credential, is_valid);

/* How a credential without an open intent is encoded: whatever its struct still holds of one stays out. */
static const struct record_type type_settled = { .kind = RECORD_CREDENTIAL,
	.name = "credential",
	.members = members,
	.count = sizeof(members) / sizeof(members[0]) - INTENT_MEMBERS,
	.size = sizeof(struct credential),
	.is_valid = is_valid };

static struct record_key
credential_key(const struct vault *vault, const char *name)
{
	struct piece piece = { name, strlen(name) };

	return record_key(vault, RECORD_CREDENTIAL, &piece, 1);
}

enum larder_code
credential_load(struct vault *vault, const char *name, struct credential *ret, struct larder_error *ret_error)
{
	struct record_key key = credential_key(vault, name);
	enum larder_code code = record_load(vault, &type_credential, &key, ret, ret_error);

	if (code == LARDER_NOT_FOUND)
		code = verify_absence(vault, ret_error);
	if (code == LARDER_NOT_FOUND)
		error_set(ret_error, code, "cannot find the credential", "see 'larder list'",
		    "there is no credential of that name");
	else if (code == LARDER_OK && strcmp(ret->name, name) != 0)
		code = record_damaged(ret_error, "credential", "it has another name");
	if (code != LARDER_OK) {
		credential_clear(ret);
		(void)error_name(ret_error, code, name);
	}
	return code;
}

enum larder_code
credential_store(struct vault *vault, const struct credential *credential, struct larder_error *ret_error)
{
	struct record_key key;

	if (!is_valid(credential))
		return error_set(
		    ret_error, LARDER_USAGE, "cannot store the credential", NULL, "its name is not allowed");
	key = credential_key(vault, credential->name);
	return record_store(
	    vault, credential->intent.open ? &type_credential : &type_settled, &key, credential, ret_error);
}

enum larder_code
credential_remove(struct vault *vault, const char *name, struct larder_error *ret_error)
{
	struct record_key key = credential_key(vault, name);
	struct credential credential;
	enum larder_code code;

	code = credential_load(vault, name, &credential, ret_error);
	if (code == LARDER_OK)
		code = parked_remove_all(vault, &credential, ret_error);
	if (code == LARDER_OK)
		code = access_remove_all(vault, &credential, ret_error);
	if (code == LARDER_OK)
		code = grant_remove(vault, &credential, ret_error);
	if (code == LARDER_OK)
		code = dpop_key_remove(vault, &credential, ret_error);
	if (code == LARDER_OK)
		code = record_remove(vault, &type_credential, &key, ret_error);
	credential_clear(&credential);
	return code;
}

void
intent_clear(struct intent *intent)
{
	wipe(intent, sizeof(*intent));
}

void
credential_clear(struct credential *credential)
{
	if (credential != NULL)
		record_clear(&type_credential, credential);
}

enum larder_code
credential_scan(struct vault *vault, struct larder_error *ret_error)
{
	/* a list with a row missing must not look complete */
	enum larder_code code = vault_verify_quick(vault, ret_error);

	return code == LARDER_OK ? store_scan(vault->store, RECORD_CREDENTIAL, ret_error) : code;
}

enum larder_code
credential_next(struct vault *vault, struct credential *ret, struct larder_error *ret_error)
{
	struct store_row row;
	enum larder_code code = store_next(vault->store, &row, ret_error);

	if (code != LARDER_OK)
		return code;
	return record_decode(vault, &type_credential, row.key, row.key_len, row.body, row.body_len, ret, ret_error);
}

void
credential_scan_end(struct vault *vault)
{
	store_scan_end(vault->store);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Room for one more name. false: memory. */
static bool
grow(char (**names)[NAME_SIZE], size_t count, size_t *room)
{
	void *more;

	if (count < *room)
		return true;
	more = reallocarray(*names, *room == 0 ? 16 : *room * 2, NAME_SIZE);
	if (more == NULL)
		return false;
	*names = more;
	*room = *room == 0 ? 16 : *room * 2;
	return true;
}

enum larder_code
credential_names(struct vault *vault, char (**ret)[NAME_SIZE], size_t *ret_count, struct larder_error *ret_error)
{
	char(*names)[NAME_SIZE] = NULL;
	struct credential credential;
	size_t count = 0, room = 0;
	enum larder_code code;

	code = credential_scan(vault, ret_error);
	if (code != LARDER_OK)
		return code;
	while ((code = credential_next(vault, &credential, ret_error)) == LARDER_OK) {
		if (!grow(&names, count, &room)) {
			code = error_no_memory(ret_error);
			break;
		}
		memcpy(names[count++], credential.name, NAME_SIZE);
		credential_clear(&credential);
	}
	credential_scan_end(vault);
	if (code != LARDER_NOT_FOUND) {
		free(names);
		return code;
	}
	if (count > 0)
		qsort(names, count, NAME_SIZE, by_text);
	*ret = names;
	*ret_count = count;
	return LARDER_OK;
}

/*
 * Rows are counted one kind at a time, by the index. That there is none, or only one, must be sure, so the set is
 * checked then; a vault that is too large for that has more.
 */
enum larder_code
credential_count(
    struct vault *vault, size_t *ret_count, char ret_only[static NAME_SIZE], struct larder_error *ret_error)
{
	struct store_row row;
	struct credential credential;
	enum larder_code code;
	size_t count = 0;

	code = keys_check(vault->keys, ret_error);
	if (code == LARDER_OK)
		code = store_scan(vault->store, RECORD_CREDENTIAL, ret_error);
	if (code != LARDER_OK)
		return code;
	while ((code = store_next(vault->store, &row, ret_error)) == LARDER_OK)
		count++;
	store_scan_end(vault->store);
	if (code != LARDER_NOT_FOUND)
		return code;
	if (count == 1) {
		code = credential_scan(vault, ret_error);
		if (code != LARDER_OK)
			return code;
		code = credential_next(vault, &credential, ret_error);
		credential_scan_end(vault);
		if (code != LARDER_OK)
			return code;
		memcpy(ret_only, credential.name, NAME_SIZE);
		credential_clear(&credential);
	} else {
		code = count == 0 ? vault_verify_quick(vault, ret_error) : LARDER_OK;
		if (code != LARDER_OK)
			return code;
		ret_only[0] = '\0';
	}
	*ret_count = count;
	return LARDER_OK;
}
