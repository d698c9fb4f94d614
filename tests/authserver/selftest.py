#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tests' own authorization server must be right before it may judge others."""
import base64
import gzip
import hmac
import http.client
import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

import client


class WithServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = client.Server()
        cls.addClassCleanup(cls.server.stop)
        cls.ctl = staticmethod(cls.server.control)
        cls.ctl("client_new", id="c")
        cls.ctl("client_new", id="conf", secret="p%w :+d")

    def setUp(self):
        self.ctl("faults_clear")

    def grant(self, client_id="c", **fields):
        answer = self.ctl("grant_new", client=client_id, **fields)
        return answer["grant"], answer["refresh_token"]

    def redeem(self, token, expect=200, **more):
        answer = self.server.refresh(token, **more)
        self.assertEqual(answer.status, expect, answer.body)
        return answer.json()

    def refused(self, token, error="invalid_grant", expect=400, **more):
        self.assertEqual(self.redeem(token, expect, **more)["error"], error)

    def count(self, grant, name):
        return self.ctl("grant", id=grant)["counts"][name]


class RotationClasses(WithServer):
    def test_strict_spends_the_token_and_a_replay_revokes_the_family(self):
        grant, first = self.grant()
        reply = self.redeem(first)
        view = self.ctl("grant", id=grant)
        self.assertEqual((view["live"], view["spent"], view["newest"]), ([2], [1], 2))
        self.refused(first)
        view = self.ctl("grant", id=grant)
        self.assertEqual((view["alive"], view["live"], view["revoked"], view["access_live"]), (False, [], [2], 0))
        self.assertEqual(view["counts"]["replays"], 1)
        self.refused(reply["refresh_token"])

    def test_strict_no_revoke_leaves_the_family_alive(self):
        grant, first = self.grant(**{"class": "strict-no-revoke"})
        second = self.redeem(first)["refresh_token"]
        self.refused(first)
        self.redeem(second)
        self.assertEqual((self.count(grant, "replays"), self.count(grant, "rotations")), (1, 2))

    def test_overlap_repeats_the_reply_within_the_window_only(self):
        grant, first = self.grant(**{"class": "overlap", "overlap_s": 0.5})
        reply = self.redeem(first)
        self.assertEqual(self.redeem(first), reply)
        time.sleep(0.6)
        self.refused(first)
        self.assertFalse(self.ctl("grant", id=grant)["alive"])

    def test_overlap_can_hand_out_another_new_token(self):
        grant, first = self.grant(**{"class": "overlap", "overlap_reply": "new"})
        self.assertNotEqual(self.redeem(first)["refresh_token"], self.redeem(first)["refresh_token"])
        self.assertEqual(self.ctl("grant", id=grant)["live"], [2, 3])

    def test_until_new_used_keeps_the_old_token_until_a_successor_is_used(self):
        grant, first = self.grant(**{"class": "until-new-used"})
        self.redeem(first)
        second = self.redeem(first)["refresh_token"]
        self.redeem(second)
        self.refused(first)
        self.assertEqual((self.count(grant, "overlap_uses"), self.count(grant, "replays")), (1, 1))

    def test_static_never_rotates(self):
        grant, token = self.grant(**{"class": "static"})
        self.assertNotIn("refresh_token", self.redeem(token))
        self.redeem(token)
        self.assertEqual(self.ctl("grant", id=grant)["newest"], 1)
        echoing = self.grant(**{"class": "static", "echo": True})[1]
        self.assertEqual(self.redeem(echoing)["refresh_token"], echoing)

    def test_a_thousand_rotations_from_many_threads_are_counted_exactly(self):
        grants = [self.grant() for _ in range(8)]

        def rotate(token):
            for _ in range(125):
                token = self.server.refresh(token).json()["refresh_token"]

        threads = [threading.Thread(target=rotate, args=(token,)) for _, token in grants]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([self.ctl("grant", id=grant)["newest"] for grant, _ in grants], [126] * 8)

    def test_refresh_tokens_expire_and_access_tokens_too(self):
        _, old = self.grant(refresh_ttl=0)
        self.refused(old)
        _, token = self.grant(access_ttl=0.4)
        access = self.redeem(token)["access_token"]
        self.assertEqual(self.server.request("/api", bearer=access).json()["generation"], 2)
        time.sleep(0.5)
        answer = self.server.request("/api", bearer=access)
        self.assertEqual(answer.status, 401)
        self.assertIn('error="invalid_token"', answer.headers["WWW-Authenticate"])

    def test_scope_may_be_narrowed_and_not_widened(self):
        _, token = self.grant(**{"class": "static"})
        self.assertEqual(self.redeem(token, scope="read")["scope"], "read")
        self.refused(token, "invalid_scope", scope="read admin")


