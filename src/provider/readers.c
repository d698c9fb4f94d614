/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/readers.h"

#include <cjson/cJSON.h>
#include <regex.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "provider/template.h"
#include "provider/wording.h"

#define PATTERN_MAX    256 /* bytes of a variable's pattern */
#define PATH_MAX_BYTES 63  /* of a redirect URI */
#define STATUSES_MAX   (sizeof(((struct provider *)NULL)->revoke.success) / sizeof(int))

void
read_id(struct reading *reading, const cJSON *json, void *at)
{
	const char *text = field_text(reading, json);

	if (text == NULL)
		return;
	if (!text_is_name(text))
		reading_fail(reading, "not 1 to 64 letters, digits and . _ @ : + - that start with a letter or digit");
	else
		(void)text_format(at, PROVIDER_ID_MAX + 1, "%s", text);
}

static const struct field var_fields[] = {
	{ "required", FIELD_BOOL, offsetof(struct provider_var, required), NULL, NULL, NULL },
	{ "default", FIELD_TEXT, offsetof(struct provider_var, fallback), NULL, NULL, NULL },
	{ "pattern", FIELD_TEXT, offsetof(struct provider_var, pattern), NULL, NULL, NULL },
	{ "allow", FIELD_TEXT, offsetof(struct provider_var, note), NULL, NULL, NULL },
	{ "note", FIELD_TEXT, offsetof(struct provider_var, note), NULL, NULL, NULL },
	{ .name = NULL },
};

/* Repetition counts and back references can cost more time and memory than any host name is worth. */
static void
check_pattern(struct reading *reading, const struct provider_var *var)
{
	regex_t regex;
	int rc = REG_BADPAT;

	if (var->pattern == NULL)
		return;
	if (strlen(var->pattern) > PATTERN_MAX || strpbrk(var->pattern, "{\\") != NULL)
		reading_fail(reading, "a pattern that is too long or has braces or backslashes");
	else if ((rc = regcomp(&regex, var->pattern, REG_EXTENDED | REG_NOSUB)) == REG_ESPACE)
		reading_no_memory(reading);
	else if (rc != 0)
		reading_fail(reading, "a pattern that is no extended regular expression");
	else
		regfree(&regex);
}

static void
read_var(struct reading *reading, const cJSON *json, struct provider_var *var)
{
	if (!template_is_name(json->string, strlen(json->string)) || provider_is_run_time_name(json->string)) {
		reading_fail(reading, "not a name that a variable can have");
		return;
	}
	field_keep(reading, json->string, strlen(json->string), &var->name);
	if (!cJSON_IsNull(json))
		field_object(reading, json, var_fields, var);
	check_pattern(reading, var);
}

void
read_vars(struct reading *reading, const cJSON *json, void *at)
{
	struct provider *provider = reading->provider;
	struct provider_var *vars;
	const cJSON *member;
	size_t count = 0;

	(void)at;
	if (cJSON_IsNull(json))
		return;
	if (!cJSON_IsObject(json)) {
		reading_fail(reading, "not an object");
		return;
	}
	cJSON_ArrayForEach(member, json) count++;
	vars = keep_zeroed(provider, count + 1, sizeof(*vars));
	if (vars == NULL) {
		reading_no_memory(reading);
		return;
	}
	provider->vars = vars;
	cJSON_ArrayForEach(member, json)
	{
		size_t mark = reading_enter(reading, member->string);

		read_var(reading, member, vars++);
		reading_leave(reading, mark);
		if (reading->code != LARDER_OK)
			return;
	}
	provider->vars_count = count;
}

