# SPDX-License-Identifier: Apache-2.0
"""For tests in Python: start an authorization server, talk to its control endpoint and, as a client would, to the rest.

    with Server() as server:
        server.control("client_new", id="c", secret="s")
        token = server.control("grant_new", client="c")["refresh_token"]
"""
import base64
import http.client
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "authserver.py")


class ControlError(Exception):
    pass


def control(port, operation, host="127.0.0.1", **fields):
    connection = http.client.HTTPConnection(host, port, timeout=150)
    try:
        connection.request("POST", "/control", json.dumps({"op": operation, **fields}))
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    if "control_error" in answer:
        raise ControlError(f"{operation}: {answer['control_error']}")
    return answer


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def json(self):
        return json.loads(self.body)


class Server:
    def __init__(self, *arguments, state=None, port=0):
        self.temporary = None if state else tempfile.TemporaryDirectory(prefix="authserver-")
        self.state = state or self.temporary.name
        command = [sys.executable, PROGRAM, "--port", str(port), "--state", self.state, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self.process.stdout.readline())
        self.port = self.ports["port"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()
        if self.temporary:
            self.temporary.cleanup()

    def control(self, operation, **fields):
        return control(self.port, operation, **fields)

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def request(self, path, form=None, basic=None, bearer=None, method=None):
        headers = {}
        if basic:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
        if bearer:
            headers["Authorization"] = "Bearer " + bearer
        body = None
        if form is not None:
            body, headers["Content-Type"] = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method or ("POST" if form is not None else "GET"), path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def refresh(self, token, client="c", secret=None, **more):
        form = {"grant_type": "refresh_token", "refresh_token": token, **more}
        if secret is None:
            form["client_id"] = client
        return self.request("/token", form, basic=(client, secret) if secret is not None else None)
