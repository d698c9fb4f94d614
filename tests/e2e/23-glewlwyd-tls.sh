# Goal of this test: the main job on glewlwyd over TLS, with a private authority in SSL_CERT_FILE.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

private_ca
export CA_FILE=$T/ca.pem
start_glewlwyd tls
export SSL_CERT_FILE=$CA_FILE
main_job post
