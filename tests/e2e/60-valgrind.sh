# Goal of this test: the everyday commands leak nothing and touch nothing that is not theirs, as valgrind sees it.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

command -v valgrind >/dev/null || skip "valgrind is not installed"
start_authserver
set_up basic

# clean COMMAND...: larder under valgrind, without a finding; what valgrind says of the system call mlock2 is none.
clean() {
	note "larder $*"
	expect 0 valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible --log-file="$T/valgrind.log" "$LARDER" "$@"
	[ ! -s "$T/err" ] || fail "larder $*: $(cat "$T/err")"
}

clean token mail
clean token mail --json
clean token mail --force
clean list
clean show mail --json
clean status
clean client list
clean provider list
clean key list
clean audit
clean verify
clean refresh --all
clean revoke mail --yes
clean logout mail --yes
