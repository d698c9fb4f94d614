/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client_view.h"

#include "base/text.h"
#include "cli/table.h"

static void
json_key(struct output *out, const char *name, const struct larder_client_key_view *key)
{
	if (key->alg[0] == '\0') {
		output_null(out, name);
		return;
	}
	output_open(out, name, '{');
	output_text(out, "alg", key->alg);
	output_text(out, "kid", key->kid);
	output_time(out, "created_at", key->created_at);
	output_close(out, '}');
}

void
client_view_json(struct output *out, const struct larder_client *client)
{
	output_open(out, NULL, '{');
	output_text(out, "name", client->name);
	output_text(out, "provider", client->provider);
	output_text(out, "client_id", client->client_id);
	output_text(out, "auth", client->auth);
	output_text(out, "proxy", text_or_null(client->proxy));
	if (client->dpop[0] != '\0')
		output_text(out, "dpop", client->dpop);
	output_bool(out, "has_secret", client->has_secret != 0);
	output_open(out, "vars", '{');
	for (size_t i = 0; i < client->vars_count; i++)
		output_text(out, client->vars[i].name, client->vars[i].value);
	output_close(out, '}');
	output_time(out, "created_at", client->created_at);
	output_time(out, "secret_set_at", client->secret_set_at);
	output_time(out, "secret_expires_at", client->secret_expires_at > 0 ? client->secret_expires_at : -1);
	output_bool(out, "has_other_secret", client->has_other_secret != 0);
	output_bool(out, "uses_old_secret", client->uses_old_secret != 0);
	json_key(out, "sign_key", &client->sign_key);
	json_key(out, "tls_key", &client->tls_key);
	output_bool(out, "registered_itself", client->is_registered != 0);
	output_unsigned(out, "credentials", client->credentials);
	output_close(out, '}');
}

void
client_view_json_list(struct output *out, const struct larder_client *list, size_t count)
{
	output_open(out, NULL, '[');
	for (size_t i = 0; i < count; i++)
		client_view_json(out, &list[i]);
	output_close(out, ']');
	output_str(out, "\n");
}

enum larder_code
client_view_table(struct output *out, const struct larder_client *list, size_t count, struct larder_error *ret_error)
{
	static const char *const heads[] = { "NAME", "PROVIDER", "CLIENT ID", "AUTH", "CREDENTIALS", NULL };
	struct table table;
	char number[24];

	table_init(&table, heads);
	for (size_t i = 0; i < count; i++) {
		(void)text_format(number, sizeof number, "%zu", list[i].credentials);
		table_add(&table, list[i].name);
		table_add(&table, list[i].provider);
		table_add(&table, list[i].client_id);
		table_add(&table, list[i].auth);
		table_add(&table, number);
	}
	return table_print(&table, out, ret_error);
}

static void
line(struct output *out, const char *label, const char *value)
{
	output_format(out, "%-14s ", label);
	output_escaped(out, value);
	output_str(out, "\n");
}

static void
line_key(struct output *out, const char *label, const struct larder_client_key_view *key)
{
	char text[256], when[32];

	if (key->alg[0] == '\0')
		return;
	(void)text_format(
	    text, sizeof text, "%s, %s, since %s", key->alg, key->kid, text_time(when, sizeof when, key->created_at));
	line(out, label, text);
}

void
client_view_long(struct output *out, const struct larder_client *client)
{
	char when[32], number[24];

	line(out, "name", client->name);
	line(out, "provider", client->provider);
	line(out, "client id", client->client_id);
	line(out, "auth", client->auth);
	if (client->has_secret || (client->sign_key.alg[0] == '\0' && client->tls_key.alg[0] == '\0'))
		line(out, "secret", client->has_secret ? "stored" : "none (public client)");
	if (client->has_other_secret)
		line(out, "second secret",
		    client->uses_old_secret ? "the new one, which was refused; the old one is in use"
					    : "the old one, until the new one has worked");
	line_key(out, "key", &client->sign_key);
	line_key(out, "TLS key", &client->tls_key);
	if (client->secret_set_at >= 0)
		line(out, "secret set", text_time(when, sizeof when, client->secret_set_at));
	if (client->secret_expires_at > 0)
		line(out, "secret ends", text_time(when, sizeof when, client->secret_expires_at));
	if (client->proxy[0] != '\0')
		line(out, "proxy", client->proxy);
	if (client->dpop[0] != '\0')
		line(out, "tokens bound by", client->dpop);
	for (size_t i = 0; i < client->vars_count; i++) {
		output_str(out, "variable       ");
		output_escaped(out, client->vars[i].name);
		output_str(out, "=");
		output_escaped(out, client->vars[i].value);
		output_str(out, "\n");
	}
	line(out, "added", text_time(when, sizeof when, client->created_at));
	(void)text_format(number, sizeof number, "%zu", client->credentials);
	line(out, "credentials", number);
}
