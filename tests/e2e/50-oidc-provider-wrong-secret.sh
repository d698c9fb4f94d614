# Goal of this test: a wrong secret is the configuration, not the grant: exit 8, nothing lost, and well again with the right one.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start_oidc_provider
define_provider
expect 0 larder init --key-file "$HOME/larder.key"
add_client basic wrong
REFRESH_TOKEN=$(get_refresh_token basic)
printf %s "$REFRESH_TOKEN" | expect 0 larder add mail --client basic --refresh-token-file -
expect 8 larder token mail
expect 8 larder token mail --force --json
equal "the code of the error" "$(json error.code "$T/err")" rejected
equal generation "$(shown mail generation)" 1
printf %s "$SECRET" | expect 0 larder client set-secret basic --secret-file -
equal "the token is active" "$(is_active basic "$(token mail --force)")" true
equal generation "$(shown mail generation)" 2