class ClientAuthentication(WithServer):
    def test_the_registered_method_only(self):
        _, token = self.grant("conf")
        form = {"grant_type": "refresh_token", "refresh_token": token}
        quoted = tuple(urllib.parse.quote_plus(part) for part in ("conf", "p%w :+d"))
        post = {**form, "client_id": "conf", "client_secret": "p%w :+d"}
        self.assertEqual(self.server.request("/token", post).status, 401)
        self.assertEqual(self.server.request("/token", {**form, "client_id": "conf"}).status, 401)
        self.assertEqual(self.server.request("/token", form, basic=("conf", "p%w :+d")).status, 401)
        self.assertEqual(self.server.request("/token", form, basic=("conf", "wrong")).json()["error"], "invalid_client")
        self.assertEqual(self.server.request("/token", form, basic=quoted).status, 200)

    def test_raw_basic_is_not_decoded_and_post_works(self):
        self.ctl("client_new", id="raw", secret="a+b%20", basic="raw")
        self.ctl("client_new", id="post", secret="a b", auth="post")
        _, token = self.grant("raw")
        self.redeem(token, client="raw", secret="a+b%20")
        _, token = self.grant("post")
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "post", "client_secret": "a b"}
        self.assertEqual(self.server.request("/token", form).status, 200)

    def test_a_token_of_another_client_is_refused(self):
        _, token = self.grant("conf")
        self.refused(token)


class Revocation(WithServer):
    def revoke(self, token, client_id="c", **more):
        return self.server.request("/revoke", {"token": token, "client_id": client_id, **more})

    def test_a_revoked_refresh_token_ends_the_grant(self):
        grant, token = self.grant()
        reply = self.redeem(token)
        self.assertEqual(self.revoke(reply["refresh_token"], token_type_hint="refresh_token").status, 200)
        self.assertEqual(self.server.request("/api", bearer=reply["access_token"]).status, 401)
        self.refused(reply["refresh_token"])
        self.assertEqual((self.count(grant, "refresh_token_revocations"), self.count(grant, "replays")), (1, 0))

    def test_a_wrong_hint_is_no_obstacle_and_an_unknown_token_is_fine(self):
        _, token = self.grant()
        self.assertEqual(self.revoke(token, token_type_hint="access_token").status, 200)
        self.refused(token)
        self.assertEqual(self.revoke("nonsense").status, 200)
        self.assertEqual(self.server.request("/revoke", {"client_id": "c"}).json()["error"], "invalid_request")

    def test_types_cascades_and_hints_are_options_of_the_client(self):
        self.ctl("client_new", id="odd", revocation={"supports": ["refresh_token"], "cascade": False})
        _, token = self.grant("odd")
        reply = self.redeem(token, client="odd")
        self.assertEqual(self.revoke(reply["access_token"], "odd").json()["error"], "unsupported_token_type")
        self.assertEqual(self.revoke(reply["refresh_token"], "odd").status, 200)
        self.assertEqual(self.server.request("/api", bearer=reply["access_token"]).status, 200)
        self.ctl("client_new", id="strange", revocation={"reject_hint": True, "access_cascade": True, "unknown": 400})
        _, token = self.grant("strange")
        reply = self.redeem(token, client="strange")
        self.assertEqual(self.revoke(reply["access_token"], "strange", token_type_hint="access_token").status, 400)
        self.assertEqual(self.revoke("nonsense", "strange").json()["error"], "invalid_token")
        self.assertEqual(self.revoke(reply["access_token"], "strange").status, 200)
        self.refused(reply["refresh_token"], client="strange")

    def test_client_authentication_and_owner_are_checked(self):
        _, token = self.grant("conf")
        self.assertEqual(self.revoke(token, "conf").status, 401)
        self.assertEqual(self.revoke(token).status, 400)

    def test_503_with_retry_after_then_well(self):
        grant, token = self.grant()
        self.ctl("fault", endpoint="revoke", retry_after=1)
        answer = self.revoke(token)
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (503, "1"))
        self.assertTrue(self.ctl("grant", id=grant)["alive"])
        self.assertEqual(self.revoke(token).status, 200)

    def test_introspection_tells_what_is_live(self):
        _, token = self.grant()
        reply = self.redeem(token)

        def active(one):
            return self.server.request("/introspect", {"token": one, "client_id": "c"}).json()["active"]

        self.assertEqual([active(t) for t in (token, reply["refresh_token"], reply["access_token"])], [False, True, True])
        self.revoke(reply["refresh_token"])
        self.assertEqual([active(t) for t in (reply["refresh_token"], reply["access_token"])], [False, False])


