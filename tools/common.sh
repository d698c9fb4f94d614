# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by those who source it
# For tools/quickstart and tools/test: packages, configurations, steps. Sourced with the project as working directory;
# work is a temporary folder of theirs.

started=$SECONDS
jobs=$(nproc 2>/dev/null || echo 2)
build_packages=(gcc libc6-dev cmake ninja-build pkg-config python3 ca-certificates
	libsodium-dev libsqlite3-dev libcurl4-openssl-dev libcjson-dev libseccomp-dev)

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

say() { printf '%s\n' "$*"; }
step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages NAME...: those that are missing, so that a second run needs neither network nor root.
install_packages() {
	local name missing=()
	for name in "$@"; do
		is_installed "$name" || missing+=("$name")
	done
	if [ ${#missing[@]} = 0 ]; then
		say "packages: all $# are installed"
		return
	fi
	command -v apt-get >/dev/null || die "this script installs Debian packages; install the like of: ${missing[*]}"
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		die "as root, run: apt-get install --no-install-recommends ${missing[*]}"
	fi
	say "packages to install: ${missing[*]}"
	as_root apt-get update -qq || say "the package lists could not be updated; trying with those that are here"
	logged "${work:-/tmp}/apt.log" as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# logged FILE COMMAND...: runs it with its output in FILE, which is shown when it fails.
logged() {
	local log=$1 status=0
	shift
	"$@" >"$log" 2>&1 </dev/null || status=$?
	if [ $status != 0 ]; then
		tail -n 60 "$log"
		die "failed with $status: $* (all of its output: $log)"
	fi
}

# build FOLDER CMAKE-OPTION...: configures where that is new or changed, and builds.
build() {
	local folder=$1 since=$SECONDS
	shift
	mkdir -p "$folder"
	logged "$folder/configure.log" cmake -S . -B "$folder" -G Ninja "$@"
	if [ -t 1 ]; then
		cmake --build "$folder" -j "$jobs" || die "$folder does not build"
	else
		logged "$folder/build.log" cmake --build "$folder" -j "$jobs"
	fi
	say "built $folder in $((SECONDS - since)) s"
}

# program FOLDER NAME: where the build put it.
program() {
	find "$PWD/$1" -type f -name "$2" -perm -u+x -print -quit
}
