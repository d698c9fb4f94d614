/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An encrypted vault: typed records over a store, keys in locked memory, an audit row for whatever leaves or changes.
 * It does not know OAuth; states and generations are its business, what a provider means by them is not.
 *
 * A struct vault is one unlocked session: one store connection and the keys. It is used by one thread at a time; a
 * process may have several over the same struct vault_keys.
 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include "base/error.h"
#include "crypto/box.h"
#include "crypto/derive.h"
#include "store/lock.h"
#include "store/store.h"
#include "vault/types.h"

struct vault_keys; /* reference counted, in the locked arena; shared read-only by sessions and threads */

struct vault_dir {       /* an opened vault directory, before any key */
	char path[4096]; /* real path */
	int fd;
};

struct vault {
	struct vault_dir dir;
	struct store *store;
	struct vault_keys *keys;
	struct actor actor;            /* who acts, for audit rows */
	bool writing;                  /* inside vault_begin .. vault_commit */
	struct lock_identity identity; /* of vault.lock, as recorded */
	bool copied;                   /* vault.lock is not the one recorded: restored or copied */
	uint64_t epoch;                /* of the state that was last read */
	struct vault_change *change;   /* pending set-hash updates of the running transaction */
	struct anchor *anchor;         /* what remembers the newest state outside the vault; NULL: nothing does */
};

/* --- life (vault.c) --- */

/*
 * Create the vault at path (0700, made with parents) with its first key slot, and leave it open and unlocked.
 * EXISTS when any vault file is there already; nothing is changed then. Removes what it made when it fails half way.
 */
enum larder_code vault_create(const char *path, const struct slot_new *first, struct actor actor, struct vault *ret,
    struct larder_error *ret_error);

/*
 * Open path with what unlock offers (types.h). Tries key file, command and descriptor slots without asking; the
 * passphrase callback is only used if the vault has such a slot and nothing else opened it.
 * Errors: NOT_FOUND (no vault), DENIED (modes, links), LOCKED (no key, wrong key), DAMAGED, STORAGE.
 */
enum larder_code vault_open(const char *path, const struct unlock *unlock, struct actor actor, struct vault *ret,
    struct larder_error *ret_error);

/* Another session over the same directory and keys (for another thread). */
enum larder_code vault_open_again(const struct vault *other, struct vault *ret, struct larder_error *ret_error);

/* Accepts a zeroed struct. An open transaction is rolled back. The last session wipes the keys. */
void vault_close(struct vault *vault);

/* --- transactions (vault.c, setroot.c) --- */

/*
 * Begin the write transaction, check the state record and remember its epoch. STORE_RELAXED is for audit rows only.
 * Nothing slow may happen before vault_commit.
 */
enum larder_code vault_begin(struct vault *vault, enum store_sync sync, struct larder_error *ret_error);

/*
 * Write the new state (if records changed) and commit. On STORAGE with *ret_unknown the caller re-reads and decides.
 * ret_unknown may be NULL where the caller would only report the failure.
 */
enum larder_code vault_commit(struct vault *vault, bool *ret_unknown, struct larder_error *ret_error);
void vault_rollback(struct vault *vault);

/* Recompute the whole set and compare with the state. Errors: DAMAGED (says how: missing, added, changed), STORAGE. */
enum larder_code vault_verify(struct vault *vault, struct verify_report *ret_report, struct larder_error *ret_error);

/*
 * The same for the hash of the set alone, without unsealing; skipped when there are more than 4096 rows. For the
 * moment before an exchange: a grant that was set back alone must not be spent. About 1 us per row.
 */
enum larder_code vault_verify_quick(struct vault *vault, struct larder_error *ret_error);

/* Keep the anchor file in dir (made when needed). vault_open does so with unlock->anchor_dir. */
enum larder_code vault_anchor(struct vault *vault, const char *dir, struct larder_error *ret_error);

/* After secrets were removed: leave no old ciphertext in the write-ahead log. Best effort, outside a transaction. */
enum larder_code vault_scrub(struct vault *vault, struct larder_error *ret_error);

/* --- clients (client.c) --- */
enum larder_code client_load(struct vault *vault, const char *name, struct client *ret, struct larder_error *ret_error);
enum larder_code client_store(struct vault *vault, const struct client *client, struct larder_error *ret_error);
enum larder_code client_remove(struct vault *vault, const char *name, struct larder_error *ret_error);
enum larder_code
client_list(struct vault *vault, struct client **ret, size_t *ret_count, struct larder_error *ret_error);
void client_clear(struct client *client);
void client_list_free(struct client *clients, size_t count);

