/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request while it is being put together: parameters are collected first and written in the definition's format at
 * the end. No parameter twice, none without a value (RFC 6749 section 3.2). The first failure sticks, so that a
 * builder adds everything and asks once, at message_finish.
 */
#ifndef OAUTH_MESSAGE_H
#define OAUTH_MESSAGE_H

#include "oauth/oauth.h"

#define MESSAGE_PARAMS_MAX 24
#define MESSAGE_VARS_MAX   40

struct message_param {
	char name[64];
	struct secret value;
	bool repeats; /* one of several resources: the one parameter that may repeat (RFC 8707 section 2) */
};

struct message {
	const struct provider *provider;
	const char *what; /* "cannot build the refresh request" */
	struct larder_error *ret_error;
	enum larder_code code;        /* the first failure */
	struct http_request *request; /* the headers and the URL are filled in as they come */
	struct message_param params[MESSAGE_PARAMS_MAX];
	size_t params_count;
	struct name_value vars[MESSAGE_VARS_MAX]; /* for templates; borrowed texts */
	size_t vars_count;
	char *client_id;                 /* a writable copy for vars */
	const struct name_values *names; /* what the provider calls the parameters; NULL: what the RFC does */
};

/* Begin. request has to be cleared already; message_clear ends it on all paths. */
void message_init(struct message *message, const struct provider *provider, const struct oauth_client *client,
    const char *what, struct http_request *request, struct larder_error *ret_error);
void message_clear(struct message *message);

/* Make a value of the moment known to templates: {access_token}. value has to outlive the message. */
void message_var(struct message *message, const char *name, const struct secret *value);

/* Add a parameter; an empty value adds nothing. A name that is there already is an error of the definition (USAGE). */
void message_param(struct message *message, const char *name, const void *value, size_t value_len);

/* Add one that may repeat. */
void message_param_repeated(struct message *message, const char *name, const void *value, size_t value_len);

/* Add all of a definition's extra parameters, templates filled in. */
void message_extra(struct message *message, const struct name_values *extra);

/* Set a header; one that is set already, in any case of letters, stays as it is. */
void message_header(struct message *message, const char *name, const char *value, size_t value_len);
void message_headers(struct message *message, const struct name_values *headers);

/* Add the scope in the definition's own separator; NULL and "": none. USAGE for what is none. */
void message_scope(struct message *message, const char *scope);

/* Add resources, with spaces between them, as they cannot have any themselves (RFC 8707 section 2). */
void message_resources(struct message *message, const char *resource);

/* Set the URL from a template. NOT_FOUND and USAGE as provider_expand. */
void message_url(struct message *message, const char *template);

/* Remember a failure, unless there was one before. */
void message_fail(struct message *message, enum larder_code code, const char *hint, const char *why, ...)
    __attribute__((format(printf, 4, 5)));
void message_no_memory(struct message *message);

/*
 * Write the parameters as body says, and the headers that every request has. Returns the first failure of all.
 * Parameters are in a URL only where a definition says so; the URL is then a secret, which http_request_clear wipes.
 */
enum larder_code message_finish(struct message *message, const char *method, enum body_format body);

/* The same, and on success the request moves to *ret; else *ret is untouched. */
enum larder_code
message_take(struct message *message, const char *method, enum body_format body, struct http_request *ret);

/* Instead of a request: append the URL with the parameters in its query, for a browser. Returns the first failure. */
enum larder_code message_query(struct message *message, struct buf *ret);

#endif
