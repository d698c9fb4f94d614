#!/usr/bin/env bash
# call.sh NAME URL: print what the API answers, with curl.
set -eu
reply=$(mktemp) && trap 'rm -f "$reply"' EXIT
call() { larder token "$@" --format curl | curl -sS -K - -o "$reply" -w '%{http_code}' "$url"; }
name=$1 url=$2
status=$(call "$name")
[ "$status" != 401 ] || status=$(call "$name" --force)
cat "$reply" && [ "$status" = 200 ]
