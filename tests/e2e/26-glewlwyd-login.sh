# Goal of this test: a person logs in at glewlwyd over TLS in each way there is: at the browser of this machine or of another
# one, with a code to type in, with a pushed request or a long URL; each log-in is renewed and revoked.
# RFC 6749 with RFC 7636 and RFC 8252, RFC 8628, RFC 9126, RFC 9207, OpenID Connect. S105 S109 S149 S150 S151
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib-glewlwyd.sh
. "$(dirname "$0")/lib-glewlwyd.sh"

export ACCESS_TTL=60
private_ca
export CA_FILE=$T/ca.pem
# It compares redirect URIs byte by byte, those to this machine too: a port is to be registered. 8765 is what a paste takes.
port=$(python3 -c 'import socket; sock = socket.socket(); sock.bind(("127.0.0.1", 0)); print(sock.getsockname()[1])')
MORE_REDIRECT_URIS="http://127.0.0.1:$port/callback http://127.0.0.1:8765/callback" \
	MORE_PARAMETERS='{"oauth-as-iss-id":true,"email-claim":"mandatory"}' start_glewlwyd tls
export SSL_CERT_FILE=$CA_FILE
browser
expect 0 larder init --key-file "$HOME/larder.key"
discovered
by_hand 'definition["basic_encoding"] = "raw"' 'definition["iss_in_response"] = True'

note "a browser on this machine, and a pushed request"
printf %s "$SECRET" | expect 0 larder login mail --provider "$PROVIDER" --client-id basic --secret-file - --port "$port" \
	--scope openid --scope read --scope write
grep -q 'You are logged in' "$T/page" || fail "the browser shows something else: $(cat "$T/page")"
equal "what the browser was sent to" "$(sed -E 's/=urn%3A[^&]*/=URN/' "$T/visited")" \
	"$ISSUER/api/oidc/auth?client_id=basic&request_uri=URN"
equal account "$(shown mail account)" alice@example.org
lives mail basic

note "a browser on another machine, and the URL pasted; its metadata knows only Basic for revocation"
printf %s "$SECRET" | expect 0 larder client add post --provider "$PROVIDER" --client-id post --auth post --secret-file -
by_paste pasted --client post --scope openid --scope read
lives pasted post

note "a URL with all of the request in it, by a client that has no secret"
by_hand 'del definition["endpoints"]["pushed_authorization_request"]'
expect 0 larder client add public --provider "$PROVIDER" --client-id public
: >"$T/visited"
expect 0 larder login public --client public --port "$port" --scope openid --scope read
for part in code_challenge_method=S256 scope=openid+read response_type=code "redirect_uri=http%3A%2F%2F127.0.0.1%3A$port"; do
	grep -q "$part" "$T/visited" || fail "the URL has no $part: $(cat "$T/visited")"
done
first=$(token public)
differ "the token after --force" "$(token public --force)" "$first"
# it lets those clients revoke nothing (401); here it is over all the same
expect 11 larder revoke public --yes --json
equal "what the server said" "$(json 0.http_status)" 401
expect 4 larder token public

note "a code to type in"
printf %s "$SECRET" | expect 0 larder client add basic --provider "$PROVIDER" --client-id basic --secret-file -
by_device device --client basic --scope openid --scope read
equal account "$(shown device account)" alice@example.org
lives device basic

note "a code to type in, while nobody waits"
expect 6 larder login later --client post --scope read --flow device --timeout 2s
url=$(sed -nE 's/.*just open (.*)/\1/p' "$T/err")
case $(approve "$url") in *prompt=deviceComplete*) ;; *) fail "the code was not taken" ;; esac
expect 0 larder login later
grep -q 'begun before' "$T/err" || fail "the log-in did not go on: $(cat "$T/err")"
lives later post

note "a renewal keeps account and scopes"
expect 0 larder login mail --port "$port"
equal account "$(shown mail account)" alice@example.org
equal state "$(shown mail state)" ok
expect 0 larder token mail --json
equal scope "$(json scope)" "openid read write"

# It disables the refresh token before it looks at the client, and says nothing but 400: nobody can win that one back. Here
# it is no end of the grant either, as the same reply comes from firewalls; but the advice names what it may be.
note "a wrong secret, of which the server says nothing"
printf wrong | expect 0 larder client set-secret mail --secret-file -
expect 6 larder token mail --force
grep -q "check the client .* log in again" "$T/err" || fail "no word of the client: $(cat "$T/err")"
equal state "$(shown mail state)" ok
printf %s "$SECRET" | expect 0 larder client set-secret mail --secret-file -
expect 6 larder token mail --force
expect 0 larder login mail --port "$port"
expect 0 larder token mail --force
