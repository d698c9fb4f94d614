# SPDX-License-Identifier: Apache-2.0
"""Where the courier connects to, whom it believes, and what it takes from its surroundings."""

import os
import socket
import ssl
import subprocess
import threading
import time
import unittest

import wire
from rig import BODY, PROGRAM, CourierTest
from server import answer, reply


class Connection(CourierTest):
    def assert_refused(self, url, words, **terms):
        why = self.assert_failed(self.start(url, **terms), wire.SETUP, words)
        return why

    def assert_not_connected(self, server, words, host="localhost", **terms):
        courier = self.start(f"https://{host}:{server.port}/", **terms)
        self.assert_failed(courier, wire.CONNECT, words)
        self.assertEqual(server.received(), b"")

    def test_http_is_for_declared_loopback_hosts_only(self):
        self.assert_refused("http://192.0.2.1/token", "loopback", insecure=True)
        self.assert_refused("http://as.example/token", "loopback", insecure=True)
        self.assert_refused("http://localhost.example/token", "loopback", insecure=True)
        server = self.serve(answer(), context=None)
        self.assert_refused(f"http://localhost:{server.port}/", "loopback")
        self.assertEqual(server.accepted, 0)
        for host in ("localhost", "127.0.0.1", "LOCALHOST"):
            with self.subTest(host=host):
                os.truncate(self.slot, 0)
                os.truncate(self.slot, 16 << 10)
                self.assertEqual(self.exchange(f"http://{host}:{server.port}/", insecure=True)["status"], 200)

    def test_plain_http_waits_for_go_too(self):
        server = self.serve(answer(), context=None)
        courier = self.start(f"http://localhost:{server.port}/", insecure=True, go_ms=300)
        self.assert_ready(courier)
        self.assert_failed(courier, wire.NO_GO)
        self.assertEqual(server.received(), b"")

    def test_odd_urls_are_refused(self):
        for url in ("https://user:secret@localhost/", "https://user@localhost/", "ftp://localhost/", "file:///etc/passwd",
                    "https:/localhost/", "https://localhost:0/", "https://localhost:99999/", "https://local host/",
                    "https://localhost/#f", "https://2130706433/", "https://l\u00f6calhost/", "localhost"):
            with self.subTest(url=url):
                why = self.assert_refused(url, "")
                self.assertNotIn("secret", why)

    def test_headers_that_frame_the_request_are_refused(self):
        for name in ("Content-Length", "transfer-encoding", "Host", "Proxy-Authorization"):
            with self.subTest(name=name):
                self.assert_refused("https://localhost/", "may not be set", headers=[(name, "1")])

    def test_a_certificate_that_is_expired_is_refused(self):
        tls = self.shared.authority.issue("expired", ["localhost"], ("20200101000000Z", "20210101000000Z"))
        self.assert_not_connected(self.serve(answer(), tls), "expired")

    def test_a_certificate_of_the_future_is_refused(self):
        tls = self.shared.authority.issue("future", ["localhost"], ("20480101000000Z", "20490101000000Z"))
        self.assert_not_connected(self.serve(answer(), tls), "not yet valid")

    def test_a_certificate_of_an_unknown_authority_is_refused(self):
        tls = self.shared.stranger.issue("strange", ["localhost"])
        self.assert_not_connected(self.serve(answer(), tls), "unknown authority")

    def test_the_system_s_authorities_do_not_vouch_for_ours(self):
        self.assert_not_connected(self.serve(answer()), "unknown authority", ca_file="")

    def test_a_certificate_for_another_host_is_refused(self):
        tls = self.shared.authority.issue("other", ["as.example"])
        server = self.serve(answer(), tls)
        self.assert_not_connected(server, "another host")
        self.assert_not_connected(server, "another host", host="127.0.0.1")

    def test_a_missing_authority_file_is_said_to_be_missing(self):
        self.assert_not_connected(self.serve(answer()), "certificate authorities", ca_file="/nonexistent/ca.pem")

    def test_an_authority_directory_works(self):
        directory = os.path.join(self.directory, "hashed")
        os.mkdir(directory)
        name = subprocess.check_output(["openssl", "x509", "-hash", "-noout", "-in", self.shared.authority.file],
                                       text=True).strip()
        with open(self.shared.authority.file, "rb") as source, open(f"{directory}/{name}.0", "wb") as copy:
            copy.write(source.read())
        server = self.serve(answer())
        found = self.exchange(f"https://localhost:{server.port}/", ca_file="", ca_dir=directory)
        self.assertEqual(found["status"], 200)

    def test_tls_before_1_2_is_refused(self):
        tls = self.shared.authority.issue("old", ["localhost"])
        tls.set_ciphers("DEFAULT:@SECLEVEL=0")
        tls.minimum_version = ssl.TLSVersion.TLSv1
        tls.maximum_version = ssl.TLSVersion.TLSv1_1
        self.assert_not_connected(self.serve(answer(), tls), "TLS handshake failed")

    def test_a_server_without_tls_is_refused(self):
        server = self.serve(lambda connection: connection.send(b"HTTP/1.1 200 OK\r\n\r\n"), context=None)
        courier = self.start(f"https://localhost:{server.port}/")
        self.assert_failed(courier, wire.CONNECT, "TLS handshake failed")
        self.assertNotIn(BODY, server.received())

    def test_a_closed_port_and_an_unknown_name_are_told_apart(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.assert_failed(self.start(f"https://127.0.0.1:{port}/"), wire.CONNECT, "Connection refused")
        self.assert_failed(self.start("https://no-such-host.invalid/"), wire.CONNECT, "cannot resolve the name")

    def test_a_server_that_never_shakes_hands_is_given_up(self):
        server = self.serve(lambda connection: connection.drain(), context=None)
        start = time.monotonic()
        self.assert_failed(self.start(f"https://localhost:{server.port}/", connect_ms=700), wire.CONNECT, "within 700 ms")
        self.assertLess(time.monotonic() - start, 4)

    def test_the_environment_and_home_are_ignored(self):
        trap = self.serve(answer(), context=None)
        server = self.serve(answer(body=b"{}"))
        keys = os.path.join(self.directory, "keys.log")
        proxy = f"http://127.0.0.1:{trap.port}"
        with open(os.path.join(self.directory, ".netrc"), "w", encoding="ascii") as netrc:
            netrc.write("machine localhost login netrc-canary password netrc-canary\n")
        os.chmod(os.path.join(self.directory, ".netrc"), 0o600)
        environ = {name: proxy for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "http_proxy")}
        environ.update(SSLKEYLOGFILE=keys, HOME=self.directory, CURL_HOME=self.directory,
                       SSL_CERT_FILE="/nonexistent", CURL_CA_BUNDLE="/nonexistent")
        self.assertEqual(self.exchange(f"https://localhost:{server.port}/", environ=environ)["status"], 200)
        self.assertEqual(trap.accepted, 0)
        self.assertFalse(os.path.exists(keys))
        self.assertNotIn(b"uthorization", server.received())

    def test_an_authority_from_the_environment_vouches_for_nobody(self):
        server = self.serve(answer())
        courier = self.start(f"https://localhost:{server.port}/", ca_file="",
                             environ={"SSL_CERT_FILE": self.shared.authority.file})
        self.assert_failed(courier, wire.CONNECT, "unknown authority")


