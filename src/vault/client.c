/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "vault/list.h"
#include "vault/record.h"
#include "vault/verify.h"

#define VAR(i) MEMBER(20 + 2 * (i), TEXT, client, vars[i].name), MEMBER(21 + 2 * (i), TEXT, client, vars[i].value)

static const struct member members[] = {
	MEMBER(1, TEXT, client, name),
	MEMBER(2, TEXT, client, provider),
	MEMBER(3, TEXT, client, client_id),
	MEMBER(4, SECRET, client, secret),
	MEMBER(5, TEXT, client, auth),
	MEMBER(6, TEXT, client, proxy),
	MEMBER(7, NUMBER, client, vars_count),
	MEMBER(8, NUMBER, client, created_at),
	MEMBER(9, NUMBER, client, secret_set_at),
	MEMBER(10, SECRET, client, other_secret),
	MEMBER(11, BOOL, client, secret_is_old),
	MEMBER(12, BOOL, client, secret_refused),
	MEMBER(15, TEXT, client, dpop),
	MEMBER(17, TEXT, client, registration_uri),
	MEMBER(18, SECRET, client, registration_token),
	MEMBER(19, NUMBER, client, secret_expires_at),
	MEMBER(60, TEXT, client, redirect_uri),
	VAR(0),
	VAR(1),
	VAR(2),
	VAR(3),
	VAR(4),
	VAR(5),
	VAR(6),
	VAR(7),
	VAR(8),
	VAR(9),
	VAR(10),
	VAR(11),
	VAR(12),
	VAR(13),
	VAR(14),
	VAR(15),
};
_Static_assert(VARS_MAX == 16, "the table lists every variable");
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "counts are stored in 8 bytes");

static bool
is_valid(const void *record)
{
	const struct client *client = record;

	return text_is_name(client->name) && client->vars_count <= VARS_MAX;
}

const struct record_type type_client = RECORD_TYPE(RECORD_CLIENT, "client", members, client, is_valid);

static struct record_key
client_key(const struct vault *vault, const char *name)
{
	struct piece piece = { name, strlen(name) };

	return record_key(vault, RECORD_CLIENT, &piece, 1);
}

static enum larder_code
client_not_found(struct vault *vault, const char *name, struct larder_error *ret_error)
{
	enum larder_code code = verify_absence(vault, ret_error);

	if (code != LARDER_NOT_FOUND)
		return error_name(ret_error, code, name);
	error_set(ret_error, LARDER_NOT_FOUND, "cannot find the client", "see 'larder client list'",
	    "there is no client of that name");
	(void)error_name(ret_error, LARDER_NOT_FOUND, name);
	return LARDER_NOT_FOUND;
}

enum larder_code
client_load(struct vault *vault, const char *name, struct client *ret, struct larder_error *ret_error)
{
	struct record_key key = client_key(vault, name);
	enum larder_code code = record_load(vault, &type_client, &key, ret, ret_error);

	if (code == LARDER_NOT_FOUND)
		return client_not_found(vault, name, ret_error);
	if (code != LARDER_OK)
		(void)error_name(ret_error, code, name);
	return code;
}

enum larder_code
client_store(struct vault *vault, const struct client *client, struct larder_error *ret_error)
{
	struct record_key key;

	if (!is_valid(client))
		return error_set(ret_error, LARDER_USAGE, "cannot store the client", NULL, "its name is not allowed");
	key = client_key(vault, client->name);
	return record_store(vault, &type_client, &key, client, ret_error);
}

enum larder_code
client_remove(struct vault *vault, const char *name, struct larder_error *ret_error)
{
	struct record_key key = client_key(vault, name);
	enum larder_code code = record_remove(vault, &type_client, &key, ret_error);

	return code == LARDER_NOT_FOUND ? client_not_found(vault, name, ret_error) : code;
}

void
client_clear(struct client *client)
{
	if (client != NULL)
		record_clear(&type_client, client);
}

void
client_list_free(struct client *clients, size_t count)
{
	list_free(&type_client, clients, count);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct client *)a)->name, ((const struct client *)b)->name);
}

enum larder_code
client_list(struct vault *vault, struct client **ret, size_t *ret_count, struct larder_error *ret_error)
{
	struct list list = LIST_INIT(&type_client);
	enum larder_code code = vault_verify_quick(vault, ret_error);

	if (code == LARDER_OK)
		code = list_scan(vault, &list, ret_error);
	if (code != LARDER_OK)
		return code;
	if (list.count > 0)
		qsort(list.items, list.count, sizeof(struct client), by_name);
	*ret = list.items;
	*ret_count = list.count;
	return LARDER_OK;
}
