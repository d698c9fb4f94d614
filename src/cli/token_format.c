/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/token_format.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

#define FORMAT_HINT "see 'larder help token'"
#define EXTRA       "extra."

static const char *const fields[] = { "access_token", "expires_at", "account", "name" };

/* {extra.NAME}: whatever the provider says beside the token; nothing where it does not. */
static bool
is_extra(const char *name, size_t len)
{
	return len > strlen(EXTRA) && memcmp(name, EXTRA, strlen(EXTRA)) == 0;
}

static bool
is_field(const char *name, size_t len)
{
	if (is_extra(name, len))
		return true;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (strlen(fields[i]) == len && memcmp(fields[i], name, len) == 0)
			return true;
	}
	return false;
}

static enum larder_code
check_template(const char *template, struct larder_error *ret_error)
{
	size_t found = 0;
	char shown[40];

	for (const char *at = template; *at != '\0'; at++) {
		const char *end = strchr(at, '}');

		if ((at[0] == '{' || at[0] == '}') && at[1] == at[0]) {
			at++;
			continue;
		}
		if (*at == '}' || (*at == '{' && end == NULL))
			return error_set(ret_error, LARDER_USAGE, "bad template", FORMAT_HINT,
			    "a single brace; write {{ or }} for a brace that is meant");
		if (*at != '{')
			continue;
		if (!is_field(at + 1, (size_t)(end - at - 1)))
			return error_set(ret_error, LARDER_USAGE, "bad template", FORMAT_HINT,
			    "there is no {%s}; a template knows {access_token}, {expires_at}, {account} and {name}",
			    text_escape(shown, sizeof shown, at + 1, (size_t)(end - at - 1)));
		found++;
		at = end;
	}
	if (found > 0)
		return LARDER_OK;
	return error_set(ret_error, LARDER_USAGE, "bad value", FORMAT_HINT,
	    "'--format' wants curl, env, xoauth2 or a template with {access_token}, not '%s'",
	    text_escape(shown, sizeof shown, template, strlen(template)));
}

enum larder_code
token_form_parse(const char *format, enum token_form *ret_form, struct larder_error *ret_error)
{
	static const struct {
		const char *word;
		enum token_form form;
	} words[] = { { "curl", TOKEN_CURL }, { "env", TOKEN_ENV }, { "xoauth2", TOKEN_XOAUTH2 } };
	enum larder_code code;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].word, format) == 0) {
			*ret_form = words[i].form;
			return LARDER_OK;
		}
	}
	code = check_template(format, ret_error);
	if (code == LARDER_OK)
		*ret_form = TOKEN_TEMPLATE;
	return code;
}

static void
append_token(struct output *out, const struct larder_token *token)
{
	output_bytes(out, token->access_token, token->access_token_len);
}

static void
append_json(struct output *out, const struct larder_token *token)
{
	output_open(out, NULL, '{');
	output_text(out, "access_token", token->access_token);
	output_text(out, "token_type", token->token_type);
	output_time(out, "expires_at", token->expires_at);
	output_time(out, "expires_in", token->expires_in);
	output_text(out, "scope", token->scope == NULL ? "" : token->scope);
	output_text(out, "name", token->name);
	output_text(out, "provider", token->provider);
	output_text(out, "account", text_or_null(token->account));
	output_bool(out, "refreshed", token->refreshed != 0);
	output_close(out, '}');
}

/* In a curl configuration file a quoted value escapes quote and backslash. */
static void
append_curl(struct output *out, const struct larder_token *token)
{
	output_str(out, "header = \"Authorization: Bearer ");
	for (size_t i = 0; i < token->access_token_len; i++) {
		if (token->access_token[i] == '"' || token->access_token[i] == '\\')
			output_bytes(out, "\\", 1);
		output_bytes(out, &token->access_token[i], 1);
	}
	output_str(out, "\"");
}

static void
append_base64(struct output *out, const uint8_t *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t group = (uint32_t)data[i] << 16;
		char four[4];

		if (i + 1 < len)
			group |= (uint32_t)data[i + 1] << 8;
		if (i + 2 < len)
			group |= data[i + 2];
		four[0] = digits[group >> 18];
		four[1] = digits[(group >> 12) & 63];
		four[2] = '=';
		four[3] = '=';
		if (i + 1 < len)
			four[2] = digits[(group >> 6) & 63];
		if (i + 2 < len)
			four[3] = digits[group & 63];
		output_bytes(out, four, sizeof four);
		wipe(four, sizeof four);
	}
}

