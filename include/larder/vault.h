/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open a vault, create one, manage the keys that open it.
 *
 * A struct larder may be used from any number of threads at once, and the same vault from any number of processes. It
 * must not be used in a forked child: keys are wiped there and every call gives LARDER_LOCKED.
 */
#ifndef LARDER_VAULT_H
#define LARDER_VAULT_H

#include <stddef.h>
#include <stdint.h>

#include <larder/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct larder;

/*
 * Asks a person for a passphrase. Writes at most size - 1 bytes and a NUL to answer; returns the length, or -1 to give
 * up. The answer is wiped by the caller. confirm is 1 when a new passphrase must be typed twice.
 */
typedef int larder_ask(void *ctx, const char *prompt, int confirm, char *answer, size_t size);

struct larder_options {    /* zero it; every member may stay unset */
	const char *vault; /* directory; NULL: LARDER_VAULT, else $XDG_DATA_HOME/larder, else ~/.local/share/larder */
	const char *key_file;      /* NULL: LARDER_KEY_FILE, else the path remembered in the vault */
	const char *passphrase_fd; /* decimal number of a descriptor; NULL: LARDER_PASSPHRASE_FD */
	const char *courier;       /* program; NULL: LARDER_COURIER, else libexec, else beside the program */
	larder_ask *ask;           /* NULL: never ask */
	void *ask_ctx;
	int64_t timeout_ms; /* for calls that may use the network; 0: 90 000 */
};

enum larder_key_kind { LARDER_KEY_PASSPHRASE = 1, LARDER_KEY_FILE, LARDER_KEY_COMMAND, LARDER_KEY_RECOVERY };

struct larder_key_new { /* a passphrase comes from the options' passphrase_fd, else it is asked for */
	enum larder_key_kind kind;
	const char *file;    /* LARDER_KEY_FILE: created (0600, 32 random bytes) if absent, else used */
	const char *command; /* LARDER_KEY_COMMAND: run without a shell; kept in the user's configuration */
};

#define LARDER_RECOVERY_SIZE 64 /* bytes of a recovery code's text, NUL included */

/*
 * Create a vault and its first key. With a passphrase a recovery code is made too and written to ret_recovery (at
 * least LARDER_RECOVERY_SIZE bytes, may be NULL): it is shown this once; the caller wipes it.
 *
 * Blocks about a second for a passphrase. Errors: EXISTS, USAGE, DENIED (directory not private), LOCKED (nobody to
 * ask), STORAGE, INTERNAL. Nothing is left behind on an error.
 */
LARDER_API enum larder_code larder_create(const struct larder_options *options, const struct larder_key_new *key,
    char *ret_recovery, struct larder_error *ret_error);

/*
 * Open a vault with a key that is at hand, see docs/vault-format.md. options may be NULL.
 *
 * ret_larder  closed by larder_close
 * Errors: NOT_FOUND (no vault), DENIED (others can read it), LOCKED, DAMAGED, STORAGE, USAGE (configuration).
 */
LARDER_API enum larder_code
larder_open(const struct larder_options *options, struct larder **ret_larder, struct larder_error *ret_error);

/* Wipe the keys and close. Accepts NULL. No other thread may be using it. */
LARDER_API void larder_close(struct larder *larder);

struct larder_key {
	uint32_t slot;
	enum larder_key_kind kind;
	int64_t created_at; /* Unix seconds */
	char detail[256];   /* safe for a terminal */
};

#define LARDER_KEYS_MAX 16

/* List the key slots into ret (LARDER_KEYS_MAX entries). */
LARDER_API enum larder_code
larder_key_list(struct larder *larder, struct larder_key *ret, size_t *ret_count, struct larder_error *ret_error);

/* Add a key. ret_recovery as in larder_create, for LARDER_KEY_RECOVERY. Errors as there, and USAGE (16 slots). */
LARDER_API enum larder_code larder_key_add(struct larder *larder, const struct larder_key_new *key, uint32_t *ret_slot,
    char *ret_recovery, struct larder_error *ret_error);

/* Remove a key slot. Errors: NOT_FOUND, DENIED (the last one), STORAGE. */
LARDER_API enum larder_code larder_key_remove(struct larder *larder, uint32_t slot, struct larder_error *ret_error);

struct larder_verification {
	uint64_t records;
	uint64_t audit_rows;
	uint64_t parked; /* replies kept aside for a person */
	int freshness;   /* 0: an old copy of the whole vault would not be noticed; higher is better */
	char freshness_text[128];
	char problem[320]; /* "" when all is well */
};

/* Check every row and the set as a whole. CHECK_FAILED with ret filled in when something is wrong. */
LARDER_API enum larder_code
larder_verify(struct larder *larder, struct larder_verification *ret, struct larder_error *ret_error);

/* The directory of the opened vault. Valid while the handle lives. */
LARDER_API const char *larder_path(const struct larder *larder);

#ifdef __cplusplus
}
#endif
#endif
