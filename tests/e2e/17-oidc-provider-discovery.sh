# Goal of this test: log in to oidc-provider by its URL alone, over TLS: discovered, registered, logged in, renewed, taken back.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

private_ca
export CA_FILE=$T/ca.pem
start_oidc_provider tls
port=${ISSUER##*:}
expect 0 larder init --key-file "$HOME/larder.key"
# Stands in for a person's browser, which keeps cookies.
cat >"$T/browser" <<-SH
	#!/bin/sh
	exec curl -sSL --max-time 30 --cacert "$CA_FILE" -b "$T/jar" -c "$T/jar" -o "$T/page" "\$1"
SH
chmod 700 "$T/browser"
export BROWSER=$T/browser

note "an authority that nobody trusts is not believed"
expect 6 larder login "$ISSUER"
[ ! -e "$XDG_CONFIG_HOME/larder/providers.d/localhost:$port.json" ] || fail "it was pinned all the same"

note "the URL is enough"
export SSL_CERT_FILE=$CA_FILE
expect 0 larder login "$ISSUER" --scope openid --scope read
expect 0 larder provider show "localhost:$port" --json
equal issuer "$(json issuer)" "$ISSUER"
equal "token endpoint" "$(json endpoints.token)" "$TOKEN_URL"
equal "registration endpoint" "$(json endpoints.registration)" "$ISSUER/reg"
equal "iss in the answer" "$(json iss_in_response)" true
expect 0 larder client show "localhost:$port" --json
equal "registered by itself" "$(json registered_itself)" true
client_id=$(json client_id)
first=$(token localhost)
[ "$(is_active "$client_id" "$first")" = true ] || fail "the token of the log-in is not active"

note "a refresh, and a renewal with the same client"
differ "the token after --force" "$(token localhost --force)" "$first"
rm -f "$T/jar"
expect 0 larder login "$ISSUER"
expect 0 larder client list --json
equal "the only client" "$(json 0.client_id)" "$client_id"

note "asked again, nothing has changed"
expect 0 larder provider discover "$ISSUER"
grep -q 'nothing has changed' "$T/err" || fail "it says: $(cat "$T/err")"

note "taken back"
second=$(token localhost)
expect 0 larder logout localhost --yes
expect 0 larder client remove "localhost:$port"
[ ! -s "$T/err" ] || fail "the registration was not taken back: $(cat "$T/err")"
as_client "$client_id" "$INTROSPECT_URL" "token=$second" >"$T/introspection"
equal "a removed client" "$(json error "$T/introspection")" invalid_client
no_secret_in_files "$first" "$second"
