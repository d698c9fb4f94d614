# Goal of this test: tokens of glewlwyd over TLS that are bound to a key, with the nonces that it wants in every proof: log-in
# by each way, refresh, userinfo, revocation. RFC 9449. S135 S142 S143 S145
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib-glewlwyd.sh
. "$(dirname "$0")/lib-glewlwyd.sh"

export ACCESS_TTL=60
private_ca
export CA_FILE=$T/ca.pem
MORE_REDIRECT_URIS=http://127.0.0.1:8765/callback \
	MORE_PARAMETERS='{"oauth-dpop-nonce-mandatory":true,"email-claim":"mandatory"}' start_glewlwyd tls
export SSL_CERT_FILE=$CA_FILE
expect 0 larder init --key-file "$HOME/larder.key"
discovered
by_hand 'definition["basic_encoding"] = "raw"'

# no_bearer NAME: the token of this credential says which key it is bound to, and is of no use without it.
no_bearer() {
	local claims
	expect 0 larder token "$1" --json
	equal "type of the token" "$(json token_type)" DPoP
	claims=$(json access_token | cut -d . -f 2 | tr -- -_ +/ | base64 -d 2>/dev/null || :)
	printf '%s\n' "$claims" >"$T/claims"
	differ "the key of the token" "$(json cnf.jkt "$T/claims")" ""
	equal "status of the token as a Bearer token" "$(web -o /dev/null -w '%{http_code}' \
		-H "Authorization: Bearer $(json access_token)" "$ISSUER/api/oidc/userinfo")" 401
}

for alg in ES256 EdDSA RS256; do
	note "$alg: a pushed request that names the key, and the URL pasted"
	printf %s "$SECRET" | expect 0 larder client add "$alg" --provider "$PROVIDER" --client-id basic --secret-file - --dpop "$alg"
	by_paste "$alg" --client "$alg" --scope openid --scope read
	equal account "$(shown "$alg" account)" alice@example.org
	no_bearer "$alg"
	lives "$alg" basic
done

note "a code to type in"
by_device device --client ES256 --scope openid --scope read
no_bearer device
lives device basic

note "an API that wants a nonce, too, and takes the token no more"
by_device caller --client EdDSA --scope openid --scope read
for _ in 1 2 3; do
	expect 0 larder request caller "$ISSUER/api/oidc/userinfo"
	equal email "$(json email)" alice@example.org
done
as_client basic "$REVOKE_URL" "token=$(token caller)"
# Its 401 names no scheme, which says nothing about the token (RFC 9110 section 15.5.2): nothing is refreshed for it.
expect 4 larder request caller "$ISSUER/api/oidc/userinfo"
equal generation "$(shown caller generation)" 1
expect 0 larder token caller --force
expect 0 larder request caller "$ISSUER/api/oidc/userinfo"
equal email "$(json email)" alice@example.org
expect 0 larder revoke caller --yes
expect 4 larder request caller "$ISSUER/api/oidc/userinfo"
