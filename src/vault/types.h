/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vault's records as structs of plain values. Times are Unix seconds, TIME_UNKNOWN (-1) when not known. Texts are
 * fixed-size and NUL-terminated; secrets are struct secret.
 */
#ifndef VAULT_TYPES_H
#define VAULT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/duration.h"
#include "base/secret.h"
#include "larder/error.h"

#define RECORD_ID_BYTES 16
#define NAME_SIZE       (LARDER_NAME_MAX + 1)
#define CLIENT_ID_SIZE  1025
#define SCOPE_SIZE      4097
#define RESOURCE_SIZE   2049
#define VARS_MAX        16

enum credential_state { /* words of the contract, see credential_state_name */
	STATE_OK = 1,
	STATE_NEEDS_LOGIN,
	STATE_IN_DOUBT,
	STATE_SUSPECT,
	STATE_REVOKING,
	STATE_REVOKED
};
const char *credential_state_name(enum credential_state state);

enum grant_type {                      /* how its access tokens are had; words of RFC 6749, 7523 and 8693 */
	GRANT_TYPE_REFRESH_TOKEN = 0,  /* by the refresh token that a person's consent brought */
	GRANT_TYPE_CLIENT_CREDENTIALS, /* the others need no person: each exchange asks anew */
	GRANT_TYPE_JWT_BEARER,
	GRANT_TYPE_TOKEN_EXCHANGE
};
const char *grant_type_name(enum grant_type type); /* "client-credentials" and so on */

struct actor { /* who did it */
	uint32_t uid;
	int32_t pid;
	char exe[256];    /* of the process that runs Larder's code; a hint, not proof */
	char parent[256]; /* of its parent */
};

struct client_var {
	char name[64];
	char value[512];
};

struct client {
	char name[NAME_SIZE];
	char provider[65];
	char client_id[CLIENT_ID_SIZE];
	struct secret secret; /* empty: public client */
	struct secret
	    other_secret;    /* known besides during a rotation; the two change places when this one is refused */
	bool secret_is_old;  /* the new one was refused, and is the other one now */
	bool secret_refused; /* the other one was, just before */
	char auth[32];       /* method by name; "" for the definition's rule */
	char proxy[2049];    /* "" for none */
	char dpop[16]; /* "auto" or the algorithm of the keys that its tokens are bound to (RFC 9449); "" for none */
	char registration_uri[2049];      /* of a client that registered itself (RFC 7592); "" */
	struct secret registration_token; /* for that address */
	int64_t secret_expires_at;        /* Unix seconds; 0: never */
	char redirect_uri[256];           /* that was registered; "" unknown */
	struct client_var vars[VARS_MAX];
	size_t vars_count;
	int64_t created_at, secret_set_at;
};

enum key_use {        /* what a client's own key is for */
	KEY_SIGN = 1, /* assertions (RFC 7523) */
	KEY_TLS       /* the handshake (RFC 8705) */
};
const char *key_use_name(enum key_use use); /* "sign", "tls" */

struct client_key {
	char client[NAME_SIZE];
	enum key_use use;
	char alg[16]; /* "ES256" and so on */
	char kid[129];
	struct secret key;         /* PKCS#8 */
	struct secret certificate; /* PEM, the chain of it after it; of a TLS key */
	int64_t created_at;
};

struct dpop_key { /* of a credential: the key that its tokens are bound to (RFC 9449) */
	char alg[16];
	struct secret key; /* PKCS#8 */
	int64_t created_at;
};

/* Whose nonces: those of the two never mix (RFC 9449 section 9). */
enum nonce_of { NONCE_OF_AUTHORIZATION = 1, NONCE_OF_RESOURCE };

/* An exchange that was committed to and not settled yet. */
struct intent {
	bool open;
	uint8_t attempt_id[16];
	uint8_t attempt_key[32]; /* wiped when the intent is closed */
	uint64_t generation;     /* the one that is spent */
	int64_t opened_at;       /* Unix seconds */
	int64_t doubted_at; /* when the first one with this generation was, that got no answer; 0: this is the first */
	int64_t opened_boot_ms; /* CLOCK_BOOTTIME of the same moment */
	uint8_t boot_id[16];
	int32_t pid;
	uint32_t slot; /* spool slot number */
	char scope[SCOPE_SIZE];
	char resource[RESOURCE_SIZE];
};

