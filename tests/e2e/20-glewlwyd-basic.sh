# Goal of this test: the main job on glewlwyd, which takes Basic credentials raw, with a confidential client.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start_glewlwyd
main_job basic
