/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "api/handle.h"
#include "base/text.h"

/* Replies that were kept aside are no damage, but a person should know. */
static enum larder_code
count_parked(struct vault *vault, uint64_t *ret, struct larder_error *ret_error)
{
	struct credential credential = { 0 };
	struct parked *parked;
	char(*names)[NAME_SIZE] = NULL;
	enum larder_code code;
	size_t count = 0, kept, i;

	code = credential_names(vault, &names, &count, ret_error);
	for (i = 0; code == LARDER_OK && i < count; i++) {
		parked = NULL;
		kept = 0;
		code = credential_load(vault, names[i], &credential, ret_error);
		if (code == LARDER_OK)
			code = parked_list(vault, &credential, &parked, &kept, ret_error);
		if (code == LARDER_OK)
			parked_list_free(parked, kept);
		*ret += kept;
	}
	credential_clear(&credential);
	free(names);
	return code;
}

enum larder_code
larder_verify(struct larder *larder, struct larder_verification *ret, struct larder_error *ret_error)
{
	struct verify_report report = { .records = 0 };
	struct session *session = NULL;
	struct larder_error error = { .code = LARDER_OK };
	enum larder_code code;

	code = session_take(larder, &session, ret_error);
	if (code != LARDER_OK)
		return code;
	*ret = (struct larder_verification){ .problem = "" };
	code = vault_verify(&session->vault, &report, &error);
	if (code == LARDER_OK)
		code = count_parked(&session->vault, &ret->parked, &error);
	session_give(larder, session);
	ret->records = report.records;
	ret->audit_rows = report.audit_rows;
	ret->freshness = report.freshness;
	(void)text_format(ret->freshness_text, sizeof ret->freshness_text, "%s", report.freshness_text);
	if (code == LARDER_OK)
		return LARDER_OK;
	if (code != LARDER_DAMAGED) {
		if (ret_error != NULL)
			*ret_error = error;
		return code;
	}
	(void)text_format(ret->problem, sizeof ret->problem, "%s", error.why);
	return error_set(ret_error, LARDER_CHECK_FAILED, "the vault is damaged",
	    error.hint[0] != '\0' ? error.hint : "restore it from a backup", "%s", error.why);
}
