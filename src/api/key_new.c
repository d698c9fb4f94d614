/* SPDX-License-Identifier: Apache-2.0 */
#include "api/key_new.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/key_command.h"
#include "base/file.h"
#include "base/io.h"
#include "base/text.h"

/* The path is kept in the vault, so it must mean the same from everywhere. */
static enum larder_code
absolute(const char *file, char *ret, size_t ret_size, struct larder_error *ret_error)
{
	char directory[ENVIRONMENT_PATH_MAX], real[ENVIRONMENT_PATH_MAX];
	const char *slash = strrchr(file, '/'), *base = slash == NULL ? file : slash + 1;

	if (base[0] == '\0' ||
	    !text_format(directory, sizeof directory, "%.*s", slash == NULL ? 1 : (int)(slash - file + 1),
		slash == NULL ? "." : file) ||
	    realpath(directory, real) == NULL)
		return error_set(ret_error, LARDER_USAGE, "cannot use the key file", "make its directory first",
		    "there is no such directory");
	return text_format(ret, ret_size, "%s/%s", strcmp(real, "/") == 0 ? "" : real, base)
	    ? LARDER_OK
	    : error_set(ret_error, LARDER_USAGE, "cannot use the key file", NULL, "the path is too long");
}

/* All of it or nothing: half a key, or one of zeros, would be taken for the key by the next try. */
static enum larder_code
create_key_file(struct key_material *material, struct larder_error *ret_error)
{
	enum larder_code code;

	if (!secret_new(KEY_BYTES, &material->secret))
		return error_no_memory(ret_error);
	random_fill(material->secret.data, material->secret.len);
	code = file_create(material->slot.path, material->secret.data, material->secret.len, 0600, ret_error);
	if (code == LARDER_EXISTS)
		return error_set(ret_error, LARDER_USAGE, "cannot create the key file", "try again",
		    "another process made it at the same time");
	if (code == LARDER_OK)
		(void)text_format(material->made, sizeof material->made, "%s", material->slot.path);
	return code;
}

static enum larder_code
read_key_file(struct key_material *material, struct larder_error *ret_error)
{
	enum larder_code code;
	uint8_t more;
	int fd;

	code = file_open_private(AT_FDCWD, material->slot.path, O_RDONLY, &fd, ret_error);
	if (code == LARDER_NOT_FOUND)
		return create_key_file(material, ret_error);
	if (code != LARDER_OK)
		return code;
	if (!secret_new(KEY_BYTES, &material->secret))
		code = error_no_memory(ret_error);
	else if (io_read_all(fd, material->secret.data, KEY_BYTES, -1) != IO_OK || read(fd, &more, 1) != 0)
		code = error_set(ret_error, LARDER_USAGE, "cannot use the key file",
		    "name a file that does not exist yet, and it is made", "it is not exactly %d bytes long",
		    KEY_BYTES);
	else if (fsync(fd) != 0 || !file_sync_parent(material->slot.path)) /* whoever wrote it a moment ago */
		code = error_set_errno(ret_error, LARDER_STORAGE, errno, "cannot use the key file", NULL,
		    "it cannot be brought to the disk");
	(void)close(fd);
	return code;
}

enum larder_code
key_material_recovery(struct key_material *ret, char *ret_text, struct larder_error *ret_error)
{
	enum larder_code code;

	*ret = (struct key_material){ .slot = { .kind = SLOT_RECOVERY } };
	code = slot_recovery_make(&ret->secret, ret_error);
	if (code != LARDER_OK)
		return code;
	ret->slot.secret = &ret->secret;
	if (ret_text != NULL && !text_format(ret_text, LARDER_RECOVERY_SIZE, "%s", (const char *)ret->secret.data))
		return error_set(ret_error, LARDER_INTERNAL, "cannot make a recovery code", NULL, "it is too long");
	return LARDER_OK;
}

enum larder_code
key_material_gather(
    struct larder *larder, const struct larder_key_new *key, struct key_material *ret, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_USAGE;

	*ret = (struct key_material){ .slot = { .kind = SLOT_PASSPHRASE } };
	switch (key->kind) {
	case LARDER_KEY_PASSPHRASE:
		code = handle_new_passphrase(larder, &ret->secret, ret_error);
		break;
	case LARDER_KEY_FILE:
		ret->slot.kind = SLOT_KEY_FILE;
		if (key->file == NULL || key->file[0] == '\0')
			return error_set(ret_error, LARDER_USAGE, "cannot use the key file", NULL, "no file is named");
		code = absolute(key->file, ret->slot.path, sizeof ret->slot.path, ret_error);
		if (code == LARDER_OK)
			code = read_key_file(ret, ret_error);
		break;
	case LARDER_KEY_COMMAND:
		ret->slot.kind = SLOT_COMMAND;
		code = command_words_split(key->command == NULL ? "" : key->command, &ret->command, ret_error);
		if (code == LARDER_OK)
			code = config_check_writable(larder->environment.config_dir, ret_error);
		if (code == LARDER_OK)
			code = key_command_run(&ret->command,
			    larder->options.ask != NULL ? KEY_COMMAND_PERSON_MS : KEY_COMMAND_MS, &ret->secret,
			    ret_error);
		break;
	case LARDER_KEY_RECOVERY:
		return error_set(
		    ret_error, LARDER_USAGE, "cannot create the vault", NULL, "a recovery code cannot be the only key");
	}
	ret->slot.secret = &ret->secret;
	return code;
}

void
key_material_clear(struct key_material *material, bool failed)
{
	if (failed && material->made[0] != '\0')
		(void)unlink(material->made);
	secret_free(&material->secret);
	command_words_clear(&material->command);
}
