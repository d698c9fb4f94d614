# SPDX-License-Identifier: Apache-2.0
"""The promise: nothing before GO, at most one request, and no reply is dropped."""

import os
import resource
import signal
import threading
import time
import unittest

import wire
from rig import BODY, CourierTest, hosts_name
from server import answer, reply

TOKEN = b'{"access_token":"a","refresh_token":"rotated","token_type":"Bearer"}'


class Exchange(CourierTest):
    def test_nothing_is_sent_before_go_and_the_reply_is_sealed_before_it_is_told(self):
        server = self.serve(answer(body=TOKEN, headers=[("Content-Type", "application/json"), ("Retry-After", "5"),
                                                        ("Date", "Sun, 22 Nov 2026 19:20:00 GMT")]))
        courier = self.start(f"https://localhost:{server.port}/token", headers=[("Authorization", "Basic Zm9v")])
        self.assert_ready(courier)
        time.sleep(0.3)
        self.assertEqual(server.received(), b"")
        self.assertEqual(self.slot_state(), "blank")
        courier.send(wire.GO)
        kind, body = courier.receive()
        self.assertEqual(kind, wire.SEALED)
        self.assertEqual(wire.number(wire.fields(body)[1]), 200)
        self.assertFalse(wire.is_claimed(self.lock))
        found = self.slot_reply()
        self.assertEqual(found["body"], TOKEN)
        self.assertEqual(found["content_type"], "application/json")
        self.assertEqual(found["retry_after"], "5")
        self.assertEqual(found["date"], "Sun, 22 Nov 2026 19:20:00 GMT")
        self.assertFalse(found["truncated"] or found["encoded"])
        self.assertEqual(courier.wait(), 0)
        head, _, sent = server.received().partition(b"\r\n\r\n")
        self.assertEqual(server.requests(), 1)
        self.assertEqual(sent, BODY)
        self.assertTrue(head.startswith(b"POST /token HTTP/1.1\r\n"))
        lines = [line.split(b":")[0].lower() for line in head.split(b"\r\n")]
        for name, value in ((b"accept", b"application/json"), (b"cache-control", b"no-store"),
                            (b"authorization", b"Basic Zm9v")):
            self.assertIn(value, [line.split(b": ")[1] for line in head.split(b"\r\n")[1:]])
            self.assertEqual(lines.count(name), 1)
        # S187, S230, S231
        self.assertIn(b"User-Agent: larder/", head)
        for name in (b"expect", b"accept-encoding", b"cookie", b"te"):
            self.assertNotIn(name, lines)

    def test_a_header_of_the_request_replaces_the_default(self):
        server = self.serve(answer())
        self.exchange(f"https://localhost:{server.port}/", headers=[("accept", "application/vnd.github+json")])
        self.assertEqual(server.received().lower().count(b"\r\naccept:"), 1)
        self.assertIn(b"application/vnd.github+json", server.received())

    def test_without_go_nothing_is_sent(self):
        server = self.serve(answer())
        courier = self.start(f"https://localhost:{server.port}/", go_ms=300)
        self.assert_ready(courier)
        self.assert_failed(courier, wire.NO_GO, "nothing was sent")
        self.assertEqual(server.accepted, 1)
        self.assertEqual(server.received(), b"")

    def test_a_vault_side_that_dies_before_go_sends_nothing(self):
        server = self.serve(answer())
        courier = self.start(f"https://localhost:{server.port}/", go_ms=10000)
        self.assert_ready(courier)
        courier.hang_up()
        self.assertEqual(courier.wait(3), 0)
        self.assertEqual(server.received(), b"")
        self.assert_noted_unsent()
        self.assertFalse(wire.is_claimed(self.lock))

    def test_another_frame_than_go_sends_nothing(self):
        server = self.serve(answer())
        courier = self.start(f"https://localhost:{server.port}/")
        self.assert_ready(courier)
        courier.send(wire.KEPT)
        self.assert_failed(courier, wire.NO_GO)
        self.assertEqual(server.received(), b"")

    def test_a_go_later_than_the_connect_time_still_sends(self):
        server = self.serve(answer(body=TOKEN))
        courier = self.start(f"https://localhost:{server.port}/", connect_ms=500, body=b"b" * 250000)
        self.assert_ready(courier)
        time.sleep(1.2)
        courier.send(wire.GO)
        self.assertEqual(courier.receive()[0], wire.SEALED)
        self.assertEqual(self.slot_reply()["body"], TOKEN)
        self.assertEqual(server.requests(), 1)
        self.assertTrue(server.received().endswith(b"\r\n\r\n" + b"b" * 250000))

    def test_a_caller_that_dies_after_go_loses_nothing_and_the_lock_is_held_until_then(self):
        may_answer = threading.Event()

        def script(connection):
            connection.read_request()
            may_answer.wait(10)
            connection.send(reply(body=TOKEN))
            connection.drain()

        server = self.serve(script)
        courier = self.start(f"https://localhost:{server.port}/")
        self.assert_ready(courier)
        courier.send(wire.GO)
        courier.hang_up()
        self.assertTrue(server.wait_for(lambda: server.requests() == 1))
        time.sleep(0.2)
        self.assertTrue(wire.is_claimed(self.lock))
        self.assertEqual(self.slot_state(), "blank")
        may_answer.set()
        self.assertEqual(courier.wait(), 0)
        self.assertEqual(self.slot_reply()["body"], TOKEN)
        self.assertFalse(wire.is_claimed(self.lock))

    def test_signals_do_not_end_an_exchange(self):
        may_answer = threading.Event()

        def script(connection):
            connection.read_request()
            may_answer.wait(10)
            connection.send(reply(body=TOKEN))
            connection.drain()

        server = self.serve(script)
        courier = self.start(f"https://localhost:{server.port}/")
        self.assert_ready(courier)
        courier.send(wire.GO)
        self.assertTrue(server.wait_for(lambda: server.requests() == 1))
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGQUIT):
            os.kill(courier.pid, number)
        time.sleep(0.2)
        may_answer.set()
        self.assertEqual(courier.receive()[0], wire.SEALED)
        self.assertEqual(courier.wait(), 0)
        self.assertEqual(self.slot_reply()["body"], TOKEN)

    def test_a_reply_that_cannot_be_sealed_is_handed_over_and_kept(self):
        server = self.serve(answer(body=TOKEN))
        courier = self.start(f"https://localhost:{server.port}/", slot_flags=os.O_RDONLY)
        self.assert_ready(courier)
        courier.send(wire.GO)
        kind, body = courier.receive()
        self.assertEqual(kind, wire.FAILED)
        self.assertEqual(wire.number(wire.fields(body)[1]), wire.SEAL)
        kind, body = courier.receive()
        self.assertEqual(kind, wire.REPLY)
        self.assertEqual(wire.decode_reply(body)["body"], TOKEN)
        self.assertTrue(wire.is_claimed(self.lock))
        courier.send(wire.KEPT)
        self.assertEqual(courier.wait(3), 0)
        self.assertFalse(wire.is_claimed(self.lock))

    def test_a_slot_that_works_again_gets_the_reply_even_when_the_caller_is_gone(self):
        server = self.serve(answer(body=TOKEN))
        courier = self.start(f"https://localhost:{server.port}/")
        self.assert_ready(courier)
        hard = resource.prlimit(courier.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(courier.pid, resource.RLIMIT_FSIZE, (0, hard))
        courier.send(wire.GO)
        self.assertEqual(courier.receive()[0], wire.FAILED)
        self.assertEqual(courier.receive()[0], wire.REPLY)
        courier.hang_up()
        self.assertEqual(self.slot_state(), "blank")
        resource.prlimit(courier.pid, resource.RLIMIT_FSIZE, (hard, hard))
        self.assertEqual(courier.wait(5), 0)
        self.assertEqual(self.slot_reply()["body"], TOKEN)

    def test_a_name_from_the_resolver_works_inside_the_sandbox(self):
        if hosts_name() is None:
            self.skipTest("no other name for 127.0.0.1 in /etc/hosts")
        server = self.serve(answer(body=TOKEN))
        self.assertEqual(self.exchange(f"https://{hosts_name()}:{server.port}/")["body"], TOKEN)

    def test_a_host_that_turns_out_to_be_this_machine_gets_nothing_unless_it_was_enrolled_as_local(self):
        server = self.serve(answer(body=TOKEN))
        self.assert_failed(self.start(f"https://0.0.0.0:{server.port}/"), wire.CONNECT, "address of this machine")
        self.assertEqual(server.received(), b"")

    def test_a_plain_job_gets_its_reply_and_touches_no_slot(self):
        server = self.serve(answer(body=b"", status="200 OK"))
        courier = self.start(f"https://localhost:{server.port}/revoke", kind=wire.PLAIN)
        kind, body = courier.receive()
        self.assertEqual(kind, wire.REPLY)
        self.assertEqual(wire.decode_reply(body)["status"], 200)
        self.assertEqual(courier.wait(), 0)
        self.assertEqual(server.requests(), 1)

    def test_every_method_arrives_as_it_was_asked_for(self):
        for method, body in (("GET", b""), ("DELETE", b""), ("DELETE", b"{}"), ("PUT", b"x=1"), ("POST", b"")):
            with self.subTest(method=method, body=body):
                server = self.serve(answer())
                courier = self.start(f"https://localhost:{server.port}/x", kind=wire.PLAIN, method=method, body=body)
                self.assertEqual(courier.receive()[0], wire.REPLY)
                self.assertTrue(server.received().startswith(method.encode() + b" /x HTTP/1.1\r\n"))
                self.assertTrue(server.received().endswith(b"\r\n\r\n" + body))


if __name__ == "__main__":
    unittest.main()
