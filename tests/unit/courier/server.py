# SPDX-License-Identifier: Apache-2.0
"""A scripted server on loopback: each test says what it does with a connection. It writes down what it was sent."""

import os
import socket
import ssl
import subprocess
import threading
import time


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.received = b""

    def read(self):
        """What comes next; b"" at the end or after a reset."""
        try:
            data = self.sock.recv(65536)
        except (OSError, ValueError):
            return b""
        self.received += data
        return data

    def read_request(self):
        """Head and, by its Content-Length, body."""
        while b"\r\n\r\n" not in self.received:
            if not self.read():
                return False
        head, _, body = self.received.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            if not self.read():
                return False
            body = self.received.partition(b"\r\n\r\n")[2]
        return True

    def send(self, data):
        try:
            self.sock.sendall(data)
            return True
        except (OSError, ValueError):
            return False

    def drain(self):
        while self.read():
            pass

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        os.close(self.sock.detach())  # past TLS, whose close would say goodbye first


def reply(status="200 OK", headers=(), body=b"{}", length=None):
    head = f"HTTP/1.1 {status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers)
    head += f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    return head.encode() + body


def answer(*args, **kwargs):
    """A script: read one request, send this reply, wait for the end."""
    data = reply(*args, **kwargs)

    def script(connection):
        if connection.read_request():
            connection.send(data)
        connection.drain()

    return script


class Server:
    def __init__(self, script, context=None, host="127.0.0.1"):
        self.script = script
        self.context = context
        self.connections = []
        self.accepted = 0
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family)
        self.port = self.listener.getsockname()[1]
        self.closing = False
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()

    def _accept(self):
        while not self.closing:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        sock.settimeout(20)
        try:
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
        except OSError:
            sock.close()
            return
        connection = Connection(sock)
        self.connections.append(connection)
        try:
            self.script(connection)
        finally:
            sock.close()

    def received(self):
        return b"".join(connection.received for connection in self.connections)

    def requests(self):
        return sum(connection.received.count(b" HTTP/1.1\r\n") for connection in self.connections)

    def wait_for(self, condition, seconds=10):
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(0.01)
        return condition()

    def close(self):
        self.closing = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.accepting.join()  # else it might accept on the next test's listener, which gets the same descriptor
        self.listener.close()


class Authority:
    """A private certificate authority in a directory, made with the openssl program."""

    def __init__(self, directory, name="Test Authority"):
        self.directory = directory
        self.file = os.path.join(directory, "ca.pem")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      f"/CN={name}", "-days", "30", "-keyout", "ca.key", "-out", "ca.pem")

    def _openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.directory, check=True, capture_output=True)

    def issue(self, name, hosts, dates=None):
        """A server's context with a certificate for hosts; dates: (start, end) as YYYYMMDDHHMMSSZ."""
        names = ",".join(("IP:" if host[0].isdigit() or ":" in host else "DNS:") + host for host in hosts)
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      f"/CN={hosts[0]}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        start, end = dates or ("20200101000000Z", "20491231000000Z")
        path = os.path.join(self.directory, f"{name}.cnf")
        with open(path, "w", encoding="ascii") as config:
            config.write(f"[ca]\ndefault_ca=a\n[a]\ndatabase={name}.db\nnew_certs_dir=.\nrand_serial=yes\n"
                         f"default_md=sha256\npolicy=p\nx509_extensions=x\nunique_subject=no\n[p]\ncommonName=supplied\n"
                         f"[x]\nsubjectAltName={names}\n")
        with open(os.path.join(self.directory, f"{name}.db"), "w", encoding="ascii"):
            pass
        self._openssl("ca", "-batch", "-config", f"{name}.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-startdate",
                      start, "-enddate", end, "-in", f"{name}.csr", "-out", f"{name}.pem", "-notext")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.directory, f"{name}.pem"),
                                os.path.join(self.directory, f"{name}.key"))
        return context
