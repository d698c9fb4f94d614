#!/bin/sh
# Goal of this test: the committed manual pages are exactly what the tables of the commands give, and groff has nothing
# to complain about.
# SPDX-License-Identifier: Apache-2.0
set -eu
pages=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$MAN" "$work"
diff -ru "$pages" "$work" || {
	echo "the manual is not what src/cli says; write it with: ninja man" >&2
	exit 1
}
command -v groff > /dev/null || exit 0
for page in "$work"/*.1; do
	groff -man -ww -Tutf8 "$page" 2>&1 > /dev/null | grep . && {
		echo "$page: groff complains" >&2
		exit 1
	}
done
exit 0
