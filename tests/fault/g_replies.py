# SPDX-License-Identifier: Apache-2.0
"""Class G: what a token endpoint may answer. Whatever it is, the refresh token that is live at the server is the stored
one afterwards, or is found again; see World.still_works.

Most replies here come instead of processing: the server did not rotate, and the stored token stays the live one. Where
the server does rotate and its reply is odd, the successor in it has to be stored.
"""
import base64
import email.utils
import json
import time

from harness import CONTROL, DENIED, FULL, IN_DOUBT, NEEDS_LOGIN, REJECTED, UNAVAILABLE, Catcher, equal, in_worlds, main, wanted, words
from terminal import Terminal

NO_TOKEN = {UNAVAILABLE, IN_DOUBT, REJECTED}


def raw(head, body=b""):
    return {"raw_b64": base64.b64encode(head.encode().replace(b"\n", b"\r\n") + b"\r\n\r\n" + body).decode()}


def whole(body, more=""):
    return raw(f"HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: {len(body)}{more}", body)


def refused(world, exits=NO_TOKEN, **fault):
    """A forced token fails, with the one request that was scripted; the cached token, if there is one, stays."""
    sent = len(world.requests())
    world.fault(**fault)
    result = world.larder("token", world.name, "--force", exits=exits)
    equal(f"requests after {str(fault)[:100]}", len(world.requests()) - sent, 1)
    return result


def each_refused(world, faults, exits=NO_TOKEN):
    """Each fault in a world of its own, whose provider rotates strictly."""
    def play(another, fault):
        token = another.token()
        result = refused(another, exits, **fault)
        wanted(another.shown()["state"] in ("ok", "in-doubt"), "the grant counts as ended")
        if result.status != 0:
            equal("the cached token", another.token(), token)
    in_worlds(world, faults, play)


def good(access="at_" + "a" * 30, **more):
    return json.dumps({"access_token": access, "token_type": "Bearer", "expires_in": 60, **more}).encode()


def g099_what_is_not_json_is_no_token(world):
    """HTML, nothing, XML, arrays, strings, numbers, invalid UTF-8, JSON with a tail: exit 6, and the next exchange works."""
    bodies = (b"<html><body>Log in</body></html>", b"", b"<?xml version='1.0'?><token>x</token>", b"[]", b'"text"', b"17", b"null", b"true", b" ",
                 b"\xff\xfe{}", b"{}", b'{"access_token":"x"} tail', b"{'access_token':'x'}", b'{"access_token":"x",}', b"\x00" * 100,
                 b'{"access_token":"a\xff"}', b'{"access_token" "x"}', b"\x1f\x8b\x08\x00", b"NaN", b'{"access_token":"' + b"\x01" + b'"}')
    each_refused(world, [whole(body) for body in bodies])


def g100_a_reply_cut_at_any_byte_is_no_token(world):
    """The head and body of a good reply cut off: no partial token is stored; the same with the right length and with none."""
    body = good()
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    cuts = [reply[:length] for length in range(0, len(reply), 1 if FULL else 19)]
    each_refused(world, [{"raw_b64": base64.b64encode(cut).decode()} for cut in cuts])
    each_refused(world, [whole(body[:length]) for length in range(0, len(body), 1 if FULL else 17)])


def g100_a_cut_reply_of_a_rotating_provider_is_asked_about(world):
    """Strict rotation, half a reply, nothing processed: in doubt, exit 12; nothing is sent until a person accepts."""
    world.set_up()
    token = world.token()
    refused(world, {UNAVAILABLE, IN_DOUBT}, **raw("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 300", good()[:40]))
    sent = len(world.requests())
    world.larder("token", world.name, "--force", exits=IN_DOUBT)
    equal("the cached token", world.token(), token)
    equal("requests", len(world.requests()), sent)
    world.still_works()


