/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills struct larder_error and returns its code in one step, so that a failing function ends with
 * `return error_set(ret_error, LARDER_STORAGE, "...")`. The table of codes lives here too.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

#include <larder/error.h>

/*
 * Fill *ret_error (may be NULL) and return code.
 *
 * what  short, lower case, no full stop: "cannot open the vault"
 * hint  what to do, or NULL
 * why   printf format of the reason; network text must have gone through text_escape before
 *
 * Truncates what is too long at a character border. retry_after_s becomes -1, name "".
 */
enum larder_code error_set(struct larder_error *ret_error, enum larder_code code, const char *what, const char *hint,
    const char *why, ...) __attribute__((format(printf, 5, 6)));

/*
 * The same with ": strerror(errnum)" as the end of the reason. ENOMEM is LARDER_INTERNAL, whatever was being done: it says
 * nothing about the file or the program that was asked for. Returns the code that was set.
 */
enum larder_code error_set_errno(struct larder_error *ret_error, enum larder_code code, int errnum, const char *what,
    const char *hint, const char *why, ...) __attribute__((format(printf, 6, 7)));

/* Out of memory: LARDER_INTERNAL with the fixed text. Needs no memory. */
enum larder_code error_no_memory(struct larder_error *ret_error);

/*
 * Whether errno, zeroed before, says that something failed for want of memory, locked memory included. For callers of
 * what answers with a bare false: a lack of memory must not be taken for damage, absence or a wrong key.
 */
bool error_is_memory(void);

/* Name the credential, client or provider that a failure concerns, if no name is set yet. Returns code. */
enum larder_code error_name(struct larder_error *ret_error, enum larder_code code, const char *name);

/* The analyzer sees one file at a time: tell it that these return the code that they are given. */
#if defined(__clang_analyzer__) && !defined(ERROR_DEFINES)
#define error_set(ret_error, code, ...)       ((void)error_set(ret_error, code, __VA_ARGS__), (code))
#define error_set_errno(ret_error, code, ...) ((void)error_set_errno(ret_error, code, __VA_ARGS__), (code))
#define error_no_memory(ret_error)            ((void)error_no_memory(ret_error), LARDER_INTERNAL)
#define error_name(ret_error, code, name)     ((void)error_name(ret_error, code, name), (code))
#endif

#endif
