# Goal of this test: a client of glewlwyd whose provider is its issuer's URL, over TLS: issued, rotated, revoked as discovered.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

private_ca
export CA_FILE=$T/ca.pem
start_glewlwyd tls
export SSL_CERT_FILE=$CA_FILE
issuer=$ISSUER/api/oidc
expect 0 larder init --key-file "$HOME/larder.key"
printf %s "$SECRET" | expect 0 larder client add basic --provider "$issuer" --client-id basic --auth basic --secret-file -
expect 0 larder client show basic --json
provider=$(json provider)
expect 0 larder provider show "$provider" --json
equal issuer "$(json issuer)" "$issuer"
equal "token endpoint" "$(json endpoints.token)" "$TOKEN_URL"
equal "revocation endpoint" "$(json endpoints.revocation)" "$REVOKE_URL"
equal "where it was found" "$(json discovery)" "$issuer/.well-known/openid-configuration"

note "the issuer is not its host"
expect 3 larder client add other --provider "$ISSUER" --client-id basic

note "what metadata cannot say is added by hand, and stays"
sed -i 's/"discovered_at"/"basic_encoding": "raw", &/' "$XDG_CONFIG_HOME/larder/providers.d/$provider.json"
expect 0 larder provider discover "$issuer" --json
equal "how Basic is written" "$(json basic_encoding)" raw

REFRESH_TOKEN=$(get_refresh_token basic)
printf '%s\n' "$REFRESH_TOKEN" | expect 0 larder add mail --client basic --refresh-token-file -
first=$(token mail)
equal "the first token is active" "$(is_active basic "$first")" true
second=$(token mail --force)
differ "the token after --force" "$second" "$first"
expect 0 larder revoke mail --yes --json
equal result "$(json 0.result)" revoked
equal "the second token is active" "$(is_active basic "$second")" false
