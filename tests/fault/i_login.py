# SPDX-License-Identifier: Apache-2.0
"""Class I: log-ins that somebody meddles with. A code goes to the endpoint that it was asked for or nowhere, the listener
outlives whatever knocks, and a credential stays the account that it was.
"""
import json
import os
import re
import secrets
import socket
import time
import urllib.error
import urllib.parse
import urllib.request

from harness import CONTROL, DENIED, REJECTED, SLOWNESS, UNAVAILABLE, USAGE, Failure, equal, main, wanted

WAIT_S = 20 * SLOWNESS


class Attempt:
    """One `larder login` that waits for a browser."""

    def __init__(self, world, name, *arguments):
        self.world = world
        self.process = world.start("login", name, "--client", world.client, "--scope", "read", "--no-browser", *arguments)
        self.said = b""
        found = self.read_until(rb"http://[^ \n]*/authorize\?[^ \n]*")
        self.url = found.decode()
        self.query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.url).query))
        self.state = self.query["state"]
        self.redirect = urllib.parse.urlsplit(self.query["redirect_uri"])
        self.port = self.redirect.port

    def read_until(self, pattern):
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            found = re.search(pattern + rb"(?=\s)", self.said)
            if found:
                return found[0]
            data = os.read(self.process.stderr.fileno(), 65536)
            wanted(data, f"it ends before it says {pattern!r}: {self.said!r}")
            self.said += data
        raise Failure(f"no {pattern!r} in {WAIT_S} s: {self.said!r}")

    def raw(self, data, timeout_s=15):
        """What the listener answers to these bytes; b"" for nothing in time."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s) as sock:
            answer = b""
            try:
                sock.sendall(data)
                while True:
                    piece = sock.recv(65536)
                    if not piece:
                        return answer
                    answer += piece
            except (ConnectionResetError, BrokenPipeError, TimeoutError):
                return answer

    def get(self, query, path=None, host=None, method="GET", more=""):
        path = path or self.redirect.path
        host = host or f"127.0.0.1:{self.port}"
        return self.raw(f"{method} {path}{'?' if query else ''}{query} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode())

    def approve(self, url=None):
        """What the provider sends the browser back with; not delivered."""
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None
        try:
            urllib.request.build_opener(Stay).open(url or self.url, timeout=10)
        except urllib.error.HTTPError as error:
            with error:
                wanted(error.code == 302, f"the server does not approve: {error.code} {error.read()!r}")
                return urllib.parse.urlsplit(error.headers["Location"]).query
        raise Failure("the server does not redirect")

    def end(self, exits=0):
        self.process.wait(WAIT_S)
        self.said += self.process.stderr.read()
        equal(f"exit after {self.said!r}", self.process.returncode in ({exits} if isinstance(exits, int) else exits), True)
        wanted(not CONTROL.search(self.said), f"control bytes: {self.said!r}")
        for canary in self.world.secrets():
            wanted(canary not in self.said, f"a secret in the error: {self.said!r}")

    def give_up(self):
        self.process.terminate()
        self.process.wait(WAIT_S)


def prepare(world, **provider):
    """A provider with log-ins, a client, no credential."""
    server = world.server
    endpoints = {"token": server.url("/token"), "revocation": server.url("/revoke"), "authorization": server.url("/authorize"),
                 "device_authorization": server.url("/device_authorization")}
    world.provide(endpoints={**endpoints, **provider.pop("endpoints", {})}, issuer=server.url(""), **provider)
    world.init()
    world.register()


def exchanges(world):
    return [one for one in world.requests() if one["form"].get("grant_type") == "authorization_code"]


# S044, S166, S194
def i136_a_wrong_state_gets_nothing_and_the_right_one_still_works(world):
    """S014, S015. No state, a wrong one, an older attempt's, two of them: no code is sent; then the right answer is taken, once."""
    prepare(world)
    old = Attempt(world, "old")
    old_answer = old.approve()
    old.give_up()
    attempt = Attempt(world, world.name)
    answer = attempt.approve()
    fields = dict(urllib.parse.parse_qsl(answer))
    for query in (f"code={fields['code']}", f"code={fields['code']}&state=", f"code={fields['code']}&state={'x' * 43}",
                  f"code={fields['code']}&state={attempt.state[:-1]}", f"code={fields['code']}&state={attempt.state.swapcase()}",
                  old_answer, "", "state", "code", "error=access_denied", f"error=access_denied&state={old.state}"):
        reply = attempt.get(query)
        wanted(b" 400 " in reply.split(b"\r\n")[0], f"{query}: {reply[:200]!r}")
        equal(f"exchanges after {query}", len(exchanges(world)), 0)
        wanted(attempt.process.poll() is None, f"the log-in ended at {query}")
    wanted(old.state != attempt.state, "a state is used twice")
    wanted(old.query["code_challenge"] != attempt.query["code_challenge"], "a verifier is used twice")
    wanted(b" 200 " in attempt.get(answer).split(b"\r\n")[0], "the right answer is not taken")
    attempt.end()
    equal("exchanges", len(exchanges(world)), 1)
    equal("state", world.shown()["state"], "ok")


