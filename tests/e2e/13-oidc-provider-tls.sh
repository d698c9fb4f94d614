# Goal of this test: the main job on oidc-provider over TLS, with a private authority in SSL_CERT_FILE; without it nothing is sent.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

private_ca
export CA_FILE=$T/ca.pem
start_oidc_provider tls
export SSL_CERT_FILE=$CA_FILE
main_job basic

note "an authority that nobody trusts"
REFRESH_TOKEN=$(get_refresh_token basic)
printf %s "$REFRESH_TOKEN" | expect 0 larder add other --client basic --refresh-token-file -
unset SSL_CERT_FILE
expect 6 larder token other
equal "generation of the one that was not sent" "$(shown other generation)" 1
equal "state of the one that was not sent" "$(shown other state)" ok
SSL_CERT_FILE=$CA_FILE expect 0 larder token other --force
