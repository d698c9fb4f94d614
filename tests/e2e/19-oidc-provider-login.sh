# Goal of this test: a person logs in at oidc-provider over TLS: a pushed request, the issuer in the answer, more scopes, and a
# device code that is typed in while nobody waits.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

private_ca
export SSL_CERT_FILE=$T/ca.pem
CA_FILE=$T/ca.pem
start_oidc_provider tls
cat >"$XDG_CONFIG_HOME/larder/providers.d/here.json" <<JSON
{"id": "here", "name": "Here", "issuer": "$ISSUER", "iss_in_response": true, "require_par": true,
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

note "a pushed request, by a client that authenticates itself"
printf %s "$SECRET" | expect 0 larder login mail --provider here --client-id basic --secret-file - --scope openid \
	--scope offline_access --scope read
grep -q '/auth?client_id=basic&request_uri=urn' "$T/err" || fail "the request was not pushed: $(cat "$T/err")"
! grep -q 'scope=' "$T/err" || fail "the URL says more than a reference: $(cat "$T/err")"
first=$(token mail)
differ "the token after --force" "$(token mail --force)" "$first"

note "more scopes; the old ones stay"
expect 0 larder login mail --scope write
expect 0 larder token mail --json
equal scope "$(json scope)" "offline_access openid read write"

note "a device code"
form() { sed -nE "s/.*name=\"$1\" value=\"([^\"]*)\".*/\\1/p" "$T/form" | head -n 1; }
expect 6 larder login mail --flow device --timeout 2s
url=$(sed -nE 's/.*just open (.*)/\1/p' "$T/err")
code=$(sed -nE 's/.*enter the code (.*)/\1/p' "$T/err")
web -c "$T/jar" -b "$T/jar" -L -o "$T/form" "$url"
web -c "$T/jar" -b "$T/jar" -L -o "$T/form" --data-urlencode "xsrf=$(form xsrf)" --data-urlencode "user_code=$code" "$ISSUER/device"
web -c "$T/jar" -b "$T/jar" -L -o "$T/page" --data-urlencode "xsrf=$(form xsrf)" --data-urlencode "user_code=$code" \
	-d confirm=yes "$ISSUER/device"
expect 0 larder login mail
grep -q 'begun before' "$T/err" || fail "the log-in did not go on: $(cat "$T/err")"
equal state "$(shown mail state)" ok
differ "the token after --force" "$(token mail --force)" "$first"
no_secret_in_files "$SECRET" "$first"
expect 0 larder revoke mail --yes
note "done"
