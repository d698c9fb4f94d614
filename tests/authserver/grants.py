# SPDX-License-Identifier: Apache-2.0
"""Grants without a person: client credentials (RFC 6749 4.4), JWT bearer (RFC 7523), token exchange (RFC 8693)."""
import base64
import json
import os
import subprocess
import tempfile
import time

from ledger import Refusal

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPES = "urn:ietf:params:oauth:token-type:"
SKEW_S = 30


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def integer(data):
    data = data.lstrip(b"\0") or b"\0"
    if data[0] & 0x80:
        data = b"\0" + data
    return b"\x02" + bytes([len(data)]) + data


def verifies(alg, key_file, signed, signature):
    """Whether a signature is that of the key: asked of the openssl program, as Python's library has none of them."""
    if alg == "ES256":      # r and s side by side become the sequence that OpenSSL wants
        pair = integer(signature[:32]) + integer(signature[32:])
        signature = b"\x30" + bytes([len(pair)]) + pair
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ("signed", "signature")]
        for name, data in zip(names, (signed, signature)):
            with open(name, "wb") as file:
                file.write(data)
        if alg == "EdDSA":
            command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", key_file, "-in", names[0], "-sigfile", names[1]]
        else:
            pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"] if alg == "PS256" else []
            command = ["openssl", "dgst", "-sha256", "-verify", key_file, *pss, "-signature", names[1], names[0]]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Grants:
    """
    options: grant (fields of the grants that come of it), refresh_token (one is sent besides, against RFC 6749 4.4.3),
    grant_type (what client credentials are called here), audience (of assertions, besides the token endpoint),
    issued_token_type and token_type (of an exchange).
    """

    def __init__(self, server):
        self.server, self.ledger = server, server.ledger
        self.options = {"grant": {}, "refresh_token": False, "grant_type": "client_credentials", "audience": None,
                        "issued_token_type": TYPES + "access_token", "token_type": "Bearer"}
        self.keys, self.used, self.subjects = {}, set(), {}

    def trust(self, iss, file, alg, client, kid=None):
        """Assertions of this issuer are signed with the key of a PEM file, and are for this client."""
        self.keys[iss] = {"file": file, "alg": alg, "client": client, "kid": kid}

    def knows(self, kind):
        return kind in (self.options["grant_type"], JWT_BEARER, EXCHANGE)

    def client_of(self, request, form):
        """The client that an assertion alone stands for; None where the client says itself who it is."""
        if form.get("grant_type") != JWT_BEARER or "client_id" in form or "client_assertion" in form or (
                "authorization" in request.headers):
            return None
        return self.ledger.clients[self.read(form)[0]["client"]]

    def redeem(self, request, client, form):
        self.ledger.count("grant_requests")
        if form["grant_type"] == JWT_BEARER:
            account = self.take_assertion(request, form)
        elif form["grant_type"] == EXCHANGE:
            account = self.take_subject(form)
        else:
            account = client["id"]
            if client["auth"] == "none":
                raise Refusal("unauthorized_client", "a public client has no credentials")
        scope = form.get("scope", "read")
        grant = self.ledger.add_grant(client["id"], {"scope": scope, "account": account, **self.options["grant"]})
        fields = self.ledger.reply_fields(grant, self.ledger.new_access(grant, 1, grant["scope"]), grant["scope"])
        if self.options["refresh_token"]:
            fields["refresh_token"] = grant["generations"][0]["token"]
        if form["grant_type"] == EXCHANGE:
            fields["issued_token_type"], fields["token_type"] = self.options["issued_token_type"], self.options["token_type"]
        return grant, fields

    # -- assertions

    def read(self, form):
        """The key and the claims of an assertion whose signature is good."""
        try:
            head, body, signature = form["assertion"].split(".")
            header, claims = json.loads(decode(head)), json.loads(decode(body))
            key = self.keys[claims["iss"]]
        except (KeyError, ValueError):
            raise Refusal("invalid_grant", "no assertion of an issuer that is known") from None
        if header.get("alg") != key["alg"] or header.get("kid") != key["kid"]:
            raise Refusal("invalid_grant", "another algorithm or key id than registered")
        if not verifies(key["alg"], key["file"], f"{head}.{body}".encode(), decode(signature)):
            raise Refusal("invalid_grant", "the signature is wrong")
        return key, claims

    def take_assertion(self, request, form):
        """RFC 7523 section 3."""
        claims = self.read(form)[1]
        if claims.get("aud") not in (request.origin() + "/token", self.options["audience"]):
            raise Refusal("invalid_grant", "for another audience")
        if not isinstance(claims.get("exp"), int) or claims["exp"] < time.time() - SKEW_S:
            raise Refusal("invalid_grant", "the assertion has expired")
        if claims.get("iat", 0) > time.time() + SKEW_S:
            raise Refusal("invalid_grant", "the assertion is of the future")
        if not claims.get("jti") or claims["jti"] in self.used:
            raise Refusal("invalid_grant", "the assertion was used before")
        self.used.add(claims["jti"])
        if not claims.get("sub"):
            raise Refusal("invalid_grant", "no subject")
        return claims["sub"]

    # -- token exchange

    def take_subject(self, form):
        account = self.whose(form, "subject")
        if "actor_token" in form or "actor_token_type" in form:
            account = f"{self.whose(form, 'actor')} for {account}"
        return account

    def whose(self, form, role):
        token, kind = form.get(role + "_token"), form.get(role + "_token_type")
        if not token or not kind:
            raise Refusal("invalid_request", f"{role}_token or its type is missing")
        if kind == TYPES + "access_token" and self.ledger.access_is_live(token):
            return self.ledger.grants[self.ledger.access[token]["grant"]]["account"]
        if self.subjects.get(token, {}).get("type") == kind:
            return self.subjects[token]["account"]
        raise Refusal("invalid_request", f"the {role}_token is not valid")
