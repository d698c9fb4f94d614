/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view.h"

#include <inttypes.h>
#include <string.h>

#include "base/duration.h"
#include "base/io.h"
#include "base/text.h"

const char *const view_heads[] = { "NAME", "PROVIDER", "ACCOUNT", "STATE", "EXPIRES", "LOGIN ENDS", "GENERATION",
	NULL };

int64_t
view_now(void)
{
	return io_clock_unix_s();
}

enum colour
view_state_colour(const char *state)
{
	if (strcmp(state, "ok") == 0)
		return COLOUR_GOOD;
	if (strcmp(state, "needs-login") == 0)
		return COLOUR_BAD;
	if (strcmp(state, "in-doubt") == 0 || strcmp(state, "suspect") == 0)
		return COLOUR_WARN;
	return COLOUR_DIM;
}

bool
view_is_guess(const struct larder_credential *credential)
{
	return credential->cause_confidence != NULL && strcmp(credential->cause_confidence, "low") == 0;
}

const char *
view_span(char *dst, size_t dst_size, int64_t unix_s, int64_t now)
{
	char span[32];

	if (unix_s < 0)
		(void)text_format(dst, dst_size, "unknown");
	else if (unix_s == now)
		(void)text_format(dst, dst_size, "now");
	else if (unix_s >= now)
		(void)text_format(dst, dst_size, "in %s", duration_format(span, sizeof span, unix_s - now));
	else
		(void)text_format(dst, dst_size, "%s ago", duration_format(span, sizeof span, now - unix_s));
	return dst;
}

static bool
has_refresh_token(const struct larder_credential *credential)
{
	return strcmp(credential->grant, "refresh-token") == 0;
}

static const char *
next_line(const char *at)
{
	at += strcspn(at, "\n");
	return *at == '\n' ? at + 1 : at;
}

/* Lines "name=value", as a JSON object. */
static void
extra_members(struct output *out, const char *extra)
{
	char name[128], value[LARDER_EXTRA_VALUE_SIZE];

	output_open(out, "extra", '{');
	for (const char *at = extra; *at != '\0'; at = next_line(at)) {
		size_t name_len = strcspn(at, "="), len = strcspn(at, "\n");

		if (name_len >= len)
			break;
		(void)text_format(name, sizeof name, "%.*s", (int)name_len, at);
		(void)text_format(value, sizeof value, "%.*s", (int)(len - name_len - 1), at + name_len + 1);
		output_text(out, name, value);
	}
	output_close(out, '}');
}

void
view_members(struct output *out, const struct larder_credential *credential)
{
	output_text(out, "name", credential->name);
	output_text(out, "provider", credential->provider);
	output_text(out, "client", credential->client);
	output_text(out, "account", text_or_null(credential->account));
	output_text(out, "scope", credential->scope == NULL ? "" : credential->scope);
	output_text(out, "resource", text_or_null(credential->resource));
	output_text(out, "api_hosts", credential->api_hosts);
	extra_members(out, credential->extra);
	output_text(out, "state", credential->state);
	output_time(out, "access_expires_at", credential->access_expires_at);
	output_time(out, "refresh_expires_at", credential->refresh_expires_at);
	output_time(out, "refresh_idle_ends_at", credential->refresh_idle_ends_at);
	output_time(out, "refresh_absolute_ends_at", credential->refresh_absolute_ends_at);
	output_unsigned(out, "generation", credential->generation);
	output_time(out, "created_at", credential->created_at);
	output_time(out, "client_secret_expires_at", credential->client_secret_expires_at);
	output_time(out, "granted_at", credential->granted_at);
	output_time(out, "last_refresh_at", credential->last_refresh_at);
	output_text(out, "last_error", text_or_null(credential->last_error));
	output_text(out, "last_error_text", text_or_null(credential->last_error_text));
	output_time(out, "last_error_at", credential->last_error_at);
	output_time(out, "next_refresh_at", credential->next_refresh_at);
	output_text(out, "grant", credential->grant);
	output_text(out, "dpop_jkt", text_or_null(credential->dpop_jkt));
	output_text(out, "rotation", has_refresh_token(credential) ? credential->rotation_class : NULL);
	output_text(out, "rotation_confidence", has_refresh_token(credential) ? credential->rotation_confidence : NULL);
	output_unsigned(out, "parked", credential->parked);
	output_text(out, "advice", text_or_null(credential->advice));
	output_text(out, "cause", text_or_null(credential->cause));
	output_text(out, "cause_id", text_or_null(credential->cause_id));
	output_text(out, "cause_confidence", credential->cause_confidence);
	output_text(out, "cause_hint", text_or_null(credential->cause_hint));
}

void
view_json(struct output *out, const char *name, const struct larder_credential *credential)
{
	output_open(out, name, '{');
	view_members(out, credential);
	output_close(out, '}');
}