/*
 * A client's own keys (client_key.c), one per use. NOT_FOUND without more of a message; client_key_remove is content
 * when there is none. Changes need a transaction. client_remove leaves them alone.
 */
enum larder_code client_key_load(
    struct vault *vault, const char *client, enum key_use use, struct client_key *ret, struct larder_error *ret_error);
enum larder_code client_key_store(struct vault *vault, const struct client_key *key, struct larder_error *ret_error);
enum larder_code
client_key_remove(struct vault *vault, const char *client, enum key_use use, struct larder_error *ret_error);
void client_key_clear(struct client_key *key);

/*
 * The key that a credential's tokens are bound to. NOT_FOUND; dpop_key_remove is content when there is none. Changes need
 * a transaction; credential_remove takes it along.
 */
enum larder_code dpop_key_load(
    struct vault *vault, const struct credential *credential, struct dpop_key *ret, struct larder_error *ret_error);
enum larder_code dpop_key_store(struct vault *vault, const struct credential *credential, const struct dpop_key *key,
    struct larder_error *ret_error);
enum larder_code
dpop_key_remove(struct vault *vault, const struct credential *credential, struct larder_error *ret_error);
void dpop_key_clear(struct dpop_key *key);

/* --- credentials (credential.c): description, grant (refresh tokens), access tokens are separate records --- */

/* NOT_FOUND, DAMAGED, STORAGE. Without secrets. */
enum larder_code
credential_load(struct vault *vault, const char *name, struct credential *ret, struct larder_error *ret_error);
/* Insert or replace; in a transaction. */
enum larder_code
credential_store(struct vault *vault, const struct credential *credential, struct larder_error *ret_error);
/* Forget an exchange: all zero, its key wiped. */
void intent_clear(struct intent *intent);
/* Wipe, for the attempt key's sake. */
void credential_clear(struct credential *credential);
/*
 * Remove the credential with its grant, tokens and parked replies; in a transaction. Fingerprints go by themselves: one
 * whose holder has the token no more can be claimed.
 */
enum larder_code credential_remove(struct vault *vault, const char *name, struct larder_error *ret_error);
/*
 * Iterate all credentials, one at a time into *ret, in no promised order, over one snapshot. Nothing may be written
 * while it runs. next gives NOT_FOUND at the end; credential_scan_end always, also after errors.
 */
enum larder_code credential_scan(struct vault *vault, struct larder_error *ret_error);
enum larder_code credential_next(struct vault *vault, struct credential *ret, struct larder_error *ret_error);
void credential_scan_end(struct vault *vault);
/* All names, sorted; free with free(). */
enum larder_code
credential_names(struct vault *vault, char (**ret)[NAME_SIZE], size_t *ret_count, struct larder_error *ret_error);
/* How many there are, without decrypting any; with exactly one, its name is put into ret_only (else ""). */
enum larder_code credential_count(
    struct vault *vault, size_t *ret_count, char ret_only[static NAME_SIZE], struct larder_error *ret_error);

/* The refresh tokens of a credential. */
enum larder_code
grant_load(struct vault *vault, const struct credential *credential, struct grant *ret, struct larder_error *ret_error);
enum larder_code grant_store(struct vault *vault, const struct credential *credential, const struct grant *grant,
    struct larder_error *ret_error);
enum larder_code grant_remove(struct vault *vault, const struct credential *credential, struct larder_error *ret_error);
void grant_clear(struct grant *grant);

/*
 * Mark a refresh token as known, so that it is not stored twice for the same client id and token endpoint:
 * fingerprint record keyed by a keyed hash of the three. claim: EXISTS with the holder's name in ret_error->name, if the
 * holder still has the token, current or previous. Claim and grant_store belong into one transaction.
 */
enum larder_code fingerprint_claim(struct vault *vault, const char *client_id, const char *token_endpoint,
    const struct secret *refresh_token, const char *credential_name, struct larder_error *ret_error);
enum larder_code fingerprint_release(struct vault *vault, const char *client_id, const char *token_endpoint,
    const struct secret *refresh_token, struct larder_error *ret_error);

/*
 * One cached access token per (scope set, resource); scope canonical, "" and "" is the default one. access_store takes
 * asked_scope and resource from its arguments. Beside the default one at most 64 are kept, the oldest makes room.
 */
enum larder_code access_load(struct vault *vault, const struct credential *credential, const char *scope,
    const char *resource, struct access *ret, struct larder_error *ret_error);
