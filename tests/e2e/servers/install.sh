# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Installs the real authorization servers for the end-to-end tests into a cache outside the tree: npm's oidc-provider,
# locked by package-lock.json, and Debian's glewlwyd, unpacked only, so that no service starts on this machine.
# Sourced by tools/test, after tools/common.sh. What is there already is not fetched again.

servers_source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
servers_cache=${LARDER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/larder-test}

# What glewlwyd links; its own package would also start a service and ask for a data base.
glewlwyd_libraries=(libcbor0.8 libconfig9 libcrypt1 libgnutls30 libhoel1.4 libiddawc1.1 libjansson4 libldap-2.5-0
	libnettle8 liboath0 liborcania2.3 librhonabwy1.1 libulfius2.7 libyder2.0 zlib1g)

install_node() {
	local major
	major=$(node --version 2>/dev/null | sed -nE 's/^v([0-9]+)\..*/\1/p') || major=0
	if [ "${major:-0}" -ge 18 ] && command -v npm >/dev/null; then
		say "node $(node --version) is here"
		return
	fi
	install_packages nodejs npm
}

install_oidc_provider() {
	local folder
	folder=$servers_cache/oidc-provider-$(cksum <"$servers_source/oidc-provider/package-lock.json" | cut -d ' ' -f 1)
	if [ ! -e "$folder/.complete" ]; then
		say "npm ci: oidc-provider into $folder"
		rm -rf "$folder"
		mkdir -p "$folder"
		cp "$servers_source"/oidc-provider/package*.json "$folder/"
		logged "$folder/npm.log" npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund
		touch "$folder/.complete"
	fi
	ln -sfn "${folder##*/}" "$servers_cache/oidc-provider"
	say "oidc-provider: $folder"
}

install_glewlwyd() {
	local folder=$servers_cache/glewlwyd package
	if [ ! -e "$folder/.complete" ]; then
		install_packages "${glewlwyd_libraries[@]}"
		say "glewlwyd: unpacking Debian's package into $folder"
		rm -rf "$folder"
		mkdir -p "$folder/packages"
		(cd "$folder/packages" && logged ../apt.log apt-get download glewlwyd)
		for package in "$folder"/packages/*.deb; do
			dpkg-deb -x "$package" "$folder"
		done
		rm -r "$folder/packages"
		touch "$folder/.complete"
	fi
	say "glewlwyd: $("$folder/usr/bin/glewlwyd" --version | head -n 1)"
}

# A browser that a person could have, for the page that a log-in ends at.
install_browser() {
	install_packages chromium
	say "$(chromium --version 2>/dev/null)"
}

install_servers() {
	mkdir -p "$servers_cache"
	install_node
	install_oidc_provider
	install_glewlwyd
	install_browser
}
