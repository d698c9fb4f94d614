/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key slots: the vault key sealed under a key that comes from a passphrase, a file, a command or a recovery code. A
 * slot's header is readable without a key, because it says how to make the key that opens the slot; it is bound to
 * what is sealed. The row's layout is in docs/vault-format.md.
 */
#ifndef VAULT_SLOT_H
#define VAULT_SLOT_H

#include "crypto/kdf.h"
#include "vault/keys.h"
#include "vault/record.h"

#define SLOTS_MAX      16
#define PASSPHRASE_MAX 1024 /* bytes */

struct slot {
	uint32_t number;
	bool damaged; /* the row is not what was written; only number is set */
	/* the header */
	enum slot_kind kind;
	int64_t created_at;
	struct kdf_params kdf; /* algorithm 0: none is needed */
	char path[4096];       /* key file */
	/* the whole row */
	struct buf body;
	size_t sealed_at; /* offset of the sealed vault key in body */
};

struct slot_method {
	const char *name;
	/* Check the secret of a new slot and fill in what its header needs. Errors: USAGE. */
	enum larder_code (*prepare)(const struct slot_new *wanted, struct slot *ret, struct larder_error *ret_error);
	/* The key that a secret gives. Errors: LOCKED (cannot be this slot's), DAMAGED (parameters), INTERNAL (memory). */
	enum larder_code (*derive)(const struct slot *slot, const struct secret *secret, uint8_t ret[static KEY_BYTES],
	    struct larder_error *ret_error);
	/* What to show people. */
	void (*describe)(const struct slot *slot, char *dst, size_t dst_size);
};

extern const struct slot_method slot_passphrase, slot_keyfile, slot_command, slot_recovery;

/* The method of a kind; NULL: no such kind. */
const struct slot_method *slot_method(enum slot_kind kind);

/*
 * Make a slot's row: header, sealed vault key, check. Blocks about a second for a passphrase. Errors: USAGE, INTERNAL.
 * ret is cleared by slot_clear also after a failure.
 */
enum larder_code
slot_build(const struct slot_new *wanted, uint32_t number, const uint8_t vault_id[static VAULT_ID_BYTES],
    const uint8_t vault_key[static KEY_BYTES], struct slot *ret, struct larder_error *ret_error);

/* Read a row. A damaged one is not an error but marked, so that the others can open the vault. false: memory. */
bool slot_parse(const struct store_row *row, struct slot *ret);

/* Try a secret. OK: ret_key is the vault key. LOCKED: does not fit. Others as slot_method.derive. */
enum larder_code slot_try(const struct slot *slot, const uint8_t vault_id[static VAULT_ID_BYTES],
    const struct secret *secret, struct secret *ret_key, struct larder_error *ret_error);

void slot_clear(struct slot *slot);

/* Read slot 0, if it is there and whole; *ret is cleared by the caller in either case. */
bool slot_load_first(struct store *store, struct slot *ret);

/* Read every slot of the store, by number; at most SLOTS_MAX. Free with slots_free. Errors: DAMAGED, STORAGE. */
enum larder_code slots_load(struct store *store, struct slot **ret, size_t *ret_count, struct larder_error *ret_error);
void slots_free(struct slot *slots, size_t count);

/*
 * Get the vault key with what unlock offers. dir names the vault in the prompt.
 * Errors: LOCKED, DAMAGED, DENIED (mode of a key file), INTERNAL.
 */
enum larder_code unlock_run(struct store *store, const char *dir, const uint8_t vault_id[static VAULT_ID_BYTES],
    const struct unlock *unlock, struct vault_keys **ret_keys, struct larder_error *ret_error);

/* Read a key file: private, of exactly 32 bytes. Errors: LOCKED (absent, other length), DENIED, STORAGE. */
enum larder_code keyfile_read(const char *path, struct secret *ret, struct larder_error *ret_error);

/* Whether a text has the shape of a recovery code: nine groups of four, separated. */
bool recovery_has_shape(const struct secret *text);
/* Whether it is one, by its check group. */
bool recovery_is_code(const struct secret *text);

#endif
