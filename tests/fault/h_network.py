# SPDX-License-Identifier: Apache-2.0
"""Class H: redirects, TLS, addresses, URLs, proxies: secrets go to the endpoint that was enrolled or nowhere."""
import base64
import json
import os
import random
import socket
import ssl
import struct
import subprocess
import threading
import warnings

from harness import (DENIED, IN_DOUBT, REJECTED, UNAVAILABLE, USAGE, Catcher, Failure, Skip, equal, in_worlds, main, wanted, words)

NO_TOKEN = {UNAVAILABLE, IN_DOUBT, REJECTED}
BAD_URLS = ["HTTP://example.com/token", "http://example.com/token", "http://127.0.0.1.example.com/token", "https:/\\evil/token", "https:\\\\evil/token",
            "https://user@example.com/token", "https://user:pw@example.com/token", "https://example.com/token#f", "https://ex\u00e4mple.com/token",
            "https://example.com:0/token", "https://example.com:99999/token", "https://example.com:-1/token", "https://example.com:/token ",
            "https://exa mple.com/token", " https://example.com/token", "https://example.com/to ken", "https://example.com/\r\nX: y", "https:///token",
            "https://", "https://[::1/token", "https://[::g]/token", "ftp://example.com/", "file:///etc/passwd", "gopher://x/", "data:,x", "javascript:1",
            "//example.com/token", "example.com/token", "", "https://example.com/" + "x" * 10240, "https://" + "a" * 300 + ".com/", "https://2130706433/",
            "https://0177.0.0.1/", "https://0x7f.1/", "https://127.1/", "https://1.2.3.4.5/", "https://256.1.1.1/", "http://0.0.0.0/token",
            "http://[::ffff:127.0.0.1]/token", "http://[64:ff9b::7f00:1]/token", "http://[fe80::1]/token", "http://2130706433/", "http://127.1/",
            "https://example.com\\@evil/", "https://example.com%2f@evil/", "https://example.com\t/", "https://%65xample.com/"]


def h123_urls_that_are_none_are_refused(world):
    """By `provider check`, `provider add` and `client add`: exit 2 (or 10) that names the place; nothing is contacted."""
    world.init()
    for url in BAD_URLS:
        for field in ("token", "revocation"):
            endpoints = {"token": "https://example.com/token", field: url}
            path = world.write("p.json", json.dumps({"id": "evil", "name": "Evil", "insecure_loopback": True, "endpoints": endpoints}))
            for command in ("check", "add"):
                result = world.larder("provider", command, path, exits=None)
                wanted(result.status in (USAGE, 10), f"{url!r} as {field}: {result}")
                wanted(field.encode() in result.err + result.out, f"{url!r}: the place is not named: {result}")
    equal("providers", [one for one in world.larder("provider", "list", "--json").json() if one["id"] == "evil"], [])


def h123_http_is_for_declared_loopback_only(world):
    """http:// to 127.0.0.1 without insecure_loopback, and to another host with it: refused by every command, nothing is sent."""
    for number, (url, declared) in enumerate((("http://127.0.0.1:1/token", False), ("http://localhost:1/token", False), ("http://[::1]:1/token", False),
                                              ("http://192.0.2.1/token", True), ("http://169.254.169.254/token", True),
                                              ("http://localhost.example.com/token", True))):
        path = world.write("p.json", json.dumps({"id": f"p{number}", "name": "P", "insecure_loopback": declared, "endpoints": {"token": url}}))
        world.larder("provider", "check", path, exits={USAGE, 10})
    world.set_up()
    # The definition loses its declaration after the client was enrolled.
    world.provide(insecure_loopback=False)
    world.larder("token", world.name, "--force", exits={USAGE, DENIED, REJECTED})
    equal("requests", len(world.requests()), 0)
    world.provide()
    world.still_works()


def h123_variables_cannot_move_an_endpoint(world):
    """A client's --var that tries to name another host, path or user: exit 2."""
    world.init()
    world.provide(endpoints={"token": "https://{tenant}.example.com/token"}, vars=[{"name": "tenant"}], insecure_loopback=False)
    checked = world.larder("provider", "check", world.path(".config/larder/providers.d/here.json"), exits=None)
    if checked.status != 0:
        world.provide(endpoints={"token": "https://{tenant}.example.com/token"}, vars={"tenant": {}}, insecure_loopback=False)
        checked = world.larder("provider", "check", world.path(".config/larder/providers.d/here.json"), exits=None)
    if checked.status != 0:
        raise Failure(f"our definition is refused: {checked}")
    for value in ("evil.com/", "evil.com#", "evil.com?", "user@evil.com", "a b", "a\nb", "evil.com\\", "a%2fb", "..", "", ":80", "x" * 5000, "{tenant}"):
        world.larder("client", "add", "c", "--provider", "here", "--client-id", "i", "--var", f"tenant={value}", exits=USAGE)
    equal("clients", world.larder("client", "list", "--json").json(), [])


