/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/url.h"
#include "provider/catalogue.h"
#include "provider/tests.h"

struct place {
	char system[64], user[64];
	struct catalogue catalogue;
};

static struct place *
new_place(void)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	assert_true(text_format(place->system, sizeof(place->system), "/tmp/larder-system-XXXXXX"));
	assert_true(text_format(place->user, sizeof(place->user), "/tmp/larder-user-XXXXXX"));
	assert_non_null(mkdtemp(place->system));
	assert_non_null(mkdtemp(place->user));
	place->catalogue.folders[0] = place->system;
	place->catalogue.folders[1] = place->user;
	return place;
}

static int
set_up(void **state)
{
	*state = new_place();
	return 0;
}

static int
tear_down(void **state)
{
	struct place *place = *state;
	char command[200];

	(void)text_format(command, sizeof(command), "rm -rf %s %s", place->system, place->user);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static void
write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	assert_true(text_format(path, sizeof(path), "%s/%s", folder, name));
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static const char *
minimal(const char *id, const char *name)
{
	static char text[256];

	assert_true(text_format(text, sizeof(text),
	    "{\"id\":\"%s\",\"name\":\"%s\",\"endpoints\":{\"token\":\"https://as.example/t\"}}", id, name));
	return text;
}

static void
assert_name(const struct catalogue *catalogue, const char *id, const char *name)
{
	struct larder_error error;
	struct provider *provider = NULL;

	if (catalogue_load(catalogue, id, &provider, &error) != LARDER_OK)
		fail_msg("%s", error.why);
	assert_string_equal(provider->name, name);
	provider_free(provider);
}

static void
every_built_in_definition_loads_under_its_file_name(void **state)
{
	(void)state;
	assert_true(catalogue_builtin_count() >= 86);
	for (size_t i = 0; i < catalogue_builtin_count(); i++) {
		const char *id, *before;
		size_t len;
		struct provider *provider;

		(void)catalogue_builtin(i, &id, &len);
		provider = load_builtin(id);
		assert_string_equal(provider->id, id);
		provider_free(provider);
		if (i > 0) {
			(void)catalogue_builtin(i - 1, &before, &len);
			assert_true(strcmp(before, id) < 0);
		}
	}
}

/* A value that suits the place where a variable stands. */
static const char *
sample(const struct provider *provider, const char *name)
{
	const char *templates[] = { provider->issuer, provider->endpoints.authorization, provider->endpoints.token,
		provider->endpoints.device_authorization, provider->endpoints.revocation,
		provider->endpoints.introspection, provider->endpoints.userinfo };
	char start[64];

	assert_true(text_format(start, sizeof(start), "{%s}", name));
	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		if (templates[i] != NULL && strncmp(templates[i], start, strlen(start)) == 0)
			return "https://tenant.example";
	}
	return "sample";
}

static void
every_built_in_definition_gives_urls_with_sample_variables(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalogue_builtin_count(); i++) {
		struct name_value items[16];
		struct name_values vars = { .items = items };
		struct buf url = BUF_INIT(URL_MAX);
		struct larder_error error;
		struct provider *provider;
		const char *id;
		size_t len;

		(void)catalogue_builtin(i, &id, &len);
		provider = load_builtin(id);
		for (size_t j = 0; j < provider->vars_count; j++) {
			const char *value = sample(provider, provider->vars[j].name);

			if (!provider->vars[j].required && provider->vars[j].fallback != NULL)
				continue;
			items[vars.count].name = provider->vars[j].name;
			items[vars.count++].value = strdup(value);
		}
		if (provider_check_vars(provider, &vars, &error) != LARDER_OK)
			fail_msg("%s: %s", id, error.why);
		if (provider_expand(provider, provider->endpoints.token, &vars, &url, &error) != LARDER_OK)
			fail_msg("%s: %s", id, error.why);
		assert_memory_equal(buf_str(&url), "https://", 8);
		for (size_t j = 0; j < vars.count; j++)
			free(items[j].value);
		buf_clear(&url);
		provider_free(provider);
	}
}

static void
a_generic_client_needs_no_more_than_a_token_endpoint(void **state)
{
	char name[] = "token_endpoint", value[] = "https://as.example/token?realm=a";
	struct name_value item = { .name = name, .value = value };
	struct name_values vars = { .items = &item, .count = 1 };
	struct provider *provider = load_builtin("generic");
	struct buf url = BUF_INIT(URL_MAX);
	struct larder_error error;

	(void)state;
	assert_int_equal(provider_check_vars(provider, &vars, &error), LARDER_OK);
	assert_int_equal(provider_expand(provider, provider->endpoints.token, &vars, &url, &error), LARDER_OK);
	assert_string_equal(buf_str(&url), value);
	assert_int_equal(
	    provider_expand(provider, provider->endpoints.revocation, &vars, &url, &error), LARDER_NOT_FOUND);
	assert_int_equal(provider_check_vars(provider, NULL, &error), LARDER_USAGE);
	buf_clear(&url);
	provider_free(provider);

	provider = load_builtin("generic-oidc");
	(void)text_format(name, sizeof(name), "issuer");
	assert_int_equal(provider_check_vars(provider, &vars, &error), LARDER_USAGE);
	assert_string_equal(error.why, "{token_endpoint} has no value: no token endpoint");
	provider_free(provider);
}

