/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structs as bytes, by table: tag (1) | length (4, big endian) | bytes, tags rising. A member without a value (0, false,
 * empty) is left out, so every struct has exactly one encoding; anything else is refused when it is read.
 */
#ifndef VAULT_PAYLOAD_H
#define VAULT_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum member_form {
	MEMBER_NUMBER, /* integer of 1, 4 or 8 bytes, big endian; enums too */
	MEMBER_BOOL,
	MEMBER_TEXT,  /* char[size]; the final NUL is not stored */
	MEMBER_BYTES, /* uint8_t[size] */
	MEMBER_SECRET /* struct secret */
};

struct member {
	uint8_t tag;
	enum member_form form;
	size_t offset;
	size_t size;
};

#define MEMBER(tag_, form_, type_, member_) \
	{ \
		(tag_), MEMBER_##form_, offsetof(struct type_, member_), sizeof(((struct type_ *)0)->member_) \
	}

/* Append the encoding of object to ret (a secret buffer). false: memory, or a text without its NUL. */
bool payload_encode(const struct member *table, size_t count, const void *object, struct buf *ret);

/*
 * Read data, all of it, into object, which the caller has zeroed and clears also after a failure.
 * false: not the one encoding of such a struct, or no memory.
 */
bool payload_decode(const struct member *table, size_t count, const void *data, size_t len, void *object);

#endif
