/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "provider/builtin.h"
#include "provider/close.h"
#include "provider/definition.h"
#include "provider/folder.h"

#define FOLDERS_MAX (sizeof(((struct catalogue *)NULL)->folders) / sizeof(char *))

size_t
catalogue_builtin_count(void)
{
	return builtins_count;
}

const char *
catalogue_builtin(size_t index, const char **ret_id, size_t *ret_len)
{
	*ret_id = builtins[index].id;
	*ret_len = (size_t)(builtins[index].end - builtins[index].start);
	return builtins[index].start;
}

static int
by_id(const void *id, const void *builtin)
{
	return strcmp(id, ((const struct builtin *)builtin)->id);
}

static const struct builtin *
find_builtin(const char *id)
{
	return bsearch(id, builtins, builtins_count, sizeof(builtins[0]), by_id);
}

static size_t
folders_count(const struct catalogue *catalogue)
{
	size_t count = 0;

	while (count < FOLDERS_MAX && catalogue->folders[count] != NULL)
		count++;
	return count;
}

/* The id that a text claims, even when the rest of it is wrong; "" if it cannot be told. */
static void
claimed_id(const struct buf *text, char ret[static PROVIDER_ID_MAX + 1])
{
	char why[8];
	struct cJSON *json = json_parse(buf_str(text), text->len, JSON_DEPTH_MAX, why, sizeof(why));
	const char *id = json != NULL ? json_string(json, "id") : NULL;

	ret[0] = '\0';
	if (text_is_name(id))
		(void)text_format(ret, PROVIDER_ID_MAX + 1, "%s", id);
	json_free(json);
}

/* File name without ".json". */
static void
stem_of(const char *name, char *dst, size_t dst_size)
{
	(void)text_format(dst, dst_size, "%.*s", (int)(strlen(name) - 5), name);
}

static bool
is_stem(const char *name, const char *id)
{
	size_t len = strlen(id);

	return strncmp(name, id, len) == 0 && strcmp(name + len, ".json") == 0;
}

/*
 * Look for id in one folder, the last file first, as that one wins. A file that cannot be read so far as to tell its
 * id stands for the id of its name: it must not uncover an older definition unnoticed.
 */
static enum larder_code
find_in_folder(const char *path, const char *id, struct buf *ret_text, char *ret_source, size_t source_size,
    struct larder_error *ret_error)
{
	struct folder folder = { .names = NULL };
	enum larder_code code = folder_open(path, &folder, ret_error);
	bool found = false;

	for (size_t i = folder.count; code == LARDER_OK && !found && i-- > 0;) {
		char claimed[PROVIDER_ID_MAX + 1];
		struct larder_error broken;
		enum larder_code read;

		buf_reset(ret_text);
		read = folder_read(path, folder.names[i], ret_text, &broken);
		if (read == LARDER_OK)
			claimed_id(ret_text, claimed);
		found =
		    read == LARDER_OK && claimed[0] != '\0' ? strcmp(claimed, id) == 0 : is_stem(folder.names[i], id);
		if (found && read != LARDER_OK) {
			if (ret_error != NULL)
				*ret_error = broken;
			code = read;
		}
		if (found) {
			char full[4096];

			(void)text_format(full, sizeof(full), "%s/%s", path, folder.names[i]);
			(void)text_escape(ret_source, source_size, full, strlen(full));
		}
	}
	folder_clear(&folder);
	if (code != LARDER_OK)
		return code;
	if (!found)
		buf_reset(ret_text);
	return found ? LARDER_OK : LARDER_NOT_FOUND;
}

static enum larder_code
not_found(const struct catalogue *catalogue, const char *id, struct larder_error *ret_error)
{
	struct close_ids close = { .count = 0 };
	char safe[LARDER_NAME_MAX * 4 + 1];
	char hint[160];

	for (size_t i = 0; i < builtins_count; i++)
		close_ids_offer(&close, id, builtins[i].id);
	for (size_t i = 0; i < folders_count(catalogue); i++) {
		struct folder folder = { .names = NULL };
		char stem[PROVIDER_ID_MAX + 1];

		if (folder_open(catalogue->folders[i], &folder, NULL) != LARDER_OK)
			continue;
		for (size_t j = 0; j < folder.count; j++) {
			stem_of(folder.names[j], stem, sizeof(stem));
			if (text_is_name(stem))
				close_ids_offer(&close, id, stem);
		}
		folder_clear(&folder);
	}
	close_ids_hint(&close, hint, sizeof(hint));
	return error_set(ret_error, LARDER_NOT_FOUND, "no such provider", hint, "there is no definition with the id %s",
	    text_escape(safe, sizeof(safe), id, strlen(id)));
}

/* The text of id and where it is from. */
static enum larder_code
find_text(const struct catalogue *catalogue, const char *id, struct buf *ret_text, char *ret_source, size_t source_size,
    struct larder_error *ret_error)
{
	const struct builtin *builtin;
	enum larder_code code = LARDER_NOT_FOUND;

	for (size_t i = folders_count(catalogue); code == LARDER_NOT_FOUND && i-- > 0;)
		code = find_in_folder(catalogue->folders[i], id, ret_text, ret_source, source_size, ret_error);
	if (code != LARDER_NOT_FOUND)
		return code;
	builtin = find_builtin(id);
	if (builtin == NULL)
		return not_found(catalogue, id, ret_error);
	(void)text_format(ret_source, source_size, "built in");
	if (!buf_append(ret_text, builtin->start, (size_t)(builtin->end - builtin->start)))
		return error_no_memory(ret_error);
	return LARDER_OK;
}

