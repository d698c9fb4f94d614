/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates of URLs, "https://{host}/token": how they fall into pieces, and what they must be before any value is
 * known. Filling them is expand.c's.
 */
#ifndef PROVIDER_TEMPLATE_H
#define PROVIDER_TEMPLATE_H

#include "provider/provider.h"

#define VAR_NAME_MAX 32 /* bytes of a variable's name */

/* Where in a URL a variable stands; what its value may be follows from it. */
enum place {
	PLACE_START, /* the value is a URL itself */
	PLACE_HOST,
	PLACE_PORT,
	PLACE_REST /* path or query */
};

struct piece {
	const char *text; /* literal text, or the name of a variable; into the template, no NUL */
	size_t len;
	bool is_var;
};

/* The next piece of a template; *cursor moves on. false: the end, or (*ret_bad) braces that hold no name. */
bool template_next(const char **cursor, struct piece *ret, bool *ret_bad);

/* The place after this much of a URL. */
enum place template_place(const char *url_so_far);

/* Letters, digits and _, not starting with a digit, at most VAR_NAME_MAX. */
bool template_is_name(const char *name, size_t len);

/* A declared variable by name; NULL if there is none. */
const struct provider_var *template_var(const struct provider *provider, const char *name, size_t len);

/* Whether the finished URL may be used: https, or http to a loopback host with insecure_loopback. why says why not. */
bool template_url_is_allowed(const struct provider *provider, const char *url, char *why, size_t why_size);

/*
 * Whether a template can ever become an acceptable URL. Variables that the definition does not declare are added to it,
 * required if required says so. false: why says what is wrong, "" when memory is out.
 */
bool template_check(struct provider *provider, const char *template, bool required, char *why, size_t why_size);

#endif
