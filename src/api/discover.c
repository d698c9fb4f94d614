/* SPDX-License-Identifier: Apache-2.0 */
#include <larder/discover.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/definition_id.h"
#include "api/environment.h"
#include "base/file.h"
#include "base/text.h"
#include "engine/discover.h"
#include "provider/definition.h"

#define TIMEOUT_MS 60000

static const char *const what = "cannot discover the provider";

struct asking {                            /* what one call works with */
	struct larder_discovery_query own; /* with the URL that is meant */
	char url[URL_MAX + 1];
	const struct larder_discovery_query *query;
	struct environment environment;
	struct system_effects system;
	struct engine engine;
	struct discovery discovery;
	struct larder_discovery found;
};

static enum larder_code
begin(struct asking *asking, struct larder_error *ret_error)
{
	const struct larder_discovery_query *query = asking->query;
	int64_t timeout_ms = query->timeout_ms > 0 ? query->timeout_ms : TIMEOUT_MS;
	const struct effects *fx = &asking->system.effects;
	enum larder_code code = environment_read_configuration(&asking->environment, ret_error);

	if (code != LARDER_OK)
		return code;
	asking->environment.courier = environment_find_courier(NULL);
	effects_system_init(&asking->system, -1, asking->environment.courier);
	asking->engine = (struct engine){
		.effects = fx,
		.catalogue = &asking->environment.catalogue,
		.ca_file = asking->environment.ca_file,
		.ca_dir = asking->environment.ca_dir,
	};
	return discovery_begin(&asking->engine, query->url, query->proxy == NULL ? "" : query->proxy,
	    fx->clock_ms(fx->ctx) + timeout_ms, &asking->discovery, ret_error);
}

static void
take(struct asking *asking, const struct provider *provider, const char *source, enum larder_discovery_result result)
{
	asking->found.result = result;
	asking->found.registers = provider->endpoints.registration != NULL;
	(void)text_format(asking->found.provider, sizeof asking->found.provider, "%s", provider->id);
	(void)text_format(asking->found.issuer, sizeof asking->found.issuer, "%s", provider->issuer);
	(void)text_format(asking->found.source, sizeof asking->found.source, "%s", source);
	asking->found.is_vouched = discovery_vouches(provider, asking->found.resource);
}

/* One final slash apart, which people leave out: for a definition that is there already nobody has to be believed. */
static bool
is_same_issuer(const char *known, const char *asked)
{
	size_t len = strlen(known), asked_len = strlen(asked);

	if (len > 0 && known[len - 1] == '/')
		len--;
	if (asked_len > 0 && asked[asked_len - 1] == '/')
		asked_len--;
	return len == asked_len && memcmp(known, asked, len) == 0;
}

/* A definition of this issuer; NOT_FOUND: there is none. A broken one is passed over. */
static enum larder_code
find_known(struct asking *asking, const char *issuer, struct larder_error *ret_error)
{
	const struct catalogue *catalogue = &asking->environment.catalogue;
	struct catalogue_entry *entries = NULL;
	size_t count = 0;
	enum larder_code code = catalogue_list(catalogue, &entries, &count, ret_error);
	bool found = false;

	for (size_t i = 0; code == LARDER_OK && !found && i < count; i++) {
		struct provider *provider = NULL;
		struct larder_error broken;

		if (entries[i].why[0] != '\0' ||
		    catalogue_load(catalogue, entries[i].id, &provider, &broken) != LARDER_OK)
			continue;
		found = provider->issuer != NULL && is_same_issuer(provider->issuer, issuer) &&
		    (asking->query->id == NULL || strcmp(asking->query->id, provider->id) == 0);
		if (found)
			take(asking, provider, entries[i].source, LARDER_DISCOVERY_KNOWN);
		provider_free(provider);
	}
	free(entries);
	return code == LARDER_OK && !found ? LARDER_NOT_FOUND : code;
}

struct telling {
	const struct larder_discovery_query *query;
	char what[64], before[256], after[256]; /* of the first that asks */
	size_t changes, asks;
};

static void
tell(void *ctx, const struct metadata_change *change)
{
	struct telling *telling = ctx;
	struct larder_discovery_change told = { change->what, change->before, change->after, change->asks };

	telling->changes++;
	if (change->asks && telling->asks++ == 0) {
		(void)text_format(telling->what, sizeof telling->what, "%s", change->what);
		(void)text_format(telling->before, sizeof telling->before, "%s", change->before);
		(void)text_format(telling->after, sizeof telling->after, "%s", change->after);
	}
	if (telling->query->tell != NULL)
		telling->query->tell(telling->query->ctx, &told);
}

/* "https://a", or the text itself where it is no URL. */
static const char *
origin_of(const char *text, char dst[static 256])
{
	char why[128];
	struct url url;

	if (text[0] == '\0')
		return "nowhere";
	return url_parse(text, &url, why, sizeof why) ? url_origin(dst, 256, &url) : text;
}

