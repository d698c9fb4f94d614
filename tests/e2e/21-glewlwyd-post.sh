# Goal of this test: the main job on glewlwyd with a confidential client that uses client_secret_post.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start_glewlwyd
main_job post
