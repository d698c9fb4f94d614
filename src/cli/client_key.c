/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/session.h"

#define KEY_FILE_MAX ((size_t)64 << 10)

static const struct option options[] = {
	OPT_TEXT("use", "USE", "sign (assertions, the default) or tls (mutual TLS)"),
	OPT_TEXT("alg", "ALG", "make a key for ES256 (the default), EdDSA, RS256 or PS256"),
	OPT_PATH("import", "FILE|-", "take this private key (PEM or DER); for tls with its certificate"),
	OPT_TEXT("kid", "ID", "the key's id (default: its thumbprint)"),
	OPT_FLAG("replace", "put the new key in the place of the one that is there"),
	OPT_TEXT("public", "FORM", "print jwk (the default), jwks, pem, certificate or thumbprint"),
	OPT_JSON,
	OPT_END,
};

static const char *const forms[] = { "jwk", "jwks", "pem", "certificate", "thumbprint", NULL };

static enum larder_code
read_words(
    const struct args *args, enum larder_client_key_use *ret_use, const char **ret_form, struct larder_error *ret_error)
{
	const char *use = args_text(args, "use"), *form = args_text(args, "public");

	*ret_use = use != NULL && strcmp(use, "tls") == 0 ? LARDER_CLIENT_KEY_TLS : LARDER_CLIENT_KEY_SIGN;
	*ret_form = *ret_use == LARDER_CLIENT_KEY_TLS ? "certificate" : "jwk";
	if (use != NULL && strcmp(use, "tls") != 0 && strcmp(use, "sign") != 0)
		return args_usage(args, ret_error, "bad value", "'--use' is sign or tls");
	if (form == NULL)
		return LARDER_OK;
	if (strcmp(form, "certificate") == 0 && *ret_use != LARDER_CLIENT_KEY_TLS)
		return args_usage(
		    args, ret_error, "cannot show the key", "a certificate is of a key for '--use tls' only");
	for (size_t i = 0; forms[i] != NULL; i++) {
		if (strcmp(form, forms[i]) == 0) {
			*ret_form = form;
			return LARDER_OK;
		}
	}
	return args_usage(args, ret_error, "bad value", "'--public' is jwk, jwks, pem, certificate or thumbprint");
}

static void
print_json(struct output *out, const char *name, const struct larder_client_key *key)
{
	output_open(out, NULL, '{');
	output_text(out, "name", name);
	output_text(out, "alg", key->alg);
	output_text(out, "kid", key->kid);
	output_text(out, "thumbprint", key->thumbprint);
	output_time(out, "created_at", key->created_at);
	output_text(out, "jwk", key->jwk);
	output_text(out, "pem", key->pem);
	output_text(out, "certificate", text_or_null(key->certificate));
	output_close(out, '}');
	output_str(out, "\n");
}

static void
print_public(struct output *out, const char *form, const struct larder_client_key *key)
{
	if (strcmp(form, "pem") == 0)
		output_str(out, key->pem);
	else if (strcmp(form, "certificate") == 0)
		output_str(out, key->certificate);
	else if (strcmp(form, "jwks") == 0)
		output_format(out, "{\"keys\":[%s]}\n", key->jwk);
	else
		output_format(out, "%s\n", strcmp(form, "jwk") == 0 ? key->jwk : key->thumbprint);
}

/* Without options a key is made where there is none; else the one that is there is shown. */
static enum larder_code
set_key(struct session *session, enum larder_client_key_use use, struct larder_client_key *key,
    struct larder_error *ret_error)
{
	const struct args *args = session->args;
	const char *file = args_text(args, "import");
	struct larder_client_key_new wanted = { .client = args_operand(args, 0), .use = use };
	struct secret given = SECRET_INIT;
	enum larder_code code = LARDER_OK;
	bool sets = file != NULL || args_has(args, "alg") || args_has(args, "kid") || args_has(args, "replace");

	if (!sets) {
		code = larder_client_key_show(session->larder, wanted.client, use, key, ret_error);
		if (code != LARDER_NOT_FOUND)
			return code;
	}
	wanted.alg = args_text(args, "alg");
	wanted.kid = args_text(args, "kid");
	wanted.replace = args_has(args, "replace");
	code = LARDER_OK;
	if (file != NULL)
		code = session_read_secret(session, file, KEY_FILE_MAX, "private key", &given, ret_error);
	wanted.key = given.data;
	wanted.key_len = given.len;
	if (code == LARDER_OK)
		code = larder_client_key_set(session->larder, &wanted, ret_error);
	if (code == LARDER_OK)
		code = larder_client_key_show(session->larder, wanted.client, use, key, ret_error);
	if (code == LARDER_OK)
		session_note(session, "%s: %s key %s is stored; register its public half at the provider",
		    wanted.client, key->alg, key->kid);
	secret_free(&given);
	return code;
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	struct larder_client_key *key = calloc(1, sizeof *key);
	enum larder_client_key_use use = LARDER_CLIENT_KEY_SIGN;
	const char *form = forms[0];
	enum larder_code code;

	if (key == NULL)
		return error_no_memory(ret_error);
	code = read_words(session->args, &use, &form, ret_error);
	if (code == LARDER_OK)
		code = session_open(session, ret_error);
	if (code == LARDER_OK)
		code = set_key(session, use, key, ret_error);
	if (code == LARDER_OK && session->json)
		print_json(&session->out, args_operand(session->args, 0), key);
	else if (code == LARDER_OK)
		print_public(&session->out, form, key);
	free(key);
	return code;
}

const struct command command_client_key = {
	.name = "key",
	.parent = &command_client,
	.operands = "NAME",
	.operands_min = 1,
	.operands_max = 1,
	.operands_are_names = true,
	.summary = "make, take in or show a client's key",
	.help = "Makes a private key for the client, where it has none, and prints the public\n"
		"half, which is to be registered at the provider. The private key is kept in the\n"
		"vault and never printed. It signs assertions (--auth private_key_jwt), or is\n"
		"shown in the handshake (--use tls, with --auth tls_client_auth or\n"
		"self_signed_tls_client_auth): a key that is made here gets a certificate that it\n"
		"signs itself. There is one key per use: --replace puts a new one in its place at\n"
		"once, so register that one before the next token is needed. No token is lost if\n"
		"that comes late: a provider that does not know the client spends none.\n",
	.examples = "  larder client key work --alg EdDSA --public jwks\n"
		    "  larder client key bank --use tls --import client.pem\n",
	.options = options,
	.run = run,
};
