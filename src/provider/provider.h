/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One authorization server as data. Every quirk is a named field that any provider could have; no code anywhere asks
 * for an id. All texts and lists belong to the provider and end with provider_free.
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define PROVIDER_ID_MAX 64
#define TTL_UNKNOWN     (-1)
#define LOOPBACK_PORT   8765 /* of a redirect URI where the provider wants it registered and nobody says another */
#define LOOPBACK_PATH   "/callback"

enum auth_method { /* client authentication at the token endpoint, RFC 6749 section 2.3, RFC 7523, RFC 8705 */
	AUTH_UNSET = 0,
	AUTH_NONE,
	AUTH_BASIC,
	AUTH_POST,
	AUTH_SECRET_JWT,
	AUTH_PRIVATE_KEY_JWT,
	AUTH_TLS,
	AUTH_SELF_SIGNED_TLS,
	AUTH_SIGNED_POST, /* client_secret_post whose secret is a JWT that the client signs anew */
	AUTH_KEY_BASIC,   /* Basic with the secret as user name, an empty password and no client_id */
	/* seen at revocation endpoints only: */
	AUTH_BEARER_ACCESS_TOKEN, /* Authorization: Bearer with the access token */
	AUTH_SECRET_SCHEME,       /* Authorization: SCHEME with the client's secret, as revoke.auth_scheme says */
	AUTH_SAME                 /* as at the token endpoint */
};

enum basic_encoding { BASIC_FORM = 0, BASIC_RAW };
enum body_format { BODY_FORM = 0, BODY_JSON, BODY_QUERY, BODY_NONE };
enum pkce_use { PKCE_UNKNOWN = 0, PKCE_SUPPORTED, PKCE_REQUIRED, PKCE_UNSUPPORTED };

enum dpop_use { DPOP_UNKNOWN = 0, DPOP_SUPPORTED, DPOP_REQUIRED };

enum challenge_encoding { CHALLENGE_BASE64URL = 0, CHALLENGE_HEX }; /* of the SHA-256 of the verifier */

enum rotation_kind {
	ROTATION_UNKNOWN = 0,
	ROTATION_NEVER,
	ROTATION_ALWAYS,
	ROTATION_MAY_CHANGE,
	ROTATION_BY_CLIENT_TYPE,
	ROTATION_CONFIGURABLE,
	ROTATION_NO_REFRESH_TOKEN
};

enum grace_kind {
	GRACE_UNSET = 0,
	GRACE_NONE,
	GRACE_WINDOW,
	GRACE_UNTIL_NEW_USED,
	GRACE_OLD_STAYS_VALID,
	GRACE_SAME_REPLY
};

enum spend_class { /* what follows from rotation and grace about asking again with a token that may be spent */
	CLASS_STRICT = 0,
	CLASS_STATIC,
	CLASS_OVERLAP,
	CLASS_UNTIL_USED
};

enum on_unknown { UNKNOWN_ASK = 0, UNKNOWN_HOLD };

enum revoke_style { /* how the provider wants to be told; "none" has a page for people instead */
	REVOKE_UNKNOWN = 0,
	REVOKE_NONE,
	REVOKE_RFC7009,
	REVOKE_RFC7009_LIKE,
	REVOKE_SLACK,
	REVOKE_GITHUB,
	REVOKE_BEARER_AND_TOKEN,
	REVOKE_BEARER_NO_BODY,
	REVOKE_CUSTOM_API,
	REVOKE_FACEBOOK,
	REVOKE_SERVICENOW,
	REVOKE_SHOPIFY,
	REVOKE_SQUARE,
	REVOKE_STRAVA,
	REVOKE_STRIPE,
	REVOKE_WITHINGS
};

enum expiry_style { EXPIRES_IN = 0, EXPIRES_AT, EXPIRES_NEVER };

struct name_value {
	char *name;
	char *value;
};

struct name_values {
	struct name_value *items;
	size_t count;
};

struct strings {
	char **items;
	size_t count;
};

struct provider_var {
	char *name;
	bool required;
	char *fallback; /* default, or NULL */
	char *pattern;  /* extended regular expression that a whole value has to match, or NULL */
	char *note;
};

enum confidence { CONFIDENCE_UNSET = 0, CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };
const char *confidence_name(enum confidence confidence);

