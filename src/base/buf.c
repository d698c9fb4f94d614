/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_CAP_FIRST ((size_t)240) /* with its NUL and the arena's header just 256 */

static void
release(struct buf *buf)
{
	if (buf->data == NULL)
		return;
	if (buf->secret) {
		arena_free(buf->data);
	} else {
		wipe(buf->data, buf->cap + 1);
		free(buf->data);
	}
	buf->data = NULL;
	buf->cap = 0;
}

/* Never realloc: it would leave a copy of the old content behind. */
static bool
grow(struct buf *buf, size_t need)
{
	size_t cap = buf->cap != 0 ? buf->cap : BUF_CAP_FIRST - 1;
	size_t len = buf->len;
	uint8_t *data;

	while (cap < need)
		cap = cap > buf->max / 2 ? buf->max : cap * 2 + 1;
	if (cap > buf->max)
		cap = buf->max;
	data = buf->secret ? arena_alloc(cap + 1) : malloc(cap + 1);
	if (data == NULL)
		return false;
	if (buf->data != NULL)
		memcpy(data, buf->data, len);
	data[len] = '\0';
	release(buf);
	buf->data = data;
	buf->cap = cap;
	return true;
}

uint8_t *
buf_reserve(struct buf *buf, size_t len)
{
	if (buf->failed)
		return NULL;
	if (len > buf->max - buf->len)
		goto fail;
	if ((buf->data == NULL || buf->len + len > buf->cap) && !grow(buf, buf->len + len)) {
		buf->starved = true;
		goto fail;
	}
	return buf->data + buf->len;
fail:
	buf->failed = true;
	return NULL;
}

void
buf_grew(struct buf *buf, size_t len)
{
	if (buf->data == NULL || len > buf->cap - buf->len) {
		buf->failed = true;
		return;
	}
	buf->len += len;
	buf->data[buf->len] = '\0';
}

bool
buf_append(struct buf *buf, const void *data, size_t len)
{
	uint8_t *dst = buf_reserve(buf, len);

	if (dst == NULL)
		return false;
	if (len != 0)
		memcpy(dst, data, len);
	buf_grew(buf, len);
	return true;
}

bool
buf_append_str(struct buf *buf, const char *str)
{
	return buf_append(buf, str, strlen(str));
}

bool
buf_append_byte(struct buf *buf, uint8_t byte)
{
	return buf_append(buf, &byte, 1);
}

/* Printed straight into place, so that a secret argument is in no other buffer of ours. */
bool
buf_append_format(struct buf *buf, const char *format, ...)
{
	va_list args;
	uint8_t *dst;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0) {
		buf->failed = true;
		return false;
	}
	dst = buf_reserve(buf, (size_t)len);
	if (dst == NULL)
		return false;
	va_start(args, format);
	(void)vsnprintf((char *)dst, (size_t)len + 1, format, args);
	va_end(args);
	buf_grew(buf, (size_t)len);
	return true;
}

static bool
append_big_endian(struct buf *buf, uint64_t value, size_t len)
{
	uint8_t bytes[8];
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
	return buf_append(buf, bytes, len);
}

bool
buf_append_base64url(struct buf *buf, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const uint8_t *bytes = data;
	uint32_t bits = 0;
	unsigned count = 0;
	bool ok = true;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		for (count += 8; count >= 6; count -= 6)
			ok = buf_append_byte(buf, (uint8_t)digits[bits >> (count - 6) & 63]) && ok;
	}
	if (count > 0)
		ok = buf_append_byte(buf, (uint8_t)digits[bits << (6 - count) & 63]) && ok;
	wipe(&bits, sizeof bits);
	return ok;
}

bool
buf_append_u16(struct buf *buf, uint16_t value)
{
	return append_big_endian(buf, value, 2);
}

bool
buf_append_u32(struct buf *buf, uint32_t value)
{
	return append_big_endian(buf, value, 4);
}

bool
buf_append_u64(struct buf *buf, uint64_t value)
{
	return append_big_endian(buf, value, 8);
}

const char *
buf_str(const struct buf *buf)
{
	return buf->data != NULL ? (const char *)buf->data : "";
}

void
buf_reset(struct buf *buf)
{
	if (buf->data != NULL)
		wipe(buf->data, buf->cap + 1); /* buf_reserve's callers may have written beyond len */
	buf->len = 0;
	buf->failed = false;
	buf->starved = false;
}

bool
buf_take_secret(struct buf *buf, struct secret *ret)
{
	if (buf->failed || !buf->secret)
		return false;
	if (buf->len == 0)
		release(buf);
	ret->data = buf->data;
	ret->len = buf->len;
	buf->data = NULL;
	buf->len = 0;
	buf->cap = 0;
	return true;
}

void
buf_clear(struct buf *buf)
{
	if (buf == NULL)
		return;
	release(buf);
	buf->len = 0;
	buf->failed = false;
	buf->starved = false;
}

const uint8_t *
read_bytes(struct reader *reader, size_t len)
{
	const uint8_t *data = reader->data;

	if (reader->failed || len > reader->len) {
		reader->failed = true;
		return NULL;
	}
	if (len == 0)
		return data != NULL ? data : (const uint8_t *)"";
	reader->data += len;
	reader->len -= len;
	return data;
}

static uint64_t
read_big_endian(struct reader *reader, size_t len)
{
	const uint8_t *data = read_bytes(reader, len);
	uint64_t value = 0;
	size_t i;

	if (data == NULL)
		return 0;
	for (i = 0; i < len; i++)
		value = value << 8 | data[i];
	return value;
}

uint8_t
read_u8(struct reader *reader)
{
	return (uint8_t)read_big_endian(reader, 1);
}

uint16_t
read_u16(struct reader *reader)
{
	return (uint16_t)read_big_endian(reader, 2);
}

uint32_t
read_u32(struct reader *reader)
{
	return (uint32_t)read_big_endian(reader, 4);
}

uint64_t
read_u64(struct reader *reader)
{
	return read_big_endian(reader, 8);
}
