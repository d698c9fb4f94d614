# Goal of this test: tokens of oidc-provider over TLS that are bound to a key, with the nonces that it wants in every proof, for a
# client with a secret and for a public one, whose refresh token is bound as well. RFC 9449. S135 S140 S142 S143 S145
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

export ACCESS_TTL=600
private_ca
export SSL_CERT_FILE=$T/ca.pem
CA_FILE=$T/ca.pem
start_oidc_provider tls
cat >"$XDG_CONFIG_HOME/larder/providers.d/here.json" <<JSON
{"id": "here", "name": "Here", "issuer": "$ISSUER", "iss_in_response": true, "basic_encoding": "$BASIC_ENCODING",
 "authorize_params": {"prompt": "consent"},
 "endpoints": {"token": "$TOKEN_URL", "revocation": "$REVOKE_URL", "authorization": "$AUTHORIZE_URL",
  "pushed_authorization_request": "$ISSUER/request", "device_authorization": "$ISSUER/device/auth", "userinfo": "$ISSUER/me"},
 "rotation": {"kind": "always", "grace_kind": "none"}}
JSON
cat >"$T/browser" <<SH
#!/bin/sh
exec curl -sSL --max-time 30 --cacert '$CA_FILE' -c '$T/jar' -b '$T/jar' -o '$T/page' "\$1"
SH
chmod +x "$T/browser"
export BROWSER=$T/browser
expect 0 larder init --key-file "$HOME/larder.key"

# bound NAME: its access token is bound to the key that is shown, and is of no use to whoever has only the token.
bound() {
	local jkt access
	jkt=$(shown "$1" dpop_jkt)
	differ "the key of $1" "$jkt" ""
	expect 0 larder token "$1" --json
	equal "type of the token" "$(json token_type)" DPoP
	access=$(json access_token)
	as_client basic "$ISSUER/token/introspection" "token=$access" >"$T/introspected"
	equal "key of the token" "$(json cnf.jkt "$T/introspected")" "$jkt"
	equal "status as a Bearer token" "$(web -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $access" "$ISSUER/me")" 401
	differ "status without a proof" "$(web -o /dev/null -w '%{http_code}' -H "Authorization: DPoP $access" "$ISSUER/me")" 200
}

printf %s "$SECRET" | expect 0 larder client add basic --provider here --client-id basic --secret-file - --dpop ES256
expect 0 larder client add public --provider here --client-id public --dpop EdDSA
for client in basic public; do
	note "$client"
	expect 0 larder login "$client" --client "$client" --scope openid --scope offline_access
	bound "$client"
	first=$(token "$client")
	differ "the token after --force" "$(token "$client" --force)" "$first"
	equal generation "$(shown "$client" generation)" 2
	bound "$client"
	for _ in 1 2 3; do
		expect 0 larder request "$client" "$ISSUER/me"
		equal subject "$(json sub)" alice
	done
	expect 0 larder login "$client"
	bound "$client"
done

expect 0 larder revoke basic public --yes --json
equal result "$(json 0.result)" revoked
for client in basic public; do
	expect 4 larder token "$client"
	expect 4 larder request "$client" "$ISSUER/me"
done

note "a refresh token that nothing binds, of a client that authenticates itself: any key will do (S140)"
(umask 077 && get_refresh_token basic >"$T/refresh-token")
expect 0 larder add moved --client basic --refresh-token-file "$T/refresh-token"
bound_first=$(shown moved dpop_jkt)
expect 0 larder token moved
bound moved
equal "the key" "$(shown moved dpop_jkt)" "$bound_first"
expect 0 larder revoke moved --yes