enum larder_code
catalogue_load(const struct catalogue *catalogue, const char *id, struct provider **ret, struct larder_error *ret_error)
{
	struct buf text = BUF_INIT(DEFINITION_MAX);
	char source[256] = "";
	enum larder_code code = find_text(catalogue, id, &text, source, sizeof(source), ret_error);

	if (code == LARDER_OK)
		code = definition_parse(buf_str(&text), text.len, source, ret, ret_error);
	buf_clear(&text);
	return code;
}

enum larder_code
catalogue_text(const struct catalogue *catalogue, const char *id, struct buf *ret_text, struct larder_error *ret_error)
{
	struct buf text = BUF_INIT(DEFINITION_MAX);
	char source[256] = "";
	enum larder_code code = find_text(catalogue, id, &text, source, sizeof(source), ret_error);

	if (code == LARDER_OK && !buf_append(ret_text, text.data, text.len))
		code = error_no_memory(ret_error);
	buf_clear(&text);
	return code;
}

struct listing {
	struct catalogue_entry *entries;
	size_t count;
};

static struct catalogue_entry *
entry_for(struct listing *listing, const char *id)
{
	struct catalogue_entry *entries;

	for (size_t i = 0; i < listing->count; i++) {
		if (strcmp(listing->entries[i].id, id) == 0)
			return &listing->entries[i];
	}
	entries = reallocarray(listing->entries, listing->count + 1, sizeof(*entries));
	if (entries == NULL)
		return NULL;
	listing->entries = entries;
	entries[listing->count] = (struct catalogue_entry){ .id = "" };
	(void)text_format(entries[listing->count].id, sizeof(entries[listing->count].id), "%s", id);
	return &entries[listing->count++];
}

/* Put one definition over what has been listed under its id. text NULL: unreadable, for the reason in problem. */
static enum larder_code
list_one(struct listing *listing, const char *id, const char *source, const struct buf *text,
    const struct larder_error *problem)
{
	struct provider *provider = NULL;
	struct larder_error broken = { .code = LARDER_OK };
	struct catalogue_entry *entry = entry_for(listing, id);

	if (entry == NULL)
		return LARDER_INTERNAL;
	if (text != NULL && definition_parse(buf_str(text), text->len, source, &provider, &broken) != LARDER_OK)
		problem = &broken;
	if (problem != NULL && problem->code == LARDER_INTERNAL)
		return LARDER_INTERNAL; /* memory was out: that says nothing about the definition */
	(void)text_format(entry->source, sizeof(entry->source), "%s", source);
	entry->name[0] = '\0';
	if (provider != NULL)
		(void)text_escape(entry->name, sizeof(entry->name), provider->name, strlen(provider->name));
	(void)text_format(
	    entry->why, sizeof(entry->why), "%s", provider == NULL && problem != NULL ? problem->why : "");
	provider_free(provider);
	return LARDER_OK;
}

static enum larder_code
list_folder(struct listing *listing, const char *path, struct larder_error *ret_error)
{
	struct folder folder = { .names = NULL };
	enum larder_code code = folder_open(path, &folder, ret_error);

	for (size_t i = 0; code == LARDER_OK && i < folder.count; i++) {
		struct buf text = BUF_INIT(DEFINITION_MAX);
		struct larder_error broken = { .code = LARDER_OK };
		char id[PROVIDER_ID_MAX + 1] = "";
		char full[4096], source[256];
		bool readable = folder_read(path, folder.names[i], &text, &broken) == LARDER_OK;

		(void)text_format(full, sizeof(full), "%s/%s", path, folder.names[i]);
		(void)text_escape(source, sizeof(source), full, strlen(full));
		if (readable)
			claimed_id(&text, id);
		if (id[0] == '\0') {
			char stem[PROVIDER_ID_MAX + 1];

			stem_of(folder.names[i], stem, sizeof(stem));
			(void)text_escape(id, sizeof(id), stem, strlen(stem));
		}
		if (list_one(listing, id, source, readable ? &text : NULL, &broken) != LARDER_OK)
			code = error_no_memory(ret_error);
		buf_clear(&text);
	}
	folder_clear(&folder);
	return code;
}

static int
entries_by_id(const void *a, const void *b)
{
	return strcmp(((const struct catalogue_entry *)a)->id, ((const struct catalogue_entry *)b)->id);
}

enum larder_code
catalogue_list(
    const struct catalogue *catalogue, struct catalogue_entry **ret, size_t *ret_count, struct larder_error *ret_error)
{
	struct listing listing = { .entries = NULL };
	enum larder_code code = LARDER_OK;

	for (size_t i = 0; code == LARDER_OK && i < builtins_count; i++) {
		struct buf text = BUF_INIT(DEFINITION_MAX);

		if (!buf_append(&text, builtins[i].start, (size_t)(builtins[i].end - builtins[i].start)) ||
		    list_one(&listing, builtins[i].id, "built in", &text, NULL) != LARDER_OK)
			code = error_no_memory(ret_error);
		buf_clear(&text);
	}
	for (size_t i = 0; code == LARDER_OK && i < folders_count(catalogue); i++)
		code = list_folder(&listing, catalogue->folders[i], ret_error);
	if (code != LARDER_OK) {
		free(listing.entries);
		return code;
	}
	if (listing.count > 1)
		qsort(listing.entries, listing.count, sizeof(*listing.entries), entries_by_id);
	*ret = listing.entries;
	*ret_count = listing.count;
	return LARDER_OK;
}
