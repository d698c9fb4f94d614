/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command is given: its arguments, the output, and the vault when it asks for it.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <larder/larder.h>

#include "base/secret.h"
#include "cli/args.h"
#include "cli/output.h"

struct session {
	const struct args *args;
	struct larder_options options; /* for larder_open and larder_create */
	struct larder *larder;         /* after session_open */
	struct output out;
	bool json, quiet, verbose, no_input;
	int exit_status; /* of a command that has its own; 0: that of its result */
};

/* Fill from parsed arguments. Errors: USAGE. Ended by session_end. */
enum larder_code session_begin(struct session *session, const struct args *args, struct larder_error *ret_error);
void session_end(struct session *session);

/* Open the vault, asking a person if the key is not at hand and asking is possible. Errors as larder_open. */
enum larder_code session_open(struct session *session, struct larder_error *ret_error);

/* Whether a person may be asked: not with --no-input, and standard input and standard error are terminals. */
bool session_can_ask(const struct session *session);

/*
 * Read the secret that a --...-file option names: a private file, "-" for standard input; a terminal there is asked
 * without showing what is typed. ret is freed with secret_free. Errors as file_read_secret.
 */
enum larder_code session_read_secret(const struct session *session, const char *path, size_t max, const char *what,
    struct secret *ret, struct larder_error *ret_error);

/* Tell how long a question may wait, in milliseconds for a query; 0 when --timeout was not given. */
int64_t session_timeout_ms(const struct session *session);

/* A remark on standard error, one line with "larder: " before it; not with -q. */
void session_note(const struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The directory of the vault that is meant, also before it exists. Returns dst. */
const char *session_vault_path(const struct session *session, char *dst, size_t dst_size);

#endif
