#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's glewlwyd on loopback, set up through its own API: server.py ROOT FOLDER PORT-FILE [TTL [CERT KEY [CA]]]

ROOT is where the package was unpacked, FOLDER holds configuration and data base, TTL is the life of access tokens in
seconds (60). Every refresh rotates, and a refresh token that comes back ends its chain. One user, alice, who has
consented; clients basic and post (confidential), hmac and public, and those of the JSON file that MORE_CLIENTS names:
a list of registrations, completed with what all have. MORE_REDIRECT_URIS are all clients', with spaces between them;
MORE_PARAMETERS is a JSON object of the plugin's parameters. Writes its issuer into PORT-FILE when all is set up, and
runs until SIGTERM. With CERT and KEY it speaks TLS, and with CA it asks for certificates that this authority has signed.
"""
import http.client
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time

SECRET = "a secret+with 100% of:the/odd=ones&more"     # glewlwyd takes Basic credentials as they are, not form-encoded
SCOPES = ["read", "write"]                              # besides openid, which it has by itself
PLUGIN = "oidc"
START_S = 20
ATTEMPTS = 3

CONFIGURATION = """
port={port}
bind_address="127.0.0.1"
external_url="{url}"
login_url="login.html"
api_prefix="api"
log_mode="file"
log_level="INFO"
log_file="{folder}/glewlwyd.log"
cookie_domain="localhost"
cookie_secure=0
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{root}/usr/lib/glewlwyd/user"
user_middleware_module_path="{folder}/empty"
client_module_path="{root}/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="{root}/usr/lib/glewlwyd/scheme"
plugin_module_path="{root}/usr/lib/glewlwyd/plugin"
use_secure_connection={tls}
secure_connection_key_file="{key}"
secure_connection_pem_file="{certificate}"
secure_connection_ca_file="{authority}"
hash_algorithm="SHA512"
database = {{ type = "sqlite3" path = "{folder}/glewlwyd.db" }};
"""


class Api:
    """The management API; keeps the session's cookies by hand, as their domain does not fit every loopback name."""

    def __init__(self, port, tls):
        self.port, self.tls, self.cookies = port, tls, {}

    def connection(self):
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE      # only set-up; the tests do check it
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)

    def call(self, method, path, value=None):
        connection = self.connection()
        headers = {"Content-Type": "application/json", "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        connection.request(method, "/api/" + path, None if value is None else json.dumps(value), headers)
        response = connection.getresponse()
        body = response.read()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.split(";")[0]
        connection.close()
        if response.status != 200:
            raise RuntimeError(f"{method} {path}: {response.status} {body.decode('utf-8', 'replace')}")
        return body


def plugin(url, ttl, key, certificate):
    enabled = {f"auth-type-{kind}-enabled": kind in ("code", "refresh", "client", "device") for kind in
               ("code", "token", "id-token", "none", "password", "client", "device", "refresh")}
    more = json.loads(os.environ.get("MORE_PARAMETERS", "{}"))
    return {"module": "oidc", "name": PLUGIN, "display_name": "OpenID Connect", "parameters": {
        "iss": url + "/api/oidc", "jwt-type": "ecdsa", "jwt-key-size": "256", "key": key, "cert": certificate,
        "access-token-duration": ttl, "refresh-token-duration": 86400, "code-duration": 60, "refresh-token-rolling": True,
        "refresh-token-one-use": "always", "allow-non-oidc": True, **enabled, "pkce-allowed": True,
        "pkce-method-plain-allowed": False, "introspection-revocation-allowed": True,
        "introspection-revocation-allow-target-client": True, "introspection-revocation-auth-scope": [],
        "subject-type": "public", "name-claim": "on-demand", "email-claim": "no", "scope-claim": "on-demand",
        "device-authorization-expiration": 600, "device-authorization-interval": 1, "oauth-par-allowed": True,
        "oauth-par-duration": 90, "oauth-par-request_uri-prefix": "urn:ietf:params:oauth:request_uri:",
        "oauth-dpop-allowed": True, "oauth-dpop-iat-duration": 60, "oauth-dpop-nonce-counter": 2,
        "request-parameter-allow": True, "request-maximum-exp": 3600, "client-jwks-parameter": "jwks", **more}}


def client(name, method, **more):
    confidential = method != "none"
    return {"client_id": name, "name": name, "enabled": True, "confidential": confidential,
            "scope": ["openid", *SCOPES],
            "redirect_uri": ["http://127.0.0.1:9/callback", *os.environ.get("MORE_REDIRECT_URIS", "").split()],
            "token_endpoint_auth_method": [method],
            "authorization_type": ["code", "refresh_token", "device_authorization"] +
                                  (["client_credentials"] if confidential else []),
            **({"client_secret": SECRET} if method.startswith("client_secret") else {}), **more}


def clients():
    known = [client("basic", "client_secret_basic"), client("post", "client_secret_post"), client("public", "none"),
             client("hmac", "client_secret_jwt")]
    if "MORE_CLIENTS" not in os.environ:
        return known
    with open(os.environ["MORE_CLIENTS"], encoding="ascii") as file:
        return known + [client(**registration) for registration in json.load(file)]


def new_key(folder):
    key, certificate = folder + "/sign.key", folder + "/sign.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    key, "-out", certificate, "-days", "2", "-subj", "/CN=glewlwyd"], check=True, capture_output=True)
    return [open(path, encoding="ascii").read() for path in (key, certificate)]


def set_up(api, url, ttl, folder):
    api.call("POST", "auth/", {"username": "admin", "password": "password"})
    for name in SCOPES:
        api.call("POST", "scope/", {"name": name, "display_name": name, "description": name, "password_required": True,
                                    "password_max_age": 0, "scheme": {}, "scheme_required": {}})
    api.call("POST", "mod/plugin/", plugin(url, ttl, *new_key(folder)))
    api.call("POST", "user/", {"username": "alice", "name": "Alice", "email": "alice@example.org", "enabled": True,
                               "password": "password", "scope": ["g_profile", "openid", *SCOPES]})
    for registration in clients():
        api.call("POST", "client/", registration)
    user = Api(api.port, api.tls)
    user.call("POST", "auth/", {"username": "alice", "password": "password"})
    for registration in clients():
        user.call("PUT", "auth/grant/" + registration["client_id"], {"scope": " ".join(["openid", *SCOPES])})


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def start(root, folder, tls):
    port = free_port()
    url = f"https://localhost:{port}" if tls else f"http://localhost:{port}"
    os.makedirs(folder + "/empty", exist_ok=True)
    certificate, key, authority = (*tls, *tls[:1])[:3] if tls else (folder + "/none",) * 3
    with open(folder + "/glewlwyd.conf", "w", encoding="utf-8") as file:
        file.write(CONFIGURATION.format(port=port, url=url, folder=folder, root=root, tls="true" if tls else "false",
                                        certificate=certificate, key=key, authority=authority))
    database = sqlite3.connect(folder + "/glewlwyd.db")
    with open(root + "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3", encoding="utf-8") as file:
        database.executescript(file.read())
    database.close()
    process = subprocess.Popen([root + "/usr/bin/glewlwyd", "-c", folder + "/glewlwyd.conf"])
    return process, port, url


def listens(process, port):
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process.poll() is None
        except OSError:
            time.sleep(0.05)
    return False


def start_listening(root, folder, tls):
    """glewlwyd cannot choose a port itself, and somebody else may take the free one first: so some attempts."""
    for attempt in range(ATTEMPTS):
        own = f"{folder}/{attempt}"
        os.mkdir(own)
        process, port, url = start(root, own, tls)
        if listens(process, port):
            return process, port, url
        process.kill()
        process.wait()
    raise RuntimeError(f"glewlwyd does not listen; see {folder}/*/glewlwyd.log")


def main():
    root, folder, port_file, *rest = sys.argv[1:]
    ttl, tls = int(rest[0]) if rest else 60, rest[1:4]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    process, port, url = start_listening(root, folder, tls)
    try:
        set_up(Api(port, bool(tls)), url, ttl, folder)
        with open(port_file + ".new", "w", encoding="utf-8") as file:
            file.write(url)
        os.rename(port_file + ".new", port_file)
        print(f"glewlwyd ended by itself: {process.wait()}", file=sys.stderr, flush=True)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
