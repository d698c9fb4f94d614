# Goal of this test: replies as providers really send them neither lose the refresh token nor spend it twice.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start_authserver
set_up basic
generation=1
grant=$(ctl grants .grants.0.id)

# accepted ROTATED FAULT...: the token of this reply opens the API; ROTATED is how much the generation rises.
accepted() {
	local rotated=$1 access
	shift
	note "accepted: $*"
	ctl fault "$@" >/dev/null
	access=$(token mail --force)
	generation=$((generation + rotated))
	equal "generation after $*" "$(shown mail generation)" "$generation"
	equal "the API's answer" "$(printf 'header = "Authorization: Bearer %s"\n' "$access" | web -K - -o "$T/page" -w '%{http_code}' "$ISSUER/api")" 200
}

# refused EXIT FAULT...: no token, and afterwards all is as before.
refused() {
	local code=$1
	shift
	note "refused: $*"
	ctl fault "$@" >/dev/null
	expect "$code" larder token mail --force
	equal "state after $*" "$(shown mail state)" ok
	equal "generation after $*" "$(shown mail generation)" "$generation"
}

for how in omit null empty same; do
	accepted 0 "refresh_token=$how"
done
for value in '"3600"' 3599.5 0 -1 '"soon"' null '[]'; do
	accepted 1 "set={\"expires_in\":$value}"
done
accepted 1 'unset=["expires_in"]'
accepted 1 raw_set='{"expires_in":"1e400"}'
accepted 1 'unset=["token_type","scope"]' set='{"refresh_token_expires_in":86400}'
accepted 1 chunked=true
accepted 1 'slow={"bytes":40,"every_s":0.02}'
accepted 1 access_len=65536 refresh_len=65536
refused 6 html=true
refused 6 status=429 retry_after=1
refused 6 retry_after=1
refused 6 error=server_error error_status=500
refused 8 error=invalid_scope
accepted 1 delay_after_s=0.2
equal replays "$(ctl grant id="$grant" .counts.replays)" 0
equal "live generation at the server" "$(ctl grant id="$grant" .live)" "[$(ctl grant id="$grant" .newest)]"
