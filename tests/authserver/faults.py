# SPDX-License-Identifier: Apache-2.0
"""Faults: what goes wrong with the next N requests of an endpoint.

A fault is an object. Which requests it meets:
  endpoint   token, revoke, introspect, api, metadata, device, authorize, any
  times      how many requests (default 1; -1: all);  skip: let so many pass first
  client, grant                only requests of this client, with a token of this grant
When:
  delay_before_s, delay_after_s      before the request is processed; after it was committed, before the reply
  hold_before, hold_after            the same, until the control operation `release` names this gate (at most 120 s)
  drop       before: closed, not processed; after: committed, then closed without a reply;   rst: with a reset
Instead of processing (process: true processes it first, the reply is then replaced):
  error, error_status, error_description     an OAuth error
  status, headers, body | body_b64           any reply;    retry_after: adds that header (status 503 if none is given)
  raw | raw_b64                              the bytes on the wire, head and all
  redirect, redirect_status                  to this URL
  html                                       a log-in page with status 200
  ok_false                                   200 {"ok":false,"error":...}
The reply to a processed token request:
  refresh_token    omit, null, empty, same: this time the token is not rotated
  set, unset       fields to set and to leave out;  raw_set: field -> JSON text put there as it is (1e400, NaN ...)
  form             form-encoded;   envelope: "a.b" puts the fields (refresh token too) there and "ok":true on top
  access_len, refresh_len            pad the tokens of this reply (the ledger knows the long ones)
The way it is sent:
  cut              only so many bytes of head and body together, then closed
  slow             {"bytes":n,"every_s":s};   gzip: true;   gzip_bomb: so many bytes of zeros
  length_add       Content-Length says so much more or less;  no_length: none, and closed;  chunked: true
"""
import base64
import gzip
import json
import threading
import time
import urllib.parse

from wire import Reply

KEYS = set("""endpoint times skip client grant delay_before_s delay_after_s hold_before hold_after drop rst process error
error_status error_description status headers body body_b64 retry_after raw raw_b64 redirect redirect_status html ok_false
refresh_token set unset raw_set form envelope access_len refresh_len cut slow gzip gzip_bomb length_add no_length chunked
id hits""".split())
INSTEAD = ("error", "status", "raw", "raw_b64", "redirect", "html", "ok_false", "retry_after")
LOGIN_PAGE = b"<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><h1>Please log in to this network</h1></body></html>\n"
GATE_MAX_S = 120


class Faults:
    def __init__(self):
        self.lock, self.scripts, self.gates, self.number = threading.Lock(), [], {}, 0

    def add(self, fault):
        unknown = set(fault) - KEYS
        if unknown:
            raise ValueError(f"unknown fault fields: {sorted(unknown)}")
        if fault.get("refresh_token", "") is None:      # refresh_token=null on ctl's command line
            fault["refresh_token"] = "null"
        if fault.get("refresh_token", "omit") not in ("omit", "null", "empty", "same"):
            raise ValueError("refresh_token is one of omit, null, empty, same")
        with self.lock:
            self.number += 1
            self.scripts.append({"endpoint": "token", "times": 1, "skip": 0, **fault, "id": self.number, "hits": 0})
            return self.number

    def clear(self):
        with self.lock:
            self.scripts = []
            for gate in self.gates.values():
                gate["event"].set()

    def take(self, endpoint, client_id, grant_id):
        """The fault that this request meets, or an empty one."""
        if not self.scripts:
            return {}
        with self.lock:
            for fault in self.scripts:
                if fault["endpoint"] not in (endpoint, "any") or fault["times"] == 0:
                    continue
                if fault.get("client", client_id) != client_id or fault.get("grant", grant_id) != grant_id:
                    continue
                if fault["skip"] > 0:
                    fault["skip"] -= 1
                    continue
                fault["times"] -= 1 if fault["times"] > 0 else 0
                fault["hits"] += 1
                return dict(fault)
        return {}

    def gate(self, name):
        with self.lock:
            return self.gates.setdefault(name, {"event": threading.Event(), "waiting": 0})

    def wait(self, name):
        gate = self.gate(name)
        with self.lock:
            gate["waiting"] += 1
        gate["event"].wait(GATE_MAX_S)
        with self.lock:
            gate["waiting"] -= 1

    def release(self, name):
        self.gate(name)["event"].set()

    def close_gate(self, name):
        with self.lock:
            self.gates.pop(name, None)

    def pause(self, fault, when):
        if fault.get("delay_" + when + "_s"):
            time.sleep(fault["delay_" + when + "_s"])
        if fault.get("hold_" + when):
            self.wait(fault["hold_" + when])


