/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/list.h"

#include <stdlib.h>
#include <string.h>

void *
list_next(struct list *list)
{
	size_t room = list->room == 0 ? 4 : list->room * 2;
	void *items;

	if (list->count == list->room) {
		/* items may hold an attempt key or the like: move by hand and wipe what is left behind */
		items = calloc(room, list->type->size);
		if (items == NULL)
			return NULL;
		if (list->count > 0) {
			memcpy(items, list->items, list->count * list->type->size);
			wipe(list->items, list->count * list->type->size);
		}
		free(list->items);
		list->items = items;
		list->room = room;
	}
	return (uint8_t *)list->items + list->count * list->type->size;
}

void
list_grew(struct list *list)
{
	list->count++;
}

void
list_free(const struct record_type *type, void *items, size_t count)
{
	if (items == NULL)
		return;
	for (size_t i = 0; i < count; i++)
		record_clear(type, (uint8_t *)items + i * type->size);
	free(items);
}

enum larder_code
list_scan(struct vault *vault, struct list *list, struct larder_error *ret_error)
{
	struct store_row row;
	enum larder_code code;
	void *item;

	code = store_scan(vault->store, (uint8_t)list->type->kind, ret_error);
	if (code != LARDER_OK)
		return code;
	while ((code = store_next(vault->store, &row, ret_error)) == LARDER_OK) {
		item = list_next(list);
		if (item == NULL)
			code = error_no_memory(ret_error);
		else
			code = record_decode(
			    vault, list->type, row.key, row.key_len, row.body, row.body_len, item, ret_error);
		if (code != LARDER_OK)
			break;
		list_grew(list);
	}
	store_scan_end(vault->store);
	if (code == LARDER_NOT_FOUND)
		return LARDER_OK;
	list_free(list->type, list->items, list->count);
	*list = (struct list)LIST_INIT(list->type);
	return code;
}
