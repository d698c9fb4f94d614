/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/handle.h"
#include "base/text.h"

#define KEY_FILE_MAX ((size_t)64 << 10)

static enum key_use
use_of(enum larder_client_key_use use)
{
	return use == LARDER_CLIENT_KEY_TLS ? KEY_TLS : KEY_SIGN;
}

enum larder_code
larder_client_key_set(struct larder *larder, const struct larder_client_key_new *wanted, struct larder_error *ret_error)
{
	struct session *session = NULL;
	struct secret given = SECRET_INIT;
	struct client_key_want want = { .client = wanted->client,
		.use = use_of(wanted->use),
		.alg = wanted->alg == NULL ? "" : wanted->alg,
		.kid = wanted->kid == NULL ? "" : wanted->kid,
		.given = &given,
		.replace = wanted->replace != 0 };
	enum larder_code code = check_name(wanted->client, "client", ret_error);

	if (code == LARDER_OK && wanted->key_len > KEY_FILE_MAX)
		code = error_set(ret_error, LARDER_USAGE, "cannot use the key", NULL, "its file is larger than 64 KiB");
	if (code == LARDER_OK && !secret_copy(wanted->key, wanted->key_len, &given))
		code = error_no_memory(ret_error);
	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK)
		code = client_key_set(&session->engine, &want, ret_error);
	session_give(larder, session);
	secret_free(&given);
	return error_name(ret_error, code, wanted->client);
}

static enum larder_code
view(const struct client_key *key, struct larder_client_key *ret, struct larder_error *ret_error)
{
	struct larder_client_key shown = { .created_at = key->created_at };
	struct buf jwk = BUF_INIT(sizeof shown.jwk - 1), pem = BUF_INIT(sizeof shown.pem - 1);
	enum larder_code code = client_key_public(key, &jwk, &pem, shown.thumbprint, ret_error);

	if (code == LARDER_OK) {
		(void)text_format(shown.alg, sizeof shown.alg, "%s", key->alg);
		(void)text_format(shown.kid, sizeof shown.kid, "%s", key->kid);
		(void)text_format(shown.jwk, sizeof shown.jwk, "%s", buf_str(&jwk));
		(void)text_format(shown.pem, sizeof shown.pem, "%s", buf_str(&pem));
		if (!secret_is_empty(&key->certificate))
			(void)text_format(
			    shown.certificate, sizeof shown.certificate, "%s", (const char *)key->certificate.data);
		*ret = shown;
	}
	buf_clear(&jwk);
	buf_clear(&pem);
	return code;
}

enum larder_code
larder_client_key_show(struct larder *larder, const char *name, enum larder_client_key_use use,
    struct larder_client_key *ret, struct larder_error *ret_error)
{
	struct session *session = NULL;
	struct client client = { .name = "" };
	struct client_key key = { .client = "" };
	enum larder_code code = check_name(name, "client", ret_error);

	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK)
		code = client_load(&session->vault, name, &client, ret_error);
	client_clear(&client);
	if (code == LARDER_OK) {
		code = client_key_load(&session->vault, name, use_of(use), &key, ret_error);
		if (code == LARDER_NOT_FOUND)
			code = error_set(ret_error, LARDER_NOT_FOUND, "no key", "make one with 'larder client key'",
			    "the client has no key for this use");
	}
	if (code == LARDER_OK)
		code = view(&key, ret, ret_error);
	client_key_clear(&key);
	session_give(larder, session);
	return error_name(ret_error, code, name);
}