class Proxy(CourierTest):
    def tunnel(self, connection):
        """CONNECT, then bytes in both directions."""
        while b"\r\n\r\n" not in connection.received:
            if not connection.read():
                return
        port = int(connection.received.split(b" ")[1].split(b":")[1])
        with socket.create_connection(("127.0.0.1", port)) as far:
            connection.send(b"HTTP/1.1 200 Tunnel\r\nRetry-After: 77\r\n\r\n")

            def back():
                while data := far.recv(65536):
                    connection.send(data)

            threading.Thread(target=back, daemon=True).start()
            while data := connection.read():
                far.sendall(data)

    def test_a_proxy_sees_its_own_credentials_and_no_others(self):
        server = self.serve(answer(body=b"{}"))
        proxy = self.serve(self.tunnel, context=None)
        found = self.exchange(f"https://localhost:{server.port}/", proxy=f"http://me:proxy-pw@127.0.0.1:{proxy.port}",
                              headers=[("Authorization", "Basic Y2xpZW50")])
        self.assertEqual((found["status"], found["retry_after"]), (200, ""))
        head = proxy.received().split(b"\r\n\r\n")[0]
        self.assertTrue(head.startswith(b"CONNECT localhost:"))
        self.assertIn(b"Proxy-Authorization: Basic bWU6cHJveHktcHc=", head)
        self.assertNotIn(b"Y2xpZW50", head)
        self.assertNotIn(b"canary", proxy.received())
        self.assertNotIn(b"roxy", server.received())
        self.assertIn(b"Authorization: Basic Y2xpZW50", server.received())

    def test_a_proxy_that_refuses_is_a_failure_to_connect(self):
        for status, words in (("407 Proxy Authentication Required", "407"), ("502 Bad Gateway", "502")):
            with self.subTest(status=status):
                def script(connection, status=status):
                    connection.read_request()
                    connection.send(reply(status, headers=[("Proxy-Authenticate", 'Basic realm="x"')]))
                    connection.drain()

                server = self.serve(answer())
                proxy = self.serve(script, context=None)
                courier = self.start(f"https://localhost:{server.port}/",
                                     proxy=f"http://me:proxy-pw@127.0.0.1:{proxy.port}")
                why = self.assert_failed(courier, wire.CONNECT, words)
                self.assertNotIn("proxy-pw", why)
                self.assertEqual(server.accepted, 0)
                self.assertNotIn(b"canary", proxy.received())

    def test_plain_http_never_takes_the_proxy(self):
        trap = self.serve(answer(), context=None)
        server = self.serve(answer(), context=None)
        self.exchange(f"http://localhost:{server.port}/", insecure=True, proxy=f"http://127.0.0.1:{trap.port}")
        self.assertEqual(trap.accepted, 0)