/* Why a provider refuses a refresh: what has to be so, what to say and what to do about it. What is not named may be anything. */
struct provider_cause {
	char *id;                     /* a word for programs */
	struct strings errors;        /* the code is one of them; none named: the grant has ended, whatever the code */
	struct strings subtypes;      /* so is the code below the code: error_subtype, suberror, error_subcode */
	struct strings says;          /* one of these stands in the description; case does not matter */
	int64_t at_age_s;             /* the grant was alive before this age and is not after it */
	int64_t age_min_s, age_max_s; /* of the grant */
	int64_t unused_min_s;         /* since its last good use */
	char *say;                    /* the cause, as part of a sentence */
	char *action;                 /* what to do */
	enum confidence confidence;
	bool recalled; /* not read in a source */
};

struct provider_block; /* memory that belongs to a provider */

struct provider {
	char id[PROVIDER_ID_MAX + 1];
	char *name;
	char *issuer;    /* NULL if none */
	char *discovery; /* NULL if none */
	int64_t
	    discovered_at; /* when this was made of the issuer's own metadata, Unix seconds; TTL_UNKNOWN: it was not */
	bool public_only;  /* discovered on the public network: its hosts are never looked for in a private one */
	bool insecure_loopback;

	struct provider_var *vars;
	size_t vars_count;

	struct {
		char *authorization, *token, *refresh, *device_authorization, *revocation, *introspection, *userinfo;
		char *registration; /* of clients, RFC 7591 */
		char *pushed_authorization_request;
		/* of clients that prove themselves by their certificate (RFC 8705 section 5); NULL: as without */
		char *mtls_token, *mtls_revocation, *mtls_device_authorization, *mtls_userinfo;
		char *mtls_pushed_authorization_request;
		char *device_token; /* where a device asks for its tokens; NULL: token */
	} endpoints;                /* templates with {name}; NULL if none; refresh NULL means same as token */

	enum auth_method auth_methods[8];
	size_t auth_methods_count;
	enum auth_method auth_default; /* AUTH_UNSET: basic with a secret, none without */
	enum basic_encoding basic_encoding;
	struct { /* of the JWT with which a client proves itself (RFC 7523 section 2.2), and of a signed secret */
		char *
		    audience; /* "token_endpoint" (default), "endpoint" (that is asked), "issuer", or a text with {name} */
		char *issuer; /* template; NULL: the client id */
		char *key_id; /* template; NULL: that of the key */
	} client_assertion;
	enum pkce_use pkce;
	enum challenge_encoding pkce_challenge;
	char *pkce_note;
	char scope_separator[4]; /* in requests */
	struct name_values authorize_params;
	struct strings offline_scopes;
	struct strings scopes_supported; /* that it says it knows; for people */
	enum dpop_use dpop;       /* required: every client's tokens are bound to a key, or of no use (RFC 9449) */
	struct strings dpop_algs; /* of DPoP proofs (RFC 9449 section 5.1); none: it does not say */
	struct strings api_hosts; /* that may get access tokens besides the token endpoint's host; oauth/api.h */

	struct {
		enum body_format body;
		struct name_values extra, headers;
	} code_exchange;

	struct {                  /* as the client itself, RFC 6749 section 4.4 */
		char *grant_type; /* "client_credentials" */
		enum body_format body;
		struct name_values extra, headers;
	} client_credentials;

	struct {                       /* with an assertion, RFC 7523 section 2.1 */
		char *audience;        /* of the assertion: "token_endpoint", "issuer", or a text with {name} */
		bool subject_optional; /* without a subject none is named, instead of the issuer */
		bool scope_claim;      /* the scope is a claim of the assertion and no parameter */
		bool client_auth;      /* the client authenticates besides (default true) */
		struct name_values extra, headers;
	} jwt_bearer;

	struct {                              /* how the device flow differs from RFC 8628 */
		enum auth_method client_auth; /* where it begins; AUTH_SAME: as at the token endpoint */
		enum body_format body;        /* of the first request */
		char *grant_type;             /* of the others; NULL: none is sent */
		bool sends_user_code;         /* the others name it too */
		struct name_values extra;     /* of the first request */
		struct name_values statuses;  /* HTTP status -> the error that it means, where a reply names none */
	} device;

	struct { /* what the provider calls a parameter: name of the RFC -> its own */
		struct name_values authorize, code_exchange, refresh, device, device_token, revoke;
	} param_names;

	struct { /* RFC 8693 */
		struct name_values extra, headers;
	} token_exchange;

