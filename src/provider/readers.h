/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of the fields that are more than a text, a number or a list. All are of the type field_reader; at is the
 * member of struct provider that the table of definition.c names. null leaves the default.
 */
#ifndef PROVIDER_READERS_H
#define PROVIDER_READERS_H

#include "provider/field.h"

field_reader read_id;
field_reader read_vars;
field_reader read_auth_methods;
field_reader read_separator;
field_reader read_method;       /* char[8]: an HTTP method */
field_reader read_text_or_null; /* char *, where null means "send none" */
field_reader read_credential;   /* bool: access_token instead of refresh_token */
field_reader read_url_or_words; /* char *: a template; words for people ("configured per tenant") are no URL */
field_reader read_client_auth;
field_reader read_accepts;
field_reader read_success;
field_reader read_unknown_token;
field_reader read_unknown_statuses;
field_reader read_port;        /* int */
field_reader read_destructive; /* bool; one that is given is not guessed */
field_reader read_any_port;    /* bool; the same */
field_reader read_path;        /* char *: of a URL, without query */

#endif
