# Goal of this test: a grant that the provider has ended needs a log-in: exit 4, and add --replace with a new one is well again.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start_oidc_provider
set_up public
stolen=$REFRESH_TOKEN
token mail >/dev/null
note "somebody else presents the first refresh token again; the server ends the grant"
as_client public "$TOKEN_URL" grant_type=refresh_token "refresh_token=$stolen" >"$T/theft"
equal "the answer to the thief" "$(json error "$T/theft")" invalid_grant
expect 4 larder token mail --force
equal state "$(shown mail state)" needs-login
REFRESH_TOKEN=$(get_refresh_token public)
printf %s "$REFRESH_TOKEN" | expect 0 larder add mail --client public --replace --refresh-token-file -
equal generation "$(shown mail generation)" 3
equal state "$(shown mail state)" ok
equal "the token is active" "$(is_active public "$(token mail --force)")" true
