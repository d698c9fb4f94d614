# Goal of this test: a thousand rotations in a row: generation 1001, not one replay, and no field of the credential lost.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start_authserver
set_up basic
before=$(expect 0 larder show mail --json && json scope && json client && json account)
for n in $(seq 1000); do
	larder token mail --force >"$T/out" 2>"$T/err" || fail "exit code $? at rotation $n: $(cat "$T/err")"
done
equal generation "$(shown mail generation)" 1001
equal "rotations at the server" "$(ctl counts .rotations)" 1000
equal "replays at the server" "$(ctl counts .replays)" 0
equal "live generations at the server" "$(ctl grants .grants.0.live)" "[1001]"
equal "the other fields" "$(expect 0 larder show mail --json && json scope && json client && json account)" "$before"
