/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/payload.h"

#include <string.h>

#include "base/secret.h"

static uint64_t
number_read(const uint8_t *at, size_t size)
{
	uint64_t value = 0;
	uint32_t word = 0;

	if (size == 1)
		return *at;
	if (size == sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		return word;
	}
	memcpy(&value, at, sizeof(value));
	return value;
}

static void
number_write(uint8_t *at, size_t size, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	if (size == 1)
		*at = (uint8_t)value;
	else if (size == sizeof(word))
		memcpy(at, &word, sizeof(word));
	else
		memcpy(at, &value, sizeof(value));
}

static bool
append(struct buf *ret, uint8_t tag, const void *data, size_t len)
{
	if (len == 0)
		return true;
	return buf_append_byte(ret, tag) && buf_append_u32(ret, (uint32_t)len) && buf_append(ret, data, len);
}

static bool
append_number(struct buf *ret, uint8_t tag, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	if (value == 0)
		return true;
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
	return append(ret, tag, bytes, size);
}

static bool
is_zero(const uint8_t *data, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= data[i];
	return any == 0;
}

static bool
append_member(struct buf *ret, const struct member *member, const uint8_t *at)
{
	struct secret secret;
	size_t len;

	switch (member->form) {
	case MEMBER_NUMBER:
	case MEMBER_BOOL:
		return append_number(ret, member->tag, number_read(at, member->size), member->size);
	case MEMBER_TEXT:
		len = strnlen((const char *)at, member->size);
		return len < member->size && append(ret, member->tag, at, len);
	case MEMBER_BYTES:
		return is_zero(at, member->size) || append(ret, member->tag, at, member->size);
	case MEMBER_SECRET:
		memcpy(&secret, at, sizeof(secret));
		return append(ret, member->tag, secret.data, secret.len);
	}
	return false;
}

bool
payload_encode(const struct member *table, size_t count, const void *object, struct buf *ret)
{
	for (size_t i = 0; i < count; i++)
		if (!append_member(ret, &table[i], (const uint8_t *)object + table[i].offset))
			return false;
	return true;
}

static bool
take_number(const struct member *member, const uint8_t *data, size_t len, uint8_t *at)
{
	uint64_t value = 0;

	if (len != member->size)
		return false;
	for (size_t i = 0; i < len; i++)
		value = value << 8 | data[i];
	if (value == 0 || (member->form == MEMBER_BOOL && value != 1))
		return false;
	number_write(at, member->size, value);
	return true;
}

static bool
take_member(const struct member *member, const uint8_t *data, size_t len, uint8_t *at)
{
	struct secret secret;

	switch (member->form) {
	case MEMBER_NUMBER:
	case MEMBER_BOOL:
		return take_number(member, data, len, at);
	case MEMBER_TEXT:
		if (len >= member->size || memchr(data, 0, len) != NULL)
			return false;
		memcpy(at, data, len);
		return true;
	case MEMBER_BYTES:
		if (len != member->size || is_zero(data, len))
			return false;
		memcpy(at, data, len);
		return true;
	case MEMBER_SECRET:
		if (!secret_copy(data, len, &secret))
			return false;
		memcpy(at, &secret, sizeof(secret));
		return true;
	}
	return false;
}

bool
payload_decode(const struct member *table, size_t count, const void *data, size_t len, void *object)
{
	struct reader reader = { .data = data, .len = len };
	const uint8_t *bytes;
	size_t i = 0;
	uint32_t bytes_len;
	uint8_t tag;

	while (reader.len > 0) {
		tag = read_u8(&reader);
		bytes_len = read_u32(&reader);
		bytes = read_bytes(&reader, bytes_len);
		if (reader.failed || bytes == NULL || bytes_len == 0)
			return false;
		/* tags rise in table and bytes, so one that was passed cannot come again */
		while (i < count && table[i].tag != tag)
			i++;
		if (i == count || !take_member(&table[i], bytes, bytes_len, (uint8_t *)object + table[i].offset))
			return false;
		i++;
	}
	return !reader.failed;
}
