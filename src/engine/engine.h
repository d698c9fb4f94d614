/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journeys of a credential: the only place where vault, oauth and courier meet.
 *
 * A struct engine is used by one thread at a time (one vault session); any number of them, in any process, may work on
 * the same vault. Calls block up to their deadline (effects' clock_ms).
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "crypto/encode.h"
#include "engine/effects.h"
#include "engine/rotation.h"
#include "oauth/oauth.h"
#include "provider/catalogue.h"
#include "vault/vault.h"

#define LOCK_POLL_MS 4 /* between two tries for a lock; grows a little while waiting */

struct engine {
	struct vault *vault;
	const struct effects *effects;
	const struct catalogue *catalogue;
	const char *ca_file; /* SSL_CERT_FILE; NULL: the system's */
	const char *ca_dir;  /* SSL_CERT_DIR; NULL */
};

/* --- token.c: hand out --- */

struct token_want {
	const char *name;
	char scope[SCOPE_SIZE]; /* canonical; "" for what was granted */
	const char *resource;   /* "" for none */
	int64_t min_ttl_s;
	bool min_ttl_explicit;
	bool force, offline, accept;
	int64_t deadline_ms;          /* clock_ms */
	const struct secret *refused; /* an access token that the API did not take: another one is wanted; NULL */
	unsigned depth;               /* of credentials that are asked for one another's exchange */
};

struct token_got {
	struct access access; /* cleared by the caller */
	char name[NAME_SIZE];
	char provider[65];
	char account[256];
	char extra[EXTRA_SIZE];
	char scope[SCOPE_SIZE]; /* granted to this token, as far as known */
	bool refreshed;
	uint64_t generation;
};

/*
 * Get an access token: the cached one while it is good, else by an exchange. The release is audited in the transaction
 * that read it. Errors as larder_token_get.
 */
enum larder_code
token_get(struct engine *engine, const struct token_want *want, struct token_got *ret, struct larder_error *ret_error);

/* --- refresh.c: one credential under its lock --- */

struct refresh_call { /* what one call has seen so far */
	const struct token_want *want;
	bool started;
	uint64_t exchanges, attempts; /* of the credential when the call began */
	unsigned asked, repeated;     /* exchanges of this call; those of a token that might have been spent */
	bool done;                    /* an exchange ended with tokens for this want */
	bool decided;                 /* what is cached is the answer, even if it is less than was asked for */
	struct larder_error failure;  /* of our own last exchange; code OK if none failed */
};

/*
 * Lock, settle, decide and do, until the cached token is the answer (OK; the caller reads it again) or an error is.
 * *call keeps what has happened over repeated use.
 */
enum larder_code refresh_run(struct engine *engine, struct refresh_call *call, struct larder_error *ret_error);

/* When the first question was asked with this refresh token that may have spent it; Unix seconds. */
int64_t intent_asked_at(const struct intent *intent);

/* Remember what the credential looked like when the call began; later calls change nothing. */
void refresh_start(struct refresh_call *call, const struct credential *credential);

/* The cached token for what is wanted, its end as token_end_by_clock sees it. NOT_FOUND: *ret is as it was. */
enum larder_code refresh_access_load(struct engine *engine, const struct credential *credential,
    const struct token_want *want, struct access *ret, struct larder_error *ret_error);

/* The facts for a decision, from records; shared by the hot path and refresh_run. access may be empty. */
void situation_fill(const struct credential *credential, const struct access *access, const struct refresh_call *call,
    int64_t now, struct situation *ret);

/* Set *ret if the end of the grant would take a token that somebody may be using, whatever a call asks for. */
enum larder_code refresh_has_valid_access(
    struct engine *engine, const struct credential *credential, int64_t now, bool *ret, struct larder_error *ret_error);

/* An error for a failed decision, with the likely cause where the grant has died. */
enum larder_code refresh_fail(const struct engine *engine, const struct credential *credential,
    const struct decision *decision, const struct refresh_call *call, int64_t now, struct larder_error *ret_error);

/* Take the exchange lock of a credential, polling until deadline_ms. UNAVAILABLE when somebody held it too long. */
enum larder_code exchange_lock(struct engine *engine, const struct credential *credential, int64_t deadline_ms,
    struct lock *ret, int64_t *ret_held_since_ms, struct larder_error *ret_error);

/*
 * The same for the record that the name means when the lock is there. *credential was loaded before and is loaded
 * again; *ret may hold an older lock, which is let go. Errors also those of credential_load.
 */
enum larder_code exchange_lock_named(struct engine *engine, const char *name, int64_t deadline_ms,
    struct credential *credential, struct lock *ret, int64_t *ret_held_since_ms, struct larder_error *ret_error);

/* --- party.c: who is asked, as whom --- */

struct grant_material;

struct party { /* provider and client of a credential, loaded together */
	struct provider *provider;
	struct client client;
	struct name_value vars[VARS_MAX + 1]; /* of the client, and where the log-in was sent back to */
	struct name_values var_list;
	char redirect_uri[sizeof(((struct credential *)NULL)->redirect_uri)]; /* of the credential; "": not known */
	struct oauth_client oauth;                                            /* borrows from the above */
	struct client_key key;         /* opened when something is to be signed */
	struct client_key certificate; /* of a client that proves itself by one; else empty */
	struct engine *engine;
	const struct grant_material *material; /* engine/grant.h: tokens of others that an exchange needs; NULL */
	bool shows_other;                      /* the secrets have changed places here */
};

enum larder_code party_load(
    struct engine *engine, const struct credential *credential, struct party *ret, struct larder_error *ret_error);
/* From a client record that is not stored yet; takes the client over. */
enum larder_code
party_of_client(struct engine *engine, struct client *client, struct party *ret, struct larder_error *ret_error);
void party_clear(struct party *party);
/*
 * What the definition and the client get wrong together shows before anything is asked for: variables, endpoints, and with
 * with_proof whether the client has what it takes to authenticate (keys and certificates may come after the client).
 * Errors: those of the builders in oauth; REJECTED (no secret, key or certificate).
 */
enum larder_code party_check(const struct party *party, bool with_proof, struct larder_error *ret_error);
/*
 * After the client was refused outside an exchange: put its other secret, if it has one, in the place of the first, once
 * and in this party alone. What is stored follows at the next exchange (settle). false: there is nothing else to show.
 */
bool party_show_other_secret(struct party *party);
/* Put them back, for another way of showing both. */
void party_show_first_secret(struct party *party);

/*
 * Whether the ID token in a reply, if there is one, was made for this client and, at a refresh, for the account that the
 * credential stands for. If not, the reply's access token is not usable, and its complaint says why; a refresh token in
 * it is kept, as any other.
 *
 * credential  of a refresh; NULL at a log-in
 * nonce       that was sent for it; NULL: none
 * now         Unix seconds; 0: its age does not matter, as at a refresh, where some providers repeat the first one
 */
bool party_believes(const struct party *party, const struct credential *credential, const char *nonce, int64_t now,
    struct token_reply *reply);

/* A job for this party: limits, proxy, authorities, certificate. The request is filled by the caller. INTERNAL. */
enum larder_code
party_job(const struct engine *engine, const struct party *party, struct job *ret, struct larder_error *ret_error);

/* The server refused the certificate of client in the TLS handshake, as the courier's why says: REJECTED. */
enum larder_code party_refused(const char *client, const char *why, const char *what, struct larder_error *ret_error);

/* --- client_key.c: how a client proves itself --- */

/* prove of struct oauth_client; ctx is the party. */
enum larder_code
client_key_prove(void *ctx, enum auth_method method, struct client_proof *ret, struct larder_error *ret_error);

struct client_key_want {
	const char *client;
	enum key_use use;
	const char *alg;            /* "ES256" and so on; "": the key's own, or ES256 */
	const char *kid;            /* "": the thumbprint */
	const struct secret *given; /* PEM with key and, for TLS, certificates, or DER; empty: make one */
	bool replace;
};

/* Make or take a key and store it. EXISTS: there is one, and replace is not wanted. USAGE: it is of no use. */
enum larder_code
client_key_set(struct engine *engine, const struct client_key_want *want, struct larder_error *ret_error);

/* The public key as a JWK with kid, alg and use; as SubjectPublicKeyInfo in PEM; its thumbprint. */
enum larder_code client_key_public(const struct client_key *key, struct buf *ret_jwk, struct buf *ret_pem,
    char ret_thumbprint[static BASE64URL_32], struct larder_error *ret_error);

/* --- exchange.c: connect, intent, go --- */

struct exchange_end { /* the courier's last word, as far as settle needs it */
	uint8_t attempt_id[16];
	bool unsent;       /* it says that nothing was sent after all, or read by the server */
	char refused[256]; /* then: how the server refused the client's certificate; "": it is not about that */
	bool has_reply;    /* it could not seal and handed the reply over */
	struct http_reply reply;
	bool judged; /* such a reply was committed while the courier still held the lock */
	struct larder_error judgement;
};

/*
 * One exchange under the lock, from connecting to the courier's last word. Closes *lock when the request is on its way
 * and waits until the reply is in the spool, the courier is gone or the deadline passes; the caller then takes the
 * lock again and settles. A failure before anything was sent is noted (backoff) and returned.
 *
 * ret  cleared by the caller with http_reply_clear(&ret->reply)
 * OK: sent; settle decides what came of it.
 */
enum larder_code exchange_run(struct engine *engine, const struct party *party, const struct token_want *want,
    struct credential *credential, struct lock *lock, struct exchange_end *ret, struct larder_error *ret_error);

/* --- settle.c: the one way in for replies --- */

/*
 * Under the lock: if an intent is open and its reply is in the spool (or handed over in end), judge it and commit what
 * it means; *credential is re-read. Without an intent, or without a reply, nothing changes. end may be NULL.
 *
 * ret_judged     true: an exchange was brought to its end
 * ret_judgement  then: code OK for tokens, else what the failed exchange means
 * Errors: STORAGE (the reply stays in the spool), DAMAGED, and what party_load says.
 */
enum larder_code settle(struct engine *engine, struct credential *credential, const struct exchange_end *end,
    bool *ret_judged, struct larder_error *ret_judgement, struct larder_error *ret_error);

/*
 * Note an exchange that ended before anything was sent: backoff and breaker. unsent: the open intent is of this very
 * exchange and was for nothing, unless it repeated one that got no answer: that doubt stays.
 */
enum larder_code settle_failure(struct engine *engine, struct credential *credential, bool unsent,
    const struct larder_error *failure, struct larder_error *ret_error);

/*
 * Free the slots that still hold a reply of a closed attempt of this credential (a crash between commit and blanking);
 * under its lock, where nobody else writes for it. Best effort.
 */
void settle_recycle(struct engine *engine, const struct credential *credential);

/* Persist that the outcome is unknown. */
enum larder_code settle_doubt(struct engine *engine, struct credential *credential, struct larder_error *ret_error);

/* --- revoke.c, deliver.c --- */

/* bits of credential.revoke_what; the last: a person wants it although it ends more than this credential */
enum { WHAT_REFRESH = 1, WHAT_ACCESS = 2, WHAT_ALL = 3, WHAT_MORE = 4 };

enum revocation_result { REVOCATION_REVOKED, REVOCATION_QUEUED, REVOCATION_UNSUPPORTED, REVOCATION_FAILED };

struct revocation {
	enum revocation_result result;
	bool refresh_token, access_token; /* confirmed by the provider */
	bool removed;
	int http_status;
	char message[256];
	char url[512];
};

/*
 * Fence the credential: state revoking, at once and without the exchange lock. A device code that waits under its name
 * is forgotten, unless only access tokens are meant. Already revoked and nothing left to revoke, or logged out where
 * there was only such a code: *ret_nothing_left.
 */
enum larder_code revoke_begin(struct engine *engine, const char *name, uint8_t what, bool logout,
    bool *ret_nothing_left, struct larder_error *ret_error);

/* Whether a device code waits under this name. */
bool revoke_waits(struct engine *engine, const char *name);

/*
 * Tell the provider and remember how far it went. local_only (logout): remove without telling. OK with *ret filled in,
 * whatever the provider said; errors are those of vault and storage.
 */
enum larder_code revoke_deliver(struct engine *engine, const char *name, bool local_only, int64_t deadline_ms,
    struct revocation *ret, struct larder_error *ret_error);

/*
 * Deliver what is queued, whatever our own backoff says; failures stay queued.
 *
 * done      names that have just had their turn, done_count of them; NULL: none
 * ret_left  how many are still queued, those among them
 */
enum larder_code revoke_deliver_queued(struct engine *engine, const char (*done)[NAME_SIZE], size_t done_count,
    int64_t deadline_ms, size_t *ret_left, struct larder_error *ret_error);

/* --- enroll.c: clients and credentials come in --- */

enum larder_code enroll_client(struct engine *engine, struct client *client, struct larder_error *ret_error);

struct enrolment {
	const char *name, *client, *scope, *account;
	const struct secret *refresh_token; /* may be empty if tokens are given: a renewal then keeps the one it has */
	bool same_account;                  /* as before, as the provider says: else none is kept */
	const char *subject;                /* NULL: unknown */
	bool subject_of_id_token;
	const char *redirect_uri;         /* of the log-in; NULL */
	const char *resource;             /* of the log-in; NULL */
	const struct token_reply *tokens; /* what came with it; NULL: nothing */
	const struct dpop_key *dpop;      /* that they are bound to; NULL or empty: none */
	enum grant_type grant_type;
	const struct grant_terms *terms; /* of the grant types without a refresh token; NULL */
	const char *note;                /* for the audit log; NULL */
	bool replace;
	int64_t deadline_ms;
};
enum larder_code
enroll_credential(struct engine *engine, const struct enrolment *wanted, struct larder_error *ret_error);

#endif
