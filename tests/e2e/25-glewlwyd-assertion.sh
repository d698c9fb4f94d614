# Goal of this test: client_secret_jwt and private_key_jwt on glewlwyd over TLS: log in without a person, renew, revoke.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

private_ca
export CA_FILE=$T/ca.pem

# The server is told the public key when it starts, and its port is known only then.
ISSUER=https://localhost:9 TOKEN_URL=https://localhost:9/token REVOKE_URL=https://localhost:9/revoke BASIC_ENCODING=raw
define_provider
expect 0 larder init --key-file "$HOME/larder.key"
printf %s "$SECRET" | expect 0 larder client add hmac --provider here --client-id hmac --auth client_secret_jwt --secret-file -
expect 0 larder client add signer --provider here --client-id signer --auth private_key_jwt
expect 0 larder client key signer --alg ES256 --public jwks
printf '[{"name":"signer","method":"private_key_jwt","jwks":%s}]' "$(cat "$T/out")" >"$T/more.json"
MORE_CLIENTS=$T/more.json start_glewlwyd tls
export SSL_CERT_FILE=$CA_FILE
define_provider
# It wants to be named by the URL that is asked, at each of its endpoints.
sed -i 's|"rotation"|"client_assertion": {"audience": "endpoint"}, &|' "$XDG_CONFIG_HOME/larder/providers.d/here.json"

for client in hmac signer; do
	note "$client"
	expect 0 larder login "$client" --client "$client" --flow client-credentials --scope read
	first=$(token "$client")
	differ "the token after --force" "$(token "$client" --force)" "$first"
	expect 0 larder revoke "$client" --yes --json
	equal result "$(json 0.result)" revoked
	expect 4 larder token "$client"
done

note "what the server does not know is refused, here by an empty 403"
expect 0 larder login signer
expect 0 larder login hmac
expect 0 larder client key signer --alg ES256 --replace
expect 6 larder token signer --force
printf wrong | expect 0 larder client set-secret hmac --secret-file -
expect 6 larder token hmac --force