struct credential {                  /* everything about it that is no token */
	uint8_t id[RECORD_ID_BYTES]; /* random, for the lock and the spool */
	char name[NAME_SIZE];
	char client[NAME_SIZE];
	char provider[65];
	char account[256];
	bool subject_of_id_token;     /* it was one that said so: a refresh may not say otherwise */
	char subject[256];            /* whose account it is, in the provider's own terms; "" unknown */
	char scope[SCOPE_SIZE];       /* granted to the refresh token; "" unknown */
	char token_endpoint[2049];    /* pinned when it was stored: the only place that gets its refresh token */
	char redirect_uri[256];       /* of the log-in that it came of; "" unknown */
	char resource[RESOURCE_SIZE]; /* that it was for, several with spaces between; "" */
	char api_hosts[1024];         /* more hosts that may get its access tokens, with spaces between */
	enum credential_state state;
	enum grant_type grant_type;
	bool rotating;            /* its provider class is not static: a copied vault must not spend it */
	bool remove_when_revoked; /* logout is waiting for the provider */
	uint8_t revoke_what;      /* bits of enum in engine: what a queued revocation still has to do */
	uint64_t generation;      /* +1 per stored refresh token */
	uint64_t exchanges;       /* +1 per exchange that ended with tokens */
	uint64_t attempts;        /* +1 per exchange that ended in any way */
	int64_t created_at;
	int64_t last_refresh_at;    /* of the last one that succeeded */
	int64_t access_expires_at;  /* of the default access token */
	int64_t access_life_s;      /* as issued; TIME_UNKNOWN */
	int64_t refresh_expires_at; /* the earlier of the ends of its refresh token */
	int64_t granted_at;         /* log-in, or when the refresh token was handed in; 0: an older version stored it */
	int64_t refresh_idle_end_at;     /* if it is not used; 0 unknown as well */
	int64_t refresh_absolute_end_at; /* used or not; 0 unknown as well */
	char extra[1024];                /* what else its replies say and a definition wants kept: lines "name=value" */
	char cause[33];                  /* why it was refused for the last time, by its id; "" */
	int64_t next_refresh_at;
	int64_t retry_at;          /* backoff: not before, unless forced */
	uint32_t failures;         /* in a row */
	uint32_t reply_len_max;    /* largest reply so far, for the spool slot */
	char last_error[64];       /* code word */
	char last_error_text[256]; /* safe text */
	int64_t last_error_at;
	char dpop_jkt[44];      /* thumbprint of the key that its tokens are bound to; "": none */
	int64_t nonce_asked_at; /* when the last exchange was answered by asking for another nonce; 0: it was not */
	struct intent intent;
};

#define TERM_SIZE      1025
#define TERM_FILE_SIZE 4096

/* A token that somebody else gives; one of the two, or none. */
struct token_source {
	char credential[NAME_SIZE]; /* its access token, of this vault */
	char file[TERM_FILE_SIZE];  /* absolute path, read anew for each exchange */
	char type[256];             /* URI, RFC 8693 section 3 */
};

/* What a credential without a refresh token asks with. "" and 0: not said. */
struct grant_terms {
	char scope[SCOPE_SIZE];       /* unless a call asks for another */
	char resource[RESOURCE_SIZE]; /* the same */
	char issuer[TERM_SIZE];       /* of the assertions that key signs, as all down to key_id */
	char subject[TERM_SIZE];
	char claims[2049]; /* further ones, a JSON object */
	int64_t life_s;
	struct secret key; /* PKCS#8; empty: the client's own, unless assertions are given */
	char key_alg[16];
	char key_id[256];
	char audience[RESOURCE_SIZE]; /* of assertions; else a parameter */
	char requested_type[256];     /* URI */
	struct token_source given;    /* the assertion or the subject token */
	struct token_source actor;
};

struct grant {
	struct secret refresh_token;
	struct secret previous;       /* until the successor has been used once */
	uint64_t previous_generation; /* 0: none */
	struct grant_terms terms;     /* of the other grant types */
};

struct access {
	struct secret token;
	char token_type[32];
	char scope[SCOPE_SIZE];       /* granted */
	char asked_scope[SCOPE_SIZE]; /* key: canonical set that was asked for, "" for the default */
	char resource[RESOURCE_SIZE]; /* key */
	int64_t issued_at;
	int64_t issued_boot_ms; /* the same by the clock of the boot; 0 unknown */
	int64_t expires_at;
	int64_t life_s;    /* as issued */
	uint64_t exchange; /* credential.exchanges after the one that brought it */
};

