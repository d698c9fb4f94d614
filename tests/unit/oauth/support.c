/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/tests.h"
#include "provider/catalogue.h"
#include "provider/definition.h"

struct provider *
provider_with(const char *members)
{
	char text[4096];
	struct larder_error error;
	struct provider *provider = NULL;

	assert_true(text_format(text, sizeof(text),
	    "{\"id\":\"x\",\"endpoints\":{\"token\":\"https://as.example/token\","
	    "\"revocation\":\"https://as.example/revoke\"}%s}",
	    members));
	if (definition_parse(text, strlen(text), "test", &provider, &error) != LARDER_OK)
		fail_msg("%s: %s", error.what, error.why);
	return provider;
}

struct provider *
provider_builtin(const char *id)
{
	const struct catalogue catalogue = { .folders = { NULL } };
	struct larder_error error;
	struct provider *provider = NULL;

	if (catalogue_load(&catalogue, id, &provider, &error) != LARDER_OK)
		fail_msg("%s: %s", error.what, error.why);
	return provider;
}

struct secret
a_secret(const char *text)
{
	struct secret secret = SECRET_INIT;

	assert_true(secret_copy(text, strlen(text), &secret));
	return secret;
}

const char *
header(const struct http_request *request, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < request->headers_count; i++) {
		if (!text_equal_nocase(request->headers[i].name, name))
			continue;
		assert_null(found);
		found = (const char *)request->headers[i].value.data;
	}
	return found;
}

const char *
body(const struct http_request *request)
{
	return request->body.data == NULL ? "" : (const char *)request->body.data;
}

struct http_reply
a_reply(int status, const char *text, size_t len)
{
	struct http_reply reply = { .status = status };

	(void)text_format(reply.content_type, sizeof(reply.content_type), "application/json");
	assert_true(secret_copy(text, len, &reply.body));
	return reply;
}
