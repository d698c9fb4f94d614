/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which definitions there are: built in, then the folders, in order; a later one with the same id wins. A folder that
 * does not exist is empty; a broken file makes only its own provider fail (and "provider check", and doctor).
 */
#ifndef PROVIDER_CATALOGUE_H
#define PROVIDER_CATALOGUE_H

#include "provider/provider.h"

struct catalogue {
	const char *folders[4]; /* absolute paths, in order; NULL ends */
};

struct catalogue_entry {
	char id[PROVIDER_ID_MAX + 1];
	char name[128];
	char source[256]; /* "built in" or the file */
	char why[256];    /* "" if it parses, else what is wrong with it */
};

/* Load one by id. Errors: NOT_FOUND (hint names close ids), USAGE (broken file, named). */
enum larder_code catalogue_load(
    const struct catalogue *catalogue, const char *id, struct provider **ret, struct larder_error *ret_error);

/* The definition's own text, for provider show. */
enum larder_code
catalogue_text(const struct catalogue *catalogue, const char *id, struct buf *ret_text, struct larder_error *ret_error);

/* All, sorted by id. The caller frees *ret with free. */
enum larder_code catalogue_list(
    const struct catalogue *catalogue, struct catalogue_entry **ret, size_t *ret_count, struct larder_error *ret_error);

/* Number and text of the embedded ones, for the build's check. */
size_t catalogue_builtin_count(void);
const char *catalogue_builtin(size_t index, const char **ret_id, size_t *ret_len);

#endif