	struct {
		char method[8];
		enum body_format body;
		char *grant_type;         /* "refresh_token"; NULL: none is sent */
		bool spends_access_token; /* credential: access_token, for those that extend an access token */
		char *token_param;        /* "refresh_token" */
		struct name_values extra, headers;
		struct strings
		    needs;        /* further parameters of the first request that have to be repeated: "redirect_uri" */
		bool sends_scope; /* scope in a refresh is understood (default true) */
		bool widens_scope; /* a refresh may ask for scopes of other resources than the first request named */
	} refresh;

	struct {
		char *envelope; /* dotted path of the object that holds the reply; NULL: the top */
		bool error_at_http_200;
		char *ok_field; /* a boolean member that must be true, e.g. "ok"; NULL: none */
		enum expiry_style expiry;
		char *expiry_field;                  /* name of the member; NULL: expires_in / expires_at */
		struct strings token_sets;           /* dotted paths to look for tokens at, in order; "." is the top */
		struct strings extra_fields_to_keep; /* dotted paths */
		struct strings dead_errors;          /* errors that end the grant besides invalid_grant */
		struct strings dead_texts;           /* so do these, in what an error says for people */
		struct strings refresh_idle_fields;  /* members with the end of a refresh token that is not used */
		struct strings refresh_absolute_fields; /* members with its end, used or not; oauth/expiry.h */
		char *access_token_field;               /* what the provider calls them: "access_token" */
		char *refresh_token_field;              /* "refresh_token" */
		char *scope_field;                      /* "scope" */
		struct strings token_types; /* values of token_type that mean Bearer, besides Bearer itself */
		bool token_type_optional;
		char scope_separator[4]; /* in replies, besides spaces: "," (default: the one of requests) */
		char *note;              /* on expiry */
	} response;

	int64_t access_token_ttl_s; /* when the reply does not say; TTL_UNKNOWN */
	struct {
		enum rotation_kind kind;
		enum grace_kind grace_kind;
		int64_t grace_s; /* TTL_UNKNOWN */
		enum on_unknown on_unknown;
		bool old_access_token_killed; /* a refresh ends the access tokens from before */
		char *mode, *reuse_effect;    /* wording, for people */
		char *note;
	} rotation;
	int64_t refresh_token_idle_s;     /* TTL_UNKNOWN */
	int64_t refresh_token_absolute_s; /* TTL_UNKNOWN */
	int64_t min_refresh_interval_s;   /* of tokens that are still valid; 0 */

	struct {
		enum revoke_style style;
		char method[8];
		char *url;                    /* template; NULL: endpoints.revocation */
		enum auth_method client_auth; /* AUTH_SAME by default */
		enum body_format body;
		char *token_param; /* "token" */
		char *auth_scheme; /* of Authorization, with AUTH_SECRET_SCHEME */
		struct name_values extra, headers;
		struct name_values fields; /* instead of a token: parameter -> one of response.extra_fields_to_keep */
		struct name_values claims; /* instead of a token: parameter -> claim of the access token, a JWT */
		/* what "signature" is of, if anything: these parameters' values with commas between. It is their HMAC-SHA256
		 * with the client's secret, in hexadecimal digits; "timestamp" is sent where it is among them */
		struct strings signs;
		struct {           /* asked for before, and sent as "nonce" */
			char *url; /* template; NULL: none is wanted */
			struct name_values extra;
			struct strings signs; /* in this request, likewise */
			char *field;          /* dotted path of the nonce in the reply */
		} nonce;
		bool sends_client_id; /* also where the client's authentication does not */
		bool sends_hint;      /* token_type_hint, default true */
		bool accepts_given;   /* the definition lists what is accepted */
		bool accepts_access, accepts_refresh;
		int success[8]; /* HTTP statuses */
		size_t success_count;
		char *success_field; /* a member that must be there at success, e.g. "ok"; NULL: none */
		char *success_value; /* what it must be, as JSON text or string: "true" (default), "0", "ok" */
		struct strings unknown_errors; /* error codes that mean "was not valid any more": success for us */
		bool unknown_is_success_400;   /* a 400 of any body means the same */
		int unknown_statuses[8];       /* other statuses whose every body means the same, e.g. 404 */
		size_t unknown_statuses_count;
		bool cascades; /* revoking the refresh token also ends its access tokens */
		bool destructive_given;
		bool destructive;                             /* ends more than this grant: never without --what all */
		struct strings accepts_other;                 /* what else it takes: "user", "account_id" */
		char *page;                                   /* for people, where the provider has no endpoint */
		char *unknown_token, *cascade, *side_effects; /* wording, for people */
		char *note;
	} revoke;