def replaces(fault):
    return any(key in fault for key in INSTEAD)


def replacement(fault):
    headers = dict(fault.get("headers", {}))
    if "retry_after" in fault:
        headers["Retry-After"] = str(fault["retry_after"])
    if "redirect" in fault:
        return Reply(fault.get("redirect_status", 307), b"", headers={"Location": fault["redirect"], **headers})
    if fault.get("html"):
        return Reply(fault.get("status", 200), LOGIN_PAGE, "text/html; charset=utf-8", headers)
    if "ok_false" in fault:
        return Reply.json({"ok": False, "error": fault["ok_false"]}, 200, headers)
    if "error" in fault:
        value = {"error": fault["error"]}
        if fault.get("error_description"):
            value["error_description"] = fault["error_description"]
        return Reply.json(value, fault.get("error_status", fault.get("status", 400)), headers)
    if "body_b64" in fault:
        body = base64.b64decode(fault["body_b64"])
    else:
        body = fault.get("body", "")
        body = (body if isinstance(body, str) else json.dumps(body)).encode()
    return Reply(fault.get("status", 503 if "retry_after" in fault else 200), body, headers=headers)


def shape_fields(fields, fault):
    """The fields of a token reply as this fault or shape wants them."""
    how = fault.get("refresh_token")
    if how == "omit":
        fields.pop("refresh_token", None)
    elif how in ("null", "empty"):
        fields["refresh_token"] = None if how == "null" else ""
    fields.update(fault.get("set", {}))
    for name in fault.get("unset", []):
        fields.pop(name, None)
    if fault.get("envelope"):
        for name in reversed(fault["envelope"].split(".")):
            fields = {name: fields}
        fields = {"ok": True, **fields}
    return fields


def shape_reply(fields, fault):
    fields = shape_fields(dict(fields), fault)
    if fault.get("form"):
        text = urllib.parse.urlencode({key: "" if value is None else value for key, value in fields.items()})
        return Reply(200, text.encode(), "application/x-www-form-urlencoded; charset=utf-8")
    text = json.dumps(fields)
    if fault.get("raw_set"):
        raw = ", ".join(f"{json.dumps(name)}: {value}" for name, value in fault["raw_set"].items())
        rest = {key: value for key, value in fields.items() if key not in fault["raw_set"]}
        text = "{" + raw + (", " + json.dumps(rest)[1:] if rest else "}")
    return Reply(200, text.encode())


def raw_bytes(fault):
    if "raw_b64" in fault:
        return base64.b64decode(fault["raw_b64"])
    return fault["raw"].encode("utf-8", "surrogateescape")


def to_bytes(reply, fault):
    """Head and body as they go out, and whether the connection must be closed after them."""
    if "raw" in fault or "raw_b64" in fault:
        return raw_bytes(fault), True
    body, close = reply.body, False
    if fault.get("gzip_bomb"):
        body = gzip.compress(bytes(fault["gzip_bomb"]))
    elif fault.get("gzip"):
        body = gzip.compress(body)
    if fault.get("gzip") or fault.get("gzip_bomb"):
        reply.headers["Content-Encoding"] = "gzip"
    length = len(body) + fault.get("length_add", 0)
    if fault.get("chunked"):
        reply.headers["Transfer-Encoding"] = "chunked"
        body, length = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), None
    elif fault.get("no_length"):
        length, close = None, True
    if close or "cut" in fault or fault.get("length_add"):
        close = True
        reply.headers["Connection"] = "close"
    data = reply.head(length) + body
    return (data[:fault["cut"]] if "cut" in fault else data), close


def send(sock, data, fault):
    slow = fault.get("slow")
    if not slow:
        sock.sendall(data)
        return
    step = slow.get("bytes", 1)
    for at in range(0, len(data), step):
        sock.sendall(data[at:at + step])
        time.sleep(slow.get("every_s", 0.1))
