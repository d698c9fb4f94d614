# SPDX-License-Identifier: Apache-2.0
"""How a client proves itself other than by a plain secret: assertions (RFC 7523), a secret that is a signed token, as
Apple has it, and certificates (RFC 8705), to which its tokens may be bound."""
import base64
import hashlib
import hmac
import json
import ssl
import time

from grants import SKEW_S, decode, verifies
from ledger import Refusal

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFE_S = 300
SIGNED_SECRET_LIFE_S = 15777000     # six months
SIGNED_SECRET = "client_secret_post_signed_jwt"
ASSERTIONS = ("client_secret_jwt", "private_key_jwt")
CERTIFICATES = ("tls_client_auth", "self_signed_tls_client_auth")


def thumbprint(certificate):
    """x5t#S256 of a certificate in DER."""
    return base64.urlsafe_b64encode(hashlib.sha256(certificate).digest()).rstrip(b"=").decode()


def claims_of(text):
    """Header, claims, what is signed and the signature."""
    try:
        head, body, signature = text.split(".")
        return json.loads(decode(head)), json.loads(decode(body)), f"{head}.{body}".encode(), decode(signature)
    except ValueError:
        raise Refusal("invalid_client", "no signed token", 401) from None


class Proofs:
    def __init__(self, ledger):
        self.ledger, self.used = ledger, set()

    @staticmethod
    def method_of(request, form, client):
        """Which method a request without HTTP Basic uses."""
        if "client_assertion" in form or "client_assertion_type" in form:
            return client["auth"] if client["auth"] in ASSERTIONS else "private_key_jwt"
        if "client_secret" in form:
            return SIGNED_SECRET if client["auth"] == SIGNED_SECRET else "client_secret_post"
        return client["auth"] if client["auth"] in CERTIFICATES and request.certificate else "none"

    def check(self, request, form, client, method):
        if method in ASSERTIONS:
            self.check_assertion(request, form, client)
        elif method == SIGNED_SECRET:
            self.check_token(request, form["client_secret"], client, SIGNED_SECRET_LIFE_S)
        elif method in CERTIFICATES:
            self.check_certificate(request, client)

    # -- signed tokens

    def check_assertion(self, request, form, client):
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise Refusal("invalid_client", "another type of assertion", 401)
        if len(request.values("client_assertion")) != 1:
            raise Refusal("invalid_client", "one assertion is wanted", 401)
        claims = self.check_token(request, form["client_assertion"], client, ASSERTION_LIFE_S)
        if not claims.get("jti") or claims["jti"] in self.used:
            raise Refusal("invalid_client", "the assertion was used before", 401)
        self.used.add(claims["jti"])

    def check_token(self, request, text, client, life):
        header, claims, signed, signature = claims_of(text)
        wanted = "HS256" if client["auth"] == "client_secret_jwt" else client["alg"]
        if header.get("alg") != wanted or header.get("kid") != client["kid"]:
            raise Refusal("invalid_client", "another algorithm or key id than registered", 401)
        if wanted == "HS256":
            good = hmac.compare_digest(hmac.digest(client["secret"].encode(), signed, "sha256"), signature)
        else:
            good = verifies(wanted, client["key"], signed, signature)
        if not good:
            raise Refusal("invalid_client", "the signature is wrong", 401)
        if claims.get("iss") != (client["issuer"] or client["id"]) or claims.get("sub") != client["id"]:
            raise Refusal("invalid_client", "of another issuer or subject", 401)
        audience = client["audience"] or "{origin}/token"
        if claims.get("aud") != audience.format(origin=request.origin(), path=request.path):
            raise Refusal("invalid_client", "for another audience", 401)
        now, end = time.time(), claims.get("exp")
        if not isinstance(end, int) or not now - SKEW_S < end <= now + life + SKEW_S:
            raise Refusal("invalid_client", "it has expired, or lives too long", 401)
        if not now - life - SKEW_S < claims.get("iat", now) <= now + SKEW_S or claims.get("nbf", 0) > now:
            raise Refusal("invalid_client", "of the future, or too old", 401)
        return claims

    # -- certificates

    @staticmethod
    def check_certificate(request, client):
        shown, names = request.certificate
        if client["auth"] == "tls_client_auth":
            if names["issuer"] == names["subject"] or dict(one[0] for one in names["subject"]) != client["subject"]:
                raise Refusal("invalid_client", "another subject than registered", 401)
            return
        with open(client["certificate"], encoding="ascii") as file:
            if ssl.PEM_cert_to_DER_cert(file.read()) != shown:
                raise Refusal("invalid_client", "another certificate than registered", 401)

    def check_binding(self, request, client, form):
        """A refresh token of a public client is bound to the certificate (section 4)."""
        entry = self.ledger.refresh.get(form["refresh_token"])
        bound = self.ledger.grants[entry[0]].get("x5t") if entry else None
        if client["auth"] == "none" and bound and not self.shows(request, bound):
            raise Refusal("invalid_grant", "the token is bound to another certificate")

    @staticmethod
    def bind(request, client, grant, access):
        if client["bound"] and request.certificate:
            access["x5t"] = thumbprint(request.certificate[0])
            grant.setdefault("x5t", access["x5t"])

    @staticmethod
    def shows(request, bound):
        return bound is None or (request.certificate is not None and thumbprint(request.certificate[0]) == bound)
