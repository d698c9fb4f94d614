/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a browser, or whoever finds the port, sends to the listener of a log-in: the request's head, and the query in
 * it as an answer to the attempt with the state STATE.
 */
#include <string.h>

#include "courier/loopback.h"
#include "fuzz.h"
#include "oauth/authorize.h"

#define STATE     "0123456789012345678901234567890123456789012"
#define ISSUER    "https://as.example"
#define HEAD_SIZE 16384

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char head[HEAD_SIZE], whole[HEAD_SIZE];
	const char *query = NULL;
	struct secret code = SECRET_INIT;
	struct larder_error error = { .why = "" };
	enum larder_code result;
	int status = 0;

	if (size >= sizeof(head) || memchr(data, '\0', size) != NULL)
		return 0;
	memcpy(head, data, size);
	head[size] = '\0';
	memcpy(whole, head, size + 1);
	if (!loopback_read_head(head, "/callback", 8765, &query, &status)) {
		claim(status >= 400 && status < 500);
		return 0;
	}
	claim(strncmp(whole, "GET /callback", 13) == 0);
	result = redirect_read(query, strlen(query), STATE, ISSUER, &code, &error);
	if (result == LARDER_OK) {
		claim(!secret_is_empty(&code) && redirect_is_ours(query, strlen(query), STATE));
	} else {
		claim(secret_is_empty(&code));
		claim(is_plain(error.why) && is_plain(error.hint));
	}
	secret_free(&code);
	return 0;
}
