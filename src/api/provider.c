/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/environment.h"
#include "base/file.h"
#include "base/text.h"
#include "larder/provider.h"
#include "provider/definition.h"

enum larder_code
larder_provider_list(struct larder_provider **ret, size_t *ret_count, struct larder_error *ret_error)
{
	struct catalogue_entry *entries = NULL;
	struct larder_provider *list = NULL;
	struct environment environment = { .vault = NULL };
	enum larder_code code;
	size_t count = 0, i;

	code = environment_read_configuration(&environment, ret_error);
	if (code == LARDER_OK)
		code = catalogue_list(&environment.catalogue, &entries, &count, ret_error);
	environment_clear(&environment);
	if (code != LARDER_OK)
		return code;
	list = calloc(count + 1, sizeof *list);
	for (i = 0; list != NULL && i < count; i++) {
		(void)text_format(list[i].id, sizeof list[i].id, "%s", entries[i].id);
		(void)text_format(list[i].name, sizeof list[i].name, "%s", entries[i].name);
		(void)text_format(list[i].source, sizeof list[i].source, "%s", entries[i].source);
		(void)text_format(list[i].problem, sizeof list[i].problem, "%s", entries[i].why);
	}
	free(entries);
	if (list == NULL)
		return error_no_memory(ret_error);
	*ret = list;
	*ret_count = count;
	return LARDER_OK;
}

void
larder_provider_list_free(struct larder_provider *list)
{
	free(list);
}

enum larder_code
larder_provider_show(const char *id, char **ret_json, const char **ret_class, struct larder_error *ret_error)
{
	struct buf text = BUF_INIT(DEFINITION_MAX);
	struct provider *provider = NULL;
	struct environment environment = { .vault = NULL };
	enum larder_code code;
	char *copy;

	code = environment_read_configuration(&environment, ret_error);
	if (code == LARDER_OK)
		code = catalogue_load(&environment.catalogue, id, &provider, ret_error);
	if (code == LARDER_OK)
		code = catalogue_text(&environment.catalogue, id, &text, ret_error);
	if (code == LARDER_OK) {
		copy = text_copy(buf_str(&text));
		if (copy == NULL) {
			code = error_no_memory(ret_error);
		} else {
			*ret_json = copy;
			*ret_class = spend_class_name(provider_class(provider));
		}
	}
	provider_free(provider);
	environment_clear(&environment);
	buf_clear(&text);
	return code;
}

/* Parse a file; *text holds its bytes. */
static enum larder_code
check_file(const char *file, struct buf *text, struct larder_provider *ret, struct larder_error *ret_error)
{
	struct provider *provider = NULL;
	enum larder_code code;

	code = file_read(file, text, ret_error);
	if (code == LARDER_OK)
		code = definition_parse(buf_str(text), text->len, file, &provider, ret_error);
	if (code != LARDER_OK)
		return code;
	*ret = (struct larder_provider){ .problem = "" };
	(void)text_format(ret->id, sizeof ret->id, "%s", provider->id);
	(void)text_format(ret->name, sizeof ret->name, "%s", provider->name == NULL ? "" : provider->name);
	(void)text_format(ret->source, sizeof ret->source, "%s", file);
	provider_free(provider);
	return LARDER_OK;
}

enum larder_code
larder_provider_check(const char *file, struct larder_provider *ret, struct larder_error *ret_error)
{
	struct buf text = BUF_INIT(DEFINITION_MAX);
	struct larder_provider found;
	enum larder_code code;

	code = check_file(file, &text, &found, ret_error);
	buf_clear(&text);
	if (code == LARDER_OK && ret != NULL)
		*ret = found;
	return code;
}

enum larder_code
larder_provider_add(const char *file, int replace, struct larder_provider *ret, struct larder_error *ret_error)
{
	struct buf text = BUF_INIT(DEFINITION_MAX);
	struct larder_provider found;
	struct environment environment = { .vault = NULL };
	char path[ENVIRONMENT_PATH_MAX + 128];
	enum larder_code code;

	code = check_file(file, &text, &found, ret_error);
	if (code == LARDER_OK)
		code = environment_read_configuration(&environment, ret_error);
	if (code == LARDER_OK && environment.user_providers == NULL)
		code = error_set(ret_error, LARDER_USAGE, "cannot add the provider", "set HOME or XDG_CONFIG_HOME",
		    "there is no home directory");
	if (code != LARDER_OK)
		goto out;
	(void)text_format(path, sizeof path, "%s/%s.json", environment.user_providers, found.id);
	if (!replace && access(path, F_OK) == 0) {
		code = error_set(ret_error, LARDER_EXISTS, "cannot add the provider", "use --replace to overwrite it",
		    "you have a definition with this id already");
		(void)error_name(ret_error, code, found.id);
		goto out;
	}
	code = file_make_own_dir(environment.user_providers, ret_error);
	if (code == LARDER_OK)
		code = file_replace(path, text.data, text.len, 0600, ret_error);
	if (code == LARDER_OK && ret != NULL) {
		*ret = found;
		(void)text_format(ret->source, sizeof ret->source, "%s", path);
	}
out:
	environment_clear(&environment);
	buf_clear(&text);
	return code;
}