void
read_auth_methods(struct reading *reading, const cJSON *json, void *at)
{
	struct provider *provider = reading->provider;
	struct strings names = { .items = NULL };
	char safe[64];
	int value;

	(void)at;
	if (cJSON_IsNull(json))
		return;
	field_strings(reading, json, &names);
	for (size_t i = 0; reading->code == LARDER_OK && i < names.count; i++) {
		size_t mark = reading_enter_item(reading, i);

		if (!word_parse(auth_words, names.items[i], strlen(names.items[i]), &value))
			reading_fail(reading, "\"%s\" is no client authentication method",
			    text_escape(safe, sizeof(safe), names.items[i], strlen(names.items[i])));
		else if (i >= sizeof(provider->auth_methods) / sizeof(provider->auth_methods[0]))
			reading_fail(reading, "too many");
		else
			provider->auth_methods[provider->auth_methods_count++] = (enum auth_method)value;
		reading_leave(reading, mark);
	}
}

void
read_separator(struct reading *reading, const cJSON *json, void *at)
{
	const char *text;

	if (cJSON_IsNull(json))
		return;
	text = field_text(reading, json);
	if (text != NULL &&
	    (text[0] == '\0' || !text_format(at, sizeof(reading->provider->scope_separator), "%s", text)))
		reading_fail(reading, "not 1 to 3 characters");
}

void
read_method(struct reading *reading, const cJSON *json, void *at)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
	const char *text;

	if (cJSON_IsNull(json))
		return;
	text = field_text(reading, json);
	if (text == NULL)
		return;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i], text) == 0) {
			(void)text_format(at, sizeof(reading->provider->refresh.method), "%s", text);
			return;
		}
	}
	reading_fail(reading, "not GET, POST, PUT, PATCH or DELETE");
}

void
read_text_or_null(struct reading *reading, const cJSON *json, void *at)
{
	char **ret = at;
	const char *text;

	*ret = NULL;
	if (cJSON_IsNull(json))
		return;
	text = field_text(reading, json);
	if (text != NULL)
		field_keep(reading, text, strlen(text), ret);
}

void
read_credential(struct reading *reading, const cJSON *json, void *at)
{
	bool *ret = at;
	const char *text;

	if (cJSON_IsNull(json))
		return;
	text = field_text(reading, json);
	if (text == NULL)
		return;
	*ret = strcmp(text, "access_token") == 0;
	if (!*ret && strcmp(text, "refresh_token") != 0)
		reading_fail(reading, "neither refresh_token nor access_token");
}

void
read_url_or_words(struct reading *reading, const cJSON *json, void *at)
{
	const char *text;

	if (cJSON_IsNull(json))
		return;
	text = field_text(reading, json);
	if (text != NULL && (strchr(text, ' ') == NULL || strstr(text, "://") != NULL))
		field_keep(reading, text, strlen(text), at);
}

void
read_client_auth(struct reading *reading, const cJSON *json, void *at)
{
	const char *text;
	enum auth_method method;

	if (cJSON_IsNull(json))
		return;
	text = field_text(reading, json);
	if (text == NULL)
		return;
	method = wording_client_auth(text);
	memcpy(at, &method, sizeof(method));
	if (method == AUTH_SAME && strcmp(text, "same") != 0 && reading->provider->revoke.note == NULL)
		field_keep(reading, text, strlen(text), &reading->provider->revoke.note);
}

void
read_accepts(struct reading *reading, const cJSON *json, void *at)
{
	struct provider *provider = reading->provider;
	struct strings kinds = { .items = NULL };

	(void)at;
	if (cJSON_IsNull(json))
		return;
	field_strings(reading, json, &kinds);
	provider->revoke.accepts_given = true;
	for (size_t i = 0; reading->code == LARDER_OK && i < kinds.count; i++) {
		const char *kind = kinds.items[i];

		if (strcmp(kind, "access_token") == 0)
			provider->revoke.accepts_access = true;
		else if (strcmp(kind, "refresh_token") == 0)
			provider->revoke.accepts_refresh = true;
		else if (!keep_string(provider, &provider->revoke.accepts_other, kind, strlen(kind)))
			reading_no_memory(reading);
	}
}

static bool
status_read(const cJSON *json, int *ret)
{
	if (!cJSON_IsNumber(json) || !(json->valuedouble >= 100 && json->valuedouble <= 599))
		return false;
	*ret = (int)json->valuedouble;
	return true;
}

