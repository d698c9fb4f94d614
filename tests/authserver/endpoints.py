# SPDX-License-Identifier: Apache-2.0
"""The endpoints of the authorization server and the API that its tokens open."""
import base64
import collections
import hmac
import secrets
import threading
import time
import urllib.parse

import faults as fault_module
import resources
from control import Control
from discovery import Discovery
from dpop import Dpop
from grants import Grants
from ledger import Refusal
from login import Login
from par import Pushed, userinfo
from proofs import Proofs
from wire import Reply

PATHS = {"/token": "token", "/revoke": "revoke", "/introspect": "introspect", "/api": "api", "/authorize": "authorize",
         "/device_authorization": "device", "/device": "device_page", "/control": "control",
         "/par": "par", "/userinfo": "userinfo", "/deauthorize": "deauthorize",
         "/nonce": "nonce"}
REQUESTS_KEPT = 2000


class Server:
    def __init__(self, ledger):
        self.ledger, self.faults = ledger, fault_module.Faults()
        self.requests = collections.deque(maxlen=REQUESTS_KEPT)
        self.arrived = threading.Condition()
        self.seen = collections.Counter()
        self.nonces = set()     # given and not used
        self.discovery = Discovery(self)
        self.pushed = Pushed(self)
        self.proofs, self.dpop = Proofs(ledger), Dpop()
        self.login, self.grants, self.control = Login(self), Grants(self), Control(self)

    # -- one request

    def handle(self, connection, request):
        """Answers one request; returns whether the connection stays open."""
        endpoint = PATHS.get(request.path) or self.discovery.endpoint_of(request.path)
        if endpoint == "control":
            data, _ = fault_module.to_bytes(self.control.handle(request), {})
            connection.sock.sendall(data)
            return request.keep_alive()
        form = request.form() if request.method == "POST" else {}
        self.note(endpoint, request, form)
        fault = self.faults.take(endpoint, *self.subject(request, form))
        self.faults.pause(fault, "before")
        if fault.get("drop") == "before":
            return self.drop(connection, fault)
        if fault_module.replaces(fault):
            if fault.get("process"):
                self.process(endpoint, request, form, fault)
            reply = fault_module.replacement(fault)
        else:
            reply = self.process(endpoint, request, form, fault)
        self.faults.pause(fault, "after")
        if fault.get("drop") == "after":
            return self.drop(connection, fault)
        data, close = fault_module.to_bytes(reply, fault)
        fault_module.send(connection.sock, data, fault)
        if close and fault.get("rst"):
            connection.reset()
        return request.keep_alive() and not close

    @staticmethod
    def drop(connection, fault):
        if fault.get("rst"):
            connection.reset()
        return False

    def note(self, endpoint, request, form):
        """Remembers what arrived: tests look at what a client really sent."""
        with self.arrived:
            self.seen[endpoint] += 1
            self.requests.append({"at": time.time(), "endpoint": endpoint, "method": request.method,
                                  "scheme": request.scheme, "path": request.path, "query": request.query,
                                  "headers": request.headers, "form": form, "connection": request.connection})
            self.arrived.notify_all()

    def subject(self, request, form):
        if not self.faults.scripts:
            return None, None
        token = form.get("refresh_token") or form.get("token") or self.bearer(request) or ""
        client_id = form.get("client_id")
        if client_id is None and request.headers.get("authorization", "")[:6].lower() == "basic ":
            pair = self.basic_pair(request)
            client_id = urllib.parse.unquote_plus(pair[0]) if pair else None
        return client_id, self.ledger.identify(token).get("grant")

    def process(self, endpoint, request, form, fault):
        handler = getattr(self, "do_" + (endpoint or "nothing"), None)
        if not handler:
            return Reply.json({"error": "not_found"}, 404)
        try:
            return handler(request, form, fault)
        except Refusal as refusal:
            headers = {"WWW-Authenticate": 'Basic realm="larder-test"'} if refusal.status == 401 else None
            return Reply.json({"error": refusal.error, "error_description": refusal.description}, refusal.status, headers)

    # -- client authentication, RFC 6749 section 2.3

    @staticmethod
    def basic_pair(request):
        try:
            text = base64.b64decode(request.headers["authorization"][6:], validate=True).decode()
        except ValueError:
            return None
        name, colon, secret = text.partition(":")
        return (name, secret) if colon else None

    @staticmethod
    def bearer(request):
        value = request.headers.get("authorization", "")
        return value[7:] if value[:7].lower() == "bearer " else None

    def client_of(self, request, form):
        with_basic = request.headers.get("authorization", "")[:6].lower() == "basic "
        if with_basic + ("client_secret" in form) + ("client_assertion" in form) > 1:
            raise Refusal("invalid_request", "two methods of client authentication at once")
        if with_basic:
            return self.check_basic(request)
        client = self.ledger.clients.get(form.get("client_id"))
        if not client:
            raise Refusal("invalid_client", "unknown client", 401)
        method = self.proofs.method_of(request, form, client)
        self.check_method(client, method)
        self.proofs.check(request, form, client, method)
        if method == "client_secret_post" and form["client_secret"] != client["secret"]:
            raise Refusal("invalid_client", "wrong secret", 401)
        return client

    def check_basic(self, request):
        pair = self.basic_pair(request)
        if not pair:
            raise Refusal("invalid_client", "malformed basic credentials", 401)
        for decode in (urllib.parse.unquote_plus, str):
            client = self.ledger.clients.get(decode(pair[0]))
            if client and (client["basic"] == "raw") == (decode is str):
                break
        else:
            raise Refusal("invalid_client", "unknown client", 401)
        self.check_method(client, "client_secret_basic")
        if decode(pair[1]) != client["secret"]:
            raise Refusal("invalid_client", "wrong secret", 401)
        return client

    @staticmethod
    def check_method(client, method):
        if client["auth"] not in ("any", method) or (method == "none" and client["secret"] is not None):
            raise Refusal("invalid_client", f"this client must use {client['auth']}, not {method}", 401)

    # -- the endpoints

    def do_token(self, request, form, fault):
        if request.method != "POST":
            return Reply.json({"error": "invalid_request"}, 405, {"Allow": "POST"})
        with self.ledger.lock:
            self.ledger.count("token_requests")
            client = self.grants.client_of(request, form) or self.client_of(request, form)
            lacking, jkt = self.dpop.at_token(request, client, form, self.ledger)
            if lacking:
                return lacking
            kind = form.get("grant_type")
            if kind == "refresh_token":
                if not form.get("refresh_token"):
                    raise Refusal("invalid_request", "refresh_token is missing")
                self.proofs.check_binding(request, client, form)
                grant, fields = self.redeem(client, form, fault, request.values("resource"))
            elif self.grants.knows(kind):
                grant, fields = self.grants.redeem(request, client, form)
            elif kind:
                grant, fields = self.login.redeem(client, form, kind)
            else:
                raise Refusal("invalid_request", "grant_type is missing")
            self.proofs.bind(request, client, grant, self.ledger.access[fields["access_token"]])
            self.dpop.bind(client, jkt, grant, self.ledger.access[fields["access_token"]], fields)
            shape = {**client["shape"], **grant["shape"], **fault}
        reply = fault_module.shape_reply(fields, shape)
        if jkt and client["dpop_nonces"]:
            reply.headers.update(self.dpop.next_nonce("as"))
        return reply

    def redeem(self, client, form, fault, asked=()):
        entry = self.ledger.refresh.get(form["refresh_token"])
        known = self.ledger.grants[entry[0]] if entry else {"shape": {}}
        how = {**client["shape"], **known["shape"], **fault}.get("refresh_token")
        with_lengths = {key: fault[key] for key in ("access_len", "refresh_len") if key in fault}
        before = {key: known.get(key) for key in with_lengths}
        known.update(with_lengths)
        try:
            grant, fields = self.ledger.redeem(client, form["refresh_token"], form.get("scope"), keep=how is not None,
                                               choose=lambda grant, scope: resources.choose(grant, scope, asked))
        finally:
            known.update(before)
        if how == "same":
            fields = {**fields, "refresh_token": form["refresh_token"]}
        return grant, fields

    def do_revoke(self, request, form, _fault):
        with self.ledger.lock:
            if not form.get("token"):
                raise Refusal("invalid_request", "token is missing")
            named = self.ledger.clients.get(form.get("client_id"))
            if named and not named["revocation"]["client_auth"]:
                client = named
            else:
                client = self.client_of(request, form)
            self.ledger.revoke(client, form["token"], form.get("token_type_hint"))
        return Reply(200, b"")

    def do_deauthorize(self, request, form, _fault):
        """Ends the link of a client with an account, which is named instead of a token."""
        with self.ledger.lock:
            self.ledger.count("deauthorize_requests")
            if "signature" not in form:
                client = self.client_of(request, form)
            else:
                client = self.ledger.clients.get(form.get("client_id"))
                self.check_signature(client, form, "nonce")
                if form["nonce"] not in self.nonces:
                    raise Refusal("invalid_request", "the nonce is none of ours, or used")
                self.nonces.remove(form["nonce"])
            linked = [grant for grant in self.ledger.grants.values() if grant["client"] == client["id"] and
                      grant["account"] == form.get("account_id") and grant["alive"]]
            if not linked:
                raise Refusal("invalid_request", "no such account is linked")
            for grant in linked:
                self.ledger.end_grant(grant, "deauthorized")
        return Reply.json({"account_id": form["account_id"]})

    def do_nonce(self, _request, form, _fault):
        """A nonce for a signed request to end a link."""
        with self.ledger.lock:
            self.check_signature(self.ledger.clients.get(form.get("client_id")), form, "timestamp")
            nonce = secrets.token_hex(8)
            self.nonces.add(nonce)
        return Reply.json({"body": {"nonce": nonce}})

    @staticmethod
    def check_signature(client, form, last):
        text = ",".join(form.get(name, "") for name in ("action", "client_id", last))
        secret = (client or {}).get("secret") or ""
        if hmac.new(secret.encode(), text.encode(), "sha256").hexdigest() != form.get("signature"):
            raise Refusal("invalid_client", "the signature is wrong", 401)

    def do_introspect(self, request, form, _fault):
        with self.ledger.lock:
            self.client_of(request, form)
            return Reply.json(self.ledger.introspect(form.get("token", "")))

    def do_api(self, request, _form, _fault):
        token = self.bearer(request)
        with self.ledger.lock:
            self.ledger.count("api_requests")
            bound, refusal = self.dpop.at_api(request, self.ledger)
            if refusal:
                return refusal
            if token and self.ledger.access.get(token, {}).get("jkt"):
                token = None     # no Bearer token, and never taken for one
            token = token or bound
            if token and self.ledger.access_is_live(token) and self.proofs.shows(
                    request, self.ledger.access[token].get("x5t")):
                record = self.ledger.access[token]
                record["uses"] += 1
                grant = self.ledger.grants[record["grant"]]
                answer = {"account": grant["account"], "scope": record["scope"], "generation": record["n"],
                          "expires_in": int(record["expires_at"] - time.time())}
                if record.get("resource"):
                    answer["resource"] = record["resource"]
                return Reply.json(answer)
            self.ledger.count("api_refused")
        challenge = 'Bearer realm="api"' + (', error="invalid_token", error_description="expired or revoked"' if token else "")
        return Reply.json({"error": "invalid_token"}, 401, {"WWW-Authenticate": challenge})

    def do_metadata(self, request, _form, _fault):
        return self.discovery.metadata(request)

    def do_resource_metadata(self, request, _form, _fault):
        return self.discovery.resource_metadata(request)

    def do_mcp(self, request, _form, _fault):
        return self.discovery.mcp(request, self.bearer(request))

    def do_register(self, request, _form, _fault):
        return self.discovery.register(request)

    def do_par(self, request, form, _fault):
        with self.ledger.lock:
            return self.pushed.push(self.client_of(request, form), form)

    def do_userinfo(self, request, _form, _fault):
        with self.ledger.lock:
            bound, refusal = self.dpop.at_api(request, self.ledger)
            return refusal or userinfo(self, bound or self.bearer(request))

    def do_authorize(self, request, _form, _fault):
        return self.login.authorize(request)

    def do_device(self, request, form, _fault):
        with self.ledger.lock:
            return self.login.device(request, self.client_of(request, form), form)

    def do_device_page(self, request, _form, _fault):
        return self.login.approve(request)
