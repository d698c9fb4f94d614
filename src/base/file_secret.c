/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define CHUNK    ((size_t)512) /* most secrets are shorter */
#define LINE_END 2             /* bytes over the maximum that may still be a CRLF */

static enum larder_code
cannot_read(enum larder_code code, const char *what, const char *hint, const char *why, int reason,
    struct larder_error *ret_error)
{
	char failed[96];

	(void)text_format(failed, sizeof(failed), "cannot read the %s", what);
	if (reason != 0)
		return error_set_errno(ret_error, code, reason, failed, hint, "%s", why);
	return error_set(ret_error, code, failed, hint, "%s", why);
}

/* Reads to the end, or until there is more than a line end over the maximum. */
static enum larder_code
read_to_end(int fd, struct buf *text, const char *what, struct larder_error *ret_error)
{
	ssize_t got = 0;

	do {
		size_t room = text->max - text->len < CHUNK ? text->max - text->len : CHUNK;
		uint8_t *dst = buf_reserve(text, room);

		if (dst == NULL)
			return error_no_memory(ret_error);
		if (room == 0)
			break;
		got = read(fd, dst, room);
		if (got > 0)
			buf_grew(text, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (text->len < text->max && got < 0)
		return cannot_read(LARDER_USAGE, what, NULL, "it cannot be read", errno, ret_error);
	return LARDER_OK;
}

static size_t
len_without_line_end(const struct buf *text)
{
	size_t len = text->len;

	if (len != 0 && text->data[len - 1] == '\n') {
		len--;
		if (len != 0 && text->data[len - 1] == '\r')
			len--;
	}
	return len;
}

/* Nothing but white space is what an empty variable or a forgotten paste leaves in a file. */
static bool
is_blank(const uint8_t *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\n' && text[i] != '\r')
			return false;
	}
	return true;
}

enum larder_code
file_read_secret_fd(int fd, size_t max, const char *what, struct secret *ret, struct larder_error *ret_error)
{
	struct buf text = BUF_INIT_SECRET(max + LINE_END);
	enum larder_code code;
	size_t len;

	code = read_to_end(fd, &text, what, ret_error);
	if (code != LARDER_OK)
		goto out;
	len = len_without_line_end(&text);
	if (is_blank(text.data, len))
		code = cannot_read(LARDER_USAGE, what, NULL, "it is empty", 0, ret_error);
	else if (len > max)
		code = cannot_read(LARDER_USAGE, what, NULL, "it is too long", 0, ret_error);
	else if (memchr(text.data, '\0', len) != NULL)
		code = cannot_read(LARDER_USAGE, what, NULL, "it has a NUL byte in it", 0, ret_error);
	if (code != LARDER_OK)
		goto out;
	wipe(text.data + len, text.len - len);
	text.len = len;
	if (!buf_take_secret(&text, ret))
		code = error_no_memory(ret_error);
out:
	buf_clear(&text);
	return code;
}

/*
 * What others can read is no secret any more, so say it rather than go on. A terminal and a pipe have other owners and
 * modes and keep nothing.
 */
static enum larder_code
check_nobody_else(int fd, const char *path, const char *what, struct larder_error *ret_error)
{
	char shown[160], why[256];
	struct stat info;

	if (fstat(fd, &info) != 0)
		return cannot_read(LARDER_USAGE, what, NULL, "it cannot be examined", errno, ret_error);
	(void)text_escape(shown, sizeof(shown), path, strlen(path));
	if (S_ISDIR(info.st_mode)) {
		(void)text_format(why, sizeof(why), "%s is a directory", shown);
		return cannot_read(LARDER_USAGE, what, NULL, why, 0, ret_error);
	}
	if (!S_ISREG(info.st_mode))
		return LARDER_OK;
	if (info.st_uid != geteuid() && info.st_uid != 0 && geteuid() != 0) {
		(void)text_format(why, sizeof(why), "%s belongs to user %u", shown, (unsigned)info.st_uid);
		return cannot_read(LARDER_DENIED, what, "use a file of your own", why, 0, ret_error);
	}
	if ((info.st_mode & 077) != 0) {
		(void)text_format(
		    why, sizeof(why), "%s has mode %04o, others have access", shown, (unsigned)(info.st_mode & 07777));
		return cannot_read(LARDER_DENIED, what,
		    "run 'chmod 600' on it, and replace the secret if others read it", why, 0, ret_error);
	}
	return LARDER_OK;
}

enum larder_code
file_read_secret(const char *path, size_t max, const char *what, struct secret *ret, struct larder_error *ret_error)
{
	char shown[160];
	enum larder_code code;
	int fd;

	if (strcmp(path, "-") == 0)
		return file_read_secret_fd(STDIN_FILENO, max, what, ret, ret_error);
	/*
	 * Links are followed, as mounted secrets are links: what counts is the file we hold. O_NONBLOCK only for the
	 * open, so that a FIFO without a writer is empty and one with a writer is waited for.
	 */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		int reason = errno;

		return cannot_read(reason == ENOENT ? LARDER_NOT_FOUND : LARDER_USAGE, what, NULL,
		    text_escape(shown, sizeof(shown), path, strlen(path)), reason, ret_error);
	}
	code = check_nobody_else(fd, path, what, ret_error);
	if (code == LARDER_OK && fcntl(fd, F_SETFL, 0) != 0)
		code = cannot_read(LARDER_USAGE, what, NULL, "it cannot be read", errno, ret_error);
	if (code == LARDER_OK)
		code = file_read_secret_fd(fd, max, what, ret, ret_error);
	(void)close(fd);
	return code;
}
