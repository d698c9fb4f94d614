/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forms in which an access token is printed. Pure.
 */
#ifndef CLI_TOKEN_FORMAT_H
#define CLI_TOKEN_FORMAT_H

#include <larder/token.h>

#include "cli/output.h"

enum token_form {
	TOKEN_PLAIN,
	TOKEN_JSON,
	TOKEN_HEADER,
	TOKEN_BEARER,
	TOKEN_CURL,
	TOKEN_ENV,
	TOKEN_XOAUTH2,
	TOKEN_TEMPLATE
};

/*
 * What --format means: curl, env, xoauth2, or a template with at least one of the known {fields}. {{ and }} stand for
 * braces. Errors: USAGE, with the field named.
 */
enum larder_code token_form_parse(const char *format, enum token_form *ret_form, struct larder_error *ret_error);

/*
 * Append the token in a form, with the newline. format is the template; else NULL. Errors: USAGE (xoauth2 without an
 * account).
 */
enum larder_code token_format(struct output *out, const struct larder_token *token, enum token_form form,
    const char *format, struct larder_error *ret_error);

#endif