/* What IMAP and SMTP servers take in AUTHENTICATE XOAUTH2. */
static enum larder_code
append_xoauth2(struct output *out, const struct larder_token *token, struct larder_error *ret_error)
{
	struct buf plain = BUF_INIT_SECRET(LARDER_TOKEN_MAX + 512);
	enum larder_code code = LARDER_OK;

	if (token->account[0] == '\0') {
		code = error_set(ret_error, LARDER_USAGE, "cannot print xoauth2", "add it with --account",
		    "the credential has no account, and XOAUTH2 names one");
		return error_name(ret_error, code, token->name);
	}
	(void)buf_append_format(&plain, "user=%s\001auth=Bearer ", token->account);
	(void)buf_append(&plain, token->access_token, token->access_token_len);
	(void)buf_append_str(&plain, "\001\001");
	if (plain.failed)
		code = error_no_memory(ret_error);
	else
		append_base64(out, plain.data, plain.len);
	buf_clear(&plain);
	return code;
}

static void
append_extra(struct output *out, const struct larder_token *token, const char *name, size_t len)
{
	const char *at = token->extra;

	while (*at != '\0') {
		size_t line_len = strcspn(at, "\n");

		if (strncmp(at, name, len) == 0 && at[len] == '=')
			output_bytes(out, at + len + 1, line_len - len - 1);
		at += line_len;
		at += *at == '\n';
	}
}

static void
append_field(struct output *out, const struct larder_token *token, const char *name)
{
	if (strncmp(name, "access_token}", 13) == 0)
		append_token(out, token);
	else if (strncmp(name, "account}", 8) == 0)
		output_str(out, token->account);
	else if (is_extra(name, strcspn(name, "}")))
		append_extra(out, token, name + strlen(EXTRA), strcspn(name, "}") - strlen(EXTRA));
	else if (strncmp(name, "name}", 5) == 0)
		output_str(out, token->name);
	else if (token->expires_at >= 0)
		output_format(out, "%" PRId64, token->expires_at);
}

/* The template has been checked by token_form_parse. */
static void
append_template(struct output *out, const struct larder_token *token, const char *template)
{
	for (const char *at = template; *at != '\0'; at++) {
		if ((at[0] == '{' || at[0] == '}') && at[1] == at[0])
			output_bytes(out, at++, 1);
		else if (*at == '{') {
			append_field(out, token, at + 1);
			at = strchr(at, '}');
		} else
			output_bytes(out, at, 1);
	}
}

enum larder_code
token_format(struct output *out, const struct larder_token *token, enum token_form form, const char *format,
    struct larder_error *ret_error)
{
	enum larder_code code = LARDER_OK;

	/* bound to a key: worth nothing as a Bearer token (RFC 9449 section 7.1) */
	if (text_equal_nocase(token->token_type, "DPoP") &&
	    (form == TOKEN_HEADER || form == TOKEN_BEARER || form == TOKEN_CURL || form == TOKEN_XOAUTH2))
		return error_set(ret_error, LARDER_USAGE, "cannot write the token so",
		    "use 'larder request', which proves the key with each call",
		    "it is bound to a key, and no Bearer token");
	switch (form) {
	case TOKEN_PLAIN:
		append_token(out, token);
		break;
	case TOKEN_JSON:
		append_json(out, token);
		break;
	case TOKEN_HEADER:
		output_str(out, "Authorization: Bearer ");
		append_token(out, token);
		break;
	case TOKEN_BEARER:
		output_str(out, "Bearer ");
		append_token(out, token);
		break;
	case TOKEN_CURL:
		append_curl(out, token);
		break;
	case TOKEN_ENV:
		output_str(out, "ACCESS_TOKEN=");
		append_token(out, token);
		break;
	case TOKEN_XOAUTH2:
		code = append_xoauth2(out, token, ret_error);
		break;
	case TOKEN_TEMPLATE:
		append_template(out, token, format);
		break;
	}
	if (code == LARDER_OK)
		output_str(out, "\n");
	return code;
}
