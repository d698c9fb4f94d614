# Goal of this test: ten commands at once never spend a refresh token twice: glewlwyd would end the chain.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start_glewlwyd
set_up post
at_once 10 mail
final=$(token mail --force)
equal "the last token is active" "$(is_active post "$final")" true
