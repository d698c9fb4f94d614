/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records: one store row is one struct, encoded by its table (payload.h), sealed under the record key and bound to
 * its place: format version, vault, kind, key. The layout is in docs/vault-format.md.
 *
 * A change also updates the pending state of the set (setroot.h), so it needs vault_begin(STORE_DURABLE).
 */
#ifndef VAULT_RECORD_H
#define VAULT_RECORD_H

#include "vault/payload.h"
#include "vault/vault.h"

#define FORMAT_VERSION 1

enum record_kind { /* the store's kinds */
	RECORD_HEADER = 1,
	RECORD_STATE,
	RECORD_SLOT,
	RECORD_CLIENT,
	RECORD_CREDENTIAL,
	RECORD_GRANT,
	RECORD_TOKEN,
	RECORD_PARKED,
	RECORD_FINGERPRINT,
	RECORD_ENDPOINT,
	RECORD_INDEX, /* keys of a credential's further rows: cached tokens, parked replies */
	RECORD_CLIENT_KEY,
	RECORD_PENDING = 20,
	RECORD_DPOP_KEY
};

struct record_type {
	enum record_kind kind;
	const char *name; /* for messages */
	const struct member *members;
	size_t count;
	size_t size;                          /* of the struct */
	bool (*is_valid)(const void *record); /* values beyond the form; NULL: none */
};

#define RECORD_TYPE(kind_, name_, members_, type_, is_valid_) \
	{ \
		.kind = (kind_), .name = (name_), .members = (members_), \
		.count = sizeof(members_) / sizeof((members_)[0]), .size = sizeof(struct type_), \
		.is_valid = (is_valid_) \
	}

extern const struct record_type type_state, type_client, type_credential, type_grant, type_token, type_parked,
    type_fingerprint, type_endpoint, type_index, type_pending, type_client_key, type_dpop_key;

/* The type of a kind that is sealed whole; NULL for the header, slots and unknown kinds. */
const struct record_type *record_type(uint8_t kind);

struct record_key {
	uint8_t bytes[NAME_HASH_BYTES];
	size_t len;
};

/* The blind key of a name: nothing about the pieces can be learned without the vault key. */
struct record_key
record_key(const struct vault *vault, enum record_kind kind, const struct piece *pieces, size_t count);

/* The key of a row that is known by number: the header and the state (0), slots. */
struct record_key record_key_number(uint32_t number);

/* What a sealed row is bound to. */
#define RECORD_CONTEXT_MAX 64
struct record_context {
	uint8_t bytes[RECORD_CONTEXT_MAX];
	size_t len;
};
struct record_context record_context(const uint8_t vault_id[static 16], uint8_t kind, const void *key, size_t key_len);

/*
 * Load a record into *ret, a struct of type, which is zeroed first and emptied again on failure.
 * Errors: NOT_FOUND, DAMAGED, STORAGE, LOCKED (forked child), INTERNAL (memory).
 */
enum larder_code record_load(struct vault *vault, const struct record_type *type, const struct record_key *key,
    void *ret, struct larder_error *ret_error);

/* Insert or replace; in a durable transaction. Errors: INTERNAL (memory, no transaction), STORAGE, DAMAGED. */
enum larder_code record_store(struct vault *vault, const struct record_type *type, const struct record_key *key,
    const void *record, struct larder_error *ret_error);

/* Remove; in a durable transaction. NOT_FOUND when it is not there. */
enum larder_code record_remove(
    struct vault *vault, const struct record_type *type, const struct record_key *key, struct larder_error *ret_error);

/* Unseal and decode a row's body; ret as for record_load. */
enum larder_code record_decode(struct vault *vault, const struct record_type *type, const void *key, size_t key_len,
    const void *body, size_t body_len, void *ret, struct larder_error *ret_error);

/* Seal a record's body as of epoch. false: memory. */
bool record_encode(const struct vault_keys *keys, const struct record_type *type, const struct record_key *key,
    uint64_t epoch, const void *record, struct buf *ret_body);

/* Free what a struct of type holds and zero it. */
void record_clear(const struct record_type *type, void *record);

/* DAMAGED, with the kind of record and what is wrong with it. */
enum larder_code record_damaged(struct larder_error *ret_error, const char *kind, const char *problem);

#endif