enum larder_code access_store(struct vault *vault, const struct credential *credential, const char *scope,
    const char *resource, const struct access *access, struct larder_error *ret_error);
enum larder_code
access_remove_all(struct vault *vault, const struct credential *credential, struct larder_error *ret_error);
/* All cached ones of a credential, for revocation. */
enum larder_code access_list(struct vault *vault, const struct credential *credential, struct access **ret,
    size_t *ret_count, struct larder_error *ret_error);
void access_clear(struct access *access);
void access_list_free(struct access *list, size_t count);

/* Replies that came but no longer fit: kept whole until a person or a revocation has dealt with them. */
enum larder_code parked_add(struct vault *vault, const struct credential *credential, const struct parked *parked,
    struct larder_error *ret_error);
enum larder_code parked_list(struct vault *vault, const struct credential *credential, struct parked **ret,
    size_t *ret_count, struct larder_error *ret_error);
enum larder_code
parked_remove_all(struct vault *vault, const struct credential *credential, struct larder_error *ret_error);
void parked_list_free(struct parked *list, size_t count);

/*
 * The device log-in that waits under a name: at most one. pending_store replaces it, in a transaction; pending_remove
 * (in a transaction too) does nothing where there is none. NOT_FOUND, DAMAGED, STORAGE.
 */
enum larder_code
pending_load(struct vault *vault, const char *name, struct pending *ret, struct larder_error *ret_error);
enum larder_code pending_store(struct vault *vault, const struct pending *pending, struct larder_error *ret_error);
enum larder_code pending_remove(struct vault *vault, const char *name, struct larder_error *ret_error);
void pending_clear(struct pending *pending);

/* Health of an endpoint, for the breaker; keyed by its origin and path. NOT_FOUND when nothing was ever wrong. */
enum larder_code
endpoint_load(struct vault *vault, const char *url, struct endpoint_health *ret, struct larder_error *ret_error);
enum larder_code endpoint_store(
    struct vault *vault, const char *url, const struct endpoint_health *health, struct larder_error *ret_error);

/*
 * The nonce that a server gave last for proofs of possession, by the origin of url; "" when there is none.
 * nonce_store in a transaction.
 */
#define NONCE_SIZE (sizeof(((struct endpoint_health *)NULL)->nonce))
enum larder_code nonce_load(struct vault *vault, const char *url, enum nonce_of of, char ret[static NONCE_SIZE],
    struct larder_error *ret_error);
enum larder_code
nonce_store(struct vault *vault, const char *url, enum nonce_of of, const char *nonce, struct larder_error *ret_error);

/*
 * If vault->copied: mark every rotating credential suspect (those that are ok, in-doubt or needs-login), record the new
 * identity, audit; one transaction of its own. Does nothing otherwise, so it may be called before anything that spends.
 */
enum larder_code vault_adopt_copy(struct vault *vault, struct larder_error *ret_error);

/*
 * --- key slots (slot.c, slots.def, slot_*.c) ---
 * Adding and removing are transactions of their own. 16 slots at most (USAGE). The last one cannot be removed, nor the
 * one that opened this session (DENIED): another key should have proven itself.
 */

/* A new recovery code's text, for slot_new.secret; shown once. Errors: INTERNAL (memory). */
enum larder_code slot_recovery_make(struct secret *ret_text, struct larder_error *ret_error);
enum larder_code
slot_add(struct vault *vault, const struct slot_new *wanted, uint32_t *ret_number, struct larder_error *ret_error);
enum larder_code
slot_list(struct vault *vault, struct slot_view *ret, size_t max, size_t *ret_count, struct larder_error *ret_error);
enum larder_code slot_remove(struct vault *vault, uint32_t number, struct larder_error *ret_error);

/* --- audit (audit.c) --- */

/* Append one row in the running transaction. */
enum larder_code audit_append(struct vault *vault, const struct audit_event *event, struct larder_error *ret_error);

/* Iterate rows upwards; NOT_FOUND at the end; audit_end always. */
enum larder_code audit_begin(struct vault *vault, int64_t from_seq, struct larder_error *ret_error);
enum larder_code audit_next(struct vault *vault, struct audit_event *ret, struct larder_error *ret_error);
void audit_end(struct vault *vault);

/* --- for exchanges --- */
const uint8_t *vault_id(const struct vault *vault); /* 16 bytes */
/* Key pair for spooled replies. */
void vault_box_keys(const struct vault *vault, uint8_t ret_public[static BOX_PUBLIC_BYTES], struct secret *ret_secret);

#endif