class Faults(WithServer):
    def broken(self, token):
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.server.refresh(token)

    def test_drop_before_does_not_spend_and_drop_after_does(self):
        grant, token = self.grant(**{"class": "strict-no-revoke"})
        self.ctl("fault", drop="before")
        self.broken(token)
        self.assertEqual(self.ctl("grant", id=grant)["newest"], 1)
        self.ctl("fault", drop="after", rst=True)
        self.broken(token)
        self.assertEqual(self.ctl("grant", id=grant)["newest"], 2)
        self.refused(token)

    def test_a_cut_reply_and_a_length_that_lies(self):
        _, token = self.grant(**{"class": "static"})
        for fault in ({"cut": 10}, {"cut": 200}, {"length_add": 10}):
            self.ctl("fault", **fault)
            self.broken(token)
        self.ctl("fault", length_add=-5)
        self.assertRaises(ValueError, self.server.refresh(token).json)

    def test_any_reply_at_all(self):
        grant, token = self.grant()
        for fault, status in (({"status": 500, "body": "oops"}, 500), ({"html": True}, 200), ({"retry_after": 7}, 503),
                              ({"status": 429, "retry_after": 7}, 429), ({"redirect": "http://127.0.0.1:1/"}, 307),
                              ({"error": "invalid_grant"}, 400), ({"ok_false": "invalid_refresh_token"}, 200),
                              ({"raw": "HTTP/1.1 418 I am\r\n\r\n"}, 418)):
            self.ctl("fault", **fault)
            self.assertEqual(self.server.refresh(token).status, status, fault)
        self.assertEqual(self.ctl("grant", id=grant)["newest"], 1)
        self.ctl("fault", error="server_error", error_status=500, process=True)
        self.assertEqual(self.server.refresh(token).status, 500)
        self.assertEqual(self.ctl("grant", id=grant)["newest"], 2)

    def test_refresh_token_omitted_null_empty_or_the_same_keeps_the_old_one(self):
        grant, token = self.grant()
        for how, there in (("omit", False), ("null", None), ("empty", ""), ("same", token)):
            self.ctl("fault", refresh_token=how)
            self.assertEqual(self.redeem(token).get("refresh_token", False), there)
        self.assertEqual(self.ctl("grant", id=grant)["live"], [1])

    def test_expires_in_and_other_fields_as_wanted(self):
        _, token = self.grant(**{"class": "static", "expires_in": "3600"})
        self.assertEqual(self.redeem(token)["expires_in"], "3600")
        self.ctl("fault", unset=["token_type", "expires_in"], set={"refresh_token_expires_in": 5})
        reply = self.redeem(token)
        self.assertEqual(set(reply), {"access_token", "scope", "refresh_token_expires_in"})
        self.ctl("fault", raw_set={"expires_in": "1e400"})
        self.assertIn(b'"expires_in": 1e400', self.server.refresh(token).body)

    def test_form_envelope_and_long_tokens(self):
        grant, token = self.grant()
        self.ctl("fault", form=True)
        fields = dict(urllib.parse.parse_qsl(self.server.refresh(token).body.decode()))
        self.ctl("fault", envelope="authed_user.tokens")
        nested = self.redeem(fields["refresh_token"])
        self.assertTrue(nested["ok"])
        self.ctl("fault", access_len=65536, refresh_len=65536)
        reply = self.redeem(nested["authed_user"]["tokens"]["refresh_token"])
        self.assertEqual((len(reply["access_token"]), len(reply["refresh_token"])), (65536, 65536))
        self.assertLess(len(self.redeem(reply["refresh_token"])["access_token"]), 100)
        self.assertEqual(self.ctl("grant", id=grant)["newest"], 5)

    def test_ways_of_sending(self):
        _, token = self.grant(**{"class": "static"})
        self.ctl("fault", gzip=True)
        answer = self.server.refresh(token)
        self.assertIn("access_token", json.loads(gzip.decompress(answer.body)))
        for fault in ({"chunked": True}, {"no_length": True}, {"slow": {"bytes": 50, "every_s": 0.01}}):
            self.ctl("fault", **fault)
            self.redeem(token)
        self.ctl("fault", delay_before_s=0.3, delay_after_s=0.3)
        start = time.monotonic()
        self.redeem(token)
        self.assertGreaterEqual(time.monotonic() - start, 0.6)

    def test_skip_times_and_matching_grants(self):
        (grant, token), (_, other) = self.grant(**{"class": "static"}), self.grant(**{"class": "static"})
        self.ctl("fault", grant=grant, skip=1, times=2, error="invalid_grant")
        statuses = [self.server.refresh(one).status for one in (token, other, token, other, token, token)]
        self.assertEqual(statuses, [200, 200, 400, 200, 400, 200])

    def test_a_gate_holds_a_committed_reply_until_it_is_released(self):
        grant, token = self.grant()
        self.ctl("requests_clear")
        self.ctl("fault", hold_after="gate")
        thread = threading.Thread(target=self.redeem, args=(token,))
        thread.start()
        self.assertEqual(self.ctl("wait", endpoint="token", count=1)["count"], 1)
        while not self.ctl("gate", gate="gate")["waiting"]:
            time.sleep(0.01)
        self.assertEqual(self.ctl("grant", id=grant)["newest"], 2)
        self.assertTrue(thread.is_alive())
        self.ctl("release", gate="gate")
        thread.join(5)
        self.assertFalse(thread.is_alive())

    def test_a_misspelt_fault_is_refused(self):
        with self.assertRaises(client.ControlError):
            self.ctl("fault", delay=1)


