# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 over sockets, as little as the tests need, so that a reply can be as broken as a test wants it."""
import json
import socket
import ssl
import struct
import threading
import urllib.parse

HEAD_MAX = 256 * 1024
BODY_MAX = 4 * 1024 * 1024
REASONS = {200: "OK", 201: "Created", 204: "No Content", 302: "Found", 307: "Temporary Redirect", 400: "Bad Request",
           401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 429: "Too Many Requests",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


class Closed(Exception):
    """The peer went away, or sent what is no request."""


class Request:
    __slots__ = ("method", "path", "query", "version", "headers", "body", "scheme", "port", "connection", "certificate")

    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def values(self, name):
        """All values of a parameter of the form that may be repeated."""
        pairs = urllib.parse.parse_qsl(self.body.decode("utf-8", "replace"))
        return [value for key, value in pairs if key == name]

    def params(self):
        return dict(urllib.parse.parse_qsl(self.query, keep_blank_values=True))

    def origin(self):
        return f"{self.scheme}://{self.headers.get('host', f'127.0.0.1:{self.port}')}"

    def keep_alive(self):
        return self.version != "HTTP/1.0" and self.headers.get("connection", "").lower() != "close"


class Reply:
    """Status, header fields and body; faults.py may set the rest."""

    def __init__(self, status=200, body=b"", content_type="application/json;charset=UTF-8", headers=None):
        self.status, self.body = status, body
        self.headers = {"Content-Type": content_type, "Cache-Control": "no-store"}
        self.headers.update(headers or {})

    @classmethod
    def json(cls, value, status=200, headers=None):
        return cls(status, json.dumps(value).encode(), headers=headers)

    def head(self, length):
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}"]
        for name, value in self.headers.items():
            lines += [f"{name}: {one}" for one in (value if isinstance(value, list) else [value])]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


class Connection:
    def __init__(self, sock, number):
        self.sock, self.number, self.rest = sock, number, b""
        self.certificate = None     # that the peer showed: DER, and what is in it

    def wrap(self, context):
        self.sock = context.wrap_socket(self.sock, server_side=True)
        shown = self.sock.getpeercert(binary_form=True)
        self.certificate = (shown, self.sock.getpeercert()) if shown else None

    def read_some(self):
        data = self.sock.recv(65536)
        if not data:
            raise Closed("end of stream")
        self.rest += data

    def read_until(self, mark, limit):
        while True:
            at = self.rest.find(mark)
            if at >= 0:
                data, self.rest = self.rest[:at], self.rest[at + len(mark):]
                return data
            if len(self.rest) > limit:
                raise Closed("too long")
            self.read_some()

    def read_exactly(self, length):
        while len(self.rest) < length:
            self.read_some()
        data, self.rest = self.rest[:length], self.rest[length:]
        return data

    def read_chunks(self):
        body = b""
        while True:
            size = int(self.read_until(b"\r\n", 1024).split(b";")[0], 16)
            if size == 0:
                while self.read_until(b"\r\n", HEAD_MAX):
                    pass
                return body
            body += self.read_exactly(size)
            self.read_exactly(2)
            if len(body) > BODY_MAX:
                raise Closed("body too long")

    def read_request(self, scheme, port):
        lines = self.read_until(b"\r\n\r\n", HEAD_MAX).decode("latin-1").split("\r\n")
        request = Request()
        try:
            request.method, target, request.version = lines[0].split(" ")
        except ValueError as error:
            raise Closed("not a request line") from error
        request.path, _, request.query = target.partition("?")
        request.scheme, request.port, request.connection = scheme, port, self.number
        request.certificate = self.certificate
        request.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            request.headers[name.strip().lower()] = value.strip()
        if request.headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in request.headers.get("transfer-encoding", "").lower():
            request.body = self.read_chunks()
        else:
            length = int(request.headers.get("content-length", "0") or "0")
            if length > BODY_MAX:
                raise Closed("body too long")
            request.body = self.read_exactly(length)
        return request

    def reset(self):
        """Close with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass


class Listener:
    """Accepts on one port; as many threads as are busy, and a few that wait."""

    SPARE = 4

    def __init__(self, port, handle, tls=None, host="127.0.0.1"):
        self.handle, self.tls = handle, tls
        self.scheme = "https" if tls else "http"
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((host, port))
        self.sock.listen(1024)
        self.port = self.sock.getsockname()[1]
        self.lock, self.waiting, self.connections = threading.Lock(), 0, 0

    def start(self):
        for _ in range(self.SPARE):
            self.spawn()

    def spawn(self):
        with self.lock:
            self.waiting += 1
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            with self.lock:
                self.waiting -= 1
                self.connections += 1
                number, spare = self.connections, self.waiting
            if spare < 1:
                self.spawn()
            self.serve(sock, number)
            with self.lock:
                if self.waiting >= self.SPARE:
                    return
                self.waiting += 1

    def serve(self, sock, number):
        connection = Connection(sock, number)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection.wrap(self.tls)
            while self.handle(connection, connection.read_request(self.scheme, self.port)):
                pass
        except (Closed, OSError, ValueError, ssl.SSLError):
            pass
        finally:
            connection.close()