static enum larder_code
refuse_change(const struct telling *telling, struct larder_error *ret_error)
{
	char before[256], after[256], more[32] = "";

	if (telling->asks > 1)
		(void)text_format(more, sizeof more, ", and %zu more", telling->asks - 1);
	return error_set(ret_error, LARDER_DENIED, "the provider's metadata has changed",
	    "the pinned definition stays in use; if the change is right, confirm it with --accept",
	    "%s was %s, now %s%s", telling->what, origin_of(telling->before, before), origin_of(telling->after, after),
	    more);
}

/* The first time nothing is pinned, and the issuer's own host is what there is to go by. */
static enum larder_code
judge_first(struct asking *asking, const struct provider *made, struct larder_error *ret_error)
{
	struct telling telling = { .query = asking->query };
	char after[256], more[32] = "";

	metadata_judge_first(made, tell, &telling);
	if (telling.asks == 0 || asking->query->accept)
		return LARDER_OK;
	if (telling.asks > 1)
		(void)text_format(more, sizeof more, ", and %zu more", telling.asks - 1);
	return error_set(ret_error, LARDER_DENIED, "the provider's metadata name another host",
	    "if it is the provider's too, confirm it with 'larder provider discover --accept'", "%s is at %s%s",
	    telling.what, origin_of(telling.after, after), more);
}

/* Compare with what is pinned; *ret_result says whether there is something to write. */
static enum larder_code
compare(struct asking *asking, const char *id, struct buf *definition, const struct provider *made,
    enum larder_discovery_result *ret_result, struct larder_error *ret_error)
{
	const struct catalogue *catalogue = &asking->environment.catalogue;
	struct telling telling = { .query = asking->query };
	struct buf pinned_text = BUF_INIT(DEFINITION_MAX);
	struct provider *pinned = NULL;
	struct larder_error error = { .code = LARDER_OK };
	enum larder_code code = catalogue_load(catalogue, id, &pinned, &error);

	*ret_result = LARDER_DISCOVERY_NEW;
	if (code == LARDER_NOT_FOUND)
		return error_name(ret_error, judge_first(asking, made, ret_error), id);
	if (code == LARDER_OK)
		code = catalogue_text(catalogue, id, &pinned_text, &error);
	if (code != LARDER_OK) {
		if (ret_error != NULL)
			*ret_error = error;
	} else if (pinned->discovered_at == TTL_UNKNOWN || pinned->issuer == NULL ||
	    strcmp(pinned->issuer, made->issuer) != 0) {
		code = error_set(ret_error, LARDER_EXISTS, what, "choose another id with --id",
		    "there is a definition with this id that was not made of this issuer's metadata");
	} else {
		metadata_compare(pinned, made, tell, &telling);
		*ret_result = telling.changes == 0 ? LARDER_DISCOVERY_SAME : LARDER_DISCOVERY_CHANGED;
		if (telling.asks > 0 && !asking->query->accept)
			code = refuse_change(&telling, ret_error);
		else if (!metadata_keep_own(buf_str(&pinned_text), pinned_text.len, definition))
			code = error_no_memory(ret_error);
	}
	provider_free(pinned);
	buf_clear(&pinned_text);
	return error_name(ret_error, code, id);
}

static enum larder_code
write_definition(struct asking *asking, const char *id, const struct buf *definition, char *path, size_t path_size,
    struct larder_error *ret_error)
{
	enum larder_code code;

	if (asking->environment.user_providers == NULL)
		return error_set(
		    ret_error, LARDER_USAGE, what, "set HOME or XDG_CONFIG_HOME", "there is no home directory");
	(void)text_format(path, path_size, "%s/%s.json", asking->environment.user_providers, id);
	code = file_make_own_dir(asking->environment.user_providers, ret_error);
	if (code == LARDER_OK)
		code = file_replace(path, definition->data, definition->len, 0600, ret_error);
	return code;
}

/* From an issuer to a definition that is pinned. */
static enum larder_code
pin(struct asking *asking, const char *issuer, bool for_resource, struct larder_error *ret_error)
{
	struct buf definition = BUF_INIT(DEFINITION_MAX);
	struct discovery_issuer want = {
		.issuer = issuer, .accept = asking->query->accept, .for_resource = for_resource
	};
	enum larder_discovery_result result = LARDER_DISCOVERY_NEW;
	struct provider *made = NULL;
	char id[PROVIDER_ID_MAX + 1], path[ENVIRONMENT_PATH_MAX + 128] = "";
	enum larder_code code = LARDER_OK;

	if (asking->query->id != NULL)
		(void)text_format(id, sizeof id, "%s", asking->query->id);
	else
		definition_id(issuer, id);
	want.id = id;
	code = discovery_definition(&asking->discovery, &want, &definition, ret_error);
	if (code == LARDER_OK)
		code = definition_parse(buf_str(&definition), definition.len, id, &made, ret_error);
	if (code == LARDER_OK)
		code = compare(asking, id, &definition, made, &result, ret_error);
	if (code == LARDER_OK && result != LARDER_DISCOVERY_SAME)
		code = write_definition(asking, id, &definition, path, sizeof path, ret_error);
	else if (code == LARDER_OK)
		(void)text_format(path, sizeof path, "%s/%s.json", asking->environment.user_providers, id);
	if (code == LARDER_OK)
		take(asking, made, path, result);
	provider_free(made);
	buf_clear(&definition);
	return code;
}

