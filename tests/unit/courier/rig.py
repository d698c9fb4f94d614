# SPDX-License-Identifier: Apache-2.0
"""What the tests of the courier share: certificates, a slot, a lock, and a conversation with the real program."""

import atexit
import os
import shutil
import subprocess
import tempfile
import unittest

import server
import wire

PROGRAM = os.environ["LARDER_COURIER"]
OPEN_SLOT = os.environ["OPEN_SLOT"]
SLOT_BYTES = 16 << 10
BODY = b"grant_type=refresh_token&refresh_token=canary-4711"


def hosts_name():
    """A name that only the resolver knows to be this machine: it makes libcurl start its resolver thread."""
    with open("/etc/hosts", encoding="utf-8") as hosts:
        for line in hosts:
            words = line.split("#")[0].split()
            if words and words[0] == "127.0.0.1":
                for name in words[1:]:
                    if not name.startswith("localhost"):
                        return name
    return None


class Shared:
    """Made once for all tests: making certificates takes longer than most of them."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="larder-courier-")
        atexit.register(shutil.rmtree, self.directory, True)
        for name in ("known", "unknown"):
            os.mkdir(os.path.join(self.directory, name))
        self.authority = server.Authority(os.path.join(self.directory, "known"))
        self.stranger = server.Authority(os.path.join(self.directory, "unknown"), "A Stranger")
        names = ["localhost", "127.0.0.1", "0.0.0.0"] + ([hosts_name()] if hosts_name() else [])
        self.tls = self.authority.issue("good", names)
        self.public = bytes.fromhex(subprocess.check_output([OPEN_SLOT, "public"], text=True))


_shared = []


def shared():
    if not _shared:
        _shared.append(Shared())
    return _shared[0]


class CourierTest(unittest.TestCase):
    def setUp(self):
        self.shared = shared()
        self.directory = tempfile.mkdtemp(dir=self.shared.directory)
        self.slot = os.path.join(self.directory, "0000")
        self.lock = os.path.join(self.directory, "vault.lock")
        for path, size in ((self.slot, SLOT_BYTES), (self.lock, 0)):
            with open(path, "wb") as file:
                file.write(b"\0" * size)

    def serve(self, script, context="good", host="127.0.0.1"):
        made = server.Server(script, self.shared.tls if context == "good" else context, host)
        self.addCleanup(made.close)
        return made

    def start(self, url, kind=wire.EXCHANGE, environ=None, slot_flags=os.O_RDWR, **terms):
        terms.setdefault("ca_file", self.shared.authority.file)
        terms.setdefault("body", BODY)
        job = wire.encode_job(url, public=self.shared.public, kind=kind, **terms)
        files = {"slot": self.slot, "lock": self.lock, "slot_flags": slot_flags} if kind == wire.EXCHANGE else {}
        courier = wire.Courier(PROGRAM, environ=environ, **files)
        self.addCleanup(courier.close)
        courier.send(wire.JOB, job)
        return courier

    def exchange(self, url, **terms):
        """A whole exchange that ends sealed; gives what the slot then holds."""
        courier = self.start(url, **terms)
        self.assert_ready(courier)
        courier.send(wire.GO)
        kind, body = courier.receive()
        self.assertEqual(kind, wire.SEALED, wire.fields(body))
        self.assertEqual(courier.wait(), 0)
        reply = self.slot_reply()
        self.assertEqual(wire.number(wire.fields(body)[1]), reply["status"])
        return reply

    def slot_state(self):
        return subprocess.check_output([OPEN_SLOT, "open", self.slot], text=True).strip()

    def slot_reply(self):
        state = self.slot_state()
        self.assertNotIn(state, ("blank", "unreadable", "foreign"))
        return wire.decode_reply(bytes.fromhex(state))

    def assert_ready(self, courier):
        kind, body = courier.receive()
        self.assertEqual(kind, wire.READY, wire.fields(body))

    def assert_failed(self, courier, stage, words=""):
        kind, body = courier.receive()
        self.assertEqual(kind, wire.FAILED)
        found = wire.fields(body)
        why = found.get(2, b"").decode()
        self.assertEqual(wire.number(found[1]), stage, why)
        self.assertIn(words, why)
        self.assertEqual(courier.wait(), 0)
        if stage in (wire.NO_GO, wire.REFUSED):
            self.assert_noted_unsent()
        else:
            self.assertEqual(self.slot_state(), "blank")
        return why

    def assert_noted_unsent(self):
        """The next one need not wait for what might be under way."""
        found = wire.fields(bytes.fromhex(self.slot_state()))
        self.assertEqual({tag: wire.number(data) for tag, data in found.items()}, {1: wire.NO_GO})
