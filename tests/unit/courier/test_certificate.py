# SPDX-License-Identifier: Apache-2.0
"""Servers that refuse the client's certificate. In TLS 1.3 the request is on its way by then; what counts is whether the
server can have read it."""

import os
import ssl
import unittest

import wire
from rig import BODY, CourierTest


class Certificate(CourierTest):
    def serve_asking(self, version=ssl.TLSVersion.TLSv1_3, later=False, script=None):
        """later: the server reads the request, then asks for the certificate."""
        context = self.shared.authority.issue("asking", ["localhost"])
        context.minimum_version = context.maximum_version = version
        context.load_verify_locations(self.shared.authority.file)
        context.verify_mode = ssl.CERT_REQUIRED
        context.post_handshake_auth = later
        return self.serve(script or (lambda connection: connection.read_request()), context)

    def shown(self, authority):
        """The terms of a job that shows a certificate of authority."""
        path = os.path.join(authority.directory, "client")
        if not os.path.exists(path + ".pem"):
            authority.issue("client", ["client.example"])
            authority._openssl("pkcs8", "-topk8", "-nocrypt", "-in", "client.key", "-outform", "DER", "-out", "client.der")
        with open(path + ".pem", "rb") as file, open(path + ".der", "rb") as key:
            return {"certificate": file.read(), "certificate_key": key.read()}

    def start_and_go(self, server, **terms):
        courier = self.start(f"https://localhost:{server.port}/token", **terms)
        self.assert_ready(courier)
        courier.send(wire.GO)
        return courier

    def test_one_of_a_stranger_is_refused_and_nothing_was_read(self):
        server = self.serve_asking()
        why = self.assert_failed(self.start_and_go(server, **self.shown(self.shared.stranger)), wire.REFUSED, "unknown_ca")
        self.assertIn("refuses the client certificate", why)
        self.assertEqual(server.received(), b"")
        self.assertEqual(server.accepted, 1)

    def test_none_at_all_is_refused_and_nothing_was_read(self):
        server = self.serve_asking()
        why = self.assert_failed(self.start_and_go(server), wire.REFUSED, "certificate_required")
        self.assertIn("there is none", why)
        self.assertEqual(server.received(), b"")

    def test_one_that_is_known_is_taken(self):
        server = self.serve_asking(script=lambda connection: connection.read_request() and connection.send(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
        reply = self.exchange(f"https://localhost:{server.port}/token", **self.shown(self.shared.authority))
        self.assertEqual(reply["status"], 200)

    def test_before_tls_1_3_the_refusal_comes_before_go(self):
        server = self.serve_asking(ssl.TLSVersion.TLSv1_2)
        courier = self.start(f"https://localhost:{server.port}/token", **self.shown(self.shared.stranger))
        kind, body = courier.receive()
        self.assertEqual((kind, wire.number(wire.fields(body)[1])), (wire.FAILED, wire.REFUSED))
        self.assertEqual(courier.wait(), 0)
        self.assertEqual(self.slot_state(), "blank")

    def test_a_refusal_after_the_request_was_read_is_no_answer(self):
        refusals = []

        def script(connection):
            connection.read_request()
            connection.sock.verify_client_post_handshake()
            try:
                connection.sock.recv(1)
            except ssl.SSLError as error:
                refusals.append(error.reason)

        server = self.serve_asking(later=True, script=script)
        self.assert_failed(self.start_and_go(server, **self.shown(self.shared.stranger)), wire.SENT)
        self.assertEqual(refusals, ["CERTIFICATE_VERIFY_FAILED"])
        self.assertTrue(server.received().endswith(BODY))


if __name__ == "__main__":
    unittest.main()
