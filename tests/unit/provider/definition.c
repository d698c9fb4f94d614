/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "provider/tests.h"

static void
the_least_definition_has_sensible_defaults(void **state)
{
	struct provider *p =
	    load("{\"id\":\"local\",\"name\":\"Local\",\"insecure_loopback\":true,\"endpoints\":"
		 "{\"token\":\"http://127.0.0.1:9000/token\",\"revocation\":\"http://127.0.0.1:9000/revoke\"}}");

	(void)state;
	assert_string_equal(p->id, "local");
	assert_string_equal(p->name, "Local");
	assert_true(p->insecure_loopback);
	assert_string_equal(p->endpoints.token, "http://127.0.0.1:9000/token");
	assert_null(p->endpoints.refresh);
	assert_int_equal(p->auth_default, AUTH_UNSET);
	assert_int_equal(p->basic_encoding, BASIC_FORM);
	assert_int_equal(p->pkce, PKCE_UNKNOWN);
	assert_string_equal(p->scope_separator, " ");
	assert_string_equal(p->response.scope_separator, " ");
	assert_string_equal(p->refresh.method, "POST");
	assert_int_equal(p->refresh.body, BODY_FORM);
	assert_string_equal(p->refresh.grant_type, "refresh_token");
	assert_string_equal(p->refresh.token_param, "refresh_token");
	assert_false(p->refresh.spends_access_token);
	assert_true(p->refresh.sends_scope);
	assert_int_equal(p->response.expiry, EXPIRES_IN);
	assert_int_equal(p->response.token_sets.count, 1);
	assert_string_equal(p->response.token_sets.items[0], ".");
	assert_false(p->response.token_type_optional);
	assert_int_equal(p->access_token_ttl_s, TTL_UNKNOWN);
	assert_int_equal(p->rotation.kind, ROTATION_UNKNOWN);
	assert_int_equal(p->rotation.grace_s, TTL_UNKNOWN);
	assert_int_equal(p->rotation.on_unknown, UNKNOWN_ASK);
	assert_int_equal(provider_class(p), CLASS_STRICT);
	assert_int_equal(p->refresh_token_idle_s, TTL_UNKNOWN);
	assert_int_equal(p->min_refresh_interval_s, 0);
	assert_int_equal(p->revoke.style, REVOKE_RFC7009);
	assert_string_equal(p->revoke.method, "POST");
	assert_string_equal(p->revoke.token_param, "token");
	assert_int_equal(p->revoke.client_auth, AUTH_SAME);
	assert_true(p->revoke.sends_hint && p->revoke.accepts_access && p->revoke.accepts_refresh);
	assert_int_equal(p->revoke.success_count, 1);
	assert_int_equal(p->revoke.success[0], 200);
	assert_false(p->revoke.destructive);
	provider_free(p);
}

static void
without_a_revocation_endpoint_nothing_can_be_revoked(void **state)
{
	struct provider *p = load_with("");

	(void)state;
	assert_int_equal(p->revoke.style, REVOKE_NONE);
	assert_string_equal(p->name, "x");
	provider_free(p);
	p = load_with(",\"revoke\":{\"url\":\"https://as.example/r\"}");
	assert_int_equal(p->revoke.style, REVOKE_RFC7009);
	provider_free(p);
}