static void
add_status(struct reading *reading, int status, int *list, size_t *count)
{
	if (*count >= STATUSES_MAX)
		reading_fail(reading, "too many");
	else
		list[(*count)++] = status;
}

/* Hand each item of a list over, up to the first that is wrong. */
static void
read_items(struct reading *reading, const cJSON *json, void (*read_item)(struct reading *, const cJSON *))
{
	const cJSON *item;
	size_t index = 0;

	if (cJSON_IsNull(json))
		return;
	if (!cJSON_IsArray(json))
		reading_fail(reading, "not a list");
	cJSON_ArrayForEach(item, json)
	{
		size_t mark = reading_enter_item(reading, index++);

		read_item(reading, item);
		reading_leave(reading, mark);
		if (reading->code != LARDER_OK)
			return;
	}
}

static void
read_success_item(struct reading *reading, const cJSON *item)
{
	struct provider *provider = reading->provider;
	int status;

	if (cJSON_IsString(item)) {
		const char *text = field_text(reading, item);

		if (text != NULL && !wording_success(provider, text))
			reading_fail(reading, "names no HTTP status and no member");
	} else if (!status_read(item, &status)) {
		reading_fail(reading, "not an HTTP status");
	} else {
		add_status(reading, status, provider->revoke.success, &provider->revoke.success_count);
	}
}

void
read_success(struct reading *reading, const cJSON *json, void *at)
{
	(void)at;
	read_items(reading, json, read_success_item);
}

void
read_unknown_token(struct reading *reading, const cJSON *json, void *at)
{
	const char *text;

	(void)at;
	if (cJSON_IsNull(json))
		return;
	text = field_text(reading, json);
	if (text == NULL)
		return;
	if (!wording_unknown_token(reading->provider, text))
		reading_no_memory(reading);
	field_keep(reading, text, strlen(text), &reading->provider->revoke.unknown_token);
}

static void
read_unknown_status(struct reading *reading, const cJSON *item)
{
	struct provider *provider = reading->provider;
	int status;

	if (!status_read(item, &status))
		reading_fail(reading, "not an HTTP status");
	else if (status == 400)
		provider->revoke.unknown_is_success_400 = true;
	else
		add_status(
		    reading, status, provider->revoke.unknown_statuses, &provider->revoke.unknown_statuses_count);
}

void
read_unknown_statuses(struct reading *reading, const cJSON *json, void *at)
{
	(void)at;
	read_items(reading, json, read_unknown_status);
}

void
read_port(struct reading *reading, const cJSON *json, void *at)
{
	int port = 0;

	if (cJSON_IsNull(json))
		return;
	if (cJSON_IsNumber(json) && json->valuedouble >= 1 && json->valuedouble <= 65535)
		port = (int)json->valuedouble;
	else
		reading_fail(reading, "not a port, 1 to 65535");
	memcpy(at, &port, sizeof(port));
}

void
read_path(struct reading *reading, const cJSON *json, void *at)
{
	const char *text;

	if (cJSON_IsNull(json))
		return;
	text = field_text(reading, json);
	if (text == NULL)
		return;
	if (text[0] != '/' || strlen(text) > PATH_MAX_BYTES || strpbrk(text, "?# \"\\") != NULL)
		reading_fail(reading, "not a path of a URL, at most %d bytes", PATH_MAX_BYTES);
	else
		field_keep(reading, text, strlen(text), at);
}

void
read_any_port(struct reading *reading, const cJSON *json, void *at)
{
	bool *ret = at;

	if (cJSON_IsNull(json))
		return;
	if (!cJSON_IsBool(json))
		reading_fail(reading, "neither true nor false");
	*ret = cJSON_IsTrue(json);
	reading->provider->loopback.any_port_known = true;
}

void
read_destructive(struct reading *reading, const cJSON *json, void *at)
{
	bool *ret = at;

	if (cJSON_IsNull(json))
		return;
	if (!cJSON_IsBool(json))
		reading_fail(reading, "neither true nor false");
	*ret = cJSON_IsTrue(json);
	reading->provider->revoke.destructive_given = true;
}