# S103, S168, S178
def i137_an_answer_of_another_server_is_refused(world):
    """S157. A wrong `iss`, though none was announced, two of them, an `iss` with a tail: the log-in is refused, and the code goes nowhere (RFC 9207)."""
    prepare(world)
    issuer = world.server.url("")
    for wrong in ("https://evil.example", issuer + "/", issuer.upper(), issuer + "?x", "", issuer + "\n"):
        attempt = Attempt(world, "mixed" + secrets.token_hex(2))
        fields = dict(urllib.parse.parse_qsl(attempt.approve()))
        if wrong == "":      # there twice: neither is the one
            query = urllib.parse.urlencode([*fields.items(), ("iss", "https://evil.example")])
        else:
            query = urllib.parse.urlencode({**fields, "iss": wrong})
        attempt.get(query)
        attempt.end(DENIED)
        equal(f"exchanges after iss {wrong!r}", len(exchanges(world)), 0)
    equal("credentials", world.larder("list", "--json").json(), [])


# S088, S090, S169, S170, S200
def i138_pkce_is_never_dropped(world):
    """S256 in each request, and the verifier of it in the exchange; never plain, never twice the same."""
    prepare(world)
    seen = set()
    for number in range(3):
        attempt = Attempt(world, f"n{number}")
        equal("method", attempt.query.get("code_challenge_method"), "S256")
        equal("length of the challenge", len(attempt.query["code_challenge"]), 43)
        attempt.get(attempt.approve())
        attempt.end()
        verifier = exchanges(world)[-1]["form"]["code_verifier"]
        wanted(43 <= len(verifier) <= 128 and re.fullmatch(r"[A-Za-z0-9._~-]+", verifier), f"verifier {verifier!r}")
        seen.add(verifier)
    equal("verifiers", len(seen), 3)


