/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/list.h"

static const struct member members[] = {
	MEMBER(1, BYTES, parked, attempt_id),
	MEMBER(2, NUMBER, parked, generation),
	MEMBER(3, NUMBER, parked, parked_at),
	MEMBER(4, NUMBER, parked, sent_at),
	MEMBER(5, TEXT, parked, why),
	MEMBER(6, SECRET, parked, reply),
};

const struct record_type type_parked = RECORD_TYPE(RECORD_PARKED, "parked reply", members, parked, NULL);

enum larder_code
parked_add(struct vault *vault, const struct credential *credential, const struct parked *parked,
    struct larder_error *ret_error)
{
	struct piece pieces[] = {
		{ credential->id, RECORD_ID_BYTES },
		{ parked->attempt_id, sizeof(parked->attempt_id) },
	};
	struct record_key key = record_key(vault, RECORD_PARKED, pieces, 2);
	enum larder_code code;

	code = index_add(vault, credential->id, RECORD_PARKED, &key, ret_error);
	if (code == LARDER_OK)
		code = record_store(vault, &type_parked, &key, parked, ret_error);
	return code;
}

enum larder_code
parked_list(struct vault *vault, const struct credential *credential, struct parked **ret, size_t *ret_count,
    struct larder_error *ret_error)
{
	struct list list = LIST_INIT(&type_parked);
	enum larder_code code = index_list(vault, credential->id, RECORD_PARKED, &list, ret_error);

	if (code != LARDER_OK) {
		list_free(&type_parked, list.items, list.count);
		return code;
	}
	*ret = list.items;
	*ret_count = list.count;
	return LARDER_OK;
}

enum larder_code
parked_remove_all(struct vault *vault, const struct credential *credential, struct larder_error *ret_error)
{
	return index_remove_all(vault, credential->id, RECORD_PARKED, ret_error);
}

void
parked_list_free(struct parked *list, size_t count)
{
	list_free(&type_parked, list, count);
}
