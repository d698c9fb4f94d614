# SPDX-License-Identifier: Apache-2.0
"""Clients, grants and token families: what the authorization server knows, and the oracle of the tests.

A grant is a family of refresh tokens. Its generations are counted from 1, as Larder counts its own, and each is `live`,
`spent` or `revoked`. The rotation class says what a refresh does with the token that was presented:

  static            it stays valid; the reply has no new one (echo: the same one)
  strict            it is spent; presenting it again revokes the whole family
  strict-no-revoke  it is spent; presenting it again is invalid_grant and nothing else
  overlap           it may be presented again for overlap_s seconds; the reply is the same one, or (overlap_reply: new)
                    holds another new token; after that as strict
  until-new-used    it stays valid until a successor is used

Every function here is called with the ledger's lock held.
"""
import base64
import json
import os
import secrets
import threading
import time

CLASSES = ("static", "strict", "strict-no-revoke", "overlap", "until-new-used")

CLIENT_DEFAULTS = {
    "secret": None,                 # None: a public client
    "auth": None,                   # client_secret_basic, client_secret_post, none, any; None: by the secret
    "basic": "form",                # form: RFC 6749 2.3.1; raw: not form-decoded
    "key": None, "alg": None, "kid": None,          # PEM file of a public key, for what the client signs
    "issuer": None, "audience": None,               # of it; None: the client, the token endpoint; {origin}, {path}
    "certificate": None, "subject": None,           # PEM file of one that signs itself; {"commonName": ...} of another
    "dpop": False, "dpop_nonces": False, "dpop_bearer": False,  # see dpop.py
    "bound": False,                 # tokens are bound to the certificate that was shown
    "redirect_uris": [],            # empty: anything on loopback
    "revocation": {},               # see REVOCATION_DEFAULTS
    "shape": {},                    # how every token reply to this client looks: the keys of a fault
}

REVOCATION_DEFAULTS = {
    "supports": ["refresh_token", "access_token"],  # others answer unsupported_token_type
    "cascade": True,                # a revoked refresh token ends the access tokens of the grant
    "access_cascade": False,        # a revoked access token ends the whole grant
    "unknown": 200,                 # status for an unknown token: 200 by RFC 7009, 400 by some
    "reject_hint": False,           # answers invalid_request to any token_type_hint
    "client_auth": True,
}

GRANT_DEFAULTS = {
    "class": "strict",
    "account": "alice",
    "scope": "read write",
    "access_ttl": 3600,             # seconds that an access token really lives
    "expires_in": "access_ttl",     # what the reply says: any JSON value, "access_ttl" or "omit"
    "refresh_ttl": None,            # seconds since its issue, None for ever
    "overlap_s": 30,
    "overlap_reply": "same_reply",
    "echo": False,
    "old_access_dies": False,       # a rotation ends the access tokens issued before
    "access_len": 0,                # pad tokens to this length
    "refresh_len": 0,
    "shape": {},
    "id_token": None,               # claims of an ID token that comes with each access token
    "resources": None,              # resources.py
    "by_scope": False,
}


class Refusal(Exception):
    """An OAuth error reply."""

    def __init__(self, error, description, status=400):
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


def new_token(prefix, length):
    token = prefix + secrets.token_urlsafe(24)
    if len(token) < length:
        token += "x" * (length - len(token))
    return token


