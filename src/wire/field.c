/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/field.h"

#include <string.h>

#include "base/secret.h"

_Static_assert(sizeof(int) == 4, "FIELD_U32 copies ints and enums");

static uint32_t
member_u32(const void *member)
{
	uint32_t value;

	memcpy(&value, member, sizeof(value));
	return value;
}

static void
put_u32(uint8_t dst[static 4], uint32_t value)
{
	for (int i = 0; i < 4; i++)
		dst[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void
put_u64(uint8_t dst[static 8], uint64_t value)
{
	put_u32(dst, (uint32_t)(value >> 32));
	put_u32(dst + 4, (uint32_t)value);
}

bool
field_append(struct buf *ret, uint8_t tag, const void *data, size_t len)
{
	if (len > UINT32_MAX)
		return false;
	return buf_append_byte(ret, tag) && buf_append_u32(ret, (uint32_t)len) &&
	    (len == 0 || buf_append(ret, data, len));
}

static bool
encode_secret(const struct field *field, const struct secret *secret, struct buf *ret)
{
	if (secret->len > field->max)
		return false;
	if (secret->len == 0)
		return !field->required;
	return field_append(ret, field->tag, secret->data, secret->len);
}

static bool
encode_text(const struct field *field, const char *text, struct buf *ret)
{
	size_t len = strnlen(text, field->size);

	if (len == field->size)
		return false;
	if (len == 0)
		return !field->required;
	return field_append(ret, field->tag, text, len);
}

static bool
encode_one(const struct field *field, const void *member, struct buf *ret)
{
	uint8_t number[8];
	uint32_t value;
	uint64_t wide;

	switch ((enum field_form)field->form) {
	case FIELD_TEXT:
		return encode_text(field, member, ret);
	case FIELD_BOOL:
		return !*(const bool *)member || field_append(ret, field->tag, "\x01", 1);
	case FIELD_U32:
		value = member_u32(member);
		if (value < field->min || value > field->max)
			return false;
		put_u32(number, value);
		return field_append(ret, field->tag, number, 4);
	case FIELD_U64:
		memcpy(&wide, member, sizeof(wide));
		put_u64(number, wide);
		return field_append(ret, field->tag, number, 8);
	case FIELD_FIXED:
		return field_append(ret, field->tag, member, field->size);
	case FIELD_SECRET:
		return encode_secret(field, member, ret);
	case FIELD_REPEATED:
		return true;
	}
	return false;
}

bool
fields_encode(const struct field *table, size_t count, const void *object, struct buf *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (!encode_one(&table[i], (const uint8_t *)object + table[i].offset, ret))
			return false;
	}
	return true;
}

static bool
decode_u32(const struct field *field, const uint8_t *data, size_t len, void *member)
{
	struct reader reader = { .data = data, .len = len };
	uint32_t value = read_u32(&reader);

	if (reader.failed || len != 4 || value < field->min || value > field->max)
		return false;
	memcpy(member, &value, sizeof(value));
	return true;
}

static bool
decode_u64(const uint8_t *data, size_t len, void *member)
{
	struct reader reader = { .data = data, .len = len };
	uint64_t value = read_u64(&reader);

	if (reader.failed || len != 8)
		return false;
	memcpy(member, &value, sizeof(value));
	return true;
}

static bool
decode_one(const struct field *field, const uint8_t *data, size_t len, void *object)
{
	uint8_t *member = (uint8_t *)object + field->offset;

	if (len == 0)
		return false; /* what has no value is left out */
	switch ((enum field_form)field->form) {
	case FIELD_TEXT:
		if (len >= field->size || memchr(data, '\0', len) != NULL)
			return false;
		memcpy(member, data, len);
		return true;
	case FIELD_BOOL:
		*(bool *)member = true;
		return len == 1 && data[0] == 1;
	case FIELD_U32:
		return decode_u32(field, data, len, member);
	case FIELD_U64:
		return decode_u64(data, len, member);
	case FIELD_FIXED:
		if (len != field->size)
			return false;
		memcpy(member, data, len);
		return true;
	case FIELD_SECRET:
		return len <= field->max && secret_copy(data, len, (struct secret *)(void *)member);
	case FIELD_REPEATED:
		return field->add(object, data, len);
	}
	return false;
}

static const struct field *
find_field(const struct field *table, size_t count, uint8_t tag)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].tag == tag)
			return &table[i];
	}
	return NULL;
}

static bool
has_required(const struct field *table, size_t count, uint32_t seen)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].required && (seen & (UINT32_C(1) << table[i].tag)) == 0)
			return false;
	}
	return true;
}

bool
fields_decode(const struct field *table, size_t count, const void *data, size_t len, void *object, uint32_t *ret_seen)
{
	struct reader reader = { .data = data, .len = len };
	uint32_t seen = 0;

	while (reader.len > 0) {
		uint8_t tag = read_u8(&reader);
		uint32_t field_len = read_u32(&reader);
		const uint8_t *bytes = read_bytes(&reader, field_len);
		const struct field *field = find_field(table, count, tag);
		uint32_t bit;

		if (reader.failed || field == NULL)
			return false;
		bit = UINT32_C(1) << tag;
		if ((seen & bit) != 0 && field->form != FIELD_REPEATED)
			return false;
		seen |= bit;
		if (!decode_one(field, bytes, field_len, object))
			return false;
	}
	if (!has_required(table, count, seen))
		return false;
	*ret_seen = seen;
	return true;
}