class Wire(WithServer):
    def test_kept_connections_chunked_bodies_and_the_request_log(self):
        _, token = self.grant(**{"class": "static"})
        body = f"grant_type=refresh_token&client_id=c&refresh_token={token}"
        chunked = f"POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n{body}\r\n0\r\n\r\n"
        self.ctl("requests_clear")
        with socket.create_connection(("127.0.0.1", self.server.port)) as sock:
            for _ in range(2):
                sock.sendall(chunked.encode())
                self.assertTrue(sock.recv(65536).startswith(b"HTTP/1.1 200"))
        first, second = self.ctl("requests", endpoint="token")["requests"]
        self.assertEqual(first["connection"], second["connection"])
        self.assertEqual(first["form"]["refresh_token"], token)

    def test_metadata_names_the_origin_that_was_asked(self):
        document = self.server.request("/.well-known/oauth-authorization-server").json()
        self.assertEqual(document["issuer"], self.server.url())
        self.assertEqual(document["token_endpoint"], self.server.url("/token"))

    def test_code_flow_with_pkce_and_device_flow(self):
        verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        uri = "http://127.0.0.1:9/cb"
        query = urllib.parse.urlencode({"client_id": "c", "response_type": "code", "redirect_uri": uri, "state": "s",
                                        "code_challenge": challenge, "code_challenge_method": "S256", "scope": "read"})
        target = urllib.parse.urlsplit(self.server.request("/authorize?" + query).headers["Location"])
        answer = dict(urllib.parse.parse_qsl(target.query))
        self.assertEqual((answer["state"], answer["iss"]), ("s", self.server.url()))
        form = {"grant_type": "authorization_code", "client_id": "c", "redirect_uri": uri, "code": answer["code"]}
        self.assertEqual(self.server.request("/token", {**form, "code_verifier": "x"}).status, 400)
        self.redeem(self.server.request("/token", {**form, "code_verifier": verifier}).json()["refresh_token"])
        device = self.server.request("/device_authorization", {"client_id": "c"}).json()
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "c",
                "device_code": device["device_code"]}
        self.assertEqual(self.server.request("/token", form).json()["error"], "authorization_pending")
        self.redeem(self.server.request("/token", form).json()["refresh_token"])

    def test_a_pushed_request_is_good_once_and_for_its_client(self):
        form = {"client_id": "c", "response_type": "code", "redirect_uri": "http://127.0.0.1:9/cb", "state": "s",
                "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
        pushed = self.server.request("/par", form)
        self.assertEqual(pushed.status, 201)
        query = "/authorize?" + urllib.parse.urlencode({"client_id": "c", "request_uri": pushed.json()["request_uri"]})
        self.assertEqual(self.server.request(query + "&state=s").status, 400)
        pushed = self.server.request("/par", form).json()
        query = "/authorize?" + urllib.parse.urlencode({"client_id": "c", "request_uri": pushed["request_uri"]})
        self.assertEqual(self.server.request(query).status, 302)
        self.assertEqual(self.server.request(query).status, 400)


class Process(unittest.TestCase):
    def test_the_state_survives_a_restart_and_ctl_speaks_to_it(self):
        with tempfile.TemporaryDirectory() as state:
            with client.Server(state=state) as server:
                server.control("client_new", id="c")
                token = server.control("grant_new", client="c")["refresh_token"]
                second = server.refresh(token).json()["refresh_token"]
            with client.Server(state=state) as server:
                self.assertEqual(server.refresh(second).status, 200)
                command = [client.PROGRAM, "ctl", str(server.port), "counts", ".rotations"]
                self.assertEqual(subprocess.run(command, capture_output=True, text=True, check=True).stdout, "2\n")

    def test_tls_with_a_certificate(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = os.path.join(folder, "key"), os.path.join(folder, "cert")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                            "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"], check=True, capture_output=True)
            with client.Server("--tls", certificate, key) as server:
                url = f"https://localhost:{server.ports['tls_port']}/.well-known/oauth-authorization-server"
                context = ssl.create_default_context(cafile=certificate)
                with urllib.request.urlopen(url, context=context) as answer:
                    self.assertTrue(json.load(answer)["issuer"].startswith("https://localhost:"))


