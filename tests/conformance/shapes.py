# SPDX-License-Identifier: Apache-2.0
"""The documented shapes of the built-in providers, for catalogue.py: what a server of each one wants and answers.

The general part follows the RFCs and the plain fields of a definition. What is peculiar to one provider stands in
PECULIAR in its own words, not in those of the definition, so that a definition that forgets a peculiarity fails:

  names        endpoint -> {name of the RFC: the provider's name of a parameter}
  extra        endpoint -> parameters that have to be there besides
  headers      endpoint -> headers that have to be there
  body         endpoint -> form, json or query
  refresh_auth, revoke_auth
  reply        what becomes of the fields of a token reply: a function of a dict
  status       of a token reply;  form: it is form-encoded
  dead         (status, body) of the refusal of a dead refresh token
  device       differences of the device flow: pending (status, body), auth
  revoke       (method, body format, name of the token's parameter or None, authentication)
  revoked      (status, body) of a revocation
  account      what the parameter of the revocation says, which names the account instead of a token
  revoke_says  where it is at the path of the token endpoint: what its requests have and others have not
  claims       of the access token, which is a JWT
  scopes       how scopes are joined in a request
"""
import base64
import datetime
import json


def renamed(**names):
    return lambda fields: {names.get(key, key): value for key, value in fields.items()}


def without(*names):
    return lambda fields: {key: value for key, value in fields.items() if key not in names}


def plus(**more):
    return lambda fields: {**fields, **more}


def inside(name, **top):
    return lambda fields: {**top, name: fields}


def listed(fields):
    return {**fields, "scope": fields["scope"].split()}


def commas(fields):
    return {**fields, "scope": ",".join(fields["scope"].split())}


def iso(fields, name="expires_at"):
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=fields["expires_in"])
    rest = without("expires_in")(fields)
    return {**rest, name: end.strftime("%Y-%m-%dT%H:%M:%SZ")}


def sentry(fields):
    fields = iso({**fields, "scopes": fields["scope"].split()}, "expiresAt")
    return without("scope", "token_type")(renamed(access_token="token", refresh_token="refreshToken")(fields))


def strava(fields):
    end = int(datetime.datetime.now().timestamp()) + fields["expires_in"]
    return {**without("scope")(fields), "expires_at": end, "athlete": {"id": 7}}


def both(*parts):
    def apply(fields):
        for part in parts:
            fields = part(fields)
        return fields
    return apply


def text_expiry(fields):
    return {**fields, "expires_in": str(fields["expires_in"])}


CLIENT_KEY = {"client_id": "client_key"}
META = (400, {"error": {"message": "Error validating access token", "type": "OAuthException", "code": 190,
                        "error_subcode": 463}})
GITHUB = {"headers": {"code": {"accept": "application/json"}, "refresh": {"accept": "application/json"}},
          "dead": (200, {"error": "bad_refresh_token", "error_description": "The refresh token is invalid."}),
          "revoke": ("DELETE", "json", "access_token", "client_secret_basic"), "revoked": (204, None),
          "reply": commas}
BEARER = "bearer"

