# Goal of this test: a person logs in at glewlwyd over TLS with every client authentication that has a key or a certificate:
# the code, the device code, the pushed request, refresh and revocation are each asked for with it.
# RFC 7523 and RFC 8705, at the endpoints that its metadata names for certificates. S125 S127 S176
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib-glewlwyd.sh
. "$(dirname "$0")/lib-glewlwyd.sh"

export ACCESS_TTL=60
private_ca
export CA_FILE=$T/ca.pem

# The server is told the public keys when it starts, and its port is known only then.
ISSUER=https://localhost:9 TOKEN_URL=https://localhost:9/token REVOKE_URL=https://localhost:9/revoke BASIC_ENCODING=raw
define_provider
expect 0 larder init --key-file "$HOME/larder.key"
algs=(RS256 PS256 ES256 EdDSA)
{
	printf '[{"name":"pki","method":"tls_client_auth","tls_client_auth_san_dns":"pki.example"}'
	for alg in "${algs[@]}"; do
		expect 0 larder client add "$alg" --provider here --client-id "$alg" --auth private_key_jwt
		expect 0 larder client key "$alg" --alg "$alg" --public jwks
		printf ',{"name":"%s","method":"private_key_jwt","jwks":%s}' "$alg" "$(cat "$T/out")"
	done
	expect 0 larder client add selfsigned --provider here --client-id selfsigned --auth self_signed_tls_client_auth
	expect 0 larder client key selfsigned --use tls --public jwks
	printf ',{"name":"selfsigned","method":"self_signed_tls_client_auth","jwks":%s}]' "$(cat "$T/out")"
} >"$T/more.json"
# Debian's data base has no field for a subject's name (tls_client_auth_subject_dn), but has the alternative names.
for name in pki stranger; do
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/$name.key" -out "$T/$name.csr" \
		-subj "/CN=$name" 2>>"$T/openssl.log"
	printf 'subjectAltName=DNS:%s.example\n' "$name" >"$T/$name.ext"
	openssl x509 -req -in "$T/$name.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -CAcreateserial -days 2 \
		-extfile "$T/$name.ext" -out "$T/$name.pem" 2>>"$T/openssl.log"
	(umask 077 && cat "$T/$name.key" "$T/$name.pem" >"$T/$name.both")
done
expect 0 larder client add pki --provider here --client-id pki --auth tls_client_auth
expect 0 larder client key pki --use tls --import "$T/pki.both"
printf %s "$SECRET" | expect 0 larder client add hmac --provider here --client-id hmac --auth client_secret_jwt --secret-file -

# Its TLS layer hands on what one of its authorities has signed and nothing else: so the self-signed one is its own.
expect 0 larder client key selfsigned --use tls --public certificate
cat "$T/ca.pem" "$T/out" >"$T/authorities.pem"
CLIENT_AUTHORITIES=$T/authorities.pem MORE_CLIENTS=$T/more.json MORE_REDIRECT_URIS=http://127.0.0.1:8765/callback \
	MORE_PARAMETERS='{"client-cert-source":"TLS","client-cert-use-endpoint-aliases":true,"client-cert-self-signed-allowed":true}' \
	start_glewlwyd tls
export SSL_CERT_FILE=$CA_FILE
discovered
mv "$XDG_CONFIG_HOME/larder/providers.d/$PROVIDER.json" "$XDG_CONFIG_HOME/larder/providers.d/here.json"
PROVIDER=here
# It wants to be named by the URL that is asked, at each of its endpoints.
by_hand 'definition["id"] = "here"' 'definition["client_assertion"] = {"audience": "endpoint"}'

for client in hmac "${algs[@]}" pki selfsigned; do
	note "$client: a pushed request, and the URL pasted"
	by_paste "$client" --client "$client" --scope openid --scope read
	grep -q 'request_uri=urn' "$T/login.log" || fail "the request was not pushed"
	lives "$client"
done
for client in hmac ES256 pki; do
	note "$client: a code to type in"
	by_device "device-$client" --client "$client" --scope read
	lives "device-$client"
done

note "the certificate of somebody else spends nothing"
by_paste pki --client pki --scope read
expect 0 larder client key pki --use tls --import "$T/stranger.both" --replace
before=$(shown pki generation)
expect 6 larder token pki --force
grep -q "check the client" "$T/err" || fail "no word of the client: $(cat "$T/err")"
equal state "$(shown pki state)" ok
expect 0 larder client key pki --use tls --import "$T/pki.both" --replace
expect 0 larder token pki --force
equal generation "$(shown pki generation)" $((before + 1))
