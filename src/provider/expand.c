/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling templates. A value comes from a person's command line or a stored client, so what it may be is decided by
 * the place where it lands: nothing that is put into a path can change the host that tokens are sent to.
 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/url.h"
#include "provider/provider.h"
#include "provider/template.h"
#include "provider/value.h"

struct filling {
	const struct provider *provider;
	const struct name_values *vars;
	bool pretend_run_time; /* only checking: values of the moment are not there yet */
	struct larder_error *ret_error;
};

static enum larder_code
unfit(const struct filling *filling, const char *name, const char *problem)
{
	char hint[VAR_NAME_MAX + 64];

	(void)text_format(hint, sizeof(hint), "give it with 'larder client add ... --var %s=VALUE'", name);
	(void)error_set(filling->ret_error, LARDER_USAGE, "cannot fill in the provider's variables", hint,
	    "variable '%s' %s", name, problem);
	return error_name(filling->ret_error, LARDER_USAGE, filling->provider->id);
}

static enum larder_code
unknown(const struct filling *filling, const char *name)
{
	(void)error_set(filling->ret_error, LARDER_USAGE, "cannot fill in the provider's variables",
	    "see 'larder provider show' for those that it has", "variable '%s' is not one of this provider", name);
	return error_name(filling->ret_error, LARDER_USAGE, filling->provider->id);
}

static const char *
given(const struct name_values *vars, const char *name)
{
	for (size_t i = 0; vars != NULL && i < vars->count; i++) {
		if (strcmp(vars->items[i].name, name) == 0)
			return vars->items[i].value;
	}
	return NULL;
}

/* NULL when there is none. */
static const char *
value_of(const struct filling *filling, const char *name, const struct provider_var *var)
{
	const char *value = given(filling->vars, name);

	if (value == NULL && filling->pretend_run_time && provider_is_run_time_name(name))
		return "x";
	if (value == NULL && var != NULL)
		value = var->fallback;
	return value;
}

static void
append_encoded(struct buf *url, const char *value)
{
	for (; *value != '\0'; value++) {
		char one[2] = { *value, '\0' };

		if (value_has_only(one, "-._~"))
			(void)buf_append_byte(url, (uint8_t)*value);
		else
			(void)buf_append_format(url, "%%%02X", (unsigned)(unsigned char)*value);
	}
}

/* A URL at the start of a template: the rest of the template is appended to its path. */
static enum larder_code
append_start(const struct filling *filling, const char *name, const char *value, const char *rest, struct buf *url)
{
	char why[128] = "";
	char problem[200];
	struct url parsed;
	size_t len = strlen(value);

	if (!url_parse(value, &parsed, why, sizeof(why))) {
		(void)text_format(problem, sizeof(problem), "is not a URL: %s", why);
		return unfit(filling, name, problem);
	}
	if (*rest != '\0' && strchr(value, '?') != NULL)
		return unfit(filling, name, "has a query, but a path follows it");
	if (*rest == '/' && value[len - 1] == '/')
		len--;
	(void)buf_append(url, value, len);
	return LARDER_OK;
}

