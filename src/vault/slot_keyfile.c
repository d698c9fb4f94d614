/* SPDX-License-Identifier: Apache-2.0 */
/* A file of 32 random bytes. Where it was is kept in the slot, so that the vault opens without being told. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/io.h"
#include "base/text.h"
#include "vault/slot.h"

static enum larder_code
prepare(const struct slot_new *wanted, struct slot *ret, struct larder_error *ret_error)
{
	if (wanted->secret == NULL || wanted->secret->len != KEY_BYTES)
		return error_set(ret_error, LARDER_USAGE, "cannot use the key file", NULL,
		    "a key file has exactly %d bytes, this one has %zu", KEY_BYTES,
		    wanted->secret == NULL ? (size_t)0 : wanted->secret->len);
	memcpy(ret->path, wanted->path, sizeof(ret->path));
	ret->path[sizeof(ret->path) - 1] = '\0';
	return LARDER_OK;
}

static enum larder_code
derive(
    const struct slot *slot, const struct secret *secret, uint8_t ret[static KEY_BYTES], struct larder_error *ret_error)
{
	(void)slot;
	if (secret->len != KEY_BYTES)
		return error_set(
		    ret_error, LARDER_LOCKED, "cannot open the vault", NULL, "the key is not 32 bytes long");
	derive_key(secret->data, "larder 1 key file", NULL, 0, ret);
	return LARDER_OK;
}

static void
describe(const struct slot *slot, char *dst, size_t dst_size)
{
	(void)text_escape(dst, dst_size, slot->path, strlen(slot->path));
}

const struct slot_method slot_keyfile = {
	.name = "key file",
	.prepare = prepare,
	.derive = derive,
	.describe = describe,
};

enum larder_code
keyfile_read(const char *path, struct secret *ret, struct larder_error *ret_error)
{
	static const char what[] = "cannot read the key file";
	struct secret key = SECRET_INIT;
	struct stat st;
	char shown[160];
	enum larder_code code;
	int fd = -1;

	(void)text_escape(shown, sizeof(shown), path, strlen(path));
	code = file_open_private(AT_FDCWD, path, O_RDONLY, &fd, ret_error);
	if (code == LARDER_NOT_FOUND)
		return error_set(
		    ret_error, LARDER_LOCKED, what, "bring it back, or name another key", "%s is not there", shown);
	if (code != LARDER_OK)
		return code;
	if (fstat(fd, &st) != 0) {
		code = error_set_errno(ret_error, LARDER_STORAGE, errno, what, NULL, "%s", shown);
		goto out;
	}
	if (st.st_size != KEY_BYTES) {
		code = error_set(ret_error, LARDER_LOCKED, what, "name the file that was given at init",
		    "%s has %lld bytes; a key file has exactly %d", shown, (long long)st.st_size, KEY_BYTES);
		goto out;
	}
	if (!secret_new(KEY_BYTES, &key)) {
		code = error_no_memory(ret_error);
		goto out;
	}
	if (io_pread_all(fd, key.data, KEY_BYTES, 0) != IO_OK) {
		secret_free(&key);
		code = error_set(ret_error, LARDER_STORAGE, what, NULL, "%s cannot be read", shown);
		goto out;
	}
	*ret = key;
out:
	(void)close(fd);
	return code;
}
