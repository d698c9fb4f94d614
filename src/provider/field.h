/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a JSON object by a table of its fields: unknown names and wrong types are errors that name the place. null
 * counts as absent.
 */
#ifndef PROVIDER_FIELD_H
#define PROVIDER_FIELD_H

#include "provider/keep.h"

struct cJSON;
struct field;

/* One definition being read. The first problem stays. */
struct reading {
	struct provider *provider;
	const char *source;
	char place[192]; /* "rotation.grace_s" */
	struct larder_error *ret_error;
	enum larder_code code; /* LARDER_OK so far */
};

/* Reads a value of its own kind; at is where it goes. */
typedef void field_reader(struct reading *reading, const struct cJSON *json, void *at);

enum field_kind {
	FIELD_TEXT,    /* char * */
	FIELD_BOOL,    /* bool */
	FIELD_SECONDS, /* int64_t, whole and not negative */
	FIELD_STRINGS, /* struct strings */
	FIELD_PAIRS,   /* struct name_values: an object of texts (numbers and booleans become text) */
	FIELD_WORD,    /* an enum, by the table words */
	FIELD_OBJECT,  /* the fields of the table fields, in the same struct */
	FIELD_JSON,    /* char *, an object or list kept as JSON text */
	FIELD_OWN      /* by the function read */
};

struct field {
	const char *name; /* NULL ends a table */
	enum field_kind kind;
	size_t offset; /* into struct provider */
	const struct word *words;
	const struct field *fields;
	field_reader *read;
};

/* Fail with the place of now. printf-like; the text must be safe for a terminal. Only the first call counts. */
void reading_fail(struct reading *reading, const char *format, ...) __attribute__((format(printf, 2, 3)));
void reading_no_memory(struct reading *reading);

/* Go to a member or an item of the place of now; returns what reading_leave needs. */
size_t reading_enter(struct reading *reading, const char *member);
size_t reading_enter_item(struct reading *reading, size_t index);
void reading_leave(struct reading *reading, size_t mark);

/* Read all members of an object into base by a table. */
void field_object(struct reading *reading, const struct cJSON *object, const struct field *fields, void *base);

/* Parts for readers of their own. NULL, or an untouched *ret, after a failure. */
const char *field_text(struct reading *reading, const struct cJSON *json);
void field_strings(struct reading *reading, const struct cJSON *json, void *at);
void field_json(struct reading *reading, const struct cJSON *json, void *at); /* char *: as JSON text */
void field_keep(struct reading *reading, const char *text, size_t len, char **ret);

#endif