static bool
has(const struct strings *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) == 0)
			return true;
	}
	return false;
}

static void
the_quirks_of_well_known_providers_are_data(void **state)
{
	struct provider *p = load_builtin("google");

	(void)state;
	assert_int_equal(provider_class(p), CLASS_STATIC);
	assert_true(has(&p->revoke.unknown_errors, "invalid_token"));
	provider_free(p);

	p = load_builtin("github-app");
	assert_true(p->response.error_at_http_200);
	assert_true(has(&p->response.dead_errors, "bad_refresh_token"));
	assert_string_equal(p->refresh.headers.items[0].name, "Accept");
	assert_int_equal(p->revoke.style, REVOKE_GITHUB);
	assert_true(p->rotation.old_access_token_killed);
	provider_free(p);

	p = load_builtin("slack");
	assert_true(p->response.error_at_http_200);
	assert_string_equal(p->response.ok_field, "ok");
	assert_string_equal(p->response.token_sets.items[1], "authed_user");
	assert_int_equal(p->revoke.style, REVOKE_SLACK);
	assert_false(p->revoke.accepts_refresh);
	assert_string_equal(p->revoke.success_field, "ok");
	provider_free(p);

	p = load_builtin("microsoft");
	assert_int_equal(provider_class(p), CLASS_STATIC);
	assert_true(p->refresh.sends_scope);
	assert_int_equal(p->revoke.style, REVOKE_NONE);
	assert_non_null(p->revoke.page);
	provider_free(p);

	p = load_builtin("okta");
	assert_int_equal(provider_class(p), CLASS_OVERLAP);
	assert_int_equal(p->rotation.kind, ROTATION_CONFIGURABLE);
	provider_free(p);

	p = load_builtin("keycloak");
	assert_int_equal(provider_class(p), CLASS_STRICT);
	assert_int_equal(p->rotation.kind, ROTATION_CONFIGURABLE);
	provider_free(p);

	p = load_builtin("auth0");
	assert_false(p->revoke.accepts_access);
	assert_true(p->vars[0].required);
	provider_free(p);
}

static void
a_file_of_the_user_wins_over_the_system_and_the_program(void **state)
{
	struct place *place = *state;

	write_file(place->system, "google.json", minimal("google", "System"));
	assert_name(&place->catalogue, "google", "System");
	write_file(place->user, "mine.json", minimal("google", "User"));
	assert_name(&place->catalogue, "google", "User");
	write_file(place->user, "zz.json", minimal("google", "Last"));
	assert_name(&place->catalogue, "google", "Last");
	assert_name(&place->catalogue, "gitlab", "GitLab");
}

static void
folders_that_do_not_exist_are_empty(void **state)
{
	const struct catalogue catalogue = { .folders = { "/nonexistent/a", "/nonexistent/b" } };

	(void)state;
	assert_name(&catalogue, "google", "Google");
}

static void
other_files_are_not_definitions(void **state)
{
	struct place *place = *state;

	write_file(place->user, "google.json.bak", minimal("google", "Backup"));
	write_file(place->user, ".google.json", minimal("google", "Hidden"));
	write_file(place->user, ".json", minimal("google", "Nameless"));
	assert_name(&place->catalogue, "google", "Google");
}

static void
a_broken_file_never_uncovers_what_it_stands_for(void **state)
{
	struct place *place = *state;
	struct larder_error error;
	struct provider *provider = NULL;

	write_file(place->user, "google.json", "{\"id\":\"google\",");
	assert_int_equal(catalogue_load(&place->catalogue, "google", &provider, &error), LARDER_USAGE);
	assert_non_null(strstr(error.why, "/google.json: "));
	assert_name(&place->catalogue, "gitlab", "GitLab");
	write_file(place->user, "google.json", "{\"id\":\"gitlab\",\"nme\":1}");
	assert_int_equal(catalogue_load(&place->catalogue, "gitlab", &provider, &error), LARDER_USAGE);
	assert_non_null(strstr(error.why, "/google.json: "));
	assert_name(&place->catalogue, "google", "Google");
	assert_null(provider);
}

