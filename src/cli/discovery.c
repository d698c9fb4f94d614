/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/definition_view.h"

#define CHANGES_MAX 32

static const struct option options[] = {
	OPT_TEXT("id", "ID", "of the definition; otherwise the host's name"),
	OPT_FLAG("accept", "take what has to be confirmed"),
	OPT_TEXT("proxy", "URL", "reach the provider through this HTTP proxy"),
	OPT_JSON,
	OPT_END,
};

bool
discovery_is_url(const char *text)
{
	return text != NULL && strstr(text, "://") != NULL;
}

/* Told when it is known how it went: a failure is one line. */
struct changes {
	char *lines[CHANGES_MAX];
	size_t count;
};

static void
note_change(void *ctx, const struct larder_discovery_change *change)
{
	struct changes *changes = ctx;
	char line[480];

	(void)text_format(line, sizeof line, "%s: %s, was %s", change->what,
	    change->after[0] == '\0' ? "gone" : change->after, change->before[0] == '\0' ? "none" : change->before);
	if (changes->count < CHANGES_MAX)
		changes->lines[changes->count++] = text_copy(line);
}

static void
tell_changes(const struct session *session, struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		if (changes->lines[i] != NULL)
			session_note(session, "%s", changes->lines[i]);
	}
}

static void
clear_changes(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		free(changes->lines[i]);
}

static void
tell_found(const struct session *session, const struct larder_discovery *found)
{
	switch (found->result) {
	case LARDER_DISCOVERY_NEW:
		session_note(session, "provider %s: discovered, and pinned in %s", found->provider, found->source);
		break;
	case LARDER_DISCOVERY_SAME:
		session_note(session, "provider %s: nothing has changed", found->provider);
		break;
	case LARDER_DISCOVERY_CHANGED:
		session_note(session, "provider %s: changed in %s", found->provider, found->source);
		break;
	case LARDER_DISCOVERY_KNOWN:
		break;
	}
	if (found->other_issuers > 0)
		session_note(session, "%s names %zu more issuers; its first, %s, was taken", found->resource,
		    found->other_issuers, found->issuer);
}

/* The password of a proxy would be the value of a flag, and a URL's query could hold one for others. */
static enum larder_code
check_proxy(const struct session *session, const char *proxy, struct larder_error *ret_error)
{
	if (proxy == NULL || strchr(proxy, '@') == NULL)
		return LARDER_OK;
	return args_usage(session->args, ret_error, "refused a secret on the command line",
	    "the URL of '--proxy' must not hold a user or password");
}

static enum larder_code
ask(const struct session *session, const struct larder_discovery_query *wanted, struct larder_discovery *ret,
    struct larder_error *ret_error)
{
	struct changes changes = { .count = 0 };
	struct larder_discovery_query query = *wanted;
	enum larder_code code = check_proxy(session, query.proxy, ret_error);

	query.timeout_ms = session_timeout_ms(session);
	query.tell = note_change;
	query.ctx = &changes;
	if (code == LARDER_OK)
		code = larder_discover(&query, ret, ret_error);
	if (code == LARDER_OK) {
		tell_changes(session, &changes);
		tell_found(session, ret);
	}
	clear_changes(&changes);
	return code;
}

enum larder_code
discovery_find(const struct session *session, const char *url, const char *proxy, struct larder_discovery *ret,
    struct larder_error *ret_error)
{
	struct larder_discovery_query query = { .url = url, .proxy = proxy };

	return ask(session, &query, ret, ret_error);
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	struct larder_discovery_query query = {
		.url = args_operand(session->args, 0),
		.id = args_text(session->args, "id"),
		.proxy = args_text(session->args, "proxy"),
		.again = 1,
		.accept = args_has(session->args, "accept"),
	};
	struct larder_discovery *found = calloc(1, sizeof *found);
	const char *class = NULL;
	char *text = NULL;
	enum larder_code code;

	if (found == NULL)
		return error_no_memory(ret_error);
	code = ask(session, &query, found, ret_error);
	if (code == LARDER_OK)
		code = larder_provider_show(found->provider, &text, &class, ret_error);
	if (code == LARDER_OK)
		code = definition_view(session, text, ret_error);
	free(text);
	free(found);
	return code;
}

const struct command provider_discover = {
	.name = "discover",
	.parent = &command_provider,
	.operands = "URL",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "make a definition from what a provider says about itself",
	.help = "Asks the issuer at URL for its metadata, or the resource at URL who its issuer is,\n"
		"keeps what it says as a definition of your own, and prints that. From then on it\n"
		"is used as it is. Asking again compares: what stays at the same host is taken and\n"
		"told. An endpoint at another host than the issuer's, one that has moved, or less\n"
		"protection than before, is taken only with --accept.\n",
	.examples = "  larder provider discover https://id.example\n"
		    "  larder provider discover https://id.example --accept\n",
	.options = options,
	.run = run,
};
