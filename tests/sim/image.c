/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and sets of rows that share them: a snapshot or a copy of the whole disk costs references only. */
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"

struct row *
row_new(uint8_t kind, const void *key, size_t key_len, const void *body, size_t len)
{
	size_t room = len == SIZE_MAX ? 0 : len;
	struct row *row = malloc(sizeof *row + room);

	if (row == NULL || key_len > STORE_KEY_MAX)
		abort();
	row->refs = 1;
	row->kind = kind;
	row->key_len = (uint8_t)key_len;
	if (key_len > 0)
		memcpy(row->key, key, key_len);
	row->len = len;
	if (room > 0)
		memcpy(row->body, body, room);
	return row;
}

void
row_free(struct row *row)
{
	if (--row->refs == 0)
		free(row);
}

bool
row_is(const struct row *row, uint8_t kind, const void *key, size_t key_len)
{
	return row->kind == kind && row->key_len == key_len && memcmp(row->key, key, key_len) == 0;
}

void
image_share(const struct image *image, struct image *ret)
{
	*ret = *image;
	ret->log_room = image->log_len + 64;
	ret->log = malloc(ret->log_room * sizeof(struct row *));
	if (ret->log == NULL)
		abort();
	for (size_t i = 0; i < image->count; i++)
		image->rows[i]->refs++;
	for (size_t i = 0; i < image->log_len; i++) {
		ret->log[i] = image->log[i];
		ret->log[i]->refs++;
	}
}

void
image_clear(struct image *image)
{
	for (size_t i = 0; i < image->count; i++)
		row_free(image->rows[i]);
	for (size_t i = 0; i < image->log_len; i++)
		row_free(image->log[i]);
	free(image->log);
	*image = (struct image){ .count = 0 };
}

void
image_apply(struct image *image, struct row *row)
{
	size_t i = 0;

	while (i < image->count && !row_is(image->rows[i], row->kind, row->key, row->key_len))
		i++;
	if (i < image->count)
		row_free(image->rows[i]);
	if (row->len != SIZE_MAX) {
		if (i == ROWS_MAX)
			abort();
		image->rows[i] = row;
		if (i == image->count)
			image->count++;
		return;
	}
	row_free(row);
	if (i < image->count)
		image->rows[i] = image->rows[--image->count];
}

void
image_log(struct image *image, struct row *row)
{
	if (image->log_len == image->log_room) {
		image->log_room = image->log_room * 2 + 16;
		image->log = reallocarray(image->log, image->log_room, sizeof(struct row *));
		if (image->log == NULL)
			abort();
	}
	image->log[image->log_len++] = row;
}