static void
a_file_that_others_can_write_is_refused(void **state)
{
	struct place *place = *state;
	struct larder_error error;
	struct provider *provider = NULL;
	char path[256];

	write_file(place->user, "google.json", minimal("google", "Mine"));
	assert_true(text_format(path, sizeof(path), "%s/google.json", place->user));
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(catalogue_load(&place->catalogue, "google", &provider, &error), LARDER_USAGE);
	assert_non_null(strstr(error.why, "everybody can write it"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(catalogue_load(&place->catalogue, "google", &provider, &error), LARDER_USAGE);
	assert_non_null(strstr(error.why, "not a regular file"));
}

static void
a_file_of_more_than_256_kib_is_refused(void **state)
{
	struct place *place = *state;
	struct larder_error error;
	struct provider *provider = NULL;
	char path[256];

	write_file(place->user, "big.json", minimal("big", "Big"));
	assert_true(text_format(path, sizeof(path), "%s/big.json", place->user));
	assert_int_equal(truncate(path, 10 << 20), 0);
	assert_int_equal(catalogue_load(&place->catalogue, "big", &provider, &error), LARDER_USAGE);
	assert_non_null(strstr(error.why, "larger than 256 KiB"));
}

static void
an_unknown_id_is_answered_with_close_ones(void **state)
{
	struct place *place = *state;
	struct larder_error error;
	struct provider *provider = NULL;

	assert_int_equal(catalogue_load(&place->catalogue, "gogle", &provider, &error), LARDER_NOT_FOUND);
	assert_string_equal(error.hint, "did you mean google?");
	assert_int_equal(catalogue_load(&place->catalogue, "github", &provider, &error), LARDER_NOT_FOUND);
	assert_non_null(strstr(error.hint, "github-app"));
	assert_non_null(strstr(error.hint, "github-oauth-app"));
	assert_int_equal(catalogue_load(&place->catalogue, "no-such-thing", &provider, &error), LARDER_NOT_FOUND);
	assert_string_equal(error.hint, "see 'larder provider list'");
	write_file(place->user, "intranet.json", minimal("intranet", "Intranet"));
	assert_int_equal(catalogue_load(&place->catalogue, "intranett", &provider, &error), LARDER_NOT_FOUND);
	assert_string_equal(error.hint, "did you mean intranet?");
	assert_int_equal(catalogue_load(&place->catalogue, "\x1b[31m", &provider, &error), LARDER_NOT_FOUND);
	assert_null(strchr(error.why, '\x1b'));
}

static const struct catalogue_entry *
find(const struct catalogue_entry *entries, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(entries[i].id, id) == 0)
			return &entries[i];
	}
	return NULL;
}

static void
the_list_shows_every_id_once_with_its_source_and_problem(void **state)
{
	struct place *place = *state;
	struct catalogue_entry *entries = NULL;
	struct larder_error error;
	size_t count = 0;

	write_file(place->user, "a.json", minimal("google", "Mine"));
	write_file(place->user, "broken.json", "{");
	write_file(place->user, "gitlab.json", "{\"id\":\"gitlab\",\"vars\":5}");
	assert_int_equal(catalogue_list(&place->catalogue, &entries, &count, &error), LARDER_OK);
	assert_int_equal(count, catalogue_builtin_count() + 1);
	for (size_t i = 1; i < count; i++)
		assert_true(strcmp(entries[i - 1].id, entries[i].id) < 0);
	assert_string_equal(find(entries, count, "google")->name, "Mine");
	assert_non_null(strstr(find(entries, count, "google")->source, "/a.json"));
	assert_string_equal(find(entries, count, "google")->why, "");
	assert_string_equal(find(entries, count, "auth0")->source, "built in");
	assert_non_null(strstr(find(entries, count, "broken")->why, "broken.json: "));
	assert_non_null(strstr(find(entries, count, "gitlab")->why, "vars: not an object"));
	free(entries);
}

static void
the_text_of_a_definition_is_what_the_file_holds(void **state)
{
	struct place *place = *state;
	struct buf text = BUF_INIT(DEFINITION_MAX);
	struct larder_error error;

	write_file(place->user, "mine.json", minimal("mine", "Mine"));
	assert_int_equal(catalogue_text(&place->catalogue, "mine", &text, &error), LARDER_OK);
	assert_string_equal(buf_str(&text), minimal("mine", "Mine"));
	buf_clear(&text);
}

#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
run_catalogue_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_built_in_definition_loads_under_its_file_name),
		cmocka_unit_test(every_built_in_definition_gives_urls_with_sample_variables),
		cmocka_unit_test(a_generic_client_needs_no_more_than_a_token_endpoint),
		cmocka_unit_test(the_quirks_of_well_known_providers_are_data),
		cmocka_unit_test(folders_that_do_not_exist_are_empty),
		PLACE_TEST(a_file_of_the_user_wins_over_the_system_and_the_program),
		PLACE_TEST(other_files_are_not_definitions),
		PLACE_TEST(a_broken_file_never_uncovers_what_it_stands_for),
		PLACE_TEST(a_file_that_others_can_write_is_refused),
		PLACE_TEST(a_file_of_more_than_256_kib_is_refused),
		PLACE_TEST(an_unknown_id_is_answered_with_close_ones),
		PLACE_TEST(the_list_shows_every_id_once_with_its_source_and_problem),
		PLACE_TEST(the_text_of_a_definition_is_what_the_file_holds),
	};

	return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