static void
every_field_arrives_where_it_belongs(void **state)
{
	struct provider *p = load(
	    "{\"id\":\"full\",\"name\":\"Full\",\"vars\":{\"host\":{\"required\":true,\"note\":\"n\",\"pattern\":\"[a-z.]+\"},"
	    "\"tenant\":{\"default\":\"common\",\"allow\":\"any\"}},\"issuer\":\"https://{host}/\",\"discovery\":\"https://{host}/d\","
	    "\"insecure_loopback\":false,\"endpoints\":{\"authorization\":\"https://{host}/a\",\"token\":\"https://{host}/{tenant}/t\","
	    "\"refresh\":\"https://{host}/r\",\"device_authorization\":\"https://{host}/dev\",\"revocation\":\"https://{host}/rev\","
	    "\"introspection\":\"https://{host}/i\",\"userinfo\":\"https://{host}/u\"},"
	    "\"token_auth_methods\":[\"none\",\"client_secret_post\",\"tls_client_auth\"],\"token_auth_default\":\"client_secret_post\","
	    "\"basic_encoding\":\"raw\",\"pkce\":\"required\",\"scope_separator\":\",\",\"authorize_params\":{\"prompt\":\"consent\"},"
	    "\"offline_scopes\":[\"offline_access\"],\"code_exchange\":{\"body\":\"json\",\"extra\":{\"a\":1},\"headers\":{\"X-A\":\"b\"}},"
	    "\"refresh\":{\"method\":\"PUT\",\"body\":\"json\",\"grant_type\":\"extend\",\"credential\":\"refresh_token\",\"token_param\":\"rt\","
	    "\"extra\":{\"e\":\"f\",\"n\":1800,\"t\":true},\"headers\":{\"Accept\":\"application/json\"},\"needs\":[\"redirect_uri\"],"
	    "\"sends_scope\":false},\"response\":{\"envelope\":\"data\",\"error_at_http_200\":true,\"ok_field\":\"ok\",\"expiry\":\"expires_at\","
	    "\"expiry_field\":\"until\",\"token_sets\":[\".\",\"authed_user\"],\"extra_fields_to_keep\":[\"team.id\"],"
	    "\"dead_errors\":[\"bad_refresh_token\"],\"token_types\":[\"bot\"],\"token_type_optional\":true,\"scope_separator\":\"; \"},\"access_token_ttl_s\":3600,"
	    "\"rotation\":{\"kind\":\"configurable\",\"mode\":\"m\",\"grace_kind\":\"window\",\"grace_s\":30,\"on_unknown\":\"hold\","
	    "\"reuse_effect\":\"family\",\"old_access_token_killed\":true,\"note\":\"rn\"},\"refresh_token_idle_s\":10,"
	    "\"refresh_token_absolute_s\":20,\"min_refresh_interval_s\":5,\"revoke\":{\"style\":\"slack\",\"method\":\"DELETE\","
	    "\"url\":\"https://{host}/x\",\"client_auth\":\"bearer_access_token\",\"body\":\"empty\",\"token_param\":\"tok\",\"sends_hint\":false,"
	    "\"accepts\":[\"access_token\"],\"success\":[200,204],\"success_field\":\"ok\",\"unknown_errors\":[\"invalid_auth\"],"
	    "\"unknown_statuses\":[404,400],\"cascade\":\"all\",\"cascades\":true,\"side_effects\":\"none\",\"destructive\":true,"
	    "\"page\":\"https://as.example/apps\",\"note\":\"vn\"},\"loopback\":{\"http_loopback\":true,\"any_port\":true,"
	    "\"hosts\":[\"localhost\"],\"note\":\"ln\"},\"quirks\":[\"q1\",\"q2\"],\"sources\":{\"a\":[\"b\"]},"
	    "\"confidence\":{\"a\":\"high\"},\"endpoint_seen_in\":{\"token\":[]}}");

	(void)state;
	assert_int_equal(p->vars_count, 2);
	assert_true(p->vars[0].required);
	assert_string_equal(p->vars[0].pattern, "[a-z.]+");
	assert_string_equal(p->vars[1].fallback, "common");
	assert_string_equal(p->vars[1].note, "any");
	assert_string_equal(p->issuer, "https://{host}/");
	assert_string_equal(p->discovery, "https://{host}/d");
	assert_string_equal(p->endpoints.authorization, "https://{host}/a");
	assert_string_equal(p->endpoints.refresh, "https://{host}/r");
	assert_string_equal(p->endpoints.device_authorization, "https://{host}/dev");
	assert_string_equal(p->endpoints.introspection, "https://{host}/i");
	assert_string_equal(p->endpoints.userinfo, "https://{host}/u");
	assert_int_equal(p->auth_methods_count, 3);
	assert_int_equal(p->auth_methods[2], AUTH_TLS);
	assert_int_equal(p->auth_default, AUTH_POST);
	assert_int_equal(p->basic_encoding, BASIC_RAW);
	assert_int_equal(p->pkce, PKCE_REQUIRED);
	assert_string_equal(p->scope_separator, ",");
	assert_string_equal(p->response.scope_separator, "; ");
	assert_string_equal(p->authorize_params.items[0].value, "consent");
	assert_string_equal(p->offline_scopes.items[0], "offline_access");
	assert_int_equal(p->code_exchange.body, BODY_JSON);
	assert_string_equal(p->code_exchange.extra.items[0].value, "1");
	assert_string_equal(p->code_exchange.headers.items[0].name, "X-A");
	assert_string_equal(p->refresh.method, "PUT");
	assert_int_equal(p->refresh.body, BODY_JSON);
	assert_string_equal(p->refresh.grant_type, "extend");
	assert_string_equal(p->refresh.token_param, "rt");
	assert_int_equal(p->refresh.extra.count, 3);
	assert_string_equal(p->refresh.extra.items[1].value, "1800");
	assert_string_equal(p->refresh.extra.items[2].value, "true");
	assert_string_equal(p->refresh.headers.items[0].value, "application/json");
	assert_string_equal(p->refresh.needs.items[0], "redirect_uri");
	assert_false(p->refresh.sends_scope);
	assert_string_equal(p->response.envelope, "data");
	assert_true(p->response.error_at_http_200 && p->response.token_type_optional);
	assert_string_equal(p->response.ok_field, "ok");
	assert_int_equal(p->response.expiry, EXPIRES_AT);
	assert_string_equal(p->response.expiry_field, "until");
	assert_string_equal(p->response.token_sets.items[1], "authed_user");
	assert_string_equal(p->response.extra_fields_to_keep.items[0], "team.id");
	assert_string_equal(p->response.dead_errors.items[0], "bad_refresh_token");
	assert_string_equal(p->response.token_types.items[0], "bot");
	assert_int_equal(p->access_token_ttl_s, 3600);
	assert_int_equal(p->rotation.kind, ROTATION_CONFIGURABLE);
	assert_int_equal(p->rotation.grace_kind, GRACE_WINDOW);
	assert_int_equal(p->rotation.grace_s, 30);
	assert_int_equal(p->rotation.on_unknown, UNKNOWN_HOLD);
	assert_true(p->rotation.old_access_token_killed);
	assert_string_equal(p->rotation.reuse_effect, "family");
	assert_int_equal(p->refresh_token_idle_s, 10);
	assert_int_equal(p->refresh_token_absolute_s, 20);
	assert_int_equal(p->min_refresh_interval_s, 5);
	assert_int_equal(p->revoke.style, REVOKE_SLACK);
	assert_string_equal(p->revoke.method, "DELETE");
	assert_string_equal(p->revoke.url, "https://{host}/x");
	assert_int_equal(p->revoke.client_auth, AUTH_BEARER_ACCESS_TOKEN);
	assert_int_equal(p->revoke.body, BODY_NONE);
	assert_string_equal(p->revoke.token_param, "tok");
	assert_false(p->revoke.sends_hint || p->revoke.accepts_refresh);
	assert_true(p->revoke.accepts_access && p->revoke.cascades && p->revoke.destructive);
	assert_int_equal(p->revoke.success[1], 204);
	assert_string_equal(p->revoke.success_field, "ok");
	assert_string_equal(p->revoke.success_value, "true");
	assert_string_equal(p->revoke.unknown_errors.items[0], "invalid_auth");
	assert_int_equal(p->revoke.unknown_statuses_count, 1);
	assert_int_equal(p->revoke.unknown_statuses[0], 404);
	assert_true(p->revoke.unknown_is_success_400);
	assert_string_equal(p->revoke.page, "https://as.example/apps");
	assert_true(p->loopback.http_loopback && p->loopback.any_port);
	assert_string_equal(p->loopback.hosts.items[0], "localhost");
	assert_int_equal(p->quirks.count, 2);
	assert_string_equal(p->sources, "{\"a\":[\"b\"]}");
	assert_string_equal(p->confidence, "{\"a\":\"high\"}");
	provider_free(p);
}

