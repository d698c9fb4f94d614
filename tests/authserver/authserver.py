#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A scriptable OAuth authorization server for Larder's tests. Python 3.11, standard library only, loopback only.

    authserver.py --port 0 --state DIR [--tls CERT KEY] [--tls-port 0] [--config FILE.json]

listens, then prints one line, {"port": ..., "tls_port": ..., "pid": ...}, and serves until SIGTERM or SIGINT. The state
is kept in DIR over a restart. It serves /token, /revoke (RFC 7009), /introspect (RFC 7662), /authorize (code and PKCE,
approves itself), /device_authorization (RFC 8628), the metadata of RFC 8414, an /api that wants a live access token, and
/control, by which tests make clients and grants, read the ledger and script faults: see control.py, ledger.py and
faults.py, whose head comments list every operation and field. FILE.json: {"orders": [{"op": ...}, ...]}, run at start.

    authserver.py ctl PORT OPERATION [KEY=VALUE...] [.FIELD]

sends one order and prints the JSON answer, or only FIELD (a path such as .counts.replays). A VALUE is JSON where it
parses as such, otherwise text; KEY=@- reads the value from standard input. From a shell test:

    ctl() { python3 authserver.py ctl "$PORT" "$@"; }
    ctl client_new id=app secret=s3cret auth=post
    ctl grant_new client=app class=strict access_ttl=3 .refresh_token
    ctl fault drop=after times=1
    ctl grant id=grant-... .counts.replays
"""
import argparse
import json
import os
import signal
import ssl
import sys
import threading

from client import ControlError, control
from endpoints import Server
from ledger import Ledger
from wire import Listener


def parse_value(text):
    if text == "@-":
        return sys.stdin.read().rstrip("\n")
    try:
        return json.loads(text)
    except ValueError:
        return text


def ctl(arguments):
    if len(arguments) < 2:
        sys.exit("usage: authserver.py ctl PORT OPERATION [KEY=VALUE...] [.FIELD]")
    port, operation, *rest = arguments
    path = rest.pop()[1:].split(".") if rest and rest[-1].startswith(".") else []
    fields = {}
    for item in rest:
        key, equals, value = item.partition("=")
        if not equals:
            sys.exit(f"authserver ctl: {item}: KEY=VALUE is wanted")
        fields[key] = parse_value(value)
    try:
        answer = control(int(port), operation, **fields)
        for name in path:
            answer = answer[int(name)] if isinstance(answer, list) else answer[name]
    except (ControlError, OSError, KeyError, IndexError) as error:
        sys.exit(f"authserver ctl: {operation}: {error}")
    print(answer if isinstance(answer, str) else json.dumps(answer))


def serve(arguments):
    os.makedirs(arguments.state, mode=0o700, exist_ok=True)
    ledger = Ledger(arguments.state)
    server = Server(ledger)
    listeners = [Listener(arguments.port, server.handle)]
    if arguments.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*arguments.tls)
        listeners.append(Listener(arguments.tls_port, server.handle, context))
    server.control.listeners = listeners
    if arguments.config:
        with open(arguments.config, encoding="utf-8") as file:
            for order in json.load(file).get("orders", []):
                getattr(server.control, "op_" + order.pop("op"))(**order)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    for listener in listeners:
        listener.start()
    ready = {"port": listeners[0].port, "pid": os.getpid()}
    if arguments.tls:
        ready["tls_port"] = listeners[1].port
    print(json.dumps(ready), flush=True)
    stop.wait()
    with ledger.lock:
        ledger.save()
    os._exit(0)     # threads may hang in a scripted delay


def main():
    if sys.argv[1:2] == ["ctl"]:
        return ctl(sys.argv[2:])
    parser = argparse.ArgumentParser(description="scriptable authorization server for tests")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", required=True)
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--tls-port", type=int, default=0)
    parser.add_argument("--config")
    return serve(parser.parse_args())


if __name__ == "__main__":
    main()
