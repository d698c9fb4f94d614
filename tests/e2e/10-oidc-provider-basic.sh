# Goal of this test: the main job on oidc-provider with a confidential client that uses client_secret_basic.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start_oidc_provider
main_job basic
