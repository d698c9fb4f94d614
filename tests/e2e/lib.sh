# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the end-to-end tests: a temporary home, real authorization servers, and assertions. Sourced by NN-name.sh.
#
# From the environment: LARDER and LARDER_COURIER, the programs; LARDER_TEST_CACHE, where tools/test has put the servers;
# LARDER_E2E_REQUIRED, with which a missing server is a failure and no skip.
set -euo pipefail

e2e=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${LARDER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/larder-test}
LARDER=${LARDER:?the path of the larder program}
# The secret of both real servers' confidential clients: the two encodings of Basic write it differently.
SECRET='a secret+with 100% of:the/odd=ones&more'
# Long enough for a few commands on a busy machine, short enough to wait for its end.
export ACCESS_TTL=8

T=$(mktemp -d "${TMPDIR:-/tmp}/larder-e2e.XXXXXX")
pids=()

finish() {
	local status=$? pid
	for pid in ${pids[@]+"${pids[@]}"}; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	if [ $status != 0 ] && [ $status != 77 ]; then
		for log in "$T"/*.log "$T"/glewlwyd/*/glewlwyd.log "$T"/err; do
			if [ -s "$log" ]; then printf '%s\n' "--- ${log##*/}" && tail -n 15 "$log"; fi
		done
	fi
	rm -rf "$T"
	exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

for name in ${!LARDER_@}; do
	case $name in LARDER_COURIER) ;; *) export -n "${name?}" ;; esac
done
export HOME=$T/home XDG_CONFIG_HOME=$T/config XDG_DATA_HOME=$T/data XDG_RUNTIME_DIR=$T/run PYTHONDONTWRITEBYTECODE=1
mkdir -m 700 "$HOME" "$XDG_CONFIG_HOME" "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR"
mkdir -p "$XDG_CONFIG_HOME/larder/providers.d"
unset SSL_CERT_FILE SSL_CERT_DIR http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy

# -- assertions

note() { printf '# %s\n' "$*"; }
fail() {
	printf 'FAILED: %s\n' "$*"
	exit 1
}

skip() {
	[ -z "${LARDER_E2E_REQUIRED:-}" ] || fail "$1"
	note "skipped: $1"
	exit 77
}

# expect EXIT COMMAND...: output in $T/out and $T/err; what it said is shown when the exit code is another one.
expect() {
	local want=$1 got=0
	shift
	"$@" >"$T/out" 2>"$T/err" || got=$?
	[ "$got" = "$want" ] || fail "exit code $got, expected $want: $* ($(head -c 600 "$T/err"))"
}

equal() { [ "$2" = "$3" ] || fail "$1 is '$2', expected '$3'"; }
differ() { [ "$2" != "$3" ] || fail "$1 is still '$2'"; }

# json PATH [FILE]: a field such as 0.result of $T/out; booleans and null as JSON writes them.
json() {
	python3 -c 'import json, sys
value = json.load(open(sys.argv[2]))
for name in sys.argv[1].split("."):
    value = value[int(name)] if isinstance(value, list) else value[name]
print(value if isinstance(value, str) else json.dumps(value))' "$1" "${2:-$T/out}"
}

larder() { "$LARDER" "$@"; }

# shown NAME FIELD: what `larder show` says.
shown() {
	expect 0 larder show "$1" --json
	json "$2"
}

# token NAME OPTION...: the access token, and nothing else on either stream.
token() {
	expect 0 larder token "$@"
	[ ! -s "$T/err" ] || fail "larder token $* wrote on stderr: $(cat "$T/err")"
	equal "lines of larder token $*" "$(wc -l <"$T/out")" 1
	cat "$T/out"
}

# -- servers; each sets ISSUER, TOKEN_URL, REVOKE_URL, INTROSPECT_URL, AUTHORIZE_URL, REDIRECT_URI, BASIC_ENCODING

