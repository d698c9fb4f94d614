# SPDX-License-Identifier: Apache-2.0
"""One server that is all providers at once, each below /ID: it plays their shapes and notes what is not as they want."""
import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "authserver"))
import shapes
from wire import Listener, Reply

CLIENT, SECRET = "the-client", "s3cr:et/+"
ASKED = "one two"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Wrong(Exception):
    """A request is not as the provider wants it."""


class Provider:
    """places: path -> the endpoints that are there; issued: (access, refresh) of every token reply."""

    def __init__(self, shape, places, secret):
        self.shape, self.places, self.secret = shape, places, secret
        self.wrong, self.seen = [], []
        self.codes, self.devices, self.live_refresh, self.live_access, self.issued = {}, {}, set(), set(), set()
        self.redirect_uri = self.nonce = None
        self.life_s = 2     # of the first access token; the others live for an hour
        self.ask_again = True

    # -- what is wanted

    def equal(self, endpoint, found, wanted, optional=()):
        found = {key: value for key, value in found.items() if key not in optional}
        if found != wanted:
            raise Wrong(f"{endpoint}: {json.dumps(wanted, sort_keys=True)} is wanted, "
                        f"{json.dumps(found, sort_keys=True)} came")

    def params(self, endpoint, request):
        kind = self.shape.body(endpoint)
        media = request.headers.get("content-type", "").split(";")[0]
        if kind == "query":
            return request.params()
        if kind == "json":
            if media != "application/json":
                raise Wrong(f"{endpoint}: the body is {media} instead of JSON")
            return json.loads(request.body)
        if media != "application/x-www-form-urlencoded":
            raise Wrong(f"{endpoint}: the body is {media} instead of a form")
        return request.form()

    def authenticate(self, endpoint, request, method):
        """The parameters and the Authorization header that a method makes."""
        names = {name: self.shape.name(endpoint, name) for name in ("client_id", "client_secret")}
        quoted = [urllib.parse.quote_plus(text, safe="*-._") for text in (CLIENT, SECRET)]
        wanted, params = None, {}
        if method == "client_secret_basic":
            wanted = "Basic " + base64.b64encode(":".join(quoted).encode()).decode()
        elif method == "secret_key_basic":
            wanted = "Basic " + base64.b64encode((quoted[1] + ":").encode()).decode()
        elif method == "private_key_jwt":
            text = self.assertion(endpoint, request, "client_assertion",
                                  {"iss": "mine", "sub": CLIENT, "aud": "https://revolut.com"}, "RS256")
            kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            params = {"client_id": CLIENT, "client_assertion": text, "client_assertion_type": kind}
        elif method == "client_secret_post_signed_jwt":
            wanted_claims = {"iss": "mine", "sub": CLIENT, "aud": "https://appleid.apple.com"}
            text = self.assertion(endpoint, request, "client_secret", wanted_claims, "ES256")
            params = {"client_id": CLIENT, "client_secret": text}
        elif method == "client_secret_post" and self.secret:
            params = {names["client_id"]: CLIENT, names["client_secret"]: SECRET}
        else:
            params = {names["client_id"]: CLIENT}
        if request.headers.get("authorization") != wanted:
            raise Wrong(f"{endpoint}: authenticated by {request.headers.get('authorization')!r} instead of {wanted!r}")
        return params

    @staticmethod
    def assertion(endpoint, request, name, claims, alg):
        """A JWT that the client has signed; its signature is tested elsewhere."""
        text = request.form().get(name, "")
        try:
            head, body = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in text.split(".")[:2])
        except ValueError:
            raise Wrong(f"{endpoint}: {name} is no JWT: {text!r}") from None
        wrong = {key: value for key, value in claims.items() if value and body.get(key) != value}
        if head.get("alg") != alg or wrong or body.get("exp", 0) <= body.get("iat", 0):
            raise Wrong(f"{endpoint}: {name} says {json.dumps(head)} {json.dumps(body)}")
        return text

    def check_headers(self, endpoint, request):
        for name, value in self.shape.own.get("headers", {}).get(endpoint, {}).items():
            if name not in request.headers or (value and request.headers[name] != value):
                raise Wrong(f"{endpoint}: header {name} is {request.headers.get(name)!r}")

    # -- the endpoints

    def do_authorize(self, request):
        found, name = request.params(), lambda text: self.shape.name("authorize", text)
        pkce = self.shape.definition.get("pkce", "").startswith(("supported", "required"))
        wanted = {"response_type": "code", name("client_id"): CLIENT, "state": found.get("state"),
                  "redirect_uri": found.get("redirect_uri"), **self.shape.extra("authorize")}
        scopes = ASKED.split() + self.shape.definition.get("offline_scopes", [])
        wanted["scope"] = self.shape.separator.join(scopes)
        optional = [] if pkce else ["code_challenge", "code_challenge_method"]
        if pkce:
            wanted.update(code_challenge=found.get("code_challenge"), code_challenge_method="S256")
        unsupported = self.shape.definition.get("pkce") == "unsupported"
        self.equal("authorize", found, wanted, () if unsupported else optional)
        if len(found["state"]) < 22:
            raise Wrong("authorize: the state is short")
        code = "c+" + secrets.token_urlsafe(8)
        self.codes[code] = (found.get("code_challenge"), found["redirect_uri"])
        target = found["redirect_uri"] + "?" + urllib.parse.urlencode({"code": code, "state": found["state"]})
        return Reply(302, b"", headers={"Location": target})

    def issue(self, first):
        access, refresh = self.shape.access("at." + secrets.token_urlsafe(9)), "rt/" + secrets.token_urlsafe(9)
        if self.shape.spends_access_token:
            refresh = access
        life_s = self.life_s if first else 3600
        if first or self.shape.renews() or self.shape.spends_access_token:
            self.live_refresh.add(refresh)
        else:
            refresh = None
        self.live_access.add(access)
        self.issued.update((access, refresh))
        status, fields = self.shape.token_reply(access, refresh, ASKED, life_s, first)
        return Reply.json(fields, status)

    def do_code(self, request):
        found = self.params("code", request)
        name = lambda text: self.shape.name("code", text)
        challenge, redirect_uri = self.codes.pop(found.get(name("code")), (None, None))
        if redirect_uri is None:
            raise Wrong(f"code: no code of ours: {json.dumps(found)}")
        wanted = {"grant_type": "authorization_code", name("code"): found[name("code")],
                  "redirect_uri": redirect_uri, **self.shape.extra("code"),
                  **self.authenticate("code", request, self.shape.auth())}
        verifier = found.get("code_verifier")
        if challenge:
            wanted["code_verifier"] = verifier
            digest = hashlib.sha256((verifier or "").encode())
            wanted_challenge = digest.hexdigest() if self.shape.own.get("challenge") == "hex" else \
                base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
            if wanted_challenge != challenge:
                raise Wrong("code: the verifier is not that of the challenge")
        self.equal("code", found, wanted)
        self.check_headers("code", request)
        self.redirect_uri = redirect_uri
        return self.issue(True)

    def do_refresh(self, request):
        method = self.shape.own.get("method", "POST")
        if request.method != method:
            raise Wrong(f"refresh: {request.method} instead of {method}")
        found = self.params("refresh", request)
        kind = "access_token" if self.shape.spends_access_token else "refresh_token"
        token = found.get(self.shape.name("refresh", kind))
        wanted = {self.shape.name("refresh", kind): token, **self.shape.extra("refresh"),
                  **self.authenticate("refresh", request, self.shape.auth())}
        if "refresh" not in self.shape.own.get("no_grant_type", ()):
            wanted["grant_type"] = self.shape.own.get("grant_type", "refresh_token")
        if self.shape.own.get("repeats_redirect_uri") and self.redirect_uri and token in self.live_refresh:
            wanted["redirect_uri"] = self.redirect_uri
        self.equal("refresh", found, wanted)
        self.check_headers("refresh", request)
        if token not in self.live_refresh:
            status, body = self.shape.dead()
            return Reply(status, shapes.encode(body))
        if self.shape.renews():
            self.live_refresh.discard(token)
        return self.issue(False)

    def do_device(self, request):
        own = self.shape.own.get("device", {})
        found = self.params("device", request)
        wanted = {self.shape.name("device", "scope"): found.get(self.shape.name("device", "scope")),
                  **self.authenticate("device", request, own.get("auth", self.shape.auth())),
                  **self.shape.own.get("extra", {}).get("device", {})}
        self.equal("device", found, wanted)
        code = "d-" + secrets.token_hex(6)
        self.devices[code] = "WDJB-MJHT"
        self.ask_again = True
        return Reply.json({"device_code": code, "user_code": "WDJB-MJHT", "expires_in": 600, "interval": 1,
                           own.get("url_name", "verification_uri"): request.origin() + "/enter"})

    def do_device_token(self, request):
        own = self.shape.own.get("device", {})
        found = self.params("device_token", request)
        name = self.shape.name("device_token", "device_code")
        code = found.get(name)
        if code not in self.devices:
            raise Wrong(f"device_token: no code of ours: {json.dumps(found)}")
        wanted = {name: code, **self.authenticate("device_token", request, self.shape.auth())}
        if own.get("grant_type", DEVICE_GRANT):
            wanted["grant_type"] = own.get("grant_type", DEVICE_GRANT)
        if own.get("sends_user_code"):
            wanted["user_code"] = self.devices[code]
        self.equal("device_token", found, wanted)
        if self.ask_again:
            self.ask_again = False
            status, body = own.get("pending", (400, {"error": "authorization_pending"}))
            return Reply(status, shapes.encode(body))
        return self.issue(True)

    def do_revoke(self, request):
        method, body, param, auth = self.shape.revocation()
        if request.method != method:
            raise Wrong(f"revoke: {request.method} instead of {method}")
        if body == "query":
            found = request.params()
        elif body == "json":
            found = json.loads(request.body or b"{}")
        elif body == "form":
            found = request.form()
        else:
            found = {} if not request.body else {"body": request.body.decode("utf-8", "replace")}
        token = found.pop(self.shape.name("revoke", param), None) if param else None
        token = self.revoke_auth(request, auth, found, token)
        status, answer = self.shape.revoked()
        if "account" in self.shape.own:
            self.equal("revoke", {param: token}, {param: self.shape.own["account"]})
            self.live_access.clear()
            self.live_refresh.clear()
            return Reply(status, shapes.encode(answer))
        if token not in self.issued:
            raise Wrong(f"revoke: no token of ours: {token!r}")
        hint = found.pop("token_type_hint", None)
        if hint and (hint == "refresh_token") != token.startswith("rt/"):
            raise Wrong(f"revoke: the hint {hint} is wrong")
        self.live_access.discard(token)
        self.live_refresh.discard(token)
        return Reply(status, shapes.encode(answer))

    def revoke_auth(self, request, auth, found, token):
        header = request.headers.get("authorization")
        if auth in ("bearer", "bearer_access_token"):
            if not (header or "").startswith("Bearer "):
                raise Wrong(f"revoke: authenticated by {header!r} instead of a bearer token")
            token, wanted = token or header[7:], {}
        elif auth == "x-shopify-access-token":
            token, wanted = request.headers.get(auth), {}
        elif auth == "Client":
            if header != "Client " + SECRET:
                raise Wrong(f"revoke: authenticated by {header!r}")
            wanted = {"client_id": CLIENT}
        elif auth == "api_key":
            if header != "Bearer " + SECRET:
                raise Wrong(f"revoke: authenticated by {header!r}")
            wanted = {}
        elif auth == "signature":
            wanted = {"action": "revoke", "client_id": CLIENT, "nonce": self.nonce,
                      "signature": self.signature("revoke", self.nonce)}
            self.nonce = None
        elif auth == "key_and_client_id":
            wanted = {"client_id": CLIENT}
            self.authenticate("revoke", request, "secret_key_basic")
        else:
            wanted = self.authenticate("revoke", request, auth or self.shape.auth())
        self.equal("revoke", found, wanted, ("token_type_hint",))
        return token

    @staticmethod
    def signature(action, last):
        return hmac.new(SECRET.encode(), f"{action},{CLIENT},{last}".encode(), "sha256").hexdigest()

    def do_nonce(self, request):
        found = request.form()
        now = found.get("timestamp", "0")
        if request.method != "POST" or abs(time.time() - int(now)) > 60:
            raise Wrong(f"nonce: {request.method}, of {now}")
        self.equal("nonce", found, {"action": "getnonce", "client_id": CLIENT, "timestamp": now,
                                    "signature": self.signature("getnonce", now)})
        self.nonce = secrets.token_hex(8)
        return Reply.json({"status": 0, "body": {"nonce": self.nonce}})

    def do_userinfo(self, _request):
        fields = {"sub": "u-1", "id": "u-1", "email": "alice@example.org"}
        own = self.shape.definition.get("userinfo", {})
        for path in (own.get("subject_field"), own.get("account_field")):
            at = fields
            for part in (path or "id").split(".")[:-1]:
                at = at.setdefault(part, {})
            at.setdefault((path or "id").split(".")[-1], "u-1")
        return Reply.json(fields)

    # -- one request

    def endpoint_of(self, request):
        """Several endpoints may be at one path: what is asked there says which is meant."""
        places = self.places.get(request.path, ())
        if not places:
            raise Wrong(f"{request.method} {request.path}: nothing is there")
        if "token" not in places and "refresh" not in places:
            return next((place for place in ("revoke", "device_token") if place in places), places[0])
        text = request.body + b"&" + request.query.encode()
        if "revoke" in places and self.shape.own.get("revoke_says", "?") in text.decode():
            return "revoke"
        if "token" in places and any(code.encode() in urllib.parse.unquote_to_bytes(text) for code in self.codes):
            return "code"
        if any(code.encode() in text for code in self.devices):
            return "device_token"
        return "refresh"

    def handle(self, request):
        try:
            endpoint = self.endpoint_of(request)
            self.seen.append(endpoint)
            return getattr(self, "do_" + endpoint)(request)
        except (Wrong, ValueError, KeyError, TypeError) as error:
            self.wrong.append(str(error) or repr(error))
            return Reply.json({"error": "invalid_request", "error_description": str(error)[:300]}, 400)


class Server:
    def __init__(self):
        self.providers = {}
        self.lock = threading.Lock()
        self.listener = Listener(0, self.handle)
        self.port = self.listener.port
        self.listener.start()

    def handle(self, connection, request):
        provider = self.providers.get(request.path.split("/")[1] if "/" in request.path else "")
        with self.lock:
            reply = provider.handle(request) if provider else Reply.json({"error": "not_found"}, 404)
        connection.sock.sendall(reply.head(len(reply.body)) + reply.body)
        return request.keep_alive()


