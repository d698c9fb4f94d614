# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the end-to-end tests of log-ins at glewlwyd: its person and her browser. Sourced after lib.sh.

# field URL NAME: one of the query's parameters, decoded.
field() {
	python3 -c 'import sys, urllib.parse
print(urllib.parse.parse_qs(urllib.parse.urlsplit(sys.argv[1]).query)[sys.argv[2]][0])' "$1" "$2"
}

# approve URL: what the script of glewlwyd's page does at such a page: alice logs in, allows what is asked for, and goes on.
# Prints where she is sent to.
approve() {
	local page jar
	jar=$(mktemp "$T/jar.XXXXXX")
	page=$(web -o /dev/null -w '%{redirect_url}' "$1")
	case $page in "$ISSUER/login.html?"*) ;; *) fail "no page to log in at, but '$page'" >&2 ;; esac
	web -c "$jar" -H 'Content-Type: application/json' -d '{"username":"alice","password":"password"}' "$ISSUER/api/auth/"
	web -b "$jar" -X PUT -H 'Content-Type: application/json' -d "{\"scope\":\"$(field "$page" scope)\"}" \
		"$ISSUER/api/auth/grant/$(field "$page" client_id)"
	web -b "$jar" -o /dev/null -w '%{redirect_url}' "$(field "$page" callback_url)&g_continue"
}

# browser: the program that opens a URL, as alice's; the last page that it has shown is $T/page.
browser() {
	{
		printf '#!/bin/bash\nset -euo pipefail\nISSUER=%q CA_FILE=%q T=%q\n' "$ISSUER" "$CA_FILE" "$T"
		declare -f web fail field approve
		# shellcheck disable=SC2016 # for the program
		printf '%s\n' 'exec 2>>"$T/browser.log"' 'echo "$1" >>"$T/visited"' 'web -o "$T/page" "$(approve "$1")"'
	} >"$T/browser"
	chmod +x "$T/browser"
	export BROWSER=$T/browser
}

# begin NAME OPTION...: a log-in that waits for a person, and what it says in $T/login.log; end: it is over, and good.
begin() {
	rm -f "$T/answer"
	mkfifo "$T/answer"
	: >"$T/login.log" # here, and not in the background: what the one before has said is not to be taken for its words
	"$LARDER" login "$@" <>"$T/answer" >"$T/login.out" 2>"$T/login.log" &
	begun=$!
}

end() {
	wait "$begun" || fail "the log-in failed with exit code $?"
}

# asked REGEX: what the log-in has told the person, as soon as it has.
asked() {
	local found
	for _ in $(seq 300); do
		found=$(grep -hoE -m 1 "$1" "$T/login.log" || :)
		[ -z "$found" ] || break
		kill -0 "$begun" 2>/dev/null || fail "the log-in ended" >&2
		sleep 0.1
	done
	printf %s "$found"
}

# by_paste NAME OPTION...: alice's browser is on another machine; she brings back the URL that it ended at.
by_paste() {
	local url ended
	begin "$@" --flow paste
	url=$(asked 'https://localhost:[0-9]+/[^ ]*')
	ended=$(approve "$url")
	printf '%s\n' "$ended" >"$T/answer"
	end
}

# by_device NAME OPTION...: she opens the page with the code in it.
by_device() {
	local url ended
	begin "$@" --flow device
	url=$(asked 'https://localhost:[0-9]+/[^ ]*code=[^ ]*')
	ended=$(approve "$url")
	case $ended in *prompt=deviceComplete*) ;; *) fail "the code was not taken: $ended" ;; esac
	end
}

# lives NAME [CLIENT]: a token, rotations by force, and revoked; CLIENT can introspect.
lives() {
	local first second
	equal generation "$(shown "$1" generation)" 1
	first=$(token "$1")
	second=$(token "$1" --force)
	differ "the token after --force" "$second" "$first"
	differ "the token after a second --force" "$(token "$1" --force)" "$second"
	equal generation "$(shown "$1" generation)" 3
	second=$(token "$1")
	[ -z "${2:-}" ] || equal "the last token is active" "$(is_active "$2" "$second")" true
	no_secret_in_files "$first" "$second" "$SECRET"
	expect 0 larder revoke "$1" --yes --json
	equal result "$(json 0.result)" revoked
	equal what "$(json 0.what)" '["refresh_token", "access_token"]'
	[ -z "${2:-}" ] || equal "the last token is active" "$(is_active "$2" "$second")" false
	expect 4 larder token "$1"
	[ ! -s "$T/out" ] || fail "a revoked credential gave something out"
}

# discovered: what glewlwyd's metadata says becomes the provider whose id is in PROVIDER.
discovered() {
	expect 0 larder provider discover "$ISSUER/api/oidc" --json
	PROVIDER=$(json id)
}

# by_hand STATEMENT...: what metadata cannot say, or does not, in Python.
by_hand() {
	python3 - "$XDG_CONFIG_HOME/larder/providers.d/$PROVIDER.json" "$@" <<-'PY'
		import json, sys
		path, *statements = sys.argv[1:]
		with open(path, encoding="utf-8") as file:
		    definition = json.load(file)
		for statement in statements:
		    exec(statement)
		with open(path, "w", encoding="utf-8") as file:
		    json.dump(definition, file)
	PY
}
