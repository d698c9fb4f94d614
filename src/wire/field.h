/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structs as sequences of fields, by table: tag (1) | length (4, big endian) | bytes. The tables of job.c and reply.c
 * are the formats of docs/wire.md; encoding and decoding both follow them, so they cannot drift apart.
 *
 * What has no value (an empty text, an empty secret, false) is left out.
 */
#ifndef WIRE_FIELD_H
#define WIRE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum field_form {
	FIELD_TEXT = 1, /* char[size] with a final NUL that does not travel; no NUL inside */
	FIELD_BOOL,     /* 1 byte, 0 or 1 */
	FIELD_U32,      /* 4 bytes; int, int32_t or an enum in the struct */
	FIELD_U64,      /* 8 bytes */
	FIELD_FIXED,    /* uint8_t[size] */
	FIELD_SECRET,   /* struct secret of up to max bytes */
	FIELD_REPEATED  /* may come more than once: add() takes each, the encoder of the struct writes them */
};

struct field {
	uint8_t tag;                                                /* 1 to 31 */
	uint8_t form;                                               /* enum field_form, small for the tables */
	bool required;                                              /* must be there, and not empty */
	size_t offset;                                              /* of the member */
	size_t size;                                                /* of the member */
	uint32_t min;                                               /* FIELD_U32: the values allowed */
	uint32_t max;                                               /* FIELD_U32; FIELD_SECRET: bytes */
	bool (*add)(void *object, const uint8_t *data, size_t len); /* FIELD_REPEATED */
};

#define FIELD_AT(type, member) .offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)

/* Append one field to ret. false: memory, or its maximum. */
bool field_append(struct buf *ret, uint8_t tag, const void *data, size_t len);

/* Append the fields of object, but for the repeated ones. false: memory, or a value that decoding would refuse. */
bool fields_encode(const struct field *table, size_t count, const void *object, struct buf *ret);

/*
 * Read all of data into object, which the caller has zeroed and clears also after a failure. ret_seen: bit n for tag n.
 * false: an unknown or repeated tag, a missing field, a bad length or value, bytes that end too soon, no memory.
 */
bool
fields_decode(const struct field *table, size_t count, const void *data, size_t len, void *object, uint32_t *ret_seen);

#endif
