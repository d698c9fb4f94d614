/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/definition_view.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

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
	}
	json_free(json);
	buf_clear(&printed);
	return code;
}
