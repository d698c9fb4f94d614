/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "provider/catalogue.h"
#include "provider/tests.h"

struct provider *
load(const char *text)
{
	struct larder_error error;
	struct provider *provider = NULL;

	if (definition_parse(text, strlen(text), "test", &provider, &error) != LARDER_OK)
		fail_msg("%s: %s", error.what, error.why);
	return provider;
}

struct provider *
load_with(const char *members)
{
	char text[2048];

	assert_true(text_format(
	    text, sizeof(text), "{\"id\":\"x\",\"endpoints\":{\"token\":\"https://as.example/t\"}%s}", members));
	return load(text);
}

struct provider *
load_builtin(const char *id)
{
	const struct catalogue catalogue = { .folders = { NULL } };
	struct larder_error error;
	struct provider *provider = NULL;

	if (catalogue_load(&catalogue, id, &provider, &error) != LARDER_OK)
		fail_msg("%s: %s", error.what, error.why);
	return provider;
}
