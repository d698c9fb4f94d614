/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/template.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "provider/keep.h"

bool
provider_is_run_time_name(const char *name)
{
	static const char *const names[] = { "client_id", "access_token", "refresh_token", "code", "scope" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

bool
template_is_name(const char *name, size_t len)
{
	if (len == 0 || len > VAR_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool letter =
		    (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') || name[i] == '_';
		bool digit = name[i] >= '0' && name[i] <= '9';

		if (!letter && !(digit && i > 0))
			return false;
	}
	return true;
}

bool
template_next(const char **cursor, struct piece *ret, bool *ret_bad)
{
	const char *start = *cursor;

	if (*start == '\0')
		return false;
	if (*start == '{') {
		size_t len = strcspn(start + 1, "}");

		if (start[1 + len] != '}' || !template_is_name(start + 1, len)) {
			*ret_bad = true;
			return false;
		}
		*ret = (struct piece){ .text = start + 1, .len = len, .is_var = true };
		*cursor = start + len + 2;
		return true;
	}
	*ret = (struct piece){ .text = start, .len = strcspn(start, "{") };
	if (memchr(start, '}', ret->len) != NULL) {
		*ret_bad = true;
		return false;
	}
	*cursor = start + ret->len;
	return true;
}

enum place
template_place(const char *url_so_far)
{
	const char *host = strstr(url_so_far, "://");

	if (host == NULL)
		return PLACE_START;
	host += 3;
	if (strpbrk(host, "/?#") != NULL)
		return PLACE_REST;
	if (*host == '[')
		host += strcspn(host, "]");
	return strchr(host, ':') != NULL ? PLACE_PORT : PLACE_HOST;
}

const struct provider_var *
template_var(const struct provider *provider, const char *name, size_t len)
{
	for (size_t i = 0; i < provider->vars_count; i++) {
		if (strlen(provider->vars[i].name) == len && memcmp(provider->vars[i].name, name, len) == 0)
			return &provider->vars[i];
	}
	return NULL;
}

bool
template_url_is_allowed(const struct provider *provider, const char *url, char *why, size_t why_size)
{
	struct url parsed;

	if (!url_parse(url, &parsed, why, why_size))
		return false;
	if (strcmp(parsed.scheme, "https") == 0)
		return true;
	if (!url_is_loopback(&parsed)) {
		(void)text_format(why, why_size, "not https, and not a loopback host");
		return false;
	}
	if (!provider->insecure_loopback) {
		(void)text_format(why, why_size, "http without \"insecure_loopback\": true");
		return false;
	}
	return true;
}

/* A variable that is used and not declared: so it is known to "client add", which then asks for it. */
static bool
adopt_var(struct provider *provider, const struct piece *piece, bool required)
{
	struct provider_var *vars = keep_zeroed(provider, provider->vars_count + 1, sizeof(*vars));
	char *name = keep_text(provider, piece->text, piece->len);

	if (vars == NULL || name == NULL)
		return false;
	if (provider->vars_count > 0)
		memcpy(vars, provider->vars, provider->vars_count * sizeof(*vars));
	vars[provider->vars_count] = (struct provider_var){ .name = name, .required = required };
	provider->vars = vars;
	provider->vars_count++;
	return true;
}

/*
 * What stands for a variable while its value is not known: its default, else a harmless value that suits the place. In
 * an http host it is a loopback address, as only those can follow; expanding looks again.
 */
static const char *
placeholder(const struct provider *provider, const struct piece *piece, const char *url_so_far)
{
	const struct provider_var *var = template_var(provider, piece->text, piece->len);
	bool is_http = strncmp(url_so_far, "http://", 7) == 0;

	if (var != NULL && var->fallback != NULL && var->fallback[0] != '\0')
		return var->fallback;
	switch (template_place(url_so_far)) {
	case PLACE_START:
		return "https://x";
	case PLACE_HOST:
		return is_http && url_so_far[7] == '\0' ? "127.0.0.1" : "x";
	case PLACE_PORT:
		return "1";
	case PLACE_REST:
		break;
	}
	return "x";
}

static bool
check_var(struct provider *provider, const struct piece *piece, const char *cursor, bool required,
    const struct buf *url, char *why, size_t why_size)
{
	char name[VAR_NAME_MAX + 1] = "";
	enum place place = template_place(buf_str(url));

	memcpy(name, piece->text, piece->len);
	if (provider_is_run_time_name(name)) {
		if (place != PLACE_REST)
			(void)text_format(why, why_size, "{%s} cannot stand in the host", name);
		return place == PLACE_REST;
	}
	if (place == PLACE_START && url->len > 0) {
		(void)text_format(why, why_size, "{%s} comes before \"://\"", name);
		return false;
	}
	if (place == PLACE_START && *cursor != '\0' && *cursor != '/') {
		(void)text_format(why, why_size, "after {%s} at the start only '/' can follow", name);
		return false;
	}
	return template_var(provider, piece->text, piece->len) != NULL || adopt_var(provider, piece, required);
}

bool
template_check(struct provider *provider, const char *template, bool required, char *why, size_t why_size)
{
	struct buf url = BUF_INIT(URL_MAX);
	struct piece piece;
	const char *cursor = template;
	bool bad = false, ok = false;

	why[0] = '\0';
	while (template_next(&cursor, &piece, &bad)) {
		if (!piece.is_var) {
			(void)buf_append(&url, piece.text, piece.len);
			if (url.starved)
				goto out;
			continue;
		}
		if (!check_var(provider, &piece, cursor, required, &url, why, why_size))
			goto out;
		(void)buf_append_str(&url, placeholder(provider, &piece, buf_str(&url)));
		if (url.starved)
			goto out; /* where the next variable stands can no longer be told */
	}
	if (bad)
		(void)text_format(why, why_size, "braces that hold no name of a variable");
	else if (url.failed && !url.starved)
		(void)text_format(why, why_size, "too long");
	else if (!url.failed)
		ok = template_url_is_allowed(provider, buf_str(&url), why, why_size);
out:
	buf_clear(&url);
	return ok;
}
