# SPDX-License-Identifier: Apache-2.0
"""Pushed authorization requests (RFC 9126) and the userinfo endpoint (OpenID Connect Core 5.3)."""
import secrets
import time

from ledger import Refusal
from wire import Reply

URN = "urn:ietf:params:oauth:request_uri:"


class Pushed:
    """What was pushed and not used yet. options of Login: par_required, par_life (seconds)."""

    def __init__(self, server):
        self.server, self.requests = server, {}

    def push(self, client, form):
        if "request_uri" in form:
            raise Refusal("invalid_request", "request_uri inside a pushed request")
        if form.get("client_id", client["id"]) != client["id"]:
            raise Refusal("invalid_request", "client_id is another one's")
        if "client_id" not in form or "redirect_uri" not in form or form.get("response_type") != "code":
            raise Refusal("invalid_request", "a parameter is missing")
        uri = URN + secrets.token_urlsafe(16)
        life = self.server.login.options["par_life"]
        hidden = ("client_secret", "client_assertion", "client_assertion_type")
        self.requests[uri] = (time.time() + life, {name: value for name, value in form.items() if name not in hidden})
        return Reply.json({"request_uri": uri, "expires_in": life}, 201)

    def expand(self, query):
        """The parameters that a query stands for; None where it may not be used."""
        if "request_uri" not in query:
            return None if self.server.login.options["par_required"] else query
        expires_at, parameters = self.requests.pop(query["request_uri"], (0, {}))
        if expires_at < time.time() or parameters.get("client_id") != query.get("client_id") or set(query) != {
                "client_id", "request_uri"}:
            return None
        return parameters


def userinfo(server, token):
    record = server.ledger.access.get(token or "")
    if not record or not server.ledger.access_is_live(token):
        return Reply.json({"error": "invalid_token"}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return Reply.json(server.login.options["userinfo"])
