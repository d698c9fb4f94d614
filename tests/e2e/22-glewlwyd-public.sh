# Goal of this test: issue and rotate on glewlwyd with a public client, which it lets revoke nothing: exit 11, stopped here all the same.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start_glewlwyd
set_up public
first=$(token mail)
second=$(token mail --force)
differ "the token after --force" "$second" "$first"
equal generation "$(shown mail generation)" 3
sleep $((ACCESS_TTL + 1))
differ "the token after expiry" "$(token mail)" "$second"
equal generation "$(shown mail generation)" 4

expect 11 larder revoke mail --yes --json
equal "what the server said" "$(json 0.http_status)" 401
expect 4 larder token mail
[ ! -s "$T/out" ] || fail "a credential that is being revoked gave something out"
