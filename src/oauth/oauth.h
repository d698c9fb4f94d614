/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OAuth messages as functions of their inputs: requests to build, replies to judge. No clock (times come in), no
 * socket, no store. RFC 6749, RFC 7009; the providers' quirks come as fields of struct provider and are applied here
 * and nowhere else.
 */
#ifndef OAUTH_OAUTH_H
#define OAUTH_OAUTH_H

#include "base/error.h"
#include "base/http.h"
#include "base/secret.h"
#include "oauth/extra.h"
#include "oauth/identity.h"
#include "oauth/jwt.h"
#include "provider/provider.h"

#define TOKEN_MAX ((size_t)64 << 10) /* bytes of an access or refresh token */
#define SCOPE_MAX 4096               /* bytes of a scope string */

/* What the signature of one request needs. */
struct client_proof {
	int64_t now;              /* Unix seconds */
	uint8_t id[16];           /* random, new for each request (RFC 7523 section 3, jti) */
	struct jwt_signer signer; /* as long as the client is there */
};

/* The client as this request needs it. Borrowed pointers. */
struct oauth_client {
	const char *client_id;
	const struct secret *client_secret; /* NULL or empty: public client */
	bool secret_expired;                /* it has an end, which has passed (RFC 7591 section 3.2.1) */
	enum auth_method auth;              /* AUTH_UNSET: the definition's rule */
	const struct name_values *vars;     /* for the templates in URLs */
	bool has_certificate;               /* the connection will show one (RFC 8705) */
	bool revokes_by_own;                /* by its own method, whatever was discovered of revocation */
	/* Called when a request is to be signed and not before: a key is opened then. NULL: it has none. */
	enum larder_code (*prove)(
	    void *ctx, enum auth_method method, struct client_proof *ret, struct larder_error *ret_error);
	void *prove_ctx;
};

/*
 * The method that will be used: the client's own. Else, with a secret, the definition's default, or where that is none
 * or missing the first of its list that takes a secret, or basic. Without a secret none, unless the default is one that
 * needs no secret.
 */
enum auth_method client_auth_method(const struct provider *provider, const struct oauth_client *client);

/* Whether the client signs a JWT with a key of its own; whether it shows a certificate. */
bool auth_method_signs(enum auth_method method);
bool auth_method_is_tls(enum auth_method method);

/*
 * Build the refresh request (RFC 6749 section 6; RFC 8707 for resource).
 *
 * scope     with spaces; NULL or "": none is sent. Nor is it where the definition says that a refresh takes none
 * resource  absolute URIs with spaces between them; NULL or "": none
 * ret       set on success only; the caller clears it. The URL is a secret where the definition wants a query
 *
 * Errors: REJECTED for a method that this version cannot do or a token that does not fit into a URL, USAGE for
 * variables (provider_expand), for a scope or resource that is none, and for a definition that would send a parameter
 * twice, NEEDS_LOGIN for an empty token.
 */
enum larder_code
refresh_build(const struct provider *provider, const struct oauth_client *client, const struct secret *refresh_token,
    const char *scope, const char *resource, struct http_request *ret, struct larder_error *ret_error);

/* The URL that refresh_build uses, for pinning and the breaker. */
enum larder_code token_endpoint(const struct provider *provider, const struct oauth_client *client, struct buf *ret,
    struct larder_error *ret_error);

/* What a token is, for revocation. */
enum token_kind { TOKEN_REFRESH, TOKEN_ACCESS };

/*
 * Build one revocation request (RFC 7009 section 2.1, or the definition's own style). bearer is an access token for
 * providers that want one as authorisation, else NULL; an access token to be revoked is its own. with_hint: false
 * repeats without token_type_hint.
 * Errors: NOT_FOUND when the provider has no endpoint for this kind of token, or wants what is not there (the caller
 * reports "unsupported"; the hint names its page for people), else as refresh_build.
 */
enum larder_code revoke_build(const struct provider *provider, const struct oauth_client *client, enum token_kind kind,
    const struct secret *token, const struct secret *bearer, bool with_hint, struct http_request *ret,
    struct larder_error *ret_error);

/*
 * Build the revocation request where it names the account or session (provider_revokes_account): one is for all tokens of
 * a credential.
 *
 * kept          lines of oauth/extra.h, as they came with the tokens
 * access_token  whose claims are sent, and the bearer where one is wanted; NULL or empty: there is none
 * nonce         of revoke_nonce_judge; "": none is wanted
 *
 * Errors: NOT_FOUND when what names the account is not there (as of revoke_build), else as refresh_build.
 */
enum larder_code
revoke_account_build(const struct provider *provider, const struct oauth_client *client, const char *kept,
    const struct secret *access_token, const char *nonce, struct http_request *ret, struct larder_error *ret_error);

/* Build the request for the nonce that has to come first (revoke.nonce.url). Errors: as refresh_build. */
enum larder_code revoke_nonce_build(const struct provider *provider, const struct oauth_client *client,
    struct http_request *ret, struct larder_error *ret_error);