# S167
def i139_the_listener_outlives_whatever_knocks(world):
    """S: wrong Host, other paths and methods, endless heads, half requests, a thousand connections; then the browser comes."""
    prepare(world)
    attempt = Attempt(world, world.name)
    answer = attempt.approve()
    for host in ("evil.example", f"evil.example:{attempt.port}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1.evil.example:{attempt.port}",
                 f"0.0.0.0:{attempt.port}", f"127.0.0.1:{attempt.port}\r\nHost: evil.example"):
        reply = attempt.get(answer, host=host)
        wanted(b" 421 " in reply.split(b"\r\n")[0], f"Host {host!r}: {reply[:100]!r}")
    for path in ("/", "/favicon.ico", "/callback/", "//callback", "/callback/../callback", "/CALLBACK", "http://evil.example/callback"):
        if path != attempt.redirect.path:
            wanted(b" 404 " in attempt.get(answer, path=path).split(b"\r\n")[0], f"path {path}")
    for method in ("POST", "TRACE", "PUT", "HEAD", "OPTIONS", "CONNECT", "get"):
        reply = attempt.get(answer, method=method)
        wanted(re.match(rb"HTTP/1.1 4\d\d ", reply) and b"Access-Control-Allow" not in reply, f"{method}: {reply[:100]!r}")
    for junk in (b"\x16\x03\x01\x02\x00\x01\x00", b"\r\n\r\n", b"GET\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n", b"GET /callback\r\n\r\n", b"\x00" * 100 + b"\r\n\r\n",
                 b"GET /callback HTTP/2.0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /callback?" + b"a" * (1 << 20) + b" HTTP/1.1\r\n\r\n"):
        reply = attempt.raw(junk, timeout_s=1)
        wanted(reply == b"" or re.match(rb"HTTP/1.1 4\d\d ", reply), f"{junk[:30]!r}: {reply[:100]!r}")
    # Nothing that was sent comes back, and nothing in the page can run.
    mark = "<script>alert(1)</script>"
    for reply in (attempt.get("x=" + mark), attempt.get("error=" + urllib.parse.quote(mark)), attempt.get(answer, path="/" + mark),
                  attempt.get(answer, host=mark)):
        wanted(b"<script" not in reply and b"alert" not in reply, f"the page repeats what came: {reply!r}")
        head = reply.split(b"\r\n\r\n")[0].lower()
        for header in (b"content-security-policy: default-src 'none'", b"cache-control: no-store", b"x-content-type-options: nosniff",
                       b"referrer-policy: no-referrer"):
            wanted(header in head, f"no {header!r} in {head!r}")
    half = [socket.create_connection(("127.0.0.1", attempt.port)) for _ in range(50)]
    for sock in half[:25]:
        sock.sendall(b"GET /callback?code=")
    for _ in range(1000):
        socket.create_connection(("127.0.0.1", attempt.port)).close()
    wanted(attempt.process.poll() is None, "the log-in ended")
    equal("exchanges", len(exchanges(world)), 0)
    wanted(b" 200 " in attempt.get(attempt.approve()).split(b"\r\n")[0], "the browser is not heard")
    attempt.end()
    for sock in half:
        sock.close()
    try:
        attempt.get("")
        raise Failure("somebody listens still")
    except ConnectionRefusedError:
        pass


def i139_only_this_machine_can_knock(world):
    """The listener is bound to the loopback addresses alone."""
    prepare(world)
    attempt = Attempt(world, world.name)
    bound = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        with open(f"/proc/net/{table}", encoding="ascii") as file:
            for line in list(file)[1:]:
                address, port = line.split()[1].split(":")
                if int(port, 16) == attempt.port and line.split()[3] == "0A":
                    raw = bytes.fromhex(address)
                    raw = b"".join(raw[i:i + 4][::-1] for i in range(0, len(raw), 4))
                    bound.add(socket.inet_ntop(family, raw))
    wanted("127.0.0.1" in bound and bound <= {"127.0.0.1", "::1"}, f"it listens on {bound}")
    attempt.give_up()


def i141_a_browser_is_started_without_a_shell(world):
    """$BROWSER is a program, given one argument that begins with http; what it contains is not run."""
    prepare(world, endpoints={"authorization": world.server.url("/authorize?a=$(touch%20pwned);touch%20pwned&b=%27%60touch%20pwned%60")})
    script = world.write("browser", f"#!/bin/sh\nprintf '%s\\n' \"$#\" \"$1\" > {world.path('seen')}\n", 0o700)
    process = world.start("login", world.name, "--client", world.client, environment={"BROWSER": script})
    end = time.monotonic() + WAIT_S
    while not os.path.exists(world.path("seen")) and time.monotonic() < end and process.poll() is None:
        time.sleep(0.05)
    time.sleep(0.2)
    process.terminate()
    process.wait(WAIT_S)
    if os.path.exists(world.path("seen")):       # a definition with such a URL may be refused as well
        with open(world.path("seen"), encoding="utf-8") as file:
            number, url = file.read().split("\n")[:2]
        equal("arguments", number, "1")
        wanted(url.startswith("http"), f"not a URL: {url!r}")
    wanted(not os.path.exists(world.path("pwned")), "the URL was run")


def i141_endpoints_that_no_browser_should_open_are_refused(world):
    """file:, javascript:, data:, a leading dash, control bytes as authorization endpoint: the definition is refused."""
    world.init()
    for url in ("file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "--version", "-x", "https://as.example/\nx", "https://as.example/ x",
                "https://as.example/#f", "http://as.example/", "ftp://as.example/", "https://user:pw@as.example/"):
        path = world.write("p.json", json.dumps({"id": "evil", "name": "E", "endpoints": {"token": "https://as.example/t", "authorization": url}}))
        world.larder("provider", "check", path, exits={USAGE, 10})


