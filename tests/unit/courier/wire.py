# SPDX-License-Identifier: Apache-2.0
"""The vault side's half of docs/wire.md, and a way to start the courier as the vault side does."""

import fcntl
import os
import signal
import socket
import struct
import time

JOB, READY, GO, SEALED, REPLY, FAILED, KEPT = range(1, 8)
EXCHANGE, PLAIN = 1, 2
SETUP, CONNECT, NO_GO, SENT, SEAL, REFUSED = range(1, 7)

# The same fixed attempt as in open_slot.c.
ATTEMPT = {13: b"\x01" * 16, 14: b"\x02" * 16, 15: struct.pack(">Q", 7), 16: b"\x03" * 16, 17: b"\x04" * 32}

REPLY_TEXT = {2: "content_type", 3: "retry_after", 4: "date", 5: "challenge", 6: "location", 10: "dpop_nonce"}


def field(tag, data):
    return struct.pack(">BI", tag, len(data)) + data


def fields(body):
    found = {}
    while body:
        tag, length = struct.unpack(">BI", body[:5])
        found[tag] = body[5 : 5 + length]
        body = body[5 + length :]
    return found


def number(data):
    return int.from_bytes(data, "big")


def encode_job(url, public=None, kind=EXCHANGE, method="POST", body=b"", headers=(), insecure=False, proxy="",
               ca_file="", ca_dir="", connect_ms=5000, go_ms=5000, listen_ms=10000, certificate=b"",
               certificate_key=b""):
    out = field(1, struct.pack(">I", kind)) + field(2, method.encode()) + field(3, url.encode())
    for name, value in headers:
        out += field(4, bytes([len(name)]) + name.encode() + value.encode())
    for tag, data in ((5, body), (6, b"\x01" if insecure else b""), (7, proxy.encode()), (8, ca_file.encode()),
                      (9, ca_dir.encode()), (25, certificate), (26, certificate_key)):
        if data:
            out += field(tag, data)
    for tag, value in ((10, connect_ms), (11, go_ms), (12, listen_ms)):
        out += field(tag, struct.pack(">I", value))
    if kind == EXCHANGE:
        for tag, data in ATTEMPT.items():
            out += field(tag, data)
        out += field(18, public)
    return out


def decode_reply(body):
    found = fields(body)
    reply = {name: found.get(tag, b"").decode() for tag, name in REPLY_TEXT.items()}
    reply.update(status=number(found[1]), encoded=7 in found, truncated=8 in found, body=found.get(9, b""))
    return reply


class Courier:
    """One running courier. slot and lock are paths, or None to hand over nothing."""

    def __init__(self, program, slot=None, lock=None, environ=None, slot_flags=os.O_RDWR):
        ours, theirs = socket.socketpair()
        self.wire = ours
        self.wire.settimeout(20)
        # above 10, so that placing one does not close another
        high = [fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD_CLOEXEC, 10)]
        for path, flags in ((slot, slot_flags), (lock, os.O_RDWR)):
            if path is not None:
                fd = os.open(path, flags | os.O_CLOEXEC)
                high.append(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10))
                os.close(fd)
        if lock is not None:
            claim(high[2])
        theirs.close()
        actions = [(os.POSIX_SPAWN_OPEN, fd, "/dev/zero", os.O_RDWR, 0) for fd in (0, 1)]
        if "LARDER_TEST_STDERR" not in os.environ:
            actions.append((os.POSIX_SPAWN_OPEN, 2, "/dev/zero", os.O_RDWR, 0))
        actions += [(os.POSIX_SPAWN_DUP2, fd, 3 + i) for i, fd in enumerate(high)]
        self.pid = os.posix_spawn(program, [program], environ or {}, file_actions=actions, setsid=True)
        for fd in high:
            os.close(fd)
        self.status = None

    def send(self, kind, body=b""):
        self.wire.sendall(struct.pack(">BI", kind, len(body)) + body)

    def receive(self):
        """(type, body); (0, b"") at the end."""
        head = self._exactly(5)
        if head is None:
            return 0, b""
        kind, length = struct.unpack(">BI", head)
        return kind, self._exactly(length)

    def _exactly(self, length):
        data = b""
        while len(data) < length:
            piece = self.wire.recv(length - len(data))
            if not piece:
                if data:
                    raise EOFError("the courier ended inside a frame")
                return None
            data += piece
        return data

    def hang_up(self):
        self.wire.close()

    def wait(self, seconds=20):
        """The exit status (negative: the signal); kills it after the time."""
        end = time.monotonic() + seconds
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > end:
                self.close()
                raise TimeoutError("the courier did not end")
            else:
                time.sleep(0.01)
        return self.status

    def close(self):
        self.wire.close()
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = -signal.SIGKILL


def _flock(kind):
    return struct.pack("hhqqi4x", kind, os.SEEK_SET, 5, 1, 0)


def claim(fd):
    """The exchange lock, as the vault side takes it before it starts a courier."""
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _flock(fcntl.F_WRLCK))


def is_claimed(path):
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        claim(fd)
        return False
    except (BlockingIOError, PermissionError):
        return True
    finally:
        os.close(fd)
