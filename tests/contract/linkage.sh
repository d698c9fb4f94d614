#!/bin/sh
# Goal of this test: the front end needs no libcurl (which makes a start many times slower), is position-independent,
# resolves its symbols at start and write-protects them, and has no executable stack.
# SPDX-License-Identifier: Apache-2.0
set -eu
program=$1
fail() {
	echo "$program: $1" >&2
	exit 1
}
ldd "$program" | grep -q curl && fail "links libcurl"
readelf -h "$program" | grep -q 'Type:.*DYN' || fail "is not position-independent"
readelf -lW "$program" | grep -q GNU_RELRO || fail "has no RELRO segment"
readelf -dW "$program" | grep -Eq 'BIND_NOW|FLAGS.*NOW' || fail "binds lazily"
readelf -lW "$program" | grep GNU_STACK | grep -q 'RWE' && fail "has an executable stack"
exit 0