def assertion(secret, **claims):
    """A token of HS256; claims that are None are left out."""
    now = int(time.time())
    usual = {"iss": "hmac", "sub": "hmac", "iat": now, "exp": now + 300, "jti": os.urandom(8).hex()}
    parts = [{"alg": "HS256"}, {name: value for name, value in {**usual, **claims}.items() if value is not None}]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts)
    mac = hmac.digest(secret.encode(), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


class ClientAssertions(WithServer):
    TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ctl("client_new", id="hmac", secret="hmac-secret", auth="client_secret_jwt")
        cls.here = {"aud": cls.server.url("/token")}

    def ask(self, text, **more):
        _, token = self.grant("hmac")
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "hmac",
                "client_assertion_type": self.TYPE, "client_assertion": text, **more}
        return self.server.request("/token", form).status

    def test_an_assertion_is_good_once(self):
        text = assertion("hmac-secret", **self.here)
        self.assertEqual((self.ask(text), self.ask(text)), (200, 401))

    def test_what_is_wrong_in_an_assertion_is_refused(self):
        now = int(time.time())
        for wrong in ({"aud": "http://elsewhere/token"}, {"aud": [self.here["aud"]]}, {"iss": "c"}, {"sub": "c"},
                      {"exp": now - 60}, {"exp": now + 3600}, {"exp": None}, {"iat": now + 60}, {"nbf": now + 60}, {"jti": None}):
            self.assertEqual(self.ask(assertion("hmac-secret", **{**self.here, **wrong})), 401, wrong)
        self.assertEqual(self.ask(assertion("another", **self.here)), 401)

    def test_one_method_of_its_own_kind(self):
        text = assertion("hmac-secret", **self.here)
        self.assertEqual(self.ask(text, client_assertion_type="urn:x"), 401)
        self.assertEqual(self.ask(text, client_secret="hmac-secret"), 400)
        self.assertEqual(self.ask("nothing"), 401)
        self.assertEqual(self.server.refresh(self.grant("hmac")[1], "hmac", "hmac-secret").status, 401)


if __name__ == "__main__":
    unittest.main()