def device(world, **reply):
    fields = {"device_code": "dc-" + secrets.token_hex(8), "user_code": "ABCD-EFGH", "verification_uri": "https://as.example/device",
              "expires_in": 300, "interval": 5, **reply}
    world.fault(endpoint="device", status=200, body=json.dumps({k: v for k, v in fields.items() if v is not None}))
    return world.larder("login", "tv", "--client", world.client, "--flow", "device", "--timeout", "2s",
                        exits={DENIED, UNAVAILABLE, REJECTED})


def i142_device_answers_that_are_odd_are_bounded(world):
    """http, javascript, control bytes, no code, absurd times: refused, or shown escaped; never asked more often than every second."""
    prepare(world)
    def refused_or_plain(**reply):
        name = "tv" + secrets.token_hex(4)    # what waits under another name does not go on here
        process = world.start("login", name, "--client", world.client, "--flow", "device", "--timeout", "2s")
        process.wait(WAIT_S)
        said = process.stderr.read()
        wanted(process.returncode in (DENIED, UNAVAILABLE, REJECTED), f"{reply}: exit {process.returncode}, {said!r}")
        wanted(not CONTROL.search(said), f"control bytes after {reply}: {said!r}")
        return said
    for reply in ({"verification_uri": "http://as.example/device"}, {"verification_uri": "javascript:alert(1)"}, {"verification_uri": None},
                  {"user_code": None}, {"device_code": None}, {"user_code": ""}, {"verification_uri": "file:///etc/passwd"},
                  {"verification_uri": 7}, {"user_code": ["a"]}):
        fields = {"device_code": "dc", "user_code": "ABCD", "verification_uri": "https://as.example/d", "expires_in": 300, "interval": 5, **reply}
        world.fault(endpoint="device", status=200, body=json.dumps({k: v for k, v in fields.items() if v is not None}))
        said = refused_or_plain(**reply)
        wanted(b"enter the code" not in said, f"shown after {reply}: {said!r}")
    for reply in ({"user_code": "\x1b[2J\x07evil\u202e"}, {"verification_uri_complete": "javascript:alert(1)"}, {"verification_uri_complete": "http://evil.example/"},
                  {"interval": 0}, {"interval": -5}, {"interval": "x"}, {"interval": 10 ** 12}, {"expires_in": 10 ** 15}, {"expires_in": 0}, {"expires_in": -1}):
        before = len(world.requests())
        fields = {"device_code": "dc", "user_code": "ABCD", "verification_uri": "https://as.example/d", "expires_in": 300, "interval": 5, **reply}
        world.fault(endpoint="device", status=200, body=json.dumps(fields))
        said = refused_or_plain(**reply)
        wanted(b"javascript:" not in said and b"evil.example" not in said, f"an odd address is shown: {said!r}")
        wanted(len(world.requests()) - before <= 3, f"asked {len(world.requests()) - before} times in 2 s after {reply}")
    equal("credentials", world.larder("list", "--json").json(), [])


def i144_another_account_does_not_take_a_credential_over(world):
    """Alice's credential, Bob's log-in: refused with both named, and Alice's grant still works."""
    import base64
    prepare(world)

    def id_token(subject, email):
        part = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=")
                for one in ({"alg": "none"}, {"iss": world.server.url(""), "sub": subject, "email": email, "aud": world.client_id, "exp": int(time.time()) + 600})]
        return ".".join(part) + "."
    world.server.control("login_set", grant={"shape": {"set": {"id_token": id_token("1", "alice@example.org")}}})
    attempt = Attempt(world, world.name)
    attempt.get(attempt.approve())
    attempt.end()
    equal("account", world.shown()["account"], "alice@example.org")
    token = world.token()
    world.server.control("login_set", grant={"shape": {"set": {"id_token": id_token("2", "bob@example.org")}}})
    attempt = Attempt(world, world.name)
    page = attempt.get(attempt.approve())
    attempt.end(DENIED)
    wanted(b"alice@example.org" in attempt.said and b"bob@example.org" in attempt.said, f"not both are named: {attempt.said!r}")
    wanted(b"You are logged in" not in page, "the page says that it worked")
    equal("generation", world.shown()["generation"], 1)
    equal("token", world.token(), token)
    world.token("--force")
    world.server.control("login_set", grant={})


if __name__ == "__main__":
    main()