static enum larder_code
append_value(const struct filling *filling, const char *name, const char *value, const char *rest, struct buf *url)
{
	switch (template_place(buf_str(url))) {
	case PLACE_START:
		return append_start(filling, name, value, rest, url);
	case PLACE_HOST:
		if (!value_is_host(value, *rest == '\0' || *rest == '/' || *rest == '?'))
			return unfit(filling, name, "is not a host name (without https:// and path)");
		break;
	case PLACE_PORT:
		if (!value_is_port(value))
			return unfit(filling, name, "is not a port number");
		break;
	case PLACE_REST:
		if (strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
			return unfit(filling, name, "is not fit for a URL");
		if (provider_is_run_time_name(name)) {
			append_encoded(url, value);
			return LARDER_OK;
		}
		if (!value_has_only(value, "-._~"))
			return unfit(filling, name, "has other characters than letters, digits and - . _ ~");
		break;
	}
	(void)buf_append_str(url, value);
	return LARDER_OK;
}

/* *cursor is behind the variable; an empty segment takes its '/' along. */
static enum larder_code
fill_var(const struct filling *filling, const struct piece *piece, const char **cursor, struct buf *url)
{
	char name[VAR_NAME_MAX + 1] = "";
	const struct provider_var *var = template_var(filling->provider, piece->text, piece->len);
	const char *value;

	memcpy(name, piece->text, piece->len);
	value = value_of(filling, name, var);
	if (value == NULL)
		return unfit(filling, name, "has no value");
	if (strlen(value) > VALUE_MAX && !provider_is_run_time_name(name))
		return unfit(filling, name, "is too long");
	if (*value == '\0') {
		bool segment = **cursor == '/' && url->len > 0 && url->data[url->len - 1] == '/';

		if (var == NULL || var->required || !segment || template_place(buf_str(url)) != PLACE_REST)
			return unfit(filling, name, "is empty");
		(*cursor)++;
		return LARDER_OK;
	}
	if (!value_matches(var, value))
		return unfit(filling, name, "does not match the pattern of the definition");
	return append_value(filling, name, value, *cursor, url);
}

/* An optional variable without a value: the endpoint does not exist for this client. */
static bool
is_absent(const struct filling *filling, const char *template)
{
	const char *cursor = template;
	struct piece piece;
	bool bad = false;

	while (template_next(&cursor, &piece, &bad)) {
		char name[VAR_NAME_MAX + 1] = "";
		const struct provider_var *var;
		const char *value;
		bool alone;

		if (!piece.is_var)
			continue;
		memcpy(name, piece.text, piece.len);
		var = template_var(filling->provider, piece.text, piece.len);
		value = value_of(filling, name, var);
		alone = piece.text == template + 1 && *cursor == '\0';
		if (var != NULL && !var->required && (value == NULL || (alone && *value == '\0')))
			return true;
	}
	return false;
}

static enum larder_code
fill_url(const struct filling *filling, const char *template, struct buf *ret)
{
	struct buf url = { .max = URL_MAX, .secret = ret->secret };
	char why[128] = "";
	struct piece piece;
	bool bad = false;
	const char *cursor = template;
	enum larder_code code = LARDER_OK;

	if (is_absent(filling, template)) {
		(void)error_set(filling->ret_error, LARDER_NOT_FOUND, "no such endpoint",
		    "give it with 'larder client add ... --var KEY=URL'", "%s has no value", template);
		return error_name(filling->ret_error, LARDER_NOT_FOUND, filling->provider->id);
	}
	while (code == LARDER_OK && template_next(&cursor, &piece, &bad)) {
		if (piece.is_var)
			code = fill_var(filling, &piece, &cursor, &url);
		else
			(void)buf_append(&url, piece.text, piece.len);
	}
	if (code == LARDER_OK && url.starved)
		code = error_no_memory(filling->ret_error);
	if (code != LARDER_OK)
		goto out;
	if (bad || url.failed)
		(void)text_format(why, sizeof(why), bad ? "broken braces" : "it is too long");
	if (bad || url.failed || !template_url_is_allowed(filling->provider, buf_str(&url), why, sizeof(why))) {
		code = error_set(filling->ret_error, LARDER_USAGE, "cannot use the endpoint's URL",
		    "look at the variables of the client with 'larder client show'", "%s: %s", template, why);
		code = error_name(filling->ret_error, code, filling->provider->id);
		goto out;
	}
	if (!buf_append(ret, url.data, url.len))
		code = error_no_memory(filling->ret_error);
out:
	buf_clear(&url);
	return code;
}

enum larder_code
provider_expand(const struct provider *provider, const char *template, const struct name_values *vars, struct buf *ret,
    struct larder_error *ret_error)
{
	const struct filling filling = { .provider = provider, .vars = vars, .ret_error = ret_error };

	return fill_url(&filling, template, ret);
}

static enum larder_code
fill_text(const struct filling *filling, const char *template, struct buf *text)
{
	while (*template != '\0') {
		char name[VAR_NAME_MAX + 1] = "";
		size_t len = *template == '{' ? strcspn(template + 1, "}") : 0;
		const struct provider_var *var = NULL;
		const char *value;

		if (len > 0 && len <= VAR_NAME_MAX && template[1 + len] == '}') {
			memcpy(name, template + 1, len);
			var = template_var(filling->provider, name, len);
		}
		if (var == NULL && !provider_is_run_time_name(name)) {
			(void)buf_append_byte(text, (uint8_t) * template ++);
			continue;
		}
		value = value_of(filling, name, var);
		if (value == NULL && var != NULL && !var->required)
			value = "";
		if (value == NULL)
			return unfit(filling, name, "has no value");
		if (value_has_control(value))
			return unfit(filling, name, "has control characters");
		if (!value_matches(var, value))
			return unfit(filling, name, "does not match the pattern of the definition");
		(void)buf_append_str(text, value);
		template += len + 2;
	}
	return text->failed ? error_no_memory(filling->ret_error) : LARDER_OK;
}

enum larder_code
provider_expand_text(const struct provider *provider, const char *template, const struct name_values *vars,
    struct buf *ret, struct larder_error *ret_error)
{
	const struct filling filling = { .provider = provider, .vars = vars, .ret_error = ret_error };
	struct buf text = { .max = ret->max, .secret = ret->secret };
	enum larder_code code = fill_text(&filling, template, &text);

	if (code == LARDER_OK && !buf_append(ret, text.data, text.len))
		code = error_no_memory(ret_error);
	buf_clear(&text);
	return code;
}

/* Each variable by itself: known, there, of its pattern. */
static enum larder_code
check_values(const struct filling *filling)
{
	const struct provider *provider = filling->provider;
	char safe[80];

	for (size_t i = 0; filling->vars != NULL && i < filling->vars->count; i++) {
		const char *name = filling->vars->items[i].name;

		if (template_var(provider, name, strlen(name)) == NULL)
			return unknown(filling, text_escape(safe, sizeof(safe), name, strlen(name)));
	}
	for (size_t i = 0; i < provider->vars_count; i++) {
		const struct provider_var *var = &provider->vars[i];
		const char *value = value_of(filling, var->name, var);

		if (var->required && (value == NULL || *value == '\0'))
			return unfit(filling, var->name, "has no value");
		if (value != NULL && (value_has_control(value) || strlen(value) > VALUE_MAX))
			return unfit(filling, var->name, "has control characters or is too long");
		if (value != NULL && *value != '\0' && !value_matches(var, value))
			return unfit(filling, var->name, "does not match the pattern of the definition");
	}
	return LARDER_OK;
}

/* The variable is what stands first in the template. */
static enum larder_code
no_token_endpoint(const char *template, struct larder_error *ret_error)
{
	size_t len = strcspn(template + 1, "}");
	char hint[VAR_NAME_MAX + 64];

	if (template[0] == '{' && len <= VAR_NAME_MAX)
		(void)text_format(
		    hint, sizeof(hint), "give it with 'larder client add ... --var %.*s=URL'", (int)len, template + 1);
	else
		(void)text_format(hint, sizeof(hint), "give it with 'larder client add ... --var KEY=URL'");
	return error_set(ret_error, LARDER_USAGE, "cannot fill in the provider's variables", hint,
	    "%s has no value: no token endpoint", template);
}

enum larder_code
provider_check_vars(const struct provider *provider, const struct name_values *vars, struct larder_error *ret_error)
{
	const struct filling filling = {
		.provider = provider, .vars = vars, .pretend_run_time = true, .ret_error = ret_error
	};
	const char *const templates[] = { provider->endpoints.authorization, provider->endpoints.token,
		provider->endpoints.refresh, provider->endpoints.device_authorization, provider->endpoints.revocation,
		provider->revoke.url };
	enum larder_code code = check_values(&filling);

	for (size_t i = 0; code == LARDER_OK && i < sizeof(templates) / sizeof(templates[0]); i++) {
		struct buf url = BUF_INIT(URL_MAX);

		if (templates[i] == NULL)
			continue;
		code = fill_url(&filling, templates[i], &url);
		if (code == LARDER_NOT_FOUND && templates[i] == provider->endpoints.token)
			code = no_token_endpoint(templates[i], ret_error);
		else if (code == LARDER_NOT_FOUND)
			code = LARDER_OK;
		buf_clear(&url);
	}
	return code;
}