# private_ca: $T/ca.pem and a certificate for localhost, server.pem and server.key.
private_ca() {
	local new=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
	openssl req -x509 "${new[@]}" -keyout "$T/ca.key" -out "$T/ca.pem" -days 2 -subj '/CN=Test CA' 2>"$T/openssl.log"
	openssl req "${new[@]}" -keyout "$T/server.key" -out "$T/server.csr" -subj /CN=localhost 2>>"$T/openssl.log"
	printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >"$T/server.ext"
	openssl x509 -req -in "$T/server.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -CAcreateserial -days 2 \
		-extfile "$T/server.ext" -out "$T/server.pem" 2>>"$T/openssl.log"
}

# started FILE: waits until the server that was started last has written FILE, and prints it.
started() {
	local n
	for n in $(seq 300); do
		if [ -s "$1" ]; then
			cat "$1"
			return
		fi
		kill -0 "${pids[-1]}" 2>/dev/null || fail "the server ended (after $n looks)"
		sleep 0.1
	done
	fail "the server does not listen after 30 s"
}

tls_arguments() {
	[ "${1:-}" != tls ] || printf '%s\n' "$T/server.pem" "$T/server.key"
}

start_oidc_provider() {
	local tls
	[ -e "$cache/oidc-provider/.complete" ] || skip "oidc-provider is not installed (tools/test does it)"
	command -v node >/dev/null || skip "there is no node"
	mapfile -t tls < <(tls_arguments "$@")
	OIDC_PROVIDER_MODULES=$cache/oidc-provider node "$e2e/servers/oidc-provider/server.mjs" "$T/issuer" \
		${tls[@]+"${tls[@]}"} >"$T/oidc-provider.log" 2>&1 &
	pids+=($!)
	ISSUER=$(started "$T/issuer")
	TOKEN_URL=$ISSUER/token REVOKE_URL=$ISSUER/token/revocation INTROSPECT_URL=$ISSUER/token/introspection
	AUTHORIZE_URL=$ISSUER/auth REDIRECT_URI=http://127.0.0.1/callback BASIC_ENCODING=form SERVER=oidc-provider
}

# start_glewlwyd [tls]: certificates of clients are to be signed by the private authority, or in CLIENT_AUTHORITIES.
start_glewlwyd() {
	local tls
	[ -e "$cache/glewlwyd/.complete" ] || skip "glewlwyd is not installed (tools/test does it)"
	mapfile -t tls < <(tls_arguments "$@")
	[ "${1:-}" != tls ] || tls+=("${CLIENT_AUTHORITIES:-$T/ca.pem}")
	mkdir "$T/glewlwyd"
	python3 "$e2e/servers/glewlwyd/server.py" "$cache/glewlwyd" "$T/glewlwyd" "$T/issuer" "$ACCESS_TTL" \
		${tls[@]+"${tls[@]}"} >"$T/glewlwyd.log" 2>&1 &
	pids+=($!)
	ISSUER=$(started "$T/issuer")
	TOKEN_URL=$ISSUER/api/oidc/token REVOKE_URL=$ISSUER/api/oidc/revoke INTROSPECT_URL=$ISSUER/api/oidc/introspect
	AUTHORIZE_URL=$ISSUER/api/oidc/auth REDIRECT_URI=http://127.0.0.1:9/callback BASIC_ENCODING=raw SERVER=glewlwyd
}

start_authserver() {
	python3 "$e2e/../authserver/authserver.py" --port 0 --state "$T/authserver" >"$T/ready" 2>"$T/authserver.log" &
	pids+=($!)
	PORT=$(started "$T/ready" | sed -nE 's/.*"port": ([0-9]+).*/\1/p')
	ISSUER=http://127.0.0.1:$PORT
	TOKEN_URL=$ISSUER/token REVOKE_URL=$ISSUER/revoke INTROSPECT_URL=$ISSUER/introspect BASIC_ENCODING=form SERVER=authserver
	local name
	for name in basic post; do
		ctl client_new id=$name auth=$name secret="$SECRET" >/dev/null
	done
	ctl client_new id=public >/dev/null
}

ctl() { python3 "$e2e/../authserver/authserver.py" ctl "$PORT" "$@"; }

web() { curl -sS --max-time 30 ${CA_FILE:+--cacert "$CA_FILE"} "$@"; }

