/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An authorization server's metadata (RFC 8414, OpenID Connect Discovery 1.0) made into a provider's definition. What
 * the document says is believed about its own issuer alone, and about addresses that may be used at all. Pure.
 */
#ifndef OAUTH_METADATA_H
#define OAUTH_METADATA_H

#include "base/buf.h"
#include "base/http.h"
#include "provider/provider.h"

struct metadata_source {
	const char *issuer;   /* that the URL of the document was made of; the document has to name it, byte for byte */
	bool is_typed;        /* by a person, or a browser, that adds a final slash: the issuer may be without it */
	const char *document; /* where it was found */
	const char *id;       /* of the definition */
	int64_t discovered_at;  /* Unix seconds */
	bool insecure_loopback; /* the issuer itself is http on this machine: so may its endpoints be */
	bool public_only;       /* the issuer is on the public network: no endpoint is in a private one (S234) */
	bool accepts_no_s256;   /* somebody has confirmed that it works without PKCE by S256 */
	bool needs_s256;        /* a list of methods has to be there; without it S256 is sent all the same (S078) */
};

/*
 * Whether a reply may hold a metadata document: status 200, a JSON media type, nothing missing. Errors: NOT_FOUND (there
 * is none), UNAVAILABLE (server error), DENIED (a redirect: none is followed, its target is named).
 */
enum larder_code metadata_check_reply(const struct http_reply *reply, struct larder_error *ret_error);

/*
 * Read a document. ret_definition is appended to on success: JSON that definition_parse takes. Unknown members are passed
 * over, a member twice is refused, and so is signed_metadata's claim to be better: it is not looked at.
 *
 * Errors: UNAVAILABLE (not JSON, wrong types, no endpoint that it takes), DENIED (another issuer, an endpoint that is not
 * https or in a private network, no S256).
 */
enum larder_code metadata_read(const struct metadata_source *source, const void *data, size_t len,
    struct buf *ret_definition, struct larder_error *ret_error);

/* What differs between a pinned definition and a new one of the same issuer. */
struct metadata_change {
	const char *what;           /* "endpoints.token" */
	const char *before, *after; /* "" where there is nothing; safe for a terminal */
	bool asks;                  /* somebody has to confirm it: another origin, or less protection than before */
};

/*
 * Tell each endpoint of a new definition that is neither at its issuer's host nor below it: nobody has seen it there
 * before, and whoever can write the issuer's document once would have all secrets from then on. One loopback host is as
 * good as another.
 */
void metadata_judge_first(
    const struct provider *made, void (*told)(void *ctx, const struct metadata_change *change), void *ctx);

/*
 * Tell each difference that matters, those that ask first. An endpoint asks when it moves to an origin where none of the
 * pinned ones is, or from https to http (S082).
 */
void metadata_compare(const struct provider *before, const struct provider *after,
    void (*told)(void *ctx, const struct metadata_change *change), void *ctx);

/*
 * Put what people added to a pinned definition (api_hosts, rotation ...) into a new one: members that discovery never
 * writes. Both are JSON objects; *definition is replaced. false: memory, or they are none.
 */
bool metadata_keep_own(const char *pinned, size_t pinned_len, struct buf *definition);

#endif
