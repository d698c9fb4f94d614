/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "vault/record.h"

static const struct member members[] = {
	MEMBER(1, NUMBER, endpoint_health, failures),
	MEMBER(2, NUMBER, endpoint_health, open_until),
	MEMBER(3, NUMBER, endpoint_health, probe_at),
	MEMBER(4, TEXT, endpoint_health, last_error),
	MEMBER(5, NUMBER, endpoint_health, failed_at),
	MEMBER(6, TEXT, endpoint_health, nonce),
};

const struct record_type type_endpoint = RECORD_TYPE(RECORD_ENDPOINT, "endpoint", members, endpoint_health, NULL);

/* By origin and path, so that a query does not make another endpoint. */
static struct record_key
endpoint_key(const struct vault *vault, const char *url)
{
	struct piece pieces[2] = { { url, strlen(url) }, { "", 0 } };
	struct url parsed;
	char origin[300], why[128];

	if (url_parse(url, &parsed, why, sizeof(why))) {
		(void)url_origin(origin, sizeof(origin), &parsed);
		pieces[0] = (struct piece){ origin, strlen(origin) };
		pieces[1] = (struct piece){ parsed.path, strcspn(parsed.path, "?") };
	}
	return record_key(vault, RECORD_ENDPOINT, pieces, 2);
}

enum larder_code
endpoint_load(struct vault *vault, const char *url, struct endpoint_health *ret, struct larder_error *ret_error)
{
	struct record_key key = endpoint_key(vault, url);

	return record_load(vault, &type_endpoint, &key, ret, ret_error);
}

enum larder_code
endpoint_store(
    struct vault *vault, const char *url, const struct endpoint_health *health, struct larder_error *ret_error)
{
	struct record_key key = endpoint_key(vault, url);

	return record_store(vault, &type_endpoint, &key, health, ret_error);
}

/* By origin and whose it is, which no path looks like. */
static struct record_key
nonce_key(const struct vault *vault, const char *url, enum nonce_of of)
{
	char origin[300] = "", why[128];
	struct piece pieces[2] = { { origin, 0 }, { of == NONCE_OF_RESOURCE ? "nonce rs" : "nonce as", 8 } };
	struct url parsed;

	if (url_parse(url, &parsed, why, sizeof(why)))
		pieces[0].len = strlen(url_origin(origin, sizeof(origin), &parsed));
	return record_key(vault, RECORD_ENDPOINT, pieces, 2);
}

enum larder_code
nonce_load(
    struct vault *vault, const char *url, enum nonce_of of, char ret[static NONCE_SIZE], struct larder_error *ret_error)
{
	struct record_key key = nonce_key(vault, url, of);
	struct endpoint_health health = { 0 };
	enum larder_code code = record_load(vault, &type_endpoint, &key, &health, ret_error);

	(void)text_format(ret, NONCE_SIZE, "%s", health.nonce);
	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

enum larder_code
nonce_store(struct vault *vault, const char *url, enum nonce_of of, const char *nonce, struct larder_error *ret_error)
{
	struct record_key key = nonce_key(vault, url, of);
	struct endpoint_health health = { 0 };

	(void)text_format(health.nonce, sizeof(health.nonce), "%s", nonce);
	return record_store(vault, &type_endpoint, &key, &health, ret_error);
}
