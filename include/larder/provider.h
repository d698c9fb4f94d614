/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue of providers: built in, /etc/larder/providers.d, $XDG_CONFIG_HOME/larder/providers.d; a later one with
 * the same id wins. No vault is needed.
 */
#ifndef LARDER_PROVIDER_H
#define LARDER_PROVIDER_H

#include <larder/error.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct larder_provider {
	char id[65];
	char name[128];
	char source[256];  /* "built in" or the file */
	char problem[256]; /* "" unless the definition is broken */
};

/* All, sorted by id; freed with larder_provider_list_free. */
LARDER_API enum larder_code
larder_provider_list(struct larder_provider **ret, size_t *ret_count, struct larder_error *ret_error);
LARDER_API void larder_provider_list_free(struct larder_provider *list);

/* The definition as JSON text, NUL-terminated, freed with free(); ret_class is static text. NOT_FOUND, USAGE (broken). */
LARDER_API enum larder_code
larder_provider_show(const char *id, char **ret_json, const char **ret_class, struct larder_error *ret_error);

/* Check a definition file; ret (may be NULL) gets id and name. USAGE names file, place and reason; NOT_FOUND. */
LARDER_API enum larder_code
larder_provider_check(const char *file, struct larder_provider *ret, struct larder_error *ret_error);

/* Check it and copy it to the user's providers.d as ID.json. EXISTS unless replace. */
LARDER_API enum larder_code
larder_provider_add(const char *file, int replace, struct larder_provider *ret, struct larder_error *ret_error);

#ifdef __cplusplus
}
#endif
#endif