void
view_row(struct table *table, const struct larder_credential *credential, int64_t now)
{
	char span[40] = "-", login[40] = "-", generation[24];

	if (credential->access_expires_at >= 0)
		(void)view_span(span, sizeof span, credential->access_expires_at, now);
	if (credential->refresh_expires_at >= 0)
		(void)view_span(login, sizeof login, credential->refresh_expires_at, now);
	(void)text_format(generation, sizeof generation, "%" PRIu64, credential->generation);
	table_add(table, credential->name);
	table_add(table, credential->provider);
	table_add(table, credential->account);
	table_add_coloured(table, credential->state, view_state_colour(credential->state));
	table_add(table, span);
	table_add(table, login);
	table_add(table, generation);
}

static void
line(struct output *out, const char *label, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	output_format(out, "%-16s ", label);
	output_escaped(out, value);
	output_str(out, "\n");
}

static void
time_line(struct output *out, const char *label, int64_t unix_s, int64_t now)
{
	char stamp[32], span[40], text[80];

	if (unix_s < 0)
		return;
	(void)text_format(text, sizeof text, "%s (%s)", text_time(stamp, sizeof stamp, unix_s),
	    view_span(span, sizeof span, unix_s, now));
	line(out, label, text);
}

static void
error_line(struct output *out, const struct larder_credential *credential)
{
	char text[400];

	if (credential->last_error[0] == '\0')
		return;
	(void)text_format(text, sizeof text, "%s%s%s", credential->last_error,
	    credential->last_error_text[0] == '\0' ? "" : ": ", credential->last_error_text);
	line(out, "last error", text);
}

/* Nobody tells: it is inferred, and how surely is part of it. */
static void
cause_line(struct output *out, const struct larder_credential *credential)
{
	char text[240];

	if (credential->cause[0] == '\0')
		return;
	(void)text_format(text, sizeof text, "%s (confidence: %s)", credential->cause, credential->cause_confidence);
	line(out, "likely cause", text);
}

/* The earlier end, and where it is known what each of them means. */
static void
refresh_lines(struct output *out, const struct larder_credential *credential, int64_t now)
{
	time_line(out, "login ends", credential->refresh_expires_at, now);
	time_line(out, "  if not used", credential->refresh_idle_ends_at, now);
	time_line(out, "  in any case", credential->refresh_absolute_ends_at, now);
}

static void
extra_lines(struct output *out, const char *extra)
{
	char text[LARDER_EXTRA_VALUE_SIZE + 128];

	for (const char *at = extra; *at != '\0'; at = next_line(at)) {
		(void)text_format(text, sizeof text, "%.*s", (int)strcspn(at, "\n"), at);
		line(out, "extra", text);
	}
}

/* What nobody has checked is told as such. */
static void
rotation_line(struct output *out, const struct larder_credential *credential)
{
	const char *confidence = credential->rotation_confidence;
	char text[64];

	if (credential->rotation_class == NULL || confidence == NULL || strcmp(confidence, "low") != 0) {
		line(out, "rotation", credential->rotation_class);
		return;
	}
	(void)text_format(text, sizeof text, "%s (of low confidence)", credential->rotation_class);
	line(out, "rotation", text);
}

static void
view_long(struct output *out, const struct larder_credential *credential, int64_t now)
{
	line(out, "name", credential->name);
	line(out, "provider", credential->provider);
	line(out, "client", credential->client);
	line(out, "account", credential->account);
	line(out, "scope", credential->scope);
	line(out, "resource", credential->resource);
	line(out, "allowed hosts", credential->api_hosts);
	line(out, "bound to the key", credential->dpop_jkt);
	extra_lines(out, credential->extra);
	output_format(out, "%-16s ", "state");
	output_colour(out, view_state_colour(credential->state));
	output_str(out, credential->state);
	output_colour(out, COLOUR_NONE);
	output_str(out, "\n");
	cause_line(out, credential);
	line(out, "what to do", credential->advice[0] != '\0' ? credential->advice : credential->cause_hint);
	output_format(out, "%-16s %" PRIu64 "\n", "generation", credential->generation);
	if (has_refresh_token(credential))
		rotation_line(out, credential);
	else
		line(out, "grant", credential->grant);
	time_line(out, "access expires", credential->access_expires_at, now);
	refresh_lines(out, credential, now);
	time_line(out, "client secret", credential->client_secret_expires_at, now);
	time_line(out, "last refresh", credential->last_refresh_at, now);
	time_line(out, "next refresh", credential->next_refresh_at, now);
	error_line(out, credential);
	time_line(out, "last error at", credential->last_error_at, now);
	if (credential->parked > 0)
		output_format(out, "%-16s %" PRIu64 "\n", "parked replies", credential->parked);
	time_line(out, "added", credential->created_at, now);
	if (credential->granted_at != credential->created_at)
		time_line(out, "logged in", credential->granted_at, now);
}

void
view_one(struct output *out, bool json, const struct larder_credential *credential)
{
	if (json) {
		view_json(out, NULL, credential);
		output_str(out, "\n");
	} else {
		view_long(out, credential, view_now());
	}
}
