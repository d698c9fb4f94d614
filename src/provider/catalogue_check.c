/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run by the build: every built-in definition loads, and carries the id that its file is named after.
 */
#include <stdio.h>
#include <string.h>

#include "provider/catalogue.h"
#include "provider/definition.h"

static int
check(size_t index)
{
	struct larder_error error;
	struct provider *provider = NULL;
	const char *id;
	size_t len;
	const char *text = catalogue_builtin(index, &id, &len);
	int failed = 0;

	if (definition_parse(text, len, id, &provider, &error) != LARDER_OK) {
		(void)fprintf(stderr, "catalogue/%s.json: %s: %s\n", id, error.what, error.why);
		return 1;
	}
	if (strcmp(provider->id, id) != 0) {
		(void)fprintf(stderr, "catalogue/%s.json: its id is %s\n", id, provider->id);
		failed = 1;
	}
	provider_free(provider);
	return failed;
}

int
main(void)
{
	int failed = 0;

	for (size_t i = 0; i < catalogue_builtin_count(); i++)
		failed |= check(i);
	return failed;
}
