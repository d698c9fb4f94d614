/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reply of the token endpoint, in the form of tests/corpus/replies: header lines, an empty line, the body. It is
 * judged as a refresh is, by the definition that "provider:" names, and read as a reply to a device's question.
 */
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/text.h"
#include "fuzz.h"
#include "oauth/device.h"
#include "oauth/oauth.h"
#include "oauth/verdict.h"
#include "provider/catalogue.h"

#define SENT_AT       1700000000
#define PROVIDERS_MAX 128
#define HUNDRED_YEARS (INT64_C(101) * 366 * 86400)

static const struct catalogue builtin = { { NULL } };

/* Definitions are read once: it is the reply that is fuzzed. NULL: there is no such one. */
static const struct provider *
find_provider(const char *id)
{
	static struct provider *loaded[PROVIDERS_MAX];
	struct larder_error error;

	for (size_t i = 0; i < PROVIDERS_MAX && i < catalogue_builtin_count(); i++) {
		const char *builtin_id;
		size_t len;

		(void)catalogue_builtin(i, &builtin_id, &len);
		if (strcmp(builtin_id, id) != 0)
			continue;
		if (loaded[i] == NULL)
			claim(catalogue_load(&builtin, id, &loaded[i], &error) == LARDER_OK);
		return loaded[i];
	}
	return NULL;
}

static void
take_header(const char *name, const char *value, struct http_reply *reply, char *id, size_t id_size)
{
	const struct {
		const char *name;
		char *dst;
		size_t size;
	} texts[] = {
		{ "content-type", reply->content_type, sizeof(reply->content_type) },
		{ "retry-after", reply->retry_after, sizeof(reply->retry_after) },
		{ "date", reply->date, sizeof(reply->date) },
		{ "location", reply->location, sizeof(reply->location) },
		{ "provider", id, id_size },
	};

	if (strcmp(name, "status") == 0)
		reply->status = (int)(strtol(value, NULL, 10) % 1000);
	reply->truncated = reply->truncated || strcmp(name, "truncated") == 0;
	reply->encoded = reply->encoded || strcmp(name, "encoded") == 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(name, texts[i].name) == 0)
			(void)text_format(texts[i].dst, texts[i].size, "%s", value);
	}
}

/* The rest after the header lines is the body. */
static const uint8_t *
read_headers(const uint8_t *data, size_t size, struct http_reply *reply, char *id, size_t id_size)
{
	const uint8_t *end = data + size;

	while (data < end && *data != '\n') {
		const uint8_t *line_end = memchr(data, '\n', (size_t)(end - data));
		size_t len = (size_t)((line_end == NULL ? end : line_end) - data);
		char line[512];
		char *colon;

		if (len < sizeof(line)) {
			memcpy(line, data, len);
			line[len] = '\0';
			colon = strstr(line, ": ");
			if (colon != NULL) {
				*colon = '\0';
				take_header(line, colon + 2, reply, id, id_size);
			}
		}
		data = line_end == NULL ? end : line_end + 1;
	}
	return data < end ? data + 1 : end;
}

static void
check_reply(const struct provider *provider, const struct http_reply *http, const struct token_reply *reply)
{
	bool tokens = reply->outcome == GRANT_TOKENS;

	claim(!reply->starved);
	claim(is_plain(reply->error) && is_plain(reply->description) && is_plain(reply->complaint));
	claim(is_plain(reply->identity.subject) && is_plain(reply->identity.account));
	claim(reply->scope[0] == '\0' || scope_is_valid(reply->scope));
	claim(!reply->usable || (tokens && !secret_is_empty(&reply->access_token)));
	claim(reply->access_token.len <= TOKEN_MAX && reply->refresh_token.len <= TOKEN_MAX);
	claim(!reply->refresh_token_came || !secret_is_empty(&reply->refresh_token));
	claim(reply->expires_at == TIME_UNKNOWN ||
	    (reply->expires_at >= 0 && reply->expires_at <= SENT_AT + HUNDRED_YEARS));
	claim(reply->retry_after_s == -1 || (reply->retry_after_s >= 1 && reply->retry_after_s <= 3600));
	/* a server that is broken has decided nothing, unless the definition knows its very words */
	if (reply->outcome == GRANT_ENDED && !verdict_is_listed(&provider->response.dead_errors, reply->error))
		claim(http->status < 500 && http->status != 408 && http->status != 429);
}

static void
check_same(const struct token_reply *a, const struct token_reply *b)
{
	claim(a->outcome == b->outcome && a->usable == b->usable && a->expires_at == b->expires_at);
	claim(a->access_token.len == b->access_token.len && a->refresh_token.len == b->refresh_token.len);
	claim(strcmp(a->complaint, b->complaint) == 0 && strcmp(a->error, b->error) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply http = { .status = 200, .retry_after = "" };
	char id[PROVIDER_ID_MAX + 1] = "generic";
	struct token_reply reply, again;
	struct device_grant grant = { .interval_s = 0 };
	struct larder_error error;
	const struct provider *provider;
	const uint8_t *body = read_headers(data, size, &http, id, sizeof(id));
	size_t len = (size_t)(data + size - body);

	provider = find_provider(id);
	if (provider == NULL)
		provider = find_provider("generic");
	if (provider == NULL || (len != 0 && !secret_copy(body, len, &http.body)))
		return 0;
	reply_judge(provider, &http, SENT_AT, &reply);
	check_reply(provider, &http, &reply);
	reply_judge(provider, &http, SENT_AT, &again);
	check_same(&reply, &again);
	(void)device_poll_judge(provider, &reply);
	if (device_begin_read(provider, &http, SENT_AT, &grant, &error) == LARDER_OK) {
		claim(!secret_is_empty(&grant.device_code) && grant.interval_s > 0);
		claim(is_plain(grant.user_code) && is_plain(grant.verification_uri));
	} else {
		claim(is_plain(error.why) && is_plain(error.hint));
	}
	device_grant_clear(&grant);
	token_reply_clear(&reply);
	token_reply_clear(&again);
	http_reply_clear(&http);
	return 0;
}