def g101_lengths_that_lie_do_no_harm(world):
    """Too long, too short, negative, two of them, with chunks that are broken: one request, no token or the right one."""
    body = good()
    heads = (f"Content-Length: {len(body) + 10}", f"Content-Length: {len(body) - 10}", "Content-Length: -1", "Content-Length: 99999999999999999999",
             "Content-Length: 5\nContent-Length: 9", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked\nContent-Length: 3",
             "Content-Length: abc")
    chunks = (b"zz\r\n", b"ffffffffffffffffff\r\n{", b"5\r\n{", b"-1\r\n\r\n")
    starts = ("HTTP/9.9 200 OK", "HTTP/1.1 abc", "HTTP/1.1 99 X", "HTTP/1.1 2000 OK", "ICY 200 OK", "HTTP/1.1 204 No Content",
              "HTTP/1.1 101 Switching Protocols", "SSH-2.0-OpenSSH_9")
    each_refused(world, [raw(f"HTTP/1.1 200 OK\nContent-Type: application/json\n{head}", body) for head in heads], {*NO_TOKEN, 0})
    each_refused(world, [raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", chunk) for chunk in chunks])
    each_refused(world, [raw(start) for start in starts])


def g102_a_reply_that_is_too_long_is_cut(world):
    """256 KiB and a byte, 20 MiB, endless headers: an error in time and in bounded memory."""
    padding = {"set": {"padding": "x" * (2 << 20)}}
    each_refused(world, [{"body": "x" * (256 * 1024 + 1), "status": 200}, {"status": 200, "body": good(padding="x" * (3 << 20)).decode()},
                         {"status": 200, "body": "{", "headers": {f"X-{n}": "y" * 1000 for n in range(1000)}}])
    # Here the provider did rotate; the successor stands in the part that was kept.
    in_worlds(world, [padding, {**padding, "chunked": True}, {**padding, "no_length": True}],
              lambda another, fault: refused(another, {*NO_TOKEN, 0}, **fault))


def g102_an_endless_reply_ends(world):
    """A reply that never stops is left at the limit; one connection, and the server's grant is untouched."""
    world.set_up()
    with Catcher(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":\"", b"x" * 65536) as endless:
        world.provide(endpoints={"token": f"http://127.0.0.1:{endless.port}/token"})
        result = world.larder("token", world.name, "--force", exits=NO_TOKEN)
        wanted(result.seconds < 10, f"slow: {result}")
        equal("connections", endless.connections, 1)
    world.provide()
    world.still_works()


def g103_depth_uses_no_stack(world):
    """100 000 brackets, alone and inside a member: refused."""
    each_refused(world, [whole(body) for body in (
        b"[" * 100000, b'{"a":' * 40000, b'{"access_token":"x","b":' + b"[" * 60000 + b"]" * 60000 + b"}", b'{"a":{"a":' * 20000)])


def g104_members_that_are_there_twice_are_refused(world):
    """Two access or refresh tokens, also one written with an escape: no token of them is used."""
    members = ('"access_token":"evil1","access_token":"evil2"', '"access_token":"evil1","access\\u005ftoken":"evil2"',
                  '"access_token":"evil1","refresh_token":"evil2","refresh_token":"evil3"',
                  '"access_token":"evil1","refresh_token":"evil2","refresh\\u005ftoken":"evil3"')
    each_refused(world, [whole(('{' + twice + ',"token_type":"Bearer","expires_in":60}').encode()) for twice in members])


def g106_odd_access_tokens_are_not_handed_out(world):
    """S183. Spaces, line breaks, quotes, other letters, empty, too long, not a text: exit 6; the refresh token that came is kept."""
    world.set_up()
    for odd in ("a b", "a\r\nX-Evil: 1", "a\nb", 'a"b\u0007', "é", "", "\u0000", "a\tb", "x" * 65537, None, 17, [], {}, True, "\u202eabc"):
        refused(world, NO_TOKEN, set={"access_token": odd})
    world.still_works()


def g106_odd_successors_do_not_replace_the_refresh_token(world):
    """G106, G110: a refresh token of an odd shape is not stored over the good one; absent, equal and null keep it."""
    world.grant_fields = {"class": "static"}
    odd = [[], {}, 17, True, "", "a\nb", "a\u0000b", "\u0007", None, "x" * 65537]
    in_worlds(world, odd, lambda another, value: (another.fault(set={"refresh_token": value}),
                                                  another.larder("token", another.name, "--force", exits={0, *NO_TOKEN})))
    world.set_up()
    for how in ("omit", "null", "empty", "same"):
        world.fault(refresh_token=how)
        world.token("--force")
        equal(f"the generation after {how}", world.shown()["generation"], 1)
    world.still_works()


def g107_odd_lifetimes_are_never_years(world):
    """expires_in of any kind: a token all the same, and no end later than a plausible one."""
    world.set_up()
    for odd in ("-1", "0", "1e309", '"3600"', "null", "9223372036854775808", "0.5", "true", '"soon"', "[]", "{}", "-9223372036854775809", "1e18",
                "99999999999999999999999999", '"0x10"', "NaN"):
        world.fault(raw_set={"expires_in": odd})
        result = world.larder("token", world.name, "--force", "--json", exits={0, *NO_TOKEN})
        if result.status == 0:
            end = result.json()["expires_at"]
            wanted(end is None or end < time.time() + 400 * 86400, f"{odd}: {end}")
    world.fault(unset=["expires_in"])
    world.token("--force")
    world.still_works()


def g108_only_bearer_tokens_are_taken(world):
    """bearer in any case or missing is taken; mac, DPoP, an array are not, and the successor is kept all the same."""
    world.set_up()
    for kind in ("bearer", "BEARER", "Bearer"):
        world.fault(set={"token_type": kind})
        world.token("--force")
    world.fault(unset=["token_type"])
    world.token("--force")
    for kind in ("mac", "DPoP", ["Bearer"], 7, "N_A", "Bearer\n"):
        world.fault(set={"token_type": kind})
        world.larder("token", world.name, "--force", exits={0, *NO_TOKEN})
        world.still_works()
    for kind in ("mac", "DPoP"):
        refused(world, NO_TOKEN, set={"token_type": kind})
    world.still_works()


def g109_scopes_are_shown_as_they_were_granted(world):
    """Narrower, wider, missing, very many, with controls: stored and shown or refused, never a lost token."""
    world.set_up()
    for scope in ("read", "read write admin", "", " ".join(f"s{n}" for n in range(10000)), "a\u001b[2Jb", ["read"], None, 7, "x" * 100000):
        world.fault(set={"scope": scope})
        world.larder("token", world.name, "--force", exits={0, *NO_TOKEN})
        shown = world.larder("show", world.name)
        wanted(not CONTROL.search(shown.out), f"control bytes: {shown}")
        world.still_works()
    world.fault(set={"scope": "read"})
    world.token("--force")
    equal("the scope", world.shown()["scope"], "read")
    world.still_works()


def g111_a_success_that_names_an_error_is_none(world):
    """G111, G112: 200 with an error is an error, 400 with tokens is too, and its tokens are nowhere."""
    world.set_up()
    evil = "at_evil" + words()
    world.canaries.add(evil)
    refused(world, NO_TOKEN | {NEEDS_LOGIN, DENIED}, ok_false="token_expired_hm")
    for status in (400, 401, 403, 500):
        refused(world, NO_TOKEN | {DENIED}, status=status, body=good(evil, refresh_token=evil, error="invalid_request").decode())
        refused(world, NO_TOKEN | {DENIED, 0}, status=status, body=good(evil, refresh_token=evil).decode())
        world.keeps_secrets()
    world.still_works()


def g113_what_the_provider_says_is_safe_to_print(world):
    """Escapes, OSC 8 and 52, bidirectional controls, 10 KiB: on a terminal and in show, no control byte, one short line."""
    world.set_up()
    bad = ("\x1b]8;;http://evil\x07link\x1b]8;;\x07\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1b[1;31mred\x07\x08\r\nlarder: all is well\u009b31m\u202eevil\u2066\u2028\u200b"
           "\x7f" + "\x1b[9999;9999H" * 60 + "y" * 10240)
    refused(world, REJECTED, error="invalid_scope", error_description=bad)
    refused(world, REJECTED, error="invalid_request\x1b[2J" + "z" * 5000, error_description="x")
    for command in (("show", world.name), ("status",), ("doctor",), ("list",), ("audit",)):
        result = world.larder(*command, exits={0, 10})
        wanted(not CONTROL.search(result.out), f"control bytes: {result}")
    world.fault(error="invalid_scope", error_description=bad)
    with Terminal(world, "token", world.name, "--force", "--color", "never") as terminal:
        status, seen = terminal.end()
    equal("the exit status", status, REJECTED)
    wanted(not CONTROL.search(seen.replace(b"\r\n", b"\n")), f"control bytes on the terminal: {seen!r}")
    wanted(len(seen) < 1000 and seen.count(b"\n") == 1, f"not one short line: {seen!r}")
    world.still_works()


def g115_one_wrong_invalid_grant_is_forgiven(world):
    """needs-login, but the token is kept, and --force finds that all is well."""
    world.set_up()
    world.token()
    refused(world, NEEDS_LOGIN, error="invalid_grant")
    equal("the state", world.shown()["state"], "needs-login")
    world.still_works()
    equal("the state", world.shown()["state"], "ok")


def g116_a_rejected_client_ends_no_grant(world):
    """invalid_client, also as 400 and 401 without a body: exit 8, the credential stays ok, and works when the client does."""
    world.set_up()
    for fault in ({"error": "invalid_client", "error_status": 401}, {"error": "invalid_client"}, {"status": 401, "body": ""},
                  {"error": "unauthorized_client"}, {"error": "unsupported_grant_type"}):
        refused(world, REJECTED, **fault)
        equal("the state", world.shown()["state"], "ok")
    world.still_works()


def g117_a_retry_after_of_any_form_is_bounded(world):
    """Seconds, dates, the past, the far future, negative, not a number, two of them: exit 6, retry_after of 0 s to an hour or so."""
    world.set_up()
    world.token()
    now = time.time()
    for value in ("5", email.utils.formatdate(now + 120, usegmt=True), email.utils.formatdate(0, usegmt=True), "Thu, 01 Jan 2099 00:00:00 GMT", "-1", "abc",
                  "1000000000", ["7", "9999999"], "", "9" * 400, "1.5", "5; foo", "\x1b[2J", "0"):
        for status in (429, 503):
            sent = len(world.requests())
            world.fault(status=status, headers={"Retry-After": value}, body="{}")
            result = world.larder("token", world.name, "--force", "--json", exits=UNAVAILABLE)
            equal("requests", len(world.requests()) - sent, 1)
            wait = json.loads(result.err)["error"]["retry_after"]
            wanted(wait is None or 0 <= wait <= 6 * 3600, f"{value!r}: {wait}")
            equal("the state", world.shown()["state"], "ok")
    world.still_works()


def g119_compressed_replies_are_not_unpacked(world):
    """gzip, a bomb of it, br, deflate, something unknown: refused, memory stays flat."""
    codings = ("br", "deflate", "zstd", "gzip, gzip", "evil")
    each_refused(world, [{"status": 200, "body": good().decode(), "gzip": True}, {"status": 200, "gzip_bomb": 64 << 20},
                         *(whole(good(), f"\nContent-Encoding: {coding}") for coding in codings)])


def g120_headers_leave_no_state(world):
    """Cookies, Alt-Svc, HSTS, Refresh, Link, a challenge: nothing of them is in the next request."""
    world.set_up()
    headers = {"Set-Cookie": "session=COOKIE-CANARY; Path=/", "Alt-Svc": 'h2="127.0.0.1:1"; ma=86400', "Refresh": "0; url=http://127.0.0.1:1/",
               "Strict-Transport-Security": "max-age=99999999", "Link": "</evil>; rel=next", "Location": "/elsewhere", "Clear-Site-Data": '"*"',
               "WWW-Authenticate": "Negotiate", "Connection": "keep-alive", "Keep-Alive": "timeout=999"}
    refused(world, {*NO_TOKEN, 0}, status=200, headers=headers, body=good().decode())
    refused(world, REJECTED, status=401, headers=headers, body="")
    world.still_works()
    last = world.requests()[-1]
    wanted("cookie" not in last["headers"] and "COOKIE-CANARY" not in str(last), f"a cookie came back: {last}")
    equal("the path", last["path"], "/token")


def g121_slow_bytes_are_waited_for(world):
    """A reply that comes in small pieces over seconds arrives whole; the successor is stored."""
    world.set_up()
    world.fault(slow={"bytes": 8, "every_s": 0.03})
    world.token("--force")
    equal("the generation", world.shown()["generation"], 2)
    world.still_works()


if __name__ == "__main__":
    main()
