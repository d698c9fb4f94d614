/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this layer share: memory that belongs to a provider, and the words of its enumerations.
 */
#ifndef PROVIDER_KEEP_H
#define PROVIDER_KEEP_H

#include "provider/provider.h"

/* One value of an enumeration and its name; text NULL ends a table. */
struct word {
	const char *text;
	int value;
};

extern const struct word auth_words[];        /* client authentication at the token endpoint */
extern const struct word revoke_auth_words[]; /* what there is at revocation endpoints only */
extern const struct word rotation_words[];
extern const struct word grace_words[];
extern const struct word on_unknown_words[];
extern const struct word revoke_style_words[];
extern const struct word basic_encoding_words[];
extern const struct word challenge_words[];
extern const struct word dpop_words[];
extern const struct word body_words[];

/* The name of a value; NULL if it has none. */
const char *word_text(const struct word *words, int value);

/* Look text up. false: not in the table. */
bool word_parse(const struct word *words, const char *text, size_t len, int *ret);

/* Zeroed memory, and a copy of text, that live as long as the provider. NULL: no memory. */
void *keep_zeroed(struct provider *provider, size_t count, size_t size);
char *keep_text(struct provider *provider, const char *text, size_t len);

/* Add a copy to a list. false: no memory. */
bool keep_string(struct provider *provider, struct strings *list, const char *text, size_t len);
bool keep_pair(struct provider *provider, struct name_values *list, const char *name, const char *value);

/* The index of the pair of this name, in any case of letters; count: there is none. */
size_t pairs_find(const struct name_values *list, const char *name);

#endif