# S041, S180, S229
def h124_redirects_are_not_followed(world):
    """301 to 308 to the same host, another port, another host, http, file, data: an error, and the target gets nothing."""
    with Catcher(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as target:
        world.set_up()
        world.token()
        urls = (f"http://127.0.0.1:{target.port}/token", f"http://localhost:{target.port}/", world.server.url("/revoke"), world.server.url("/api"), "/token",
                "//evil.example/", "file:///etc/passwd", "data:,x", "https://example.invalid/", "", "http://\x1b[2J/", f"http://user:pw@127.0.0.1:{target.port}/")
        for status in (300, 301, 302, 303, 304, 305, 307, 308):
            for url in urls:
                sent = len(world.requests("token"))
                world.fault(redirect=url, redirect_status=status)
                world.larder("token", world.name, "--force", exits=UNAVAILABLE)
                equal(f"requests after {status}", len(world.requests("token")) - sent, 1)
                equal("the state", world.shown()["state"], "ok")
            if status in (302, 308):
                world.fault(redirect=urls[0], redirect_status=status, endpoint="revoke")
        equal("connections to the target", target.connections, 0)
        world.still_works()
        world.larder("revoke", world.name, "--yes", exits={0, 11})
        equal("connections to the target of the revocation", target.connections, 0)


# --- TLS ---

def openssl(folder, *arguments, text=None):
    done = subprocess.run(["openssl", *arguments], cwd=folder, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"openssl {arguments}: {done.stderr}")


def make_authority(folder, name):
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-days", "2", "-subj", f"/CN={name}")


def make_certificate(folder, name, authority, names="DNS:localhost,IP:127.0.0.1", dates=("-days", "2"), more=""):
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
            "/CN=localhost")
    with open(os.path.join(folder, f"{name}.ext"), "w", encoding="utf-8") as file:
        file.write(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n{more}")
    if authority == "self":
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-signkey", f"{name}.key", "-out", f"{name}.pem", *dates, "-extfile", f"{name}.ext")
    else:
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial", "-out",
                f"{name}.pem", *dates, "-extfile", f"{name}.ext")


def tls_context(folder, name, version=None, ciphers=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, f"{name}.pem"), os.path.join(folder, f"{name}.key"))
    if version:
        warnings.simplefilter("ignore", DeprecationWarning)     # that is what is tried
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
    if ciphers:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
    return context


# S043, S081, S186
def h125_certificates_that_do_not_fit_get_nothing(world):
    """Expired, wrong host, self-signed, unknown authority, a wildcard for localhost, old TLS: exit 6 and not a byte of HTTP."""
    folder = world.path("tls")
    os.mkdir(folder)
    make_authority(folder, "ca")
    make_authority(folder, "unknown")
    make_certificate(folder, "good", "ca")
    make_certificate(folder, "expired", "ca", dates=("-days", "-1"))
    make_certificate(folder, "other", "ca", names="DNS:example.com,IP:127.0.0.2")
    make_certificate(folder, "wildcard", "ca", names="DNS:*,DNS:*.localhost")
    make_certificate(folder, "self", "self")
    make_certificate(folder, "stranger", "unknown")
    make_certificate(folder, "usage", "ca", more="extendedKeyUsage=clientAuth\n")
    world.environment["SSL_CERT_FILE"] = os.path.join(folder, "ca.pem")
    world.set_up()
    reply = json.dumps({"access_token": "at_tls", "token_type": "Bearer", "expires_in": 60}).encode()
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(reply) + reply

    def ask(context, exits, host="localhost"):
        with Catcher(reply, tls=context) as server:
            world.provide(insecure_loopback=False, endpoints={"token": f"https://{host}:{server.port}/token"})
            result = world.larder("refresh", world.name, "--accept", exits=exits)
            return server, result

    for name in ("expired", "other", "wildcard", "self", "stranger", "usage"):
        server, result = ask(tls_context(folder, name), {UNAVAILABLE, 11})
        equal(f"bytes for {name}", server.received, b"")
        wanted(server.connections >= 1, f"{name}: nobody came: {result}")
        equal("the state", world.shown()["state"], "ok")
    for what, context in (("TLS 1.0", tls_context(folder, "good", ssl.TLSVersion.TLSv1)), ("TLS 1.1", tls_context(folder, "good", ssl.TLSVersion.TLSv1_1))):
        server, result = ask(context, {UNAVAILABLE, 11})
        equal(f"bytes for {what}", server.received, b"")
    for host in ("localhost", "127.0.0.1"):
        server, _ = ask(tls_context(folder, "good"), 0, host)
        wanted(b"grant_type=refresh_token" in server.received, "the good certificate got nothing")
    # Without being told the authority, and when the file is gone or rubbish, nothing is trusted.
    for value in (None, world.path("none.pem"), world.write("rubbish.pem", "rubbish\n"), world.home):
        world.environment.pop("SSL_CERT_FILE")
        if value:
            world.environment["SSL_CERT_FILE"] = value
        server, _ = ask(tls_context(folder, "good"), {UNAVAILABLE, USAGE, 11})
        equal(f"bytes with SSL_CERT_FILE={value}", server.received, b"")
        world.environment["SSL_CERT_FILE"] = os.path.join(folder, "ca.pem")
    server, _ = ask(None, {UNAVAILABLE, 11})
    wanted(b"grant_type" not in server.received and world.secret.encode() not in server.received, "a server without TLS got the request")
    world.provide()
    world.still_works()


