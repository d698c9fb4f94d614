# SPDX-License-Identifier: Apache-2.0
"""Log-in flows that approve themselves: authorization code with PKCE (RFC 6749 4.1, RFC 7636), device (RFC 8628)."""
import base64
import hashlib
import secrets
import time
import urllib.parse

from ledger import Refusal
from wire import Reply

CODE_LIFE_S = 60
DEVICE_LIFE_S = 300
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Login:
    """options: grant (fields of the grants that a log-in makes), deny, device_polls, device_life, interval, slow_down (how
    many polls get that), iss (named in answers), par_required, par_life, userinfo (what that endpoint says)."""

    def __init__(self, server):
        self.server, self.ledger = server, server.ledger
        self.options = {"id_token": None, "grant": {}, "deny": False, "device_auto": True, "device_polls": 1, "interval": 5,
                        "device_life": DEVICE_LIFE_S, "slow_down": 0, "iss": True, "par_required": False, "par_life": 60,
                        "userinfo": {"sub": "1", "email": "jane@example.org"}}

    def authorize(self, request):
        query = self.server.pushed.expand(request.params())
        if query is None:
            return Reply(400, b"a request that was not pushed, or was used before\n", "text/plain")
        client = self.ledger.clients.get(query.get("client_id"))
        uri = query.get("redirect_uri", "")
        host = urllib.parse.urlsplit(uri).hostname
        if not client or (client["redirect_uris"] and uri not in client["redirect_uris"]) or (
                not client["redirect_uris"] and host not in ("127.0.0.1", "::1", "localhost")):
            return Reply(400, b"unknown client or redirect_uri\n", "text/plain")
        answer = {"iss": request.origin()} if self.options["iss"] else {}
        if "state" in query:
            answer["state"] = query["state"]
        if query.get("response_type") != "code":
            answer["error"] = "unsupported_response_type"
        elif client["secret"] is None and query.get("code_challenge_method") != "S256":
            answer["error"] = "invalid_request"
        elif self.options["deny"]:
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(24)
            with self.ledger.lock:
                self.ledger.codes[answer["code"]] = {
                    "client": client["id"], "redirect_uri": uri, "scope": query.get("scope", "read"), "used": None,
                    "challenge": query.get("code_challenge"), "expires_at": time.time() + CODE_LIFE_S,
                    "jkt": query.get("dpop_jkt"), "nonce": query.get("nonce"), "origin": request.origin()}
        mark = "&" if "?" in uri else "?"
        return Reply(302, b"", headers={"Location": uri + mark + urllib.parse.urlencode(answer)})

    def redeem(self, client, form, kind):
        """The grant and the reply for a code or a device code; called with the ledger's lock."""
        if kind == "authorization_code":
            return self.redeem_code(client, form)
        if kind == DEVICE_GRANT:
            return self.redeem_device(client, form)
        raise Refusal("unsupported_grant_type", kind)

    def claims(self, client, code):
        """What the ID token says: the usual, and what the option id_token wants otherwise; null: not there."""
        if self.options["id_token"] is None:
            return None
        now = int(time.time())
        usual = {"iss": code.get("origin"), "sub": "1", "aud": client["id"], "iat": now, "exp": now + 600,
                 "nonce": code.get("nonce"), "email": "jane@example.org"}
        return {name: value for name, value in {**usual, **self.options["id_token"]}.items() if value is not None}

    def issue(self, client, scope, code=None):
        grant = self.ledger.add_grant(client["id"], {"scope": scope, "id_token": self.claims(client, code or {}),
                                                     **self.options["grant"]})
        fields = self.ledger.reply_fields(grant, self.ledger.new_access(grant, 1, grant["scope"]), grant["scope"])
        fields["refresh_token"] = grant["generations"][0]["token"]
        return grant, fields

    def redeem_code(self, client, form):
        code = self.ledger.codes.get(form.get("code"))
        if not code or code["client"] != client["id"] or time.time() > code["expires_at"]:
            raise Refusal("invalid_grant", "unknown code")
        if code["used"]:
            self.ledger.end_grant(self.ledger.grants[code["used"]], "code used twice")
            raise Refusal("invalid_grant", "the code was used before")
        if code["redirect_uri"] != form.get("redirect_uri"):
            raise Refusal("invalid_grant", "another redirect_uri")
        if code["challenge"]:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != code["challenge"]:
                raise Refusal("invalid_grant", "wrong code_verifier")
        grant, fields = self.issue(client, code["scope"], code)
        code["used"] = grant["id"]
        return grant, fields

    def device(self, request, client, form):
        device_code, user_code = secrets.token_urlsafe(24), secrets.token_hex(4).upper()
        self.ledger.devices[device_code] = {
            "client": client["id"], "scope": form.get("scope", "read"), "user_code": user_code, "polls": 0,
            "state": "pending", "expires_at": time.time() + self.options["device_life"]}
        page = request.origin() + "/device"
        fields = {"device_code": device_code, "user_code": user_code, "verification_uri": page,
                  "verification_uri_complete": f"{page}?user_code={user_code}", "expires_in": self.options["device_life"]}
        if self.options["interval"] is not None:
            fields["interval"] = self.options["interval"]
        return Reply.json(fields)

    def approve(self, request):
        """GET /device?user_code=X[&deny=1]: what a person would do."""
        query = request.params()
        with self.ledger.lock:
            for device in self.ledger.devices.values():
                if device["user_code"] == query.get("user_code"):
                    device["state"] = "denied" if query.get("deny") else "approved"
                    return Reply(200, b"done\n", "text/plain")
        return Reply(404, b"unknown code\n", "text/plain")

    def redeem_device(self, client, form):
        device = self.ledger.devices.get(form.get("device_code"))
        if not device or device["client"] != client["id"]:
            raise Refusal("invalid_grant", "unknown device code")
        device["polls"] += 1
        if time.time() > device["expires_at"]:
            raise Refusal("expired_token", "the device code has expired")
        if device["state"] == "denied":
            raise Refusal("access_denied", "the user said no")
        if self.options["slow_down"] > 0:
            self.options["slow_down"] -= 1
            raise Refusal("slow_down", "too fast")
        if device["state"] == "pending" and not (
                self.options["device_auto"] and device["polls"] > self.options["device_polls"]):
            raise Refusal("authorization_pending", "not yet")
        if device["state"] == "used":
            raise Refusal("invalid_grant", "the device code was used before")
        device["state"] = "used"
        return self.issue(client, device["scope"])