PECULIAR = {
    "adobe": {"scopes": ","},
    "airtable": {"reply": plus(refresh_expires_in=5184000), "dead": (400, {"error": "invalid_grant"})},
    "amazon": {"names": {"device_token": {}}, "extra": {"device": {"response_type": "device_code"}},
               "device": {"grant_type": "device_code", "sends_user_code": True}},
    "apple": {"revoke": ("POST", "form", "token", None)},
    "atlassian": {"dead": (403, {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."})},
    "basecamp": {"extra": {"authorize": {"type": "web_server"}, "code": {"type": "web_server"},
                           "refresh": {"type": "refresh"}}, "no_grant_type": ("refresh",)},
    "bitbucket": {"reply": renamed(scope="scopes")},
    "digitalocean": {"revoke": ("POST", "form", "token", BEARER), "reply": plus(info={"uuid": "u-1"})},
    "dropbox": {"revoke": ("POST", None, None, BEARER)},
    "exact-online": {"reply": text_expiry},
    "facebook": {"scopes": ",", "body": {"refresh": "query"}, "dead": META,
                 "names": {"refresh": {"access_token": "fb_exchange_token"}}, "grant_type": "fb_exchange_token",
                 "revoke": ("DELETE", "query", "access_token", "none"), "revoked": (200, {"success": True})},
    "figma": {"scopes": ",", "no_grant_type": ("refresh",)},
    "fusionauth": {"revoke": ("DELETE", "query", "token", None)},
    "garmin": {"revoke": ("DELETE", None, None, BEARER), "revoked": (204, None)},
    "github-app": GITHUB,
    "github-oauth-app": {**GITHUB, "reply": both(commas, without("expires_in", "refresh_token"))},
    "gitlab": {"reply": plus(token_type="bearer", created_at=1700000000), "repeats_redirect_uri": True},
    "google": {"device": {"url_name": "verification_url", "pending": (428, {"error": "authorization_pending"}),
                          "auth": "none"}, "extra": {"authorize": {"access_type": "offline", "prompt": "consent"}},
               "revoke": ("POST", "form", "token", "none")},
    "hubspot": {"dead": (400, {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token",
                               "error": "invalid_grant"})},
    "instagram": {"scopes": ",", "method": "GET", "grant_type": "ig_refresh_token", "body": {"refresh": "query"},
                  "dead": META},
    "intercom": {"reply": both(renamed(access_token="token"), lambda f: {**f, "access_token": f["token"]},
                               without("expires_in", "refresh_token"))},
    "linear": {"scopes": ",", "revoke": ("POST", None, None, BEARER)},
    "mailchimp": {"reply": both(without("refresh_token"), plus(expires_in=0, scope=None))},
    "mastodon": {"reply": both(without("expires_in", "refresh_token"), plus(created_at=1700000000))},
    "miro": {"revoke": ("POST", "query", "access_token", "none"), "revoked": (204, None),
             "reply": plus(team_id="3", user_id="4")},
    "netatmo": {"reply": both(listed, plus(expire_in=10800))},
    "nextcloud": {"reply": both(without("scope"), plus(user_id="alice"))},
    "notion": {"body": {"code": "json", "refresh": "json"}, "extra": {"authorize": {"owner": "user"}},
               "headers": {"code": {"notion-version": None}, "refresh": {"notion-version": None}},
               "reply": both(without("expires_in", "scope"), plus(bot_id="b", workspace_id="w")),
               "revoke": ("POST", "json", "token", None)},
    "pinterest": {"extra": {"code": {"continuous_refresh": "true"}}, "scopes": ",",
                  "reply": plus(refresh_token_expires_in=31536000, response_type="authorization_code")},
    "quickbooks": {"reply": both(without("scope"), plus(x_refresh_token_expires_in=8640000)),
                   "revoke": ("POST", "json", "token", None)},
    "reddit": {"extra": {"authorize": {"duration": "permanent"}}, "revoked": (204, None)},
    "salesforce": {"reply": both(without("expires_in"), plus(
        instance_url="https://eu1.my.salesforce.com", id="https://login.salesforce.com/id/1/2",
        issued_at="1700000000000", signature="s="))},
    "sentry": {"body": {"refresh": "json"}, "reply": sentry, "status": 201},
    "servicenow": {"revoke": ("GET", "query", "token", "none")},
    "shopify": {"scopes": ",", "extra": {"code": {"expiring": "1"}}, "reply": plus(refresh_token_expires_in=7776000),
                "revoke": ("DELETE", None, None, "x-shopify-access-token")},
    "slack": {"scopes": ",", "reply": both(commas, plus(ok=True, token_type="bot", team={"id": "T1"})),
              "dead": (200, {"ok": False, "error": "invalid_refresh_token"}),
              "revoke": ("POST", None, None, BEARER), "revoked": (200, {"ok": True, "revoked": True})},
    "snowflake": {"extra": {"code": {"enable_single_use_refresh_tokens": "true"}}},
    "square": {"body": {"code": "json", "refresh": "json"}, "reply": both(iso, plus(merchant_id="M1")),
               "extra": {"authorize": {"session": "false"}},
               "revoke": ("POST", "json", "access_token", "Client"), "revoked": (200, {"success": True})},
    "strava": {"scopes": ",", "reply": strava, "revoke": ("POST", "form", "access_token", BEARER)},
    "stripe-apps": {"reply": both(without("expires_in"), plus(stripe_user_id="acct_1", livemode=False)), "account": "acct_1",
                    "revoke": ("POST", "form", "stripe_user_id", "key_and_client_id")},
    "stripe-connect": {"reply": both(without("expires_in"), plus(stripe_user_id="acct_1", livemode=False)),
                       "account": "acct_1", "revoke": ("POST", "form", "stripe_user_id", "client_secret_post"),
                       "revoked": (200, {"stripe_user_id": "acct_1"})},
    "threads": {"scopes": ",", "method": "GET", "grant_type": "th_refresh_token", "body": {"refresh": "query"},
                "dead": META},
    "tesla": {"extra": {"code": {"audience": "mine"}}},
    "tiktok": {"challenge": "hex", "scopes": ",", "names": {"authorize": CLIENT_KEY, "code": CLIENT_KEY, "refresh": CLIENT_KEY,
                                        "revoke": CLIENT_KEY}, "reply": both(commas, plus(open_id="o"))},
    "tiktok-business": {"scopes": ",", "names": {"authorize": CLIENT_KEY, "code": {"code": "auth_code"}},
                        "body": {"code": "json", "refresh": "json"},
                        "reply": both(commas, inside("data", code=0, message="OK", request_id="r"))},
    "trakt": {"body": {"code": "json", "refresh": "json", "device": "json", "device_token": "json"},
              "names": {"device_token": {"device_code": "code"}}, "repeats_redirect_uri": True,
              "device": {"url_name": "verification_url", "pending": (400, None), "grant_type": None},
              "revoke": ("POST", "json", "token", None), "reply": plus(created_at=1700000000)},
    "twitch": {"reply": listed, "dead": (400, {"status": 400, "message": "Invalid refresh token"}),
               "names": {"device": {"scope": "scopes"}}, "revoke": ("POST", "form", "token", "none")},
    "withings": {"scopes": ",", "extra": {"code": {"action": "requesttoken"}, "refresh": {"action": "requesttoken"}},
                 "reply": both(commas, plus(userid="363"), inside("body", status=0)),
                 "dead": (200, {"status": 401, "body": {}, "error": "invalid_grant"}), "account": "363",
                 "revoke": ("POST", "form", "userid", "signature"), "revoke_says": "action=revoke",
                 "revoked": (200, {"status": 0, "body": {}})},
    "workos": {"claims": {"sid": "session_1"}, "account": "session_1",
               "revoke": ("POST", "json", "session_id", "api_key")},
    "yahoo": {"repeats_redirect_uri": True},
    "yandex": {"names": {"device_token": {"device_code": "code"}},
               "revoke": ("POST", "form", "access_token", "client_secret_post"), "revoked": (200, {"status": "ok"})},
    "zendesk": {"body": {"code": "json", "refresh": "json"}, "extra": {"code": {"expires_in": "1800"},
                                                                       "refresh": {"expires_in": "1800"}},
                "revoke": ("DELETE", None, None, BEARER), "revoked": (204, None)},
    "zoho": {"scopes": ",", "extra": {"authorize": {"access_type": "offline", "prompt": "consent"}},
             "reply": both(without("refresh_token"), plus(api_domain="https://www.zohoapis.eu")),
             "first": plus(api_domain="https://www.zohoapis.eu"), "dead": (200, {"error": "invalid_code"}),
             "revoke": ("POST", "query", "token", "client_secret_basic")},
}

RENEWS = ("always", "may_change", "configurable", "by_client_type", "unknown")


class Shape:
    """What the server of one provider does; definition is the built-in one."""

    def __init__(self, definition):
        self.id, self.definition = definition["id"], definition
        self.own = PECULIAR.get(self.id, {})
        self.rotation = definition.get("rotation", {}).get("kind", "unknown")
        refresh = definition.get("refresh", {})
        self.spends_access_token = refresh.get("credential") == "access_token"
        self.separator = self.own.get("scopes", definition.get("scope_separator") or " ")

    def name(self, endpoint, parameter):
        return self.own.get("names", {}).get(endpoint, {}).get(parameter, parameter)

    def extra(self, endpoint):
        field = {"authorize": "authorize_params"}.get(endpoint)
        if field:
            plain = self.definition.get(field, {})
        else:
            plain = self.definition.get({"code": "code_exchange"}.get(endpoint, endpoint), {}).get("extra", {})
        fixed = {key: value for key, value in plain.items() if "{" not in value}
        return {**fixed, **self.own.get("extra", {}).get(endpoint, {})}

    def body(self, endpoint):
        return self.own.get("body", {}).get(endpoint, "form")

    def auth(self):
        return self.definition.get("token_auth_default") or "client_secret_basic"

    def renews(self):
        return self.rotation in RENEWS

    def token_reply(self, access, refresh, scope, life_s, first):
        fields = {"access_token": access, "token_type": "Bearer", "expires_in": life_s, "scope": scope}
        if refresh and not self.spends_access_token and self.rotation != "no_refresh_token":
            fields["refresh_token"] = refresh
        change = self.own.get("first") if first and "first" in self.own else self.own.get("reply")
        if change:
            fields = change(fields)
        return self.own.get("status", 200), {key: value for key, value in fields.items() if value is not None}

    def access(self, token):
        """The access token: opaque, or a JWT with the documented claims."""
        if "claims" not in self.own:
            return token
        parts = ({"alg": "RS256"}, {**self.own["claims"], "jti": token})
        return ".".join([base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts] + ["c2ln"])

    def dead(self):
        return self.own.get("dead", (400, {"error": "invalid_grant", "error_description": "revoked"}))

    def revocation(self):
        plain = self.definition.get("revoke", {})
        return self.own.get("revoke", (plain.get("method", "POST"), plain.get("body", "form"),
                                       plain.get("token_param", "token"), plain.get("client_auth")))

    def revoked(self):
        return self.own.get("revoked", (200, {}))


def encode(value):
    return b"" if value is None else json.dumps(value).encode()