static enum larder_code
use_issuer(struct asking *asking, const char *issuer, bool for_resource, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_NOT_FOUND;

	if (!asking->query->again)
		code = find_known(asking, issuer, ret_error);
	return code == LARDER_NOT_FOUND ? pin(asking, issuer, for_resource, ret_error) : code;
}

/* A resource that names no issuer is its host's own, as before there was metadata of resources. */
static enum larder_code
use_resource(struct asking *asking, const struct protected_resource *resource, struct larder_error *ret_error)
{
	char origin[URL_MAX + 1];
	const char *issuer = resource->servers[0];

	(void)text_format(asking->found.resource, sizeof asking->found.resource, "%s", resource->resource);
	(void)text_format(asking->found.scope, sizeof asking->found.scope, "%s", resource->scope);
	if (resource->servers_count > 1)
		asking->found.other_issuers = resource->servers_count - 1;
	if (resource->servers_count == 0) {
		if (!wellknown_origin(asking->query->url, origin, sizeof origin))
			return error_set(ret_error, LARDER_USAGE, what, NULL, "its URL is too long");
		issuer = origin;
	}
	return use_issuer(asking, issuer, true, ret_error);
}

static enum larder_code
use_challenged(struct asking *asking, struct larder_error *ret_error)
{
	char origin[URL_MAX + 1];

	if (!wellknown_origin(asking->query->url, origin, sizeof origin))
		return LARDER_NOT_FOUND;
	return use_issuer(asking, origin, true, ret_error);
}

static enum larder_code
find_out(struct asking *asking, struct larder_error *ret_error)
{
	const char *path = asking->discovery.typed.path, *url = asking->query->url;
	bool has_path = path[0] != '\0' && strcmp(path, "/") != 0;
	struct protected_resource *resource = calloc(1, sizeof *resource);
	struct larder_error first = { .code = LARDER_OK };
	enum larder_code code = LARDER_NOT_FOUND;

	if (resource == NULL)
		return error_no_memory(ret_error);
	if (!asking->query->again && strchr(url, '?') == NULL)
		code = find_known(asking, url, &first);
	if (code == LARDER_NOT_FOUND && !has_path)
		code = pin(asking, url, false, &first);
	if (code == LARDER_NOT_FOUND) {
		struct larder_error error = { .code = LARDER_OK };

		code = discovery_resource(&asking->discovery, resource, &error);
		if (code == LARDER_OK)
			code = use_resource(asking, resource, &first);
		else if (code != LARDER_NOT_FOUND || first.code == LARDER_OK)
			first = error;
	}
	if (code == LARDER_NOT_FOUND && has_path && strchr(url, '?') == NULL && resource->resource[0] == '\0')
		code = pin(asking, url, false, &first);
	if (code == LARDER_NOT_FOUND && has_path && asking->discovery.challenged && resource->resource[0] == '\0')
		code = use_challenged(asking, &first);
	free(resource);
	if (code != LARDER_OK && ret_error != NULL)
		*ret_error = first;
	return code;
}

enum larder_code
larder_discover(
    const struct larder_discovery_query *query, struct larder_discovery *ret, struct larder_error *ret_error)
{
	struct asking *asking = calloc(1, sizeof *asking);
	enum larder_code code = LARDER_OK;

	if (asking == NULL)
		return error_no_memory(ret_error);
	asking->query = query;
	if (wellknown_about(query->url, asking->url, sizeof asking->url)) {
		asking->own = *query;
		asking->own.url = asking->url;
		asking->query = &asking->own;
	}
	asking->environment.passphrase_fd = -1;
	if (query->id != NULL && !text_is_name(query->id))
		code = error_set(
		    ret_error, LARDER_USAGE, what, NULL, "the id is not 1 to 64 letters, digits and . _ @ : + -");
	if (code == LARDER_OK)
		code = begin(asking, ret_error);
	if (code == LARDER_OK)
		code = find_out(asking, ret_error);
	if (code == LARDER_OK)
		*ret = asking->found;
	environment_clear(&asking->environment);
	free(asking);
	return code;
}
