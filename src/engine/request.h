/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call of an API with a credential's access token, which is added here and shown to nobody.
 */
#ifndef ENGINE_REQUEST_H
#define ENGINE_REQUEST_H

#include "engine/engine.h"

struct api_header {
	const char *name, *value;
};

/*
 * Who hears the reply: once its head, then its body piece by piece, stars in the place of the token where the server says
 * it again. An error ends the call and is its result.
 */
struct api_listener {
	void *ctx;
	enum larder_code (*head)(void *ctx, int status, const char *lines, size_t len, struct larder_error *ret_error);
	enum larder_code (*data)(void *ctx, const void *data, size_t len, struct larder_error *ret_error);
};

struct api_request {
	struct token_want token;
	const char *method, *url;
	const struct api_header *headers;
	size_t headers_count;
	int source_fd;     /* regular file whose whole content is the body; -1: none */
	int64_t silent_ms; /* for how long nothing may move; what moves may take as long as it takes */
	struct api_listener listener;
};

/*
 * Send it. The host must be one of the credential's: that of its token endpoint, those of its provider's definition
 * and its own. A 401 with a Bearer challenge (RFC 6750 section 3) is answered once with another token, which whoever
 * comes first gets from the provider; a second one is the reply.
 *
 * OK: a whole reply came and was heard, whatever its status. Errors: DENIED (host), USAGE (URL, header), UNAVAILABLE,
 * those of token_get, and the listener's.
 */
enum larder_code api_request_send(
    struct engine *engine, const struct api_request *request, int *ret_status, struct larder_error *ret_error);

/*
 * Let a credential's access tokens go to one more host, or not any more; as api_host_is_allowed reads it. What is so
 * already is left as it is. Errors: USAGE (no such host, too many), NOT_FOUND, STORAGE, DAMAGED.
 */
enum larder_code
api_host_allow(struct engine *engine, const char *name, const char *host, bool allow, struct larder_error *ret_error);

#endif
