# SPDX-License-Identifier: Apache-2.0
"""Tokens that are bound to a key (RFC 9449).

Fields of a client: dpop (its token requests need a proof, and its tokens are bound to the key), dpop_nonces (a proof needs
the newest nonce, here and at the API; each good request brings the next one), dpop_bearer (its tokens are none but Bearer)."""
import base64
import hashlib
import json
import os
import secrets
import tempfile
import time

from grants import decode, verifies
from ledger import Refusal
from wire import Reply

P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
ED25519 = bytes.fromhex("302a300506032b6570032100")
ALGS = ("ES256", "EdDSA", "Ed25519")  # the last two are one, RFC 9864
LIFE_S = 60


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def thumbprint(jwk):
    text = json.dumps({name: jwk[name] for name in sorted(jwk)}, separators=(",", ":"))
    return b64(hashlib.sha256(text.encode()).digest())


def is_signed(alg, jwk, signed, signature):
    der = P256 + decode(jwk["x"]) + decode(jwk["y"]) if alg == "ES256" else ED25519 + decode(jwk["x"])
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "key")
        with open(name, "w", encoding="ascii") as file:
            file.write("-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der).decode() + "\n-----END PUBLIC KEY-----\n")
        return verifies("ES256" if alg == "ES256" else "EdDSA", name, signed, signature)


class Dpop:
    def __init__(self):
        self.used, self.nonces, self.asked = set(), {"as": None, "rs": None}, {"as": 0, "rs": 0}

    def next_nonce(self, side):
        self.nonces[side] = f"{side}-{secrets.token_urlsafe(12)}"
        return {"DPoP-Nonce": self.nonces[side]}

    def read(self, request, token=None):
        """The claims of a proof, and the thumbprint of its key."""
        text = request.headers.get("dpop", "")
        try:
            head, body, signature = text.split(".")
            header, claims = json.loads(decode(head)), json.loads(decode(body))
            jwk, alg = header["jwk"], header["alg"]
            good = header["typ"] == "dpop+jwt" and alg in ALGS and "d" not in jwk and is_signed(
                alg, jwk, f"{head}.{body}".encode(), decode(signature))
        except (ValueError, KeyError, TypeError):
            raise Refusal("invalid_dpop_proof", "no proof") from None
        if not good:
            raise Refusal("invalid_dpop_proof", "type, key or signature is wrong")
        if claims.get("htm") != request.method or claims.get("htu") != request.origin() + request.path:
            raise Refusal("invalid_dpop_proof", "for another request")
        if not abs(time.time() - claims.get("iat", 0)) < LIFE_S:
            raise Refusal("invalid_dpop_proof", "of another time")
        if len(decode(claims.get("jti", ""))) < 12 or claims["jti"] in self.used:
            raise Refusal("invalid_dpop_proof", "used before")
        self.used.add(claims["jti"])
        if claims.get("ath") != (b64(hashlib.sha256(token.encode()).digest()) if token else None):
            raise Refusal("invalid_dpop_proof", "for another token")
        return claims, thumbprint(jwk)

    def lacks_nonce(self, client, side, claims):
        lacks = client["dpop_nonces"] and (self.nonces[side] is None or claims.get("nonce") != self.nonces[side])
        self.asked[side] += bool(lacks)
        return lacks

    def at_token(self, request, client, form, ledger):
        """A reply that wants another nonce, or the thumbprint that the tokens are bound to, or neither."""
        if not client["dpop"]:
            return None, None
        claims, jkt = self.read(request)
        if self.lacks_nonce(client, "as", claims):
            return Reply.json({"error": "use_dpop_nonce"}, 400, self.next_nonce("as")), None
        entry = ledger.refresh.get(form.get("refresh_token"))
        bound = ledger.grants[entry[0]].get("jkt") if entry else None
        if bound and bound != jkt:
            raise Refusal("invalid_grant", "the token is bound to another key")
        code = ledger.codes.get(form.get("code"))
        if code and code["jkt"] and code["jkt"] != jkt:
            raise Refusal("invalid_grant", "the code is bound to another key")
        return None, jkt

    def bind(self, client, jkt, grant, access, fields):
        if not jkt or client["dpop_bearer"]:
            return
        access["jkt"], fields["token_type"] = jkt, "DPoP"
        access["client"] = client["id"]
        grant.setdefault("jkt", jkt)

    def at_api(self, request, ledger):
        """The token of a request and a reply that refuses it; the reply is None for a good proof."""
        value = request.headers.get("authorization", "")
        if value[:5] != "DPoP ":
            return None, None
        token = value[5:]
        record = ledger.access.get(token)
        if not record or not record.get("jkt") or not ledger.access_is_live(token):
            return None, self.refuse("invalid_token")
        try:
            claims, jkt = self.read(request, token)
        except Refusal as refusal:
            return None, self.refuse(refusal.error)
        if jkt != record["jkt"]:
            return None, self.refuse("invalid_token")
        if self.lacks_nonce(ledger.clients[record["client"]], "rs", claims):
            return None, self.refuse("use_dpop_nonce", self.next_nonce("rs"))
        return token, None

    @staticmethod
    def refuse(error, headers=None):
        return Reply.json({"error": error}, 401, {"WWW-Authenticate": f'DPoP error="{error}", algs="{" ".join(ALGS)}"',
                                                  **(headers or {})})
