# Goal of this test: a revocation that the provider cannot take now is queued, stops the credential here at once, and is delivered later.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start_authserver
set_up basic
token mail >/dev/null
ctl fault endpoint=revoke retry_after=1 times=-1 >/dev/null
expect 11 larder revoke mail --yes --json
equal result "$(json 0.result)" queued
equal http_status "$(json 0.http_status)" 503
equal state "$(shown mail state)" revoking
expect 4 larder token mail
equal "the grant is alive at the server" "$(ctl grants .grants.0.alive)" true

ctl faults_clear >/dev/null
sleep 2
note "the next refresh delivers what is queued"
expect 0 larder refresh --due
equal state "$(shown mail state)" revoked
equal "the grant is alive at the server" "$(ctl grants .grants.0.alive)" false
expect 4 larder token mail
equal replays "$(ctl counts .replays)" 0
