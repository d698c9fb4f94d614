/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "vault/record.h"

static const struct member members[] = {
	MEMBER(1, TEXT, pending, name),
	MEMBER(2, TEXT, pending, client),
	MEMBER(3, TEXT, pending, scope),
	MEMBER(4, TEXT, pending, resource),
	MEMBER(5, TEXT, pending, account),
	MEMBER(6, SECRET, pending, device_code),
	MEMBER(7, TEXT, pending, user_code),
	MEMBER(8, TEXT, pending, verification_uri),
	MEMBER(9, TEXT, pending, verification_complete),
	MEMBER(10, TEXT, pending, token_endpoint),
	MEMBER(11, NUMBER, pending, expires_at),
	MEMBER(12, NUMBER, pending, interval_s),
};

static bool
is_valid(const void *record)
{
	const struct pending *pending = record;

	return text_is_name(pending->name) && text_is_name(pending->client);
}

const struct record_type type_pending = RECORD_TYPE(RECORD_PENDING, "pending log-in", members, pending, is_valid);

static struct record_key
pending_key(const struct vault *vault, const char *name)
{
	struct piece piece = { name, strlen(name) };

	return record_key(vault, RECORD_PENDING, &piece, 1);
}

enum larder_code
pending_load(struct vault *vault, const char *name, struct pending *ret, struct larder_error *ret_error)
{
	struct record_key key = pending_key(vault, name);

	return record_load(vault, &type_pending, &key, ret, ret_error);
}

enum larder_code
pending_store(struct vault *vault, const struct pending *pending, struct larder_error *ret_error)
{
	struct record_key key = pending_key(vault, pending->name);

	return record_store(vault, &type_pending, &key, pending, ret_error);
}

enum larder_code
pending_remove(struct vault *vault, const char *name, struct larder_error *ret_error)
{
	struct record_key key = pending_key(vault, name);
	enum larder_code code = record_remove(vault, &type_pending, &key, ret_error);

	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

void
pending_clear(struct pending *pending)
{
	if (pending != NULL)
		record_clear(&type_pending, pending);
}
