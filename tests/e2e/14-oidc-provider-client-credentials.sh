# Goal of this test: client credentials on oidc-provider over TLS: log in, token, scope, resource, expiry, many at once, revoke.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

private_ca
export CA_FILE=$T/ca.pem
start_oidc_provider tls
export SSL_CERT_FILE=$CA_FILE
client_credentials_job basic
client_credentials_more post

note "a resource of its own, whose token is a signed one"
expect 0 larder login resourced --client basic --flow client-credentials --resource https://api.example/ --scope read
token=$(token resourced)
differ "the number of the token's parts" "$(printf %s "$token" | tr -dc . | wc -c)" 0
equal "its audience" "$(printf %s "$token" | cut -d. -f2 | tr '_-' '/+' | base64 -d 2>/dev/null | sed -E 's/.*"aud":"([^"]*)".*/\1/')" https://api.example/
expect 8 larder login other --client basic --flow client-credentials --resource https://other.example/

note "a client that may not"
add_client public
expect 8 larder login nobody --client public --flow client-credentials
