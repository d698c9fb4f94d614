/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Providers that nobody has described: from an issuer's or a protected resource's URL to a definition (RFC 8414, OpenID
 * Connect Discovery, RFC 9728), and a client there that registers itself (RFC 7591).
 *
 *	struct larder_discovery_query query = { .url = "https://mcp.example/mcp" };
 *	struct larder_discovery found;
 *	struct larder_registration registration;
 *
 *	larder_discover(&query, &found, &error);              a definition, found.provider is its id
 *	larder_client_register(larder, &(struct larder_registration_query){ .provider = found.provider, .scope = found.scope },
 *	    &registration, &error);                           a client, registration.client is its name
 *	larder_login(larder, &(struct larder_login){ .name = "mcp.example", .client = registration.client,
 *	    .resource = found.resource, .scope = found.scope, ... }, NULL, &error);
 *
 * larder_login does all of this by itself where the name is a URL.
 */
#ifndef LARDER_DISCOVER_H
#define LARDER_DISCOVER_H

#include <larder/vault.h>

#ifdef __cplusplus
extern "C" {
#endif

struct larder_discovery_change {    /* what differs from the pinned definition; borrowed texts, safe for a terminal */
	const char *what;           /* "endpoints.token" */
	const char *before, *after; /* "" where there is nothing */
	int asks;                   /* 1: taken only with accept */
};

struct larder_discovery_query { /* zero it; borrowed pointers */
	const char *url;        /* https; http to a loopback host makes a definition with insecure_loopback */
	const char *id;         /* of the definition; NULL: that of the host, with what is special in the path */
	const char *proxy;      /* URL; NULL: none */
	int again;              /* 1: ask the issuer even if a definition of it is known, and compare */
	int accept;             /* 1: take changes that need a confirmation, and an issuer without PKCE by S256 */
	int64_t timeout_ms;     /* 0: 60 s */

	/* Called for each change against the pinned definition, those that ask first; may be NULL. */
	void (*tell)(void *ctx, const struct larder_discovery_change *change);
	void *ctx;
};

enum larder_discovery_result {
	LARDER_DISCOVERY_KNOWN = 1, /* a definition of this issuer was there, and nobody was asked */
	LARDER_DISCOVERY_NEW,
	LARDER_DISCOVERY_SAME,   /* asked again: nothing has changed */
	LARDER_DISCOVERY_CHANGED /* asked again: the definition is a new one */
};

struct larder_discovery {
	enum larder_discovery_result result;
	char provider[65]; /* id of the definition */
	char issuer[2049];
	char source[256];     /* "built in" or the file */
	char resource[2049];  /* of a protected resource: what to log in for (RFC 8707); "" for an issuer */
	char scope[4096];     /* that the resource names, with spaces between; "" */
	int registers;        /* 1: clients can register themselves */
	size_t other_issuers; /* that the resource names besides the one that was taken, its first */
	int is_vouched; /* 1: the definition has the resource's host; 0: anybody could say what the resource says */
};

/*
 * Find out what a URL is, and make or find its provider's definition: in the user's providers.d, from then on used as it
 * is and never asked for again by itself. A definition that is known already (built in, too) is taken without the network
 * unless query->again. Needs no vault. Blocks for some GETs; no redirect is followed.
 *
 * A URL with a path is first taken for a protected resource (its metadata, then its 401), then for an issuer; one
 * without a path the other way round.
 *
 * Errors: USAGE (URL, id), NOT_FOUND (no metadata there), EXISTS (another definition has that id), DENIED (metadata of
 * somebody else, an address that must not be, a redirect, a change or a lack that wants accept), UNAVAILABLE (network, or
 * unusable metadata), STORAGE.
 */
LARDER_API enum larder_code larder_discover(
    const struct larder_discovery_query *query, struct larder_discovery *ret, struct larder_error *ret_error);

struct larder_registration_query { /* zero it; borrowed pointers */
	const char *provider;      /* id of a definition with a registration endpoint */
	const char *name;          /* of the client; NULL: the provider's id */
	const char *client_name;   /* what people are shown when they are asked; NULL: "Larder" */
	const char *scope;         /* space-separated; NULL: none in particular */
	const char *proxy;         /* URL; NULL: none */
	unsigned port;             /* of the redirect to this machine; 0: one is chosen, and kept with the client */
	int64_t timeout_ms;        /* 0: 60 s */
};

struct larder_registration {
	char client[LARDER_NAME_MAX + 1];
	char client_id[1025];
	char redirect_uri[256];    /* as registered; servers that follow RFC 8252 take any other port as well */
	int64_t secret_expires_at; /* Unix seconds; 0: never, or no secret */
	int registered;            /* 0: a client of that name and provider was there, and is taken as it is */
};

/*
 * Register a client and keep it, with what it takes to change or remove the registration, in the vault. Errors: USAGE,
 * NOT_FOUND (provider; it registers nobody by itself), EXISTS (a client of that name is another provider's), REJECTED
 * (the provider's answer), UNAVAILABLE, STORAGE, DAMAGED.
 */
LARDER_API enum larder_code larder_client_register(struct larder *larder, const struct larder_registration_query *query,
    struct larder_registration *ret, struct larder_error *ret_error);

/*
 * Take a registration back at the provider (RFC 7592); the client record stays. Errors: NOT_FOUND (no such client, or it
 * did not register itself), EXISTS (credentials use it), UNAVAILABLE, REJECTED.
 */
LARDER_API enum larder_code
larder_client_unregister(struct larder *larder, const char *name, struct larder_error *ret_error);

#ifdef __cplusplus
}
#endif
#endif
