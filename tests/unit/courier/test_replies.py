# SPDX-License-Identifier: Apache-2.0
"""Replies as bad servers send them: what came is kept, limits hold, and nothing is asked twice."""

import os
import time
import unittest

import wire
from rig import CourierTest
from server import answer, reply

KEPT_BYTES = 256 << 10


class Replies(CourierTest):
    def url(self, server):
        return f"https://localhost:{server.port}/token"

    def after_request(self, act):
        def script(connection):
            if connection.read_request():
                act(connection)

        return self.serve(script)

    def start_and_go(self, server, **terms):
        courier = self.start(self.url(server), **terms)
        self.assert_ready(courier)
        courier.send(wire.GO)
        return courier

    def test_redirects_are_replies_and_nobody_follows_them(self):
        target = self.serve(answer())
        for status in (301, 302, 303, 307, 308):
            with self.subTest(status=status):
                server = self.serve(answer(f"{status} Moved", body=b"", headers=[
                    ("Location", f"https://localhost:{target.port}/steal?secret=1#part")]))
                os.truncate(self.slot, 0)
                os.truncate(self.slot, 16 << 10)
                found = self.exchange(self.url(server))
                self.assertEqual(found["status"], status)
                self.assertEqual(found["location"], f"https://localhost:{target.port}")
                self.assertEqual(server.requests(), 1)
        self.assertEqual(target.accepted, 0)

    def test_a_location_without_a_host_names_the_server_itself(self):
        server = self.serve(answer("302 Found", headers=[("Location", "/login")]))
        self.assertEqual(self.exchange(self.url(server))["location"], f"https://localhost:{server.port}")

    def test_a_location_of_another_kind_names_nothing(self):
        server = self.serve(answer("302 Found", headers=[("Location", "javascript:alert(1)")]))
        self.assertEqual(self.exchange(self.url(server))["location"], "")

    def test_a_compressed_reply_is_flagged_and_not_unpacked(self):
        packed = b"\x1f\x8b\x08" + b"\0" * 50
        server = self.serve(answer(headers=[("Content-Encoding", "gzip")], body=packed))
        found = self.exchange(self.url(server))
        self.assertTrue(found["encoded"])
        self.assertEqual(found["body"], packed)

    def test_an_identity_encoding_is_none(self):
        server = self.serve(answer(headers=[("content-encoding", "Identity")]))
        self.assertFalse(self.exchange(self.url(server))["encoded"])

    def test_a_reply_of_exactly_the_limit_is_whole(self):
        server = self.serve(answer(body=b"x" * KEPT_BYTES))
        found = self.exchange(self.url(server))
        self.assertEqual(len(found["body"]), KEPT_BYTES)
        self.assertFalse(found["truncated"])

    def test_a_longer_reply_is_cut_and_said_to_be(self):
        server = self.serve(answer(body=b"x" * (300 << 10)))
        found = self.exchange(self.url(server))
        self.assertEqual(found["body"], b"x" * KEPT_BYTES)
        self.assertTrue(found["truncated"])

    def test_an_endless_reply_ends_at_the_limit(self):
        def act(connection):
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while connection.send(b"1000\r\n" + b"x" * 4096 + b"\r\n"):
                pass

        start = time.monotonic()
        found = self.exchange(self.url(self.after_request(act)))
        self.assertLess(time.monotonic() - start, 8)
        self.assertEqual(len(found["body"]), KEPT_BYTES)
        self.assertTrue(found["truncated"])

    def test_slow_bytes_are_waited_for(self):
        def act(connection):
            for byte in reply(body=b'{"slow":true}'):
                connection.send(bytes([byte]))
                time.sleep(0.03)

        found = self.exchange(self.url(self.after_request(act)))
        self.assertEqual(found["body"], b'{"slow":true}')
        self.assertFalse(found["truncated"])

    def test_silence_ends_at_the_listening_time_and_nothing_is_repeated(self):
        server = self.after_request(lambda connection: connection.drain())
        start = time.monotonic()
        courier = self.start_and_go(server, listen_ms=1500)
        self.assert_failed(courier, wire.SENT, "did not reply")
        self.assertGreater(time.monotonic() - start, 1.4)
        self.assertLess(time.monotonic() - start, 6)
        self.assertEqual(server.requests(), 1)

    def test_a_reply_that_stops_half_way_is_kept_at_the_listening_time(self):
        def act(connection):
            connection.send(reply(body=b'{"refresh_token":"r"', length=100))
            connection.drain()

        found = self.exchange(self.url(self.after_request(act)), listen_ms=1000)
        self.assertEqual(found["body"], b'{"refresh_token":"r"')
        self.assertTrue(found["truncated"])

    def test_a_reply_that_is_cut_off_is_kept(self):
        def act(connection):
            connection.send(reply(body=b'{"refresh_token":"r"}', length=100))

        found = self.exchange(self.url(self.after_request(act)))
        self.assertEqual(found["body"], b'{"refresh_token":"r"}')
        self.assertTrue(found["truncated"])

    def test_a_reply_that_is_reset_half_way_is_kept(self):
        def act(connection):
            connection.send(reply(body=b'{"refresh_token":"r"}', length=100))
            time.sleep(0.3)
            connection.reset()

        found = self.exchange(self.url(self.after_request(act)))
        self.assertEqual(found["body"], b'{"refresh_token":"r"}')
        self.assertTrue(found["truncated"])

    def test_a_broken_chunk_keeps_what_came_before_it(self):
        def act(connection):
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n")
            time.sleep(0.2)

        found = self.exchange(self.url(self.after_request(act)))
        self.assertEqual(found["body"], b"{}")
        self.assertTrue(found["truncated"])

    def test_a_head_that_is_cut_off_still_tells_its_status(self):
        def act(connection):
            connection.send(b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-T")

        found = self.exchange(self.url(self.after_request(act)))
        self.assertEqual(found["status"], 503)
        self.assertEqual(found["retry_after"], "7")
        self.assertTrue(found["truncated"])

    def test_a_connection_that_is_reset_before_a_reply_is_not_asked_again(self):
        server = self.after_request(lambda connection: connection.reset())
        courier = self.start_and_go(server)
        self.assert_failed(courier, wire.SENT)
        self.assertEqual(server.accepted, 1)
        self.assertEqual(server.requests(), 1)

    def test_a_connection_that_is_closed_before_a_reply_is_not_asked_again(self):
        server = self.after_request(lambda connection: None)
        courier = self.start_and_go(server)
        self.assert_failed(courier, wire.SENT)
        self.assertEqual(server.accepted, 1)
        self.assertEqual(server.requests(), 1)

    def test_what_is_not_http_is_no_reply(self):
        server = self.after_request(lambda connection: connection.send(b"220 mail.example ESMTP\x1b]52;c;eA==\x07\r\n"))
        why = self.assert_failed(self.start_and_go(server), wire.SENT)
        self.assertTrue(why.isprintable())

    def test_interim_replies_are_not_the_reply(self):
        def act(connection):
            connection.send(b"HTTP/1.1 103 Early Hints\r\nRetry-After: 99\r\nContent-Type: text/x\r\n\r\n")
            time.sleep(0.1)
            connection.send(reply("201 Created", headers=[("Content-Type", "application/json")]))

        found = self.exchange(self.url(self.after_request(act)))
        self.assertEqual((found["status"], found["retry_after"], found["content_type"]),
                         (201, "", "application/json"))

    def test_headers_beyond_the_limit_are_ignored_and_the_body_is_kept(self):
        headers = [("X-Filler", "x" * 100)] * 120 + [("Retry-After", "5")]
        server = self.serve(answer(headers=headers, body=b"{}"))
        found = self.exchange(self.url(server))
        self.assertEqual((found["retry_after"], found["body"], found["truncated"]), ("", b"{}", False))

    def test_endless_headers_end(self):
        def act(connection):
            connection.send(b"HTTP/1.1 200 OK\r\n")
            while connection.send(b"X-Filler: " + b"x" * 1000 + b"\r\n"):
                pass

        start = time.monotonic()
        found = self.exchange(self.url(self.after_request(act)))
        self.assertLess(time.monotonic() - start, 8)
        self.assertTrue(found["truncated"])

    def test_a_long_header_is_cut_and_the_first_retry_after_counts(self):
        server = self.serve(answer("401 Unauthorized", headers=[
            ("Content-Type", "text/" + "r" * 5000), ("Retry-After", "  1 "), ("Retry-After", "2")]))
        found = self.exchange(self.url(server))
        self.assertEqual(found["content_type"], "text/" + "r" * 122)
        self.assertEqual(found["retry_after"], "1")

    def test_every_challenge_of_several_headers_is_kept(self):
        """S146: the one for a proof may be the second."""
        server = self.serve(answer("401 Unauthorized", headers=[
            ("WWW-Authenticate", 'Bearer scope="x"'), ("WWW-Authenticate", 'DPoP error="use_dpop_nonce"')]))
        self.assertEqual(self.exchange(self.url(server))["challenge"], 'Bearer scope="x", DPoP error="use_dpop_nonce"')

    def test_a_long_challenge_hides_none_behind_it(self):
        """S146: nor does one of the header lines before."""
        server = self.serve(answer("401 Unauthorized", headers=[
            ("WWW-Authenticate", "Negotiate " + "r" * 9000), ("WWW-Authenticate", "Digest " + 'nonce="' + "n" * 9000 + '"'),
            ("WWW-Authenticate", 'Bearer realm="' + "r" * 9000 + '", DPoP algs="ES256", error="use_dpop_nonce"')]))
        self.assertEqual(self.exchange(self.url(server))["challenge"], 'Bearer, DPoP error="use_dpop_nonce"')

    def test_the_largest_reply_with_the_longest_headers_is_kept(self):
        """The slot takes it as well, so that no token is lost for want of room."""
        server = self.serve(answer("401 Unauthorized", body=b"x" * (256 << 10), headers=[
            ("WWW-Authenticate", 'DPoP error="use_dpop_nonce", scope="' + "s" * 3000 + '"'), ("DPoP-Nonce", "n" * 1024),
            ("Content-Type", "text/" + "r" * 200), ("Date", "d" * 100), ("Retry-After", "1" * 100)]))
        found = self.exchange(self.url(server))
        self.assertEqual((len(found["body"]), len(found["dpop_nonce"])), (256 << 10, 1024))
        self.assertEqual(found["challenge"], 'DPoP error="use_dpop_nonce", scope="' + "s" * 3000 + '"')

    def test_a_nonce_is_kept_whole_or_not_at_all(self):
        """S143: half a nonce would be asked for again."""
        for size, kept in ((1024, "n" * 1024), (1025, "")):
            server = self.serve(answer("400 Bad Request", headers=[("DPoP-Nonce", "n" * size)]))
            self.assertEqual(self.exchange(self.url(server)).get("dpop_nonce", ""), kept)

    def test_a_401_is_not_answered_with_other_credentials(self):
        server = self.serve(answer("401 Unauthorized", headers=[("WWW-Authenticate", 'Basic realm="x"')]))
        self.assertEqual(self.exchange(self.url(server))["status"], 401)
        self.assertEqual(server.requests(), 1)


if __name__ == "__main__":
    unittest.main()
