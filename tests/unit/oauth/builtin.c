/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/tests.h"
#include "provider/catalogue.h"

#define VARS_MAX 16

/* Whether a variable is a whole URL: an endpoint begins with it. */
static bool
is_url(const struct provider *provider, const char *name)
{
	const char *const templates[] = { provider->endpoints.token, provider->endpoints.revocation,
		provider->endpoints.authorization };
	char start[64];

	assert_true(text_format(start, sizeof(start), "{%s}", name));
	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		if (templates[i] != NULL && strncmp(templates[i], start, strlen(start)) == 0)
			return true;
	}
	return false;
}

/* Build a request with a fitting value for every variable that has no default. */
static enum larder_code
build(const struct provider *provider, bool revoke, struct http_request *ret, struct larder_error *error)
{
	static char url[] = "https://x.example", word[] = "x-1";
	struct secret token = a_secret("canary"), secret = a_secret("s");
	struct name_value items[VARS_MAX];
	struct name_values vars = { items, 0 };
	const struct oauth_client client = { .client_id = "id", .client_secret = &secret, .vars = &vars };
	enum larder_code code;

	assert_true(provider->vars_count <= VARS_MAX);
	for (size_t i = 0; i < provider->vars_count; i++) {
		char *name = provider->vars[i].name;

		if (provider->vars[i].fallback == NULL)
			items[vars.count++] = (struct name_value){ name, is_url(provider, name) ? url : word };
	}
	if (revoke)
		code = revoke_build(provider, &client, provider->revoke.accepts_refresh ? TOKEN_REFRESH : TOKEN_ACCESS,
		    &token, &token, true, ret, error);
	else
		code = refresh_build(provider, &client, &token, "a", NULL, ret, error);
	secret_free(&token);
	secret_free(&secret);
	return code;
}

static size_t
count(const char *text, const char *word)
{
	size_t found = 0;

	while (text != NULL && (text = strstr(text, word)) != NULL) {
		found++;
		text += strlen(word);
	}
	return found;
}

/* S184, S203 */
static void
every_built_in_definition_sends_its_token_once_in_a_refresh(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalogue_builtin_count(); i++) {
		const char *id = NULL;
		size_t len;
		struct http_request request = { .headers_count = 0 };
		struct larder_error error;
		struct provider *provider;
		enum larder_code code;
		bool in_url;

		(void)catalogue_builtin(i, &id, &len);
		provider = provider_builtin(id);
		in_url = provider->refresh.body == BODY_QUERY;
		code = build(provider, false, &request, &error);
		if (code == LARDER_REJECTED) {
			assert_non_null(strstr(error.why, "the client has no "));
		} else {
			if (code != LARDER_OK)
				fail_msg("%s: %s", id, error.why);
			assert_int_equal(count(body(&request), "canary"), in_url ? 0 : 1);
			assert_int_equal(count(request.url, "canary"), in_url ? 1 : 0);
			assert_int_equal(strncmp(request.url, "https://", 8), 0);
		}
		http_request_clear(&request);
		provider_free(provider);
	}
}

static void
every_built_in_definition_revokes_or_says_that_it_cannot(void **state)
{
	size_t able = 0;

	(void)state;
	for (size_t i = 0; i < catalogue_builtin_count(); i++) {
		const char *id = NULL;
		size_t len;
		struct http_request request = { .headers_count = 0 };
		struct larder_error error;
		struct provider *provider;
		enum larder_code code;

		(void)catalogue_builtin(i, &id, &len);
		provider = provider_builtin(id);
		code = build(provider, true, &request, &error);
		if (code == LARDER_OK) {
			size_t sent = count(body(&request), "canary") + count(request.url, "canary") +
			    count(header(&request, "Authorization"), "canary") +
			    count(header(&request, "X-Shopify-Access-Token"), "canary");

			if (sent == 0)
				fail_msg("%s: the token is nowhere in the request", id);
			able++;
		} else if (code != LARDER_NOT_FOUND && code != LARDER_REJECTED) {
			fail_msg("%s: %s", id, error.why);
		} else if (error.hint[0] == '\0') {
			fail_msg("%s: no hint", id);
		}
		http_request_clear(&request);
		provider_free(provider);
	}
	assert_true(able >= 40);
}

int
run_builtin_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_built_in_definition_sends_its_token_once_in_a_refresh),
		cmocka_unit_test(every_built_in_definition_revokes_or_says_that_it_cannot),
	};

	return cmocka_run_group_tests_name("builtin", tests, NULL, NULL);
}
