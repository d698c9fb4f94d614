# Goal of this test: every client authentication with a key or a certificate on oidc-provider over TLS: log in, renew, revoke.
# RFC 7523 and RFC 8705; the server checks audience, end, signature and that no assertion comes twice. S125, S127, S176.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

private_ca
export CA_FILE=$T/ca.pem

# The clients come first: the server is told their public keys when it starts, and its port is known only then.
ISSUER=https://localhost:9 TOKEN_URL=https://localhost:9/token REVOKE_URL=https://localhost:9/revoke BASIC_ENCODING=form
define_provider
expect 0 larder init --key-file "$HOME/larder.key"
algs=(RS256 PS256 ES256 EdDSA)
{
	printf '[{"client_id":"hmac","client_secret":"%s","token_endpoint_auth_method":"client_secret_jwt"}' "$SECRET"
	printf %s "$SECRET" | expect 0 larder client add hmac --provider here --client-id hmac --auth client_secret_jwt \
		--secret-file - >&2
	for alg in "${algs[@]}"; do
		expect 0 larder client add "$alg" --provider here --client-id "$alg" --auth private_key_jwt
		expect 0 larder client key "$alg" --alg "$alg" --public jwks
		printf ',{"client_id":"%s","token_endpoint_auth_method":"private_key_jwt",' "$alg"
		printf '"token_endpoint_auth_signing_alg":"%s","jwks":%s}' "$alg" "$(cat "$T/out")"
	done
	expect 0 larder client add selfsigned --provider here --client-id selfsigned --auth self_signed_tls_client_auth
	expect 0 larder client key selfsigned --use tls --public jwks
	printf ',{"client_id":"selfsigned","token_endpoint_auth_method":"self_signed_tls_client_auth","jwks":%s,' "$(cat "$T/out")"
	printf '"tls_client_certificate_bound_access_tokens":true}'
	printf ',{"client_id":"pki","token_endpoint_auth_method":"tls_client_auth","tls_client_auth_subject_dn":"CN=pki"}]'
} >"$T/more.json"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/pki.key" -out "$T/pki.csr" -subj /CN=pki \
	2>"$T/openssl.log"
openssl x509 -req -in "$T/pki.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -CAcreateserial -days 2 -out "$T/pki.pem" \
	2>>"$T/openssl.log"
(umask 077 && cat "$T/pki.key" "$T/pki.pem" >"$T/pki.both")
expect 0 larder client add pki --provider here --client-id pki --auth tls_client_auth
expect 0 larder client key pki --use tls --import "$T/pki.both"

MORE_CLIENTS=$T/more.json start_oidc_provider tls
export SSL_CERT_FILE=$CA_FILE
define_provider

# log_in CLIENT: a browser's part is played by curl, which is sent from page to page until it is sent back.
log_in() {
	local target jar=$T/jar
	rm -f "$jar" "$T/login.out" "$T/login.err"
	python3 - "$XDG_CONFIG_HOME/larder/providers.d/here.json" "$AUTHORIZE_URL" <<-'PY'
		import json, sys
		definition = json.load(open(sys.argv[1]))
		definition["endpoints"]["authorization"] = sys.argv[2]
		definition["authorize_params"] = {"prompt": "consent"}
		json.dump(definition, open(sys.argv[1], "w"))
	PY
	mkfifo "$T/answer"
	"$LARDER" login "mail-$1" --client "$1" --flow paste --scope openid --scope offline_access <"$T/answer" \
		>"$T/login.out" 2>"$T/login.err" &
	exec 9>"$T/answer"
	for _ in $(seq 100); do
		target=$(grep -hoE 'https://localhost:[0-9]+/auth[^ ]*' "$T/login.out" "$T/login.err" 2>/dev/null || :)
		[ -z "$target" ] || break
		sleep 0.1
	done
	while [ "${target#http://127.0.0.1}" = "$target" ]; do
		target=$(web -b "$jar" -c "$jar" -o "$T/page" -w '%{redirect_url}' "$target")
		[ -n "$target" ] || fail "the server does not redirect: $(head -c 300 "$T/page")"
	done
	printf '%s\n' "$target" >&9
	exec 9>&-
	wait $! || fail "the log-in of $1 failed: $(cat "$T/login.err")"
	rm "$T/answer"
}

for client in hmac "${algs[@]}" selfsigned pki; do
	note "$client"
	log_in "$client"
	first=$(token "mail-$client")
	second=$(token "mail-$client" --force)
	differ "the token after --force" "$second" "$first"
	differ "the token after a second --force" "$(token "mail-$client" --force)" "$second"
	equal state "$(shown "mail-$client" state)" ok
	expect 0 larder revoke "mail-$client" --yes --json
	equal result "$(json 0.result)" revoked
	expect 4 larder token "mail-$client"
done

note "a key that the server does not know spends nothing"
log_in ES256
expect 0 larder client key ES256 --alg ES256 --replace
expect 8 larder token mail-ES256 --force
equal state "$(shown mail-ES256 state)" ok