# as_client CLIENT URL FIELD...: a POST that authenticates as the client's registration says.
as_client() {
	local client=$1 url=$2 fields=() field
	shift 2
	for field in "$@"; do
		fields+=(--data-urlencode "$field")
	done
	case $client in
	basic) fields+=(-u "basic:$(basic_secret)") ;;
	post) fields+=(--data-urlencode client_id=post --data-urlencode "client_secret=$SECRET") ;;
	*) fields+=(--data-urlencode "client_id=$client") ;;
	esac
	web "${fields[@]}" "$url"
}

basic_secret() {
	if [ "$BASIC_ENCODING" = raw ]; then
		printf %s "$SECRET"
	else
		python3 -c 'import sys, urllib.parse; print(urllib.parse.quote_plus(sys.argv[1]), end="")' "$SECRET"
	fi
}

# is_active CLIENT TOKEN: what the server's introspection says, true or false.
is_active() {
	as_client "$1" "$INTROSPECT_URL" "token=$2" >"$T/introspection"
	json active "$T/introspection"
}

# get_refresh_token CLIENT: logs the user in, as a browser and a person would, and prints the first refresh token.
get_refresh_token() {
	if [ "$SERVER" = authserver ]; then
		ctl grant_new client="$1" access_ttl="$ACCESS_TTL" .refresh_token
		return
	fi
	local verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
	local query="client_id=$1&response_type=code&code_challenge=$challenge&code_challenge_method=S256&state=s&nonce=n"
	local target jar=$T/jar code
	rm -f "$jar"
	if [ "$SERVER" = glewlwyd ]; then
		web -c "$jar" -H 'Content-Type: application/json' -d '{"username":"alice","password":"password"}' "$ISSUER/api/auth/"
		query="$query&scope=read%20write&g_continue"
	else
		query="$query&scope=openid%20offline_access%20read%20write&prompt=consent"
	fi
	target="$AUTHORIZE_URL?$query&redirect_uri=$(printf %s "$REDIRECT_URI" | sed 's/:/%3A/g; s,/,%2F,g')"
	while [ "${target#"$REDIRECT_URI"}" = "$target" ]; do
		target=$(web -b "$jar" -c "$jar" -o "$T/page" -w '%{redirect_url}' "$target")
		[ -n "$target" ] || fail "the server does not redirect: $(head -c 300 "$T/page")"
	done
	code=$(printf %s "$target" | sed -nE 's/.*[?&]code=([^&]*).*/\1/p')
	as_client "$1" "$TOKEN_URL" grant_type=authorization_code "code=$code" "redirect_uri=$REDIRECT_URI" \
		"code_verifier=$verifier" >"$T/grant"
	json refresh_token "$T/grant"
}

# -- larder on the server that runs

# define_provider: the server as provider "here"; loopback http only if its issuer is http.
define_provider() {
	local insecure=''
	case $ISSUER in http://*) insecure='"insecure_loopback": true, ' ;; esac
	cat >"$XDG_CONFIG_HOME/larder/providers.d/here.json" <<-JSON
		{"id": "here", "name": "Here", $insecure"basic_encoding": "$BASIC_ENCODING",
		 "endpoints": {"token": "$TOKEN_URL", "revocation": "$REVOKE_URL"},
		 "rotation": {"kind": "always", "grace_kind": "none"}}
	JSON
}

# add_client NAME [SECRET]: the client of this name, at the server and in the vault.
add_client() {
	case $1 in
	public) expect 0 larder client add public --provider here --client-id public ;;
	*) printf %s "${2:-$SECRET}" | expect 0 larder client add "$1" --provider here --client-id "$1" --auth "$1" --secret-file - ;;
	esac
}

# set_up CLIENT: vault, provider, client, and the credential "mail" with a first refresh token in REFRESH_TOKEN.
set_up() {
	define_provider
	expect 0 larder init --key-file "$HOME/larder.key"
	add_client "$1"
	REFRESH_TOKEN=$(get_refresh_token "$1")
	printf '%s\n' "$REFRESH_TOKEN" | expect 0 larder add mail --client "$1" --scope read --scope write --refresh-token-file -
	equal generation "$(shown mail generation)" 1
}

