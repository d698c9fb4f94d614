# Goal of this test: client credentials on glewlwyd over TLS: log in, token, expiry, many at once, revoke.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

private_ca
export CA_FILE=$T/ca.pem
start_glewlwyd tls
export SSL_CERT_FILE=$CA_FILE
client_credentials_job basic
# a wrong secret is answered with 403 and an empty body, which tells nothing
client_credentials_more post 6