class Ledger:
    def __init__(self, state_dir):
        self.lock = threading.Lock()
        self.state_dir = state_dir
        self.clients, self.grants = {}, {}
        self.refresh, self.access = {}, {}      # token -> (grant id, generation) / access record
        self.codes, self.devices = {}, {}
        self.counts = {}
        self.path = os.path.join(state_dir, "ledger.json")
        if os.path.exists(self.path):
            self.load()

    # -- state over a restart

    def load(self):
        with open(self.path, encoding="utf-8") as file:
            state = json.load(file)
        for key, value in state.items():
            setattr(self, key, value)

    def save(self):
        keys = ("clients", "grants", "refresh", "access", "codes", "devices", "counts")
        temporary = self.path + ".new"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump({key: getattr(self, key) for key in keys}, file)
        os.replace(temporary, self.path)

    def count(self, what, amount=1):
        self.counts[what] = self.counts.get(what, 0) + amount

    # -- set-up

    def add_client(self, options):
        client = {**CLIENT_DEFAULTS, **options}
        client.setdefault("id", "client-" + secrets.token_hex(4))
        unknown = set(client) - set(CLIENT_DEFAULTS) - {"id"}
        if unknown:
            raise ValueError(f"unknown client fields: {sorted(unknown)}")
        client["revocation"] = {**REVOCATION_DEFAULTS, **client["revocation"]}
        if client["auth"] is None:
            client["auth"] = "client_secret_basic" if client["secret"] is not None else "none"
        client["auth"] = {"basic": "client_secret_basic", "post": "client_secret_post"}.get(client["auth"], client["auth"])
        self.clients[client["id"]] = client
        return client

    def add_grant(self, client_id, options):
        if client_id not in self.clients:
            raise ValueError(f"no client {client_id}")
        grant = {**GRANT_DEFAULTS, **options}
        unknown = set(grant) - set(GRANT_DEFAULTS) - {"id"}
        if unknown:
            raise ValueError(f"unknown grant fields: {sorted(unknown)}")
        if grant["class"] not in CLASSES:
            raise ValueError(f"class is one of {CLASSES}")
        grant.setdefault("id", "grant-" + secrets.token_hex(6))
        grant.update(client=client_id, alive=True, reason=None, generations=[], counts={}, access=[])
        self.grants[grant["id"]] = grant
        self.new_generation(grant)
        return grant

    # -- tokens

    def new_generation(self, grant):
        token = new_token("rt_", grant["refresh_len"])
        number = len(grant["generations"]) + 1
        grant["generations"].append({"n": number, "token": token, "state": "live", "issued_at": time.time(),
                                     "spent_at": None, "uses": 0, "reply": None})
        self.refresh[token] = [grant["id"], number]
        return token

    def new_access(self, grant, number, scope, resource=None):
        token = new_token("at_", grant["access_len"])
        self.access[token] = {"grant": grant["id"], "n": number, "scope": scope, "revoked": False, "uses": 0,
                              "expires_at": time.time() + grant["access_ttl"], "client": grant["client"], "resource": resource}
        grant["access"].append(token)
        return token

    def grant_count(self, grant, what):
        grant["counts"][what] = grant["counts"].get(what, 0) + 1
        self.count(what)

    def end_grant(self, grant, reason, access=True):
        grant["alive"], grant["reason"] = False, reason
        for generation in grant["generations"]:
            if generation["state"] == "live":
                generation["state"] = "revoked"
        if access:
            self.end_access(grant)

    def end_access(self, grant):
        for token in grant["access"]:
            self.access[token]["revoked"] = True

    def access_is_live(self, token):
        record = self.access.get(token)
        return bool(record) and not record["revoked"] and time.time() < record["expires_at"]

    # -- the refresh grant

    def redeem(self, client, token, scope=None, keep=False, choose=None):
        """One refresh. Returns (grant, fields of the reply); keep: hand out no new refresh token this time; choose says
        which resource the token is for (resources.py)."""
        self.count("refresh_requests")
        entry = self.refresh.get(token)
        if not entry:
            self.count("unknown_refresh_tokens")
            raise Refusal("invalid_grant", "unknown refresh token")
        grant = self.grants[entry[0]]
        generation = grant["generations"][entry[1] - 1]
        self.grant_count(grant, "requests")
        generation["uses"] += 1
        if grant["client"] != client["id"]:
            raise Refusal("invalid_grant", "the refresh token belongs to another client")
        if not grant["alive"] or generation["state"] == "revoked":
            self.grant_count(grant, "after_end")
            raise Refusal("invalid_grant", "the grant has ended")
        if grant["refresh_ttl"] is not None and time.time() > generation["issued_at"] + grant["refresh_ttl"]:
            self.grant_count(grant, "expired")
            raise Refusal("invalid_grant", "the refresh token has expired")
        granted = grant["scope"].split()
        resource, scope = choose(grant, scope) if choose else (None, scope)
        if scope and not grant["by_scope"] and not set(scope.split()) <= set(granted):
            raise Refusal("invalid_scope", "more than was granted")
        return grant, self.rotate(grant, generation, scope or grant["scope"], keep, resource)

    def rotate(self, grant, generation, scope, keep, resource=None):
        kind = grant["class"]
        if generation["state"] == "spent":
            repeated = self.reuse(grant, generation, kind)
            if repeated:
                return repeated
        if kind == "until-new-used":
            self.use_ends_older(grant, generation)
        if grant["old_access_dies"]:
            self.end_access(grant)
        fields = {}
        if kind == "static" or keep:
            if grant["echo"]:
                fields["refresh_token"] = generation["token"]
            number = generation["n"]
        else:
            generation["state"], generation["spent_at"] = "spent", generation["spent_at"] or time.time()
            fields["refresh_token"] = self.new_generation(grant)
            number = len(grant["generations"])
            self.grant_count(grant, "rotations")
        reply = self.reply_fields(grant, self.new_access(grant, number, scope, resource), scope)
        reply.update(fields)
        generation["reply"] = reply if kind == "overlap" else None
        return reply

    def reuse(self, grant, generation, kind):
        """A spent token is presented: the repeated reply, None where it may be spent again, or a refusal."""
        if kind == "overlap" and time.time() <= generation["spent_at"] + grant["overlap_s"]:
            self.grant_count(grant, "overlap_uses")
            return generation["reply"] if grant["overlap_reply"] == "same_reply" else None
        if kind == "until-new-used" and not any(later["uses"] for later in grant["generations"][generation["n"]:]):
            self.grant_count(grant, "overlap_uses")
            return None
        self.grant_count(grant, "replays")
        if kind != "strict-no-revoke":
            self.end_grant(grant, "replay")
            self.count("families_revoked")
        raise Refusal("invalid_grant", "the refresh token was used before")

    @staticmethod
    def use_ends_older(grant, generation):
        for older in grant["generations"][:generation["n"] - 1]:
            if older["state"] == "live":
                older["state"], older["spent_at"] = "spent", time.time()

    @staticmethod
    def reply_fields(grant, access_token, scope):
        reply = {"access_token": access_token, "token_type": "Bearer"}
        if grant["expires_in"] == "access_ttl":
            reply["expires_in"] = grant["access_ttl"]
        elif grant["expires_in"] != "omit":
            reply["expires_in"] = grant["expires_in"]
        reply["scope"] = scope
        if grant["id_token"] is not None:
            reply["id_token"] = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
                                         for part in ({"alg": "none"}, grant["id_token"])) + "."
        return reply

    # -- revocation, RFC 7009

    def revoke(self, client, token, hint):
        rules = client["revocation"]
        self.count("revocation_requests")
        if hint and rules["reject_hint"]:
            raise Refusal("invalid_request", "token_type_hint is not supported here")
        if token in self.refresh:
            kind, grant = "refresh_token", self.grants[self.refresh[token][0]]
        elif token in self.access:
            kind, grant = "access_token", self.grants[self.access[token]["grant"]]
        else:
            self.count("unknown_revocations")
            if rules["unknown"] != 200:
                raise Refusal("invalid_token", "unknown token", rules["unknown"])
            return None
        if kind not in rules["supports"]:
            raise Refusal("unsupported_token_type", f"a {kind} cannot be revoked here")
        if grant["client"] != client["id"]:
            raise Refusal("invalid_grant", "the token belongs to another client")
        self.grant_count(grant, kind + "_revocations")
        if kind == "refresh_token":
            self.end_grant(grant, "revoked", access=rules["cascade"])
        else:
            self.access[token]["revoked"] = True
            if rules["access_cascade"]:
                self.end_grant(grant, "access token revoked")
        return kind

    # -- introspection, RFC 7662

    def introspect(self, token):
        if self.access_is_live(token):
            record = self.access[token]
            return {"active": True, "client_id": record["client"], "scope": record["scope"], "token_type": "Bearer",
                    "exp": int(record["expires_at"]), "sub": self.grants[record["grant"]]["account"]}
        if token in self.refresh:
            grant_id, number = self.refresh[token]
            grant = self.grants[grant_id]
            if grant["alive"] and grant["generations"][number - 1]["state"] == "live":
                return {"active": True, "client_id": grant["client"], "scope": grant["scope"], "sub": grant["account"]}
        return {"active": False}

    # -- what the oracle says

    def view(self, grant, tokens=False):
        hidden = ("generations", "access", "shape") if tokens else ("generations", "access", "shape", "token")
        view = {key: value for key, value in grant.items() if key not in hidden}
        view["newest"] = len(grant["generations"])
        view["live"] = [g["n"] for g in grant["generations"] if g["state"] == "live"]
        view["spent"] = [g["n"] for g in grant["generations"] if g["state"] == "spent"]
        view["revoked"] = [g["n"] for g in grant["generations"] if g["state"] == "revoked"]
        view["uses"] = [g["uses"] for g in grant["generations"]]
        view["access_issued"] = len(grant["access"])
        view["access_live"] = sum(self.access_is_live(token) for token in grant["access"])
        for name in ("requests", "rotations", "replays", "overlap_uses", "after_end", "expired",
                     "refresh_token_revocations", "access_token_revocations"):
            view["counts"].setdefault(name, 0)
        if tokens:
            view["tokens"] = [g["token"] for g in grant["generations"]]
            view["refresh_token"] = grant["generations"][-1]["token"]
            view["access_token"] = grant["access"][-1] if grant["access"] else None
        return view

    def identify(self, token):
        """Which grant, kind, generation and state a token has."""
        if token in self.refresh:
            grant_id, number = self.refresh[token]
            grant = self.grants[grant_id]
            return {"kind": "refresh_token", "grant": grant_id, "n": number,
                    "state": grant["generations"][number - 1]["state"], "newest": number == len(grant["generations"])}
        if token in self.access:
            record = self.access[token]
            return {"kind": "access_token", "grant": record["grant"], "n": record["n"], "scope": record["scope"],
                    "resource": record.get("resource"),
                    "state": "live" if self.access_is_live(token) else "dead"}
        return {"kind": "unknown"}
