/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/host_name.h"
#include "base/text.h"
#include "engine/request.h"

static bool
is_listed(const char *list, const char *host)
{
	size_t len = strlen(host);

	for (const char *at = strstr(list, host); at != NULL; at = strstr(at + 1, host)) {
		if ((at == list || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
	}
	return false;
}

static void
drop(char *list, size_t size, const char *host)
{
	char kept[sizeof(((struct credential *)0)->api_hosts)] = "";
	size_t len, host_len = strlen(host);

	for (const char *at = list; *at != '\0'; at += len, at += strspn(at, " ")) {
		size_t filled = strlen(kept);

		len = strcspn(at, " ");
		if (len != host_len || memcmp(at, host, len) != 0)
			(void)text_format(
			    kept + filled, sizeof kept - filled, "%s%.*s", filled == 0 ? "" : " ", (int)len, at);
	}
	(void)text_format(list, size, "%s", kept);
}

enum larder_code
api_host_allow(struct engine *engine, const char *name, const char *host, bool allow, struct larder_error *ret_error)
{
	struct audit_event event = { .op = AUDIT_ALLOW };
	struct credential credential = { 0 };
	enum larder_code code;
	size_t len;

	if (!host_name_is_valid(host))
		return error_set(ret_error, LARDER_USAGE, "bad host",
		    "give a host, '*.' and a domain, or a host and a port", "'%.64s' is none", host);
	code = vault_begin(engine->vault, STORE_DURABLE, ret_error);
	if (code == LARDER_OK)
		code = credential_load(engine->vault, name, &credential, ret_error);
	if (code != LARDER_OK || is_listed(credential.api_hosts, host) == allow)
		goto out;
	len = strlen(credential.api_hosts);
	if (!allow) {
		drop(credential.api_hosts, sizeof credential.api_hosts, host);
	} else if (!text_format(credential.api_hosts + len, sizeof credential.api_hosts - len, "%s%s",
		       len == 0 ? "" : " ", host)) {
		code = error_set(ret_error, LARDER_USAGE, "cannot allow the host",
		    "remove some, or name many with '*.'", "there are too many hosts");
		goto out;
	}
	event.at = engine->effects->now_s(engine->effects->ctx);
	event.generation = credential.generation;
	(void)text_format(event.name, sizeof event.name, "%s", name);
	(void)text_format(event.result, sizeof event.result, "ok");
	(void)text_format(event.detail, sizeof event.detail, "%s%.120s", allow ? "" : "not any more: ", host);
	code = credential_store(engine->vault, &credential, ret_error);
	if (code == LARDER_OK)
		code = audit_append(engine->vault, &event, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(engine->vault, NULL, ret_error);
out:
	vault_rollback(engine->vault);
	wipe(&credential.intent, sizeof credential.intent);
	return error_name(ret_error, code, name);
}
