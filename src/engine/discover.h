/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata of issuers and resources, asked for by GET through the courier: no redirect is followed, nothing of a reply is
 * believed that it may not say about itself, and no name from a document leads into a private network (S234). Needs no vault:
 * of the engine only effects and authorities are used.
 */
#ifndef ENGINE_DISCOVER_H
#define ENGINE_DISCOVER_H

#include "engine/engine.h"
#include "oauth/metadata.h"
#include "oauth/protected.h"
#include "oauth/registration.h"
#include "oauth/wellknown.h"

struct discovery { /* one person's question; made by discovery_begin */
	struct engine *engine;
	const char *url;   /* as typed; borrowed */
	const char *proxy; /* ""; borrowed */
	struct url typed;
	bool is_local;       /* http on this machine: so may everything be that it names */
	bool is_private;     /* the typed host turned out to be at an address that is not public */
	bool is_unreachable; /* a server did not answer: it is not asked again and again */
	bool challenged;     /* the typed URL itself answered 401 */
	int64_t deadline_ms;
};

/* Begin with what was typed; an issuer's or a resource's URL. Errors: USAGE. */
enum larder_code discovery_begin(struct engine *engine, const char *url, const char *proxy, int64_t deadline_ms,
    struct discovery *ret, struct larder_error *ret_error);

/*
 * What the typed URL says about itself as a protected resource: by its metadata's own place, then by the challenge of a
 * 401. Errors: NOT_FOUND (it says nothing), DENIED, REJECTED and UNAVAILABLE as protected_read; UNAVAILABLE (network).
 */
enum larder_code
discovery_resource(struct discovery *discovery, struct protected_resource *ret, struct larder_error *ret_error);

struct discovery_issuer {
	const char *issuer; /* typed, or named by the resource */
	const char *id;     /* of the definition */
	bool accept;        /* what a person has to confirm is confirmed */
	bool for_resource;  /* a list of PKCE methods has to be there, as the profile for such resources wants it */
};

/*
 * The definition that an issuer's metadata makes; ret_definition is appended to. Errors: NOT_FOUND (no metadata), and
 * those of metadata_read; the best-founded one of all places that were tried.
 */
enum larder_code discovery_definition(struct discovery *discovery, const struct discovery_issuer *want,
    struct buf *ret_definition, struct larder_error *ret_error);

/*
 * Whether the definition itself has a resource's host: the issuer's own origin, or one of its API hosts. That the resource
 * names the issuer shows nothing: anybody can.
 */
bool discovery_vouches(const struct provider *provider, const char *resource);

/* Register a client (RFC 7591). Errors as registration_build and registration_read; UNAVAILABLE (network). */
enum larder_code register_client(struct engine *engine, const struct provider *provider, const char *proxy,
    const struct registration_want *want, int64_t deadline_ms, struct registration *ret,
    struct larder_error *ret_error);

/*
 * Take a registration back (RFC 7592): the client is unknown to its provider afterwards. A client that was not registered
 * here is left alone, NOT_FOUND. Errors: UNAVAILABLE, REJECTED (the provider's answer).
 */
enum larder_code register_withdraw(
    struct engine *engine, const struct party *party, int64_t deadline_ms, struct larder_error *ret_error);

#endif