	struct {
		bool http_loopback, any_port; /* both default to true */
		bool any_port_known;  /* somebody said so: else LOOPBACK_PORT is tried first, which can be registered */
		struct strings hosts; /* that a redirect URI may name, best first; none: 127.0.0.1 */
		int port;             /* the one that is registered; 0: any, or LOOPBACK_PORT without any_port */
		char *path;           /* of the redirect URI; NULL: LOOPBACK_PATH */
		char *note;
	} loopback;

	bool require_par;     /* a plain authorization request is refused (RFC 9126 section 5) */
	bool iss_in_response; /* every answer of the authorization endpoint names its issuer (RFC 9207 section 3) */

	struct {
		char method[8]; /* GET by default */
		struct name_values headers;
		char *subject_field; /* dotted path of what names the account for good; NULL: sub */
		char *account_field; /* dotted path of what people call it; NULL: email or preferred_username */
	} userinfo;

	struct provider_cause *causes; /* the more telling first */
	size_t causes_count;
	struct strings quirks; /* free text for provider show */
	char *sources;         /* JSON text, as in the definition; NULL */
	char *confidence;      /* JSON text; NULL */
	/* what it says of each group of facts */
	enum confidence endpoints_confidence, rotation_confidence, revocation_confidence;
	char *endpoint_seen_in; /* JSON text; NULL */

	struct provider_block *blocks; /* owned; only provider.c looks at it */
};

/* Release; accepts NULL. */
void provider_free(struct provider *provider);

/* Let the endpoints be those of clients that prove themselves by their certificate (RFC 8705 section 5). */
void provider_use_mtls(struct provider *provider);

/* The class by contract: static (never, old_stays_valid), overlap (window or same_reply with grace_s), until-used, else strict. */
enum spend_class provider_class(const struct provider *provider);

/* "client_secret_basic" and so on; NULL for an unknown one. auth_method_parse also takes "basic" and "post". */
const char *auth_method_name(enum auth_method method);
bool auth_method_parse(const char *text, enum auth_method *ret);

const char *spend_class_name(enum spend_class class);
const char *rotation_kind_name(enum rotation_kind kind);
const char *revoke_style_name(enum revoke_style style);

/* Whether a revocation names the account or session (revoke.fields, revoke.claims), so that one ends all of its tokens. */
bool provider_revokes_account(const struct provider *provider);

/* Names that stand for values of the moment in templates; a definition cannot declare them as its variables. */
bool provider_is_run_time_name(const char *name);

/*
 * Make a URL of a template: fill {name} from vars, then from the definition's defaults.
 *
 * vars   the client's variables; values of the moment ({client_id}, {access_token} ...) are looked up here too, so the
 *        caller adds those that it has. NULL: none.
 * ret    appended to, on success only; at most URL_MAX bytes
 *
 * A value at the very start is an absolute URL, one in the host a host name (with ":port" where it ends the host), one
 * in the path or query has only [A-Za-z0-9._~-]; values of the moment are percent-encoded there. An optional variable
 * that fills a whole path segment may be empty: the segment goes. The result is https, or http to a loopback host
 * where the definition says insecure_loopback.
 *
 * Errors: NOT_FOUND when an optional variable of the template has no value (this client has no such endpoint), USAGE for
 * a required one without value or an unfit value (named), and for a result that is no acceptable URL.
 */
enum larder_code provider_expand(const struct provider *provider, const char *template, const struct name_values *vars,
    struct buf *ret, struct larder_error *ret_error);

/*
 * The same for a parameter or header value: values are taken as they are (no control bytes), braces around anything
 * that is no variable stay, an optional variable without value is empty. Errors: USAGE.
 */
enum larder_code provider_expand_text(const struct provider *provider, const char *template,
    const struct name_values *vars, struct buf *ret, struct larder_error *ret_error);

/*
 * Whether these variables suit the definition: none unknown, none required missing, each value fit for every place
 * where it is used, and a token endpoint comes of them. For "client add", before anything is stored. Errors: USAGE, naming the variable.
 */
enum larder_code
provider_check_vars(const struct provider *provider, const struct name_values *vars, struct larder_error *ret_error);

#endif