class Resolver:
    """A name server at a loopback address of its own, which gives every name one address."""

    def __init__(self, address):
        self.kind = 28 if ":" in address else 1         # AAAA, A
        self.data = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
        self.address, self.asked = f"127.53.{random.randrange(256)}.{random.randrange(1, 255)}", 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((self.address, 53))
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            try:
                query, peer = self.sock.recvfrom(512)
            except OSError:
                return
            self.asked += 1
            end = query.index(b"\0", 12) + 5            # of the question: its name, type and class
            fits = int.from_bytes(query[end - 4:end - 2], "big") == self.kind
            answer = b"\xc0\x0c" + struct.pack("!HHIH", self.kind, 1, 0, len(self.data)) + self.data if fits else b""
            self.sock.sendto(query[:2] + struct.pack("!HHHHH", 0x8180, 1, int(fits), 0, 0) + query[12:end] + answer, peer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


def h127_a_name_that_becomes_this_machine_gets_nothing(world):
    """The name is a provider's, and at connecting its name server says 127.0.0.1 or ::1, with a good certificate: exit 6
    and not a byte. The same name gets the request where the definition says that it is here, or the hosts file does."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise Skip("playing the name server is not allowed here")
    folder, name = world.path("tls"), "login." + words(4) + ".example"
    os.mkdir(folder)
    make_authority(folder, "ca")
    make_certificate(folder, "good", "ca", names=f"DNS:{name},DNS:as.localhost")
    world.environment["SSL_CERT_FILE"] = os.path.join(folder, "ca.pem")
    world.set_up()
    reply = json.dumps({"access_token": "at_tls", "token_type": "Bearer", "expires_in": 60}).encode()
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(reply) + reply

    def ask(address, exits, host=name, local=False, known=""):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with Resolver(address) as resolver, Catcher(reply, tls=tls_context(folder, "good"), family=family) as server:
            hosts = world.write("hosts", f"127.0.0.1 localhost {known}\n", 0o644)
            servers = world.write("resolv.conf", f"nameserver {resolver.address}\n", 0o644)
            binds = f'mount --bind {hosts} /etc/hosts && mount --bind {servers} "$(realpath /etc/resolv.conf)" && exec "$0" "$@"'
            world.provide(insecure_loopback=local, endpoints={"token": f"https://{host}:{server.port}/token"})
            result = world.larder("refresh", world.name, "--accept", wrap=["unshare", "--mount", "sh", "-c", binds], exits=exits)
            equal("the state", world.shown()["state"], "ok")
            wanted(resolver.asked > 0 or known or host != name, f"the name server was not asked: {result}")
            return server, result

    for address in ("127.0.0.1", "::1") if os.path.exists("/proc/net/if_inet6") else ("127.0.0.1",):
        server, result = ask(address, {UNAVAILABLE, 11})
        equal(f"bytes at {address}", server.received, b"")
        wanted(server.connections >= 1 and "address of this machine" in result.why() + result.text(), f"{address}: {result}")
    for how in ({"local": True}, {"known": name}, {"host": "as.localhost"}):
        server, _ = ask("127.0.0.1", 0, **how)
        wanted(b"grant_type=refresh_token" in server.received, f"the server that is local by {how} got nothing")
    world.environment.pop("SSL_CERT_FILE")
    world.provide()
    world.larder("refresh", world.name, "--accept", "--quiet")
    world.still_works()


# S042
def h128_an_endpoint_that_is_elsewhere_now_needs_a_word(world):
    """The definition's endpoint moves to another host after a credential was stored: exit 7, named; nobody is asked."""
    world.set_up()
    token = world.token()
    world.provide(insecure_loopback=False, endpoints={"token": "https://elsewhere.invalid/token"})
    result = world.larder("token", world.name, "--force", exits=DENIED)
    wanted("elsewhere.invalid" in result.why(), f"the place is not named: {result}")
    equal("the cached token", world.token(), token)
    world.provide()
    world.still_works()


def h132_a_proxy_never_sees_the_request(world):
    """A configured proxy that refuses CONNECT, with 407, 403 or rubbish: exit 6; it got no secret of the client and no token."""
    world.provide(endpoints={"token": "https://login.example.com/token"}, insecure_loopback=False)
    world.init()
    replies = (b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
               b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", b"rubbish\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nnot TLS at all")
    refresh = "rt_" + words()
    world.canaries.add(refresh)
    for number, reply in enumerate(replies):
        with Catcher(reply) as proxy:
            client, name = f"c{number}", f"n{number}"
            world.larder("client", "add", client, "--provider", "here", "--client-id", world.client_id, "--secret-file", "-", "--proxy",
                         f"http://127.0.0.1:{proxy.port}", "--quiet", stdin=world.secret.encode())
            world.larder("add", name, "--client", client, "--refresh-token-file", "-", "--quiet", stdin=f"{refresh}{number}".encode())
            world.larder("token", name, "--force", exits=UNAVAILABLE)
            wanted(proxy.received.startswith(b"CONNECT login.example.com:443"), f"the proxy got {proxy.received!r}")
            for secret in (world.secret, base64.b64encode(world.secret.encode()).decode(), refresh, world.client_id):
                wanted(secret.encode() not in proxy.received, f"the proxy got {secret}")
            equal("the state", world.shown(name)["state"], "ok")
    for bad in ("ftp://x/", "127.0.0.1:1", "http://", "http://a b/", "http://x:99999", "file:///x", ""):
        world.larder("client", "add", "bad", "--provider", "here", "--client-id", "i", "--proxy", bad, exits=USAGE)


# S232
def h133_a_connection_that_dies_is_not_asked_again(world):
    """Closed or reset before a reply; dead at the first byte: exactly one request."""
    def play(other, fault):
        other.token()
        sent = len(other.requests())
        other.fault(**fault)
        other.larder("token", other.name, "--force", exits={UNAVAILABLE, IN_DOUBT})
        equal("requests", len(other.requests()) - sent, 1)
    in_worlds(world, [{"drop": "before"}, {"drop": "before", "rst": True}, {"raw": "H"}, {"raw": "HTTP/1.1 "}], play)


def h133_nobody_there_is_no_doubt(world):
    """A closed port and a name that there is not: exit 6, nothing in doubt, and the next command works at once."""
    world.set_up()
    token = world.token()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/token", "https://nowhere.invalid/token"):
        world.provide(endpoints={"token": url})
        result = world.larder("refresh", world.name, "--accept", exits={UNAVAILABLE, 11})
        wanted(result.seconds < 12, f"slow: {result}")
        equal("the cached token", world.token(), token)
        equal("the state", world.shown()["state"], "ok")
    world.provide()
    world.still_works()


def h135_netrc_and_curlrc_are_not_read(world):
    """~/.netrc and ~/.curlrc with the endpoint's host and a proxy: no effect; the client's own secret is what is sent."""
    world.set_up()
    with Catcher() as proxy:
        world.write(".netrc", "machine 127.0.0.1 login netrc-user password NETRC-CANARY\ndefault login x password NETRC-CANARY\n")
        world.write(".curlrc", f'proxy = "http://127.0.0.1:{proxy.port}"\nuser = "curlrc:NETRC-CANARY"\ntrace = "{world.path("trace")}"\n')
        world.write(".config/curlrc", f'proxy = "http://127.0.0.1:{proxy.port}"\n')
        world.environment["NETRC"] = world.path(".netrc")
        world.still_works()
        equal("connections to the proxy", proxy.connections, 0)
    for request in world.requests():
        wanted("NETRC" not in base64.b64decode(request["headers"]["authorization"][6:]).decode(), "the secret of .netrc was sent")
    wanted(not os.path.exists(world.path("trace")), "curl wrote a trace")


if __name__ == "__main__":
    main()