# no_secret_in_files TEXT...: none of them is in any file of the vault or the configuration.
no_secret_in_files() {
	local text
	for text in "$@"; do
		! grep -rqF -e "$text" "$XDG_DATA_HOME" "$XDG_CONFIG_HOME" || fail "a secret is in the clear in the vault's files"
	done
}

# main_job CLIENT: store, issue, rotate by force and by expiry, revoke, refuse.
main_job() {
	local first second third
	set_up "$1"
	note "issue and rotate"
	first=$(token mail)
	equal "a cached token" "$(token mail --min-ttl 1)" "$first"
	equal "the first token is active" "$(is_active "$1" "$first")" true
	equal "generation after the first token" "$(shown mail generation)" 2
	second=$(token mail --force)
	differ "the token after --force" "$second" "$first"
	equal "generation after --force" "$(shown mail generation)" 3
	note "expire"
	sleep $((ACCESS_TTL + 1))
	equal "the second token is active" "$(is_active "$1" "$second")" false
	expect 0 larder token mail --json
	third=$(json access_token)
	equal refreshed "$(json refreshed)" true
	equal "the third token is active" "$(is_active "$1" "$third")" true
	differ "the token after expiry" "$third" "$second"
	equal "generation after expiry" "$(shown mail generation)" 4
	equal state "$(shown mail state)" ok
	no_secret_in_files "$REFRESH_TOKEN" "$SECRET" "$first" "$second" "$third"
	note "revoke"
	expect 0 larder revoke mail --yes --json
	equal result "$(json 0.result)" revoked
	equal "the third token is active" "$(is_active "$1" "$third")" false
	equal state "$(shown mail state)" revoked
	expect 4 larder token mail
	[ ! -s "$T/out" ] || fail "a revoked credential gave something out"
	expect 0 larder revoke mail --yes
	note "done on $SERVER with client $1"
}

# client_credentials_job CLIENT: log in without a person, issue, renew by expiry and by force, many at once, revoke.
client_credentials_job() {
	local first second
	define_provider
	expect 0 larder init --key-file "$HOME/larder.key"
	add_client "$1"
	expect 0 larder login robot --client "$1" --flow client-credentials --scope read
	equal generation "$(shown robot generation)" 1
	equal grant "$(shown robot grant)" client-credentials
	first=$(token robot)
	equal "the first token is active" "$(is_active "$1" "$first")" true
	note "expire"
	sleep $((ACCESS_TTL + 1))
	expect 0 larder token robot --json
	second=$(json access_token)
	equal refreshed "$(json refreshed)" true
	differ "the token after expiry" "$second" "$first"
	equal "the second token is active" "$(is_active "$1" "$second")" true
	at_once 8 robot
	equal state "$(shown robot state)" ok
	equal generation "$(shown robot generation)" 1
	second=$(token robot)
	no_secret_in_files "$SECRET" "$first" "$second"
	note "revoke"
	expect 0 larder revoke robot --yes --json
	equal result "$(json 0.result)" revoked
	equal "the last token is active" "$(is_active "$1" "$second")" false
	expect 4 larder token robot
	expect 0 larder login robot
	equal "the token of a new log-in is active" "$(is_active "$1" "$(token robot)")" true
}

# client_credentials_more CLIENT [EXIT]: another client; with a wrong secret larder ends with EXIT.
client_credentials_more() {
	add_client "$1"
	expect 0 larder login "robot-$1" --client "$1" --flow client-credentials --scope read
	equal "the token of $1 is active" "$(is_active "$1" "$(token "robot-$1" --force)")" true
	printf wrong | expect 0 larder client set-secret "$1" --secret-file -
	expect "${2:-8}" larder token "robot-$1" --force
	equal state "$(shown "robot-$1" state)" ok
	printf %s "$SECRET" | expect 0 larder client set-secret "$1" --secret-file -
	expect 0 larder token "robot-$1" --force
}

# at_once N NAME: so many forced tokens at the same time, all of which must succeed.
at_once() {
	local n running=()
	for n in $(seq "$1"); do
		larder token "$2" --force >"$T/out.$n" 2>"$T/err.$n" &
		running+=($!)
	done
	for n in $(seq "$1"); do
		wait "${running[n - 1]}" || fail "command $n: exit code $?: $(cat "$T/err.$n")"
	done
}