/*
 * Whether a client that was refused may be taken by its own method: servers that keep one method per client tell in
 * their metadata of another one, or tell nothing, which means Basic (RFC 8414 section 2). Pure.
 */
bool revoke_has_own_method(const struct provider *provider, const struct oauth_client *client);

enum revoke_outcome {
	REVOKED,            /* confirmed, or it was not valid any more */
	REVOKE_UNSUPPORTED, /* the provider does not take this kind of token */
	REVOKE_TRY_NO_HINT, /* ask again without the hint */
	REVOKE_RETRY,       /* temporary: 503, 429, 408, 5xx, network; see retry_after_s */
	REVOKE_REFUSED      /* client authentication or configuration; a person has to look */
};

struct revoke_verdict {
	enum revoke_outcome outcome;
	bool of_client;        /* REVOKE_REFUSED: it is the client that is refused, whatever the token */
	int64_t retry_after_s; /* -1 unknown */
	char message[256];     /* safe text; "" when there is nothing to say */
};

/* Judge a reply to revoke_build. now: Unix seconds for Retry-After dates. RFC 7009 section 2.2. */
void revoke_judge(const struct provider *provider, enum token_kind kind, bool with_hint, const struct http_reply *reply,
    int64_t now, struct revoke_verdict *ret);

/* Judge a reply to revoke_nonce_build: REVOKED means that ret_nonce is set, else it is empty; the rest as revoke_judge. */
void revoke_nonce_judge(const struct provider *provider, const struct http_reply *reply, int64_t now,
    char ret_nonce[static EXTRA_VALUE_SIZE], struct revoke_verdict *ret);

/* What a reply of the token endpoint means for the grant; oauth/verdict.h has the table. */
enum grant_outcome {
	GRANT_TOKENS,    /* tokens came; fields below are set; complaint may hold a lesser problem */
	GRANT_ENDED,     /* the closed list: invalid_grant and the definition's synonyms */
	GRANT_DENIED,    /* access_denied and the like */
	GRANT_REJECTED,  /* configuration: invalid_client ..., and every refusal that is on no list */
	GRANT_TEMPORARY, /* surely not processed: 429, 503, redirects, 4xx without an OAuth error */
	GRANT_UNKNOWN    /* no telling whether the token was spent: other 5xx, 408, HTML, truncated, not OAuth */
};

struct token_reply {
	enum grant_outcome outcome;
	struct secret access_token;
	struct secret refresh_token;     /* empty: none came, keep the old one */
	bool refresh_token_came;         /* present and not empty, even when equal to the old one */
	bool refresh_token_refused;      /* one is there that cannot be stored: the reply is worth keeping */
	char token_type[32];             /* as sent, "" if missing */
	char issued_token_type[128];     /* of a token exchange, escaped; "" if missing */
	bool mute;                       /* a refusal without a word, perhaps of the client (answer_is_mute) */
	bool wants_nonce;                /* nothing was processed: a proof with the nonce of this reply is wanted */
	bool usable;                     /* token_type is understood and access_token is there: may be handed out */
	int64_t expires_at;              /* Unix seconds; TIME_UNKNOWN */
	int64_t expires_in_s;            /* life as issued; TIME_UNKNOWN */
	int64_t refresh_expires_at;      /* the earlier of the next two; TIME_UNKNOWN */
	int64_t refresh_idle_end_at;     /* of the refresh token if it is not used; TIME_UNKNOWN */
	int64_t refresh_absolute_end_at; /* used or not; TIME_UNKNOWN */
	bool scope_came;
	char scope[SCOPE_MAX + 1]; /* normalised to single spaces */
	char extra[EXTRA_SIZE];    /* what else the definition wants kept; oauth/extra.h */
	struct identity identity;  /* of the ID token, if one came */
	char complaint[256];       /* tokens came, but: "expires_in is not a number"; "" if nothing */
	char error[64];            /* OAuth error code, escaped; "" if none */
	char error_subtype[64];    /* what some add to it, escaped; "" if none */
	char description[256];     /* escaped */
	int http_status;
	int64_t retry_after_s; /* -1 unknown */
	bool starved;          /* memory was out meanwhile: nothing here is to be believed; judge again later */
};

/*
 * Judge a reply of the token endpoint. sent_at anchors expires_in (Unix seconds, RFC 6749 section 5.1; latency only
 * shortens the life). Fails only for want of memory (starved): what it cannot read is GRANT_UNKNOWN. A refresh token that can be recognised in a
 * damaged or strange reply is returned whatever else is wrong with it. The caller clears with token_reply_clear.
 */
void
reply_judge(const struct provider *provider, const struct http_reply *reply, int64_t sent_at, struct token_reply *ret);
void token_reply_clear(struct token_reply *reply);

/* Scope sets: tokens of %x21 / %x23-5B / %x5D-7E separated by spaces (RFC 6749 section 3.3). Case-sensitive. */
bool scope_is_valid(const char *scope);
/* Sorted, without repeats, one space between: the key of a scope set. false: too long or invalid. */
bool scope_canonical(const char *scope, char *dst, size_t dst_size);
bool scope_equal(const char *a, const char *b);
bool scope_is_subset(const char *part, const char *whole);

#endif
