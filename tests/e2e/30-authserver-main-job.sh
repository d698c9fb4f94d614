# Goal of this test: the main job on our own server, whose ledger then shows not one replay and no refresh token left alive.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start_authserver
main_job basic
equal rotations "$(ctl counts .rotations)" 3
equal replays "$(ctl counts .replays)" 0
equal "live generations" "$(ctl grants .grants.0.live)" "[]"