static void
a_grant_type_of_null_is_not_sent(void **state)
{
	struct provider *p = load_with(",\"refresh\":{\"grant_type\":null,\"extra\":{\"type\":\"refresh\"}}");

	(void)state;
	assert_null(p->refresh.grant_type);
	assert_string_equal(p->refresh.extra.items[0].name, "type");
	provider_free(p);
}

static void
an_extra_that_is_the_token_names_its_parameter(void **state)
{
	struct provider *p = load_with(",\"refresh\":{\"credential\":\"access_token\",\"method\":\"GET\","
				       "\"extra\":{\"a\":\"b\",\"fb_exchange_token\":\"{access_token}\"}}");

	(void)state;
	assert_true(p->refresh.spends_access_token);
	assert_string_equal(p->refresh.token_param, "fb_exchange_token");
	assert_int_equal(p->refresh.extra.count, 1);
	assert_string_equal(p->refresh.extra.items[0].name, "a");
	assert_int_equal(p->refresh.body, BODY_QUERY);
	provider_free(p);
	p = load_with(",\"refresh\":{\"credential\":\"access_token\"}");
	assert_string_equal(p->refresh.token_param, "access_token");
	provider_free(p);
}

static void
a_scope_among_the_extras_is_never_sent_twice(void **state)
{
	struct provider *p = load_with(",\"refresh\":{\"extra\":{\"scope\":\"{scope}\"}}");

	(void)state;
	assert_true(p->refresh.sends_scope);
	assert_int_equal(p->refresh.extra.count, 0);
	provider_free(p);
	p = load_with(",\"refresh\":{\"extra\":{\"scope\":\"all\"}}");
	assert_false(p->refresh.sends_scope);
	assert_int_equal(p->refresh.extra.count, 1);
	provider_free(p);
}

