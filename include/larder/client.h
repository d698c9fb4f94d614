/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OAuth client registrations (RFC 6749 section 2): which client we are at which provider.
 */
#ifndef LARDER_CLIENT_H
#define LARDER_CLIENT_H

#include <larder/vault.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LARDER_VARS_MAX 16

struct larder_variable {
	const char *name;
	const char *value;
};

struct larder_client_new { /* zero it; borrowed pointers */
	const char *name;
	const char *provider; /* a provider's id */
	const char *client_id;
	const void *secret; /* NULL: public client */
	size_t secret_len;  /* at most 16 KiB */
	const char *auth;   /* method by its registered name, or "basic", "post"; NULL: the definition's */
	const char *proxy;  /* URL; NULL: none */
	const char *dpop;   /* its tokens are bound to keys of this algorithm, or of the best: "auto"; NULL: to none */
	const struct larder_variable *vars;
	size_t vars_count;
};

struct larder_client_key_view {
	char alg[16]; /* "" for none */
	char kid[129];
	int64_t created_at;
};

struct larder_client {
	char name[LARDER_NAME_MAX + 1];
	char provider[65];
	char client_id[1025];
	char auth[32];    /* the method that is used */
	char proxy[2049]; /* without its password; "" for none */
	char dpop[16];    /* "auto", or the algorithm of the keys that its tokens are bound to; "" */
	int has_secret;
	int is_registered;                 /* it registered itself, and can be taken back (RFC 7592) */
	int64_t secret_expires_at;         /* Unix seconds; 0: never */
	int64_t created_at, secret_set_at; /* Unix seconds; -1 */
	size_t vars_count;
	struct {
		char name[64];
		char value[512];
	} vars[LARDER_VARS_MAX];
	size_t credentials; /* how many use it */
	struct larder_client_key_view sign_key, tls_key;
	int has_other_secret; /* two are known during a rotation; the other one is tried when the provider refuses this */
	int uses_old_secret; /* the new one was refused */
};

/*
 * Register a client. The definition is looked up and its variables are checked, so a mistake shows here and not at
 * the first refresh. Errors: USAGE, NOT_FOUND (provider), EXISTS, REJECTED (method not possible), STORAGE, DAMAGED.
 */
LARDER_API enum larder_code
larder_client_add(struct larder *larder, const struct larder_client_new *client, struct larder_error *ret_error);

/* One or all (sorted by name). The caller frees the list with larder_client_list_free. */
LARDER_API enum larder_code
larder_client_show(struct larder *larder, const char *name, struct larder_client *ret, struct larder_error *ret_error);
LARDER_API enum larder_code larder_client_list(
    struct larder *larder, struct larder_client **ret, size_t *ret_count, struct larder_error *ret_error);
LARDER_API void larder_client_list_free(struct larder_client *clients);

/* Remove. EXISTS while credentials use it (the message names one), NOT_FOUND. */
LARDER_API enum larder_code
larder_client_remove(struct larder *larder, const char *name, struct larder_error *ret_error);

/* Replace the secret; len 0 makes it a public client. NOT_FOUND, USAGE. */
LARDER_API enum larder_code larder_client_set_secret(
    struct larder *larder, const char *name, const void *secret, size_t secret_len, struct larder_error *ret_error);

struct larder_client_secret { /* zero it; borrowed pointers */
	const void *secret;
	size_t secret_len;
	int64_t expires_at; /* Unix seconds; 0: never */
	int keep_old;       /* until the new one has worked: it is tried when the provider refuses the new one */
};

/* Replace the secret, with an end or beside the old one. NOT_FOUND, USAGE. */
LARDER_API enum larder_code larder_client_renew_secret(
    struct larder *larder, const char *name, const struct larder_client_secret *secret, struct larder_error *ret_error);

/* --- keys of a client: for assertions (RFC 7523) and for TLS (RFC 8705) --- */

enum larder_client_key_use { LARDER_CLIENT_KEY_SIGN = 1, LARDER_CLIENT_KEY_TLS };

struct larder_client_key_new { /* zero it; borrowed pointers */
	const char *client;
	enum larder_client_key_use use;
	const char *alg; /* "ES256", "EdDSA", "RS256", "PS256"; NULL: what suits the given key, or ES256 */
	const char *kid; /* NULL: the key's thumbprint (RFC 7638) */
	const void *key; /* a private key in PEM or DER, with its certificates for TLS; NULL: make one */
	size_t key_len;
	int replace; /* the one that is there */
};

/*
 * Make or take a key, kept in the vault. For TLS a key that is made gets a certificate that it signs itself.
 * Errors: NOT_FOUND (client), EXISTS, USAGE (no such key), UNAVAILABLE (OpenSSL's libcrypto is missing; EdDSA works).
 */
LARDER_API enum larder_code
larder_client_key_set(struct larder *larder, const struct larder_client_key_new *key, struct larder_error *ret_error);

struct larder_client_key {
	char alg[16];
	char kid[129];
	char thumbprint[44];
	int64_t created_at;
	char jwk[4096];          /* the public key, with kid, alg and use */
	char pem[4096];          /* the same as SubjectPublicKeyInfo */
	char certificate[32769]; /* PEM; "" for none */
};

/* The public half. NOT_FOUND: no such client, or it has no key for this use. */
LARDER_API enum larder_code larder_client_key_show(struct larder *larder, const char *client,
    enum larder_client_key_use use, struct larder_client_key *ret, struct larder_error *ret_error);

#ifdef __cplusplus
}
#endif
#endif
