/* SPDX-License-Identifier: Apache-2.0 */
#define ERROR_DEFINES
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* The one table of codes: the contract's word, its exit status, whether waiting alone can help. */
static const struct {
	const char *name;
	int exit;
	bool retryable;
} table[] = {
	[LARDER_OK] = { "ok", 0, false },
	[LARDER_INTERNAL] = { "internal", 1, false },
	[LARDER_USAGE] = { "usage", 2, false },
	[LARDER_NOT_FOUND] = { "not-found", 3, false },
	[LARDER_EXISTS] = { "exists", 3, false },
	[LARDER_NEEDS_LOGIN] = { "needs-login", 4, false },
	[LARDER_LOCKED] = { "locked", 5, false },
	[LARDER_UNAVAILABLE] = { "unavailable", 6, true },
	[LARDER_DENIED] = { "denied", 7, false },
	[LARDER_REJECTED] = { "rejected", 8, false },
	[LARDER_DAMAGED] = { "damaged", 9, false },
	[LARDER_STORAGE] = { "storage", 9, false },
	[LARDER_CHECK_FAILED] = { "check-failed", 10, false },
	[LARDER_INCOMPLETE] = { "incomplete", 11, true },
	[LARDER_IN_DOUBT] = { "in-doubt", 12, false },
	[LARDER_INTERRUPTED] = { "interrupted", 130, true },
};

/* A code from outside the enumeration is a defect of ours, and told as one. */
static size_t
row(enum larder_code code)
{
	size_t index = (size_t)code;

	return index < sizeof(table) / sizeof(table[0]) ? index : LARDER_INTERNAL;
}

const char *
larder_code_name(enum larder_code code)
{
	return table[row(code)].name;
}

int
larder_code_exit(enum larder_code code)
{
	return table[row(code)].exit;
}

int
larder_code_retryable(enum larder_code code)
{
	return table[row(code)].retryable;
}

/* Texts are built aside and then moved: callers wrap an error by passing its own fields as arguments. */
__attribute__((format(printf, 6, 0))) static void
fill(struct larder_error *ret_error, enum larder_code code, int errnum, const char *what, const char *hint,
    const char *why, va_list args)
{
	struct larder_error error = { .code = code, .retry_after_s = -1 };

	(void)text_format(error.what, sizeof(error.what), "%s", what != NULL ? what : "");
	(void)text_format(error.hint, sizeof(error.hint), "%s", hint != NULL ? hint : "");
	if (why != NULL)
		(void)text_vformat(error.why, sizeof(error.why), why, args);
	if (errnum != 0) {
		char reason[sizeof(error.why)];

		(void)text_format(
		    reason, sizeof(reason), "%s%s%s", error.why, error.why[0] != '\0' ? ": " : "", strerror(errnum));
		memcpy(error.why, reason, sizeof(reason));
	}
	*ret_error = error;
}

enum larder_code
error_set(
    struct larder_error *ret_error, enum larder_code code, const char *what, const char *hint, const char *why, ...)
{
	va_list args;

	if (ret_error == NULL)
		return code;
	va_start(args, why);
	fill(ret_error, code, 0, what, hint, why, args);
	va_end(args);
	return code;
}

enum larder_code
error_set_errno(struct larder_error *ret_error, enum larder_code code, int errnum, const char *what, const char *hint,
    const char *why, ...)
{
	va_list args;

	if (errnum == ENOMEM)
		code = LARDER_INTERNAL;
	if (ret_error == NULL)
		return code;
	va_start(args, why);
	fill(ret_error, code, errnum, what, hint, why, args);
	va_end(args);
	return code;
}

enum larder_code
error_no_memory(struct larder_error *ret_error)
{
	return error_set(ret_error, LARDER_INTERNAL, "out of memory",
	    "free some memory or raise the limit (ulimit -l, -v)", "the system gave none");
}

bool
error_is_memory(void)
{
	return errno == ENOMEM || errno == EAGAIN || errno == EPERM;
}

enum larder_code
error_name(struct larder_error *ret_error, enum larder_code code, const char *name)
{
	if (ret_error == NULL || code == LARDER_OK)
		return code;
	if (ret_error->name[0] == '\0' && name != NULL)
		(void)text_format(ret_error->name, sizeof(ret_error->name), "%s", name);
	return code;
}