class Process(CourierTest):
    def test_started_by_hand_it_says_what_it_is(self):
        done = subprocess.run([PROGRAM], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertTrue(done.stderr.startswith("larder-courier: "))

    def test_a_job_that_is_not_understood_is_refused(self):
        for body in (b"", b"\xff" * 64, wire.field(1, b"\0\0\0\x02")):
            with self.subTest(body=body):
                courier = wire.Courier(PROGRAM)
                self.addCleanup(courier.close)
                courier.send(wire.JOB, body)
                kind, found = courier.receive()
                self.assertEqual(kind, wire.FAILED)
                self.assertEqual(wire.number(wire.fields(found)[1]), wire.SETUP)
                self.assertEqual(courier.wait(), 1)

    def test_a_vault_side_that_goes_away_at_once_leaves_no_courier_behind(self):
        for data in (b"", b"\x01", b"\x01\0\0\0\x10abc"):
            with self.subTest(data=data):
                courier = wire.Courier(PROGRAM)
                courier.wire.sendall(data)
                courier.hang_up()
                self.assertEqual(courier.wait(3), 1)

    def test_an_exchange_without_slot_and_lock_is_refused(self):
        courier = wire.Courier(PROGRAM)
        self.addCleanup(courier.close)
        courier.send(wire.JOB, wire.encode_job("https://localhost/", public=self.shared.public))
        kind, found = courier.receive()
        self.assertEqual((kind, wire.number(wire.fields(found)[1])), (wire.FAILED, wire.SETUP))

    def test_in_flight_it_is_locked_in_and_shows_no_secret(self):
        server = self.serve(answer())
        courier = self.start(f"https://localhost:{server.port}/", headers=[("Authorization", "Basic canary-header")],
                             environ={"CANARY": "environ-canary"})
        self.assert_ready(courier)
        with open(f"/proc/{courier.pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        self.assertEqual((status["Seccomp"].strip(), status["NoNewPrivs"].strip()), ("2", "1"))
        self.assertEqual(os.getsid(courier.pid), courier.pid)
        with open(f"/proc/{courier.pid}/cmdline", "rb") as file:
            self.assertNotIn(b"canary", file.read())
        try:
            with open(f"/proc/{courier.pid}/environ", "rb") as file:
                self.assertNotIn(b"canary-", file.read())
            links = {fd: os.readlink(f"/proc/{courier.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{courier.pid}/fd")}
        except PermissionError:
            links = {}  # not dumpable: only root may look
        for fd, link in links.items():
            if fd in ("0", "1"):
                self.assertEqual(link, "/dev/null")
            elif fd == "4":
                self.assertEqual(link, self.slot)
            elif fd == "5":
                self.assertEqual(link, self.lock)
            elif fd != "2":
                self.assertTrue(link.startswith(("socket:", "pipe:", "anon_inode:[eventfd]")), link)
        courier.send(wire.GO)
        self.assertEqual(courier.receive()[0], wire.SEALED)


if __name__ == "__main__":
    unittest.main()
