/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/definition_view.h"

#include <larder/provider.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

/* For people, after the definition: what of it nobody has checked. */
static void
tell_doubts(struct session *session, const struct cJSON *json)
{
	static const char *const groups[][2] = { { "confidence.endpoints", "endpoints" },
		{ "confidence.rotation_lifetime", "rotation and lifetimes" },
		{ "confidence.revocation", "revocation" } };

	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		const char *confidence = json_string(json, groups[i][0]);

		if (confidence != NULL && strcmp(confidence, "low") == 0)
			session_note(session, "%s: of low confidence, see its sources", groups[i][1]);
	}
}

void
definition_warn(struct session *session, const char *provider)
{
	struct larder_error ignored;
	const char *class, *confidence;
	struct cJSON *json;
	char why[128], *text;

	if (larder_provider_show(provider, &text, &class, &ignored) != LARDER_OK)
		return;
	json = json_parse(text, strlen(text), JSON_DEPTH_MAX, why, sizeof why);
	confidence = json == NULL ? NULL : json_string(json, "confidence.endpoints");
	if (confidence != NULL && strcmp(confidence, "low") == 0)
		session_note(
		    session, "where %s is, is of low confidence: see 'larder provider show %s'", provider, provider);
	json_free(json);
	free(text);
}

enum larder_code
definition_view(struct session *session, const char *text, struct larder_error *ret_error)
{
	struct buf printed = BUF_INIT(JSON_BYTES_MAX * 2);
	enum larder_code code = LARDER_OK;
	char why[128];
	struct cJSON *json = json_parse(text, strlen(text), JSON_DEPTH_MAX, why, sizeof why);

	if (json == NULL)
		code = error_set(ret_error, LARDER_INTERNAL, "cannot print the definition", NULL, "%s", why);
	else if (!json_print(json, !session->json, &printed))
		code = error_no_memory(ret_error);
	else {
		output_bytes(&session->out, printed.data, printed.len);
		output_str(&session->out, "\n");
		if (!session->json)
			tell_doubts(session, json);
	}
	json_free(json);
	buf_clear(&printed);
	return code;
}
