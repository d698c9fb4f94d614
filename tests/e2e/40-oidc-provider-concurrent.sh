# Goal of this test: ten commands at once never spend a refresh token twice: oidc-provider would end the grant.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start_oidc_provider
set_up basic
at_once 10 mail
generation=$(shown mail generation)
if [ "$generation" -lt 2 ] || [ "$generation" -gt 11 ]; then fail "generation is $generation after ten commands"; fi
final=$(token mail --force)
equal "the last token is active" "$(is_active basic "$final")" true
equal generation "$(shown mail generation)" $((generation + 1))
