/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cached access tokens: one row per credential, scope set and resource. The default one (no scope, no resource) has a
 * row that can be found by the credential alone; the others are listed in an index record.
 */
#include <string.h>

#include "base/text.h"
#include "vault/list.h"

#define ACCESS_EXTRA_MAX 64 /* tokens beside the default one; the oldest makes room */

static const struct member members[] = {
	MEMBER(1, SECRET, access, token),
	MEMBER(2, TEXT, access, token_type),
	MEMBER(3, TEXT, access, scope),
	MEMBER(4, TEXT, access, asked_scope),
	MEMBER(5, TEXT, access, resource),
	MEMBER(6, NUMBER, access, issued_at),
	MEMBER(7, NUMBER, access, expires_at),
	MEMBER(8, NUMBER, access, life_s),
	MEMBER(9, NUMBER, access, exchange),
	MEMBER(10, NUMBER, access, issued_boot_ms),
};

const struct record_type type_token = RECORD_TYPE(RECORD_TOKEN, "access token", members, access, NULL);

static struct record_key
access_key(const struct vault *vault, const struct credential *credential, const char *scope, const char *resource)
{
	struct piece pieces[] = {
		{ credential->id, RECORD_ID_BYTES },
		{ scope, strlen(scope) },
		{ resource, strlen(resource) },
	};

	return record_key(vault, RECORD_TOKEN, pieces, 3);
}

enum larder_code
access_load(struct vault *vault, const struct credential *credential, const char *scope, const char *resource,
    struct access *ret, struct larder_error *ret_error)
{
	struct record_key key = access_key(vault, credential, scope, resource);
	enum larder_code code = record_load(vault, &type_token, &key, ret, ret_error);

	if (code == LARDER_OK && (strcmp(ret->asked_scope, scope) != 0 || strcmp(ret->resource, resource) != 0)) {
		access_clear(ret);
		code = record_damaged(ret_error, type_token.name, "it is for another scope or resource");
	}
	return code;
}

/* Make the token findable by its credential. */
static enum larder_code
list_extra(struct vault *vault, const struct credential *credential, const struct record_key *key,
    struct larder_error *ret_error)
{
	struct record_index index = { 0 };
	enum larder_code code;
	size_t count;

	code = index_load(vault, credential->id, RECORD_TOKEN, &index, ret_error);
	if (code != LARDER_OK)
		return code;
	count = index_count(&index);
	for (size_t i = 0; i < count; i++)
		if (memcmp(index.keys.data + i * NAME_HASH_BYTES, key->bytes, NAME_HASH_BYTES) == 0)
			goto out;
	if (count >= ACCESS_EXTRA_MAX)
		code = index_drop_first(vault, credential->id, RECORD_TOKEN, ret_error);
	if (code == LARDER_OK)
		code = index_add(vault, credential->id, RECORD_TOKEN, key, ret_error);
out:
	index_clear(&index);
	return code;
}

enum larder_code
access_store(struct vault *vault, const struct credential *credential, const char *scope, const char *resource,
    const struct access *access, struct larder_error *ret_error)
{
	struct record_key key = access_key(vault, credential, scope, resource);
	struct access keyed = *access; /* borrows the token */
	enum larder_code code = LARDER_OK;

	if (!text_format(keyed.asked_scope, sizeof(keyed.asked_scope), "%s", scope) ||
	    !text_format(keyed.resource, sizeof(keyed.resource), "%s", resource))
		return error_set(ret_error, LARDER_USAGE, "cannot store the access token", NULL,
		    "its scope or resource is too long");
	if (scope[0] != '\0' || resource[0] != '\0')
		code = list_extra(vault, credential, &key, ret_error);
	if (code == LARDER_OK)
		code = record_store(vault, &type_token, &key, &keyed, ret_error);
	return code;
}

enum larder_code
access_remove_all(struct vault *vault, const struct credential *credential, struct larder_error *ret_error)
{
	struct record_key key = access_key(vault, credential, "", "");
	enum larder_code code = record_remove(vault, &type_token, &key, ret_error);

	if (code != LARDER_OK && code != LARDER_NOT_FOUND)
		return code;
	return index_remove_all(vault, credential->id, RECORD_TOKEN, ret_error);
}

enum larder_code
access_list(struct vault *vault, const struct credential *credential, struct access **ret, size_t *ret_count,
    struct larder_error *ret_error)
{
	struct list list = LIST_INIT(&type_token);
	struct access *first = list_next(&list);
	enum larder_code code;

	if (first == NULL)
		return error_no_memory(ret_error);
	code = access_load(vault, credential, "", "", first, ret_error);
	if (code == LARDER_OK)
		list_grew(&list);
	if (code == LARDER_OK || code == LARDER_NOT_FOUND)
		code = index_list(vault, credential->id, RECORD_TOKEN, &list, ret_error);
	if (code != LARDER_OK) {
		list_free(&type_token, list.items, list.count);
		return code;
	}
	*ret = list.items;
	*ret_count = list.count;
	return LARDER_OK;
}

void
access_clear(struct access *access)
{
	if (access != NULL)
		record_clear(&type_token, access);
}

void
access_list_free(struct access *list, size_t count)
{
	list_free(&type_token, list, count);
}
