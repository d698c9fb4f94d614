# SPDX-License-Identifier: Apache-2.0
"""What a server says about itself: metadata (RFC 8414, OpenID Connect Discovery), a protected resource at /mcp (RFC 9728),
and clients that register themselves (RFC 7591, RFC 7592). All of it can be told to lie: see OPTIONS."""
import json
import secrets
import time

from wire import Reply

OPTIONS = {
    "fields": {},               # members of the issuer's document to set; null: to leave out
    "issuer_path": "",          # the issuer is at this path: "/tenant"
    "places": ["oauth", "openid"],                  # which well-known names answer
    "resource_fields": {},      # the same for the resource's document
    "resource_places": ["path", "root"],            # for /mcp, for the host
    "challenge": None,          # WWW-Authenticate of /mcp; {origin} is filled in; "": none at all
    "registration": "open",     # closed: 401; none: not announced
    "registration_fields": {},  # members of the answer to set
}
METHODS = ["client_secret_basic", "client_secret_post", "none"]
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
OAUTH, OPENID = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
RESOURCE = "/.well-known/oauth-protected-resource"


def patched(document, fields):
    document = {**document, **fields}
    return {name: value for name, value in document.items() if value is not None}


class Discovery:
    def __init__(self, server):
        self.server, self.ledger = server, server.ledger
        self.options = {name: value.copy() if hasattr(value, "copy") else value for name, value in OPTIONS.items()}
        self.registered = {}    # client id -> its registration_access_token

    def endpoint_of(self, path):
        """The endpoint of a path that is not always the same; None."""
        tenant = self.options["issuer_path"]
        if path == OAUTH + tenant:
            return "metadata" if "oauth" in self.options["places"] else None
        if path in (tenant + OPENID, OPENID + tenant):
            return "metadata" if "openid" in self.options["places"] else None
        if path == RESOURCE + "/mcp":
            return "resource_metadata" if "path" in self.options["resource_places"] else None
        if path == RESOURCE:
            return "resource_metadata" if "root" in self.options["resource_places"] else None
        if path == "/elsewhere/resource-metadata":
            return "resource_metadata"
        if path == "/mcp":
            return "mcp"
        return "register" if path == "/register" or path.startswith("/register/") else None

    def metadata(self, request):
        origin = request.origin()
        document = {
            "issuer": origin + self.options["issuer_path"], "token_endpoint": origin + "/token",
            "authorization_endpoint": origin + "/authorize",
            "device_authorization_endpoint": origin + "/device_authorization", "revocation_endpoint": origin + "/revoke",
            "introspection_endpoint": origin + "/introspect", "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", DEVICE],
            "code_challenge_methods_supported": ["S256"], "token_endpoint_auth_methods_supported": METHODS,
            "revocation_endpoint_auth_methods_supported": METHODS, "authorization_response_iss_parameter_supported": True,
            "scopes_supported": ["read", "write"]}
        if self.options["registration"] != "none":
            document["registration_endpoint"] = origin + "/register"
        return Reply.json(patched(document, self.options["fields"]))

    def resource_metadata(self, request):
        origin = request.origin()
        resource = origin if request.path == RESOURCE else origin + "/mcp"
        document = {"resource": resource, "authorization_servers": [origin + self.options["issuer_path"]],
                    "scopes_supported": ["read"], "bearer_methods_supported": ["header"]}
        return Reply.json(patched(document, self.options["resource_fields"]))

    def mcp(self, request, token):
        with self.ledger.lock:
            if token and self.ledger.access_is_live(token):
                return Reply.json({"resource": "mcp", "scope": self.ledger.access[token]["scope"]})
        challenge = self.options["challenge"]
        if challenge is None:
            challenge = 'Bearer realm="mcp", resource_metadata="{origin}' + RESOURCE + '/mcp"'
        headers = {"WWW-Authenticate": challenge.replace("{origin}", request.origin())} if challenge else {}
        return Reply.json({"error": "invalid_token"}, 401, headers)

    # -- RFC 7591

    def register(self, request):
        if request.path != "/register":
            return self.manage(request)
        if self.options["registration"] == "closed":
            return Reply.json({"error": "invalid_token"}, 401, {"WWW-Authenticate": "Bearer"})
        try:
            wanted = json.loads(request.body)
            assert request.method == "POST" and request.headers["content-type"] == "application/json"
        except (ValueError, KeyError, AssertionError):
            return Reply.json({"error": "invalid_client_metadata"}, 400)
        method = wanted.get("token_endpoint_auth_method", "client_secret_basic")
        uris = wanted.get("redirect_uris", [])
        if method not in METHODS or "refresh_token" not in wanted.get("grant_types", []):
            return Reply.json({"error": "invalid_client_metadata", "error_description": "method or grants"}, 400)
        if not uris or not all(uri.startswith("http://127.0.0.1:") for uri in uris):
            return Reply.json({"error": "invalid_redirect_uri"}, 400)
        return self.admit(request, wanted, method, uris)

    def admit(self, request, wanted, method, uris):
        name, token = "self-" + secrets.token_hex(6), "rat_" + secrets.token_urlsafe(24)
        answer = {**wanted, "client_id": name, "client_id_issued_at": int(time.time()),
                  "registration_access_token": token, "registration_client_uri": f"{request.origin()}/register/{name}"}
        if method != "none":
            answer.update(client_secret="cs_" + secrets.token_urlsafe(24), client_secret_expires_at=0)
        answer = patched(answer, self.options["registration_fields"])
        with self.ledger.lock:
            self.ledger.add_client({"id": name, "secret": answer.get("client_secret"), "auth": method,
                                    "redirect_uris": uris})
            self.registered[name] = token
        return Reply.json(answer, 201)

    def manage(self, request):
        """RFC 7592: only removing."""
        name = request.path.rpartition("/")[2]
        if name not in self.registered or request.headers.get("authorization") != "Bearer " + self.registered[name]:
            return Reply.json({"error": "invalid_token"}, 401, {"WWW-Authenticate": "Bearer"})
        if request.method != "DELETE":
            return Reply.json({"error": "invalid_request"}, 405)
        with self.ledger.lock:
            del self.registered[name], self.ledger.clients[name]
        return Reply(204, b"")
