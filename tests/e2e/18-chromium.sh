# Goal of this test: a real browser logs in, on our own server and on oidc-provider, and what it shows is the one page.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

command -v chromium >/dev/null || skip "there is no chromium"

# The page as the browser has it when all is loaded goes to $T/page, what it has to say to $T/browser.log.
cat >"$T/browser" <<'SH'
#!/bin/sh
here=$(dirname "$0")
timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
	--disable-background-networking --disable-component-update --disable-sync --enable-logging=stderr \
	--user-data-dir="$(mktemp -d "$here/profile.XXXXXX")" --window-size=800,600 --dump-dom "$1" \
	>"$here/page.new" 2>"$here/browser.log" && mv "$here/page.new" "$here/page"
SH
chmod +x "$T/browser"
export BROWSER=$T/browser

# with_authorization: the provider "here" with what a person's log-in takes.
with_authorization() {
	python3 - "$XDG_CONFIG_HOME/larder/providers.d/here.json" "$@" <<'PY'
import json, sys
path, *fields = sys.argv[1:]
with open(path) as file:
    definition = json.load(file)
for field in fields:
    name, _, value = field.partition("=")
    definition["endpoints"][name] = value
with open(path, "w") as file:
    json.dump(definition, file)
PY
}

# shows TEXT: the browser has shown the page with this text and no other, and found nothing wrong with it.
shows() {
	local n
	for n in $(seq 200); do
		[ ! -s "$T/page" ] || break
		sleep 0.1
	done
	[ -s "$T/page" ] || fail "the browser shows nothing after $n looks: $(tail -n 3 "$T/browser.log")"
	equal title "$(sed -nE 's/.*<title>(.*)<\/title>.*/\1/p' "$T/page")" Larder
	equal "what the page says" "$(sed -nE 's/.*<h1>(.*)<\/h1>.*/\1/p' "$T/page")" "$1"
	! grep -qiE '<script|<img|<link|http-equiv' "$T/page" || fail "the page has more than text: $(cat "$T/page")"
	! grep -E 'CONSOLE' "$T/browser.log" || fail "the browser complains about the page"
	rm "$T/page"
}

note "our own server"
start_authserver
define_provider
with_authorization "authorization=$ISSUER/authorize" "pushed_authorization_request=$ISSUER/par"
expect 0 larder init --key-file "$HOME/larder.key"
add_client basic
ctl login_set par_required=true >/dev/null
expect 0 larder login mail --client basic --scope read
shows "You are logged in. You can close this page."
expect 0 larder token mail --json
equal scope "$(json scope)" read
ctl login_set deny=true >/dev/null
expect 7 larder login mail
shows "The log-in was refused. The terminal in which it began says why."
equal generation "$(shown mail generation)" 1
kill "${pids[-1]}"

note "oidc-provider"
start_oidc_provider
define_provider
with_authorization "authorization=$AUTHORIZE_URL"
add_client public
expect 0 larder login openid --client public --scope openid --scope offline_access --scope read
shows "You are logged in. You can close this page."
first=$(token openid)
differ "the token after --force" "$(token openid --force)" "$first"
note "done in $(chromium --version 2>/dev/null)"