struct parked {
	uint8_t attempt_id[16];
	uint64_t generation; /* the one that was spent for it */
	int64_t parked_at;
	int64_t sent_at;
	char why[128];
	struct secret reply; /* wire's reply_encode form */
};

struct pending {              /* a device log-in that waits for a person */
	char name[NAME_SIZE]; /* of the credential that is to come of it */
	char client[NAME_SIZE];
	char scope[SCOPE_SIZE];
	char resource[RESOURCE_SIZE];
	char account[256];
	struct secret device_code;
	char user_code[128];
	char verification_uri[1024];
	char verification_complete[1024];
	char token_endpoint[2049]; /* pinned: the only place that gets the device code */
	int64_t expires_at;
	int64_t interval_s;
};

struct endpoint_health {
	uint32_t failures;  /* in a row, over all credentials */
	int64_t open_until; /* Unix seconds; no request before, but one probe after */
	int64_t probe_at;   /* when the probe was let through */
	char last_error[128];
	int64_t failed_at; /* the last time */
	char nonce[1025];  /* the last one of an origin's; such a record is for nothing else */
};

enum slot_kind { SLOT_PASSPHRASE = 1, SLOT_KEY_FILE, SLOT_COMMAND, SLOT_RECOVERY };
const char *slot_kind_name(enum slot_kind kind);

struct slot_new { /* what a slot to be made needs; the api layer has read the secrets already */
	enum slot_kind kind;
	const struct secret *secret; /* passphrase, 32 key bytes, command's output, recovery code */
	char path[4096];             /* key file: where it is, kept as a hint; "" otherwise */
};

struct slot_view {
	uint32_t number;
	enum slot_kind kind;
	int64_t created_at;
	char detail[256]; /* key file path, or the cost of the passphrase; safe text */
};

/* What may open the vault, in this order; each member may be unset. Read lazily, so that the hot path reads one file. */
struct unlock {
	const char *key_file;         /* LARDER_KEY_FILE or --key-file; NULL: the path kept in the slot */
	const char *credentials_file; /* $CREDENTIALS_DIRECTORY/larder.key; NULL */
	int passphrase_fd;            /* -1 */
	const char *anchor_dir;       /* $XDG_STATE_HOME/larder, where the anchor file is kept; NULL: none */
	/* runs the key command and gives its output; NULL: none configured */
	enum larder_code (*key_command)(void *ctx, struct secret *ret, struct larder_error *ret_error);
	/* asks a person; NULL: never ask */
	enum larder_code (*ask)(void *ctx, const char *prompt, struct secret *ret, struct larder_error *ret_error);
	void *ctx;
};

enum audit_op {
	AUDIT_INIT = 1,
	AUDIT_UNLOCK_FAILED,
	AUDIT_CLIENT_ADD,
	AUDIT_CLIENT_REMOVE,
	AUDIT_CLIENT_SECRET,
	AUDIT_ADD,
	AUDIT_REPLACE,
	AUDIT_RELEASE,
	AUDIT_REFRESH_BEGIN,
	AUDIT_REFRESH_END,
	AUDIT_REFRESH_FAILED,
	AUDIT_PARKED,
	AUDIT_STATE,
	AUDIT_REVOKE_BEGIN,
	AUDIT_REVOKE_END,
	AUDIT_LOGOUT,
	AUDIT_KEY_ADD,
	AUDIT_KEY_REMOVE,
	AUDIT_COPIED,
	AUDIT_ALLOW,
	AUDIT_CLIENT_KEY
};
const char *audit_op_name(enum audit_op op);

struct audit_event {
	int64_t seq;
	int64_t at;
	struct actor actor; /* filled from the vault when appended */
	enum audit_op op;
	char name[NAME_SIZE]; /* credential, client, or "" */
	char result[32];      /* "ok" or a code word */
	uint64_t generation;  /* 0: does not apply */
	char detail[160];     /* safe text, never a secret */
};

struct verify_report {
	uint64_t records, audit_rows;
	int freshness; /* 0: rollback of the whole vault cannot be seen; 2: anchor file */
	char freshness_text[128];
};

#endif