static void
an_undeclared_variable_is_asked_for(void **state)
{
	struct provider *p =
	    load("{\"id\":\"x\",\"endpoints\":{\"token\":\"https://{host}/t\",\"userinfo\":\"https://{api}/u\"}}");

	(void)state;
	assert_int_equal(p->vars_count, 2);
	assert_string_equal(p->vars[0].name, "host");
	assert_true(p->vars[0].required);
	assert_string_equal(p->vars[1].name, "api");
	assert_false(p->vars[1].required);
	provider_free(p);
}

static void
what_takes_more_than_tokens_is_destructive(void **state)
{
	struct provider *p = load_with(",\"revoke\":{\"style\":\"custom_api\",\"url\":\"https://as.example/r\"}");

	(void)state;
	assert_true(p->revoke.destructive);
	provider_free(p);
	p = load_with(",\"revoke\":{\"url\":\"https://as.example/r\",\"accepts\":[\"user\"]}");
	assert_true(p->revoke.destructive);
	assert_false(p->revoke.accepts_access || p->revoke.accepts_refresh);
	provider_free(p);
	p = load_with(",\"revoke\":{\"style\":\"custom_api\",\"url\":\"https://as.example/r\",\"destructive\":false}");
	assert_false(p->revoke.destructive);
	provider_free(p);
}

static void
confidence_is_known_by_its_group_of_facts(void **state)
{
	struct provider *p = load_with(",\"confidence\":{\"endpoints\":\"high\",\"revocation\":\"low\",\"x\":1}");

	(void)state;
	assert_int_equal(p->endpoints_confidence, CONFIDENCE_HIGH);
	assert_int_equal(p->rotation_confidence, CONFIDENCE_UNSET);
	assert_int_equal(p->revocation_confidence, CONFIDENCE_LOW);
	provider_free(p);
}

static void
a_definition_of_ten_megabytes_is_refused(void **state)
{
	size_t len = (size_t)10 << 20;
	struct provider *provider = NULL;
	struct larder_error error;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', len);
	memcpy(text, "{\"id\":\"x\"", 9);
	assert_int_equal(definition_parse(text, len, "big.json", &provider, &error), LARDER_USAGE);
	assert_null(provider);
	assert_string_equal(error.why, "big.json: larger than 256 KiB");
	free(text);
}

static void
a_broken_definition_names_file_place_and_provider(void **state)
{
	static const char text[] = "{\"id\":\"mine\",\"rotation\":{\"grace_s\":\"x\"}}";
	struct provider *provider = NULL;
	struct larder_error error;

	(void)state;
	assert_int_equal(definition_parse(text, strlen(text), "/etc/x.json", &provider, &error), LARDER_USAGE);
	assert_string_equal(error.why, "/etc/x.json: rotation.grace_s: not a number");
	assert_string_equal(error.name, "mine");
	assert_int_equal(definition_parse(text, strlen(text), "/etc/x.json", &provider, NULL), LARDER_USAGE);
}

int
run_definition_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_definition_has_sensible_defaults),
		cmocka_unit_test(without_a_revocation_endpoint_nothing_can_be_revoked),
		cmocka_unit_test(every_field_arrives_where_it_belongs),
		cmocka_unit_test(a_grant_type_of_null_is_not_sent),
		cmocka_unit_test(an_extra_that_is_the_token_names_its_parameter),
		cmocka_unit_test(a_scope_among_the_extras_is_never_sent_twice),
		cmocka_unit_test(an_undeclared_variable_is_asked_for),
		cmocka_unit_test(what_takes_more_than_tokens_is_destructive),
		cmocka_unit_test(confidence_is_known_by_its_group_of_facts),
		cmocka_unit_test(a_definition_of_ten_megabytes_is_refused),
		cmocka_unit_test(a_broken_definition_names_file_place_and_provider),
	};

	return cmocka_run_group_tests_name("definition", tests, NULL, NULL);
}
