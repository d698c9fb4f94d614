#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The kill rig: SIGKILL before every system call of a refresh, for four classes of providers; then the next token.

    kill.py                       a sample of the points, the same for the same --seed
    kill.py --all                 every system call, for all classes from where the exchange begins; before that, where
                                  the class makes no difference, for one class after the other in turn
    kill.py --complete            every system call for every class
    kill.py --class strict --who courier --call fdatasync --when 2      one of them
    kill.py --broken              shows that the rig can fail: a courier that claims to have sealed, and has not; the
                                  builds in LARDER_BROKEN

  --who caller      larder dies before its call; its courier lives on
        courier     larder-courier dies before its call; larder lives on
        both        larder dies before its call, and its courier at that instant
        orphan      larder dies right after go, and its courier before its own call

What has to hold after each death is in check(). LARDER and LARDER_COURIER name the programs. A point that fails is
printed with the command that plays it again.
"""
import argparse
import collections
import concurrent.futures
import itertools
import os
import random
import shlex
import statistics
import subprocess
import sys
import threading
import time

import strace
from figures import Figures
from harness import COURIER, LARDER, NEEDS_LOGIN, SLOWNESS, Failure, Server, World, equal, wanted

CLASSES = {     # what the server does, and what the definition says of it
    "static": ({"class": "static"}, {"kind": "never", "grace_kind": "none"}),
    "until-used": ({"class": "until-new-used"}, {"kind": "always", "grace_kind": "until_new_used"}),
    "overlap": ({"class": "overlap", "overlap_s": 60}, {"kind": "always", "grace_kind": "window", "grace_s": 60}),
    "strict": ({"class": "strict"}, {"kind": "always", "grace_kind": "none"}),
}
WHO = ("caller", "courier", "both", "orphan")
AT_ONCE = 24            # most points wait for the end of a quarantine
QUARANTINE_S = 3
SKIPPED = 77
SHORT_S = 2             # what the token before the death lives, so that the next command needs another
GO, REQUEST_BODY = r'"\3\0\0\0\0"', '"grant_type='

Point = collections.namedtuple("Point", "kind who call when")


class Plan:
    """The calls of a refresh that nobody disturbs, and which of them matter most."""

    def __init__(self, server):
        self.caller = self.trace(server, "caller")
        self.courier = self.trace(server, "courier")
        self.ready = strace.position(self.caller, "clone3")
        self.go = strace.position(self.caller, "sendmsg", GO)
        self.after_go = self.caller[self.go + 1]
        self.sent = strace.position(self.courier, "sendto", REQUEST_BODY)
        self.received = strace.position(self.courier, "recvfrom")
        self.header = strace.position(self.courier, "pwrite64", last=True)
        self.sealed = strace.position(self.courier, "fdatasync", last=True)
        self.window_us = statistics.median(self.time_window(server) for _ in range(9))

    @staticmethod
    def with_world(server, play):
        world = warm_world(server, "strict")
        try:
            return play(world)
        finally:
            world.close()

    def trace(self, server, who):
        def play(world):
            log = world.path("log")
            if who == "caller":
                world.larder("token", world.name, "--force", wrap=strace.caller(log, []))
            else:
                traced = strace.courier(world.path("courier"), COURIER, log, [])
                world.larder("token", world.name, "--force", environment={"LARDER_COURIER": traced})
            return finished(log)
        return self.with_world(server, play)

    def time_window(self, server):
        """Microseconds from the reply's arrival to the end of its sync; only the few calls of interest are slowed."""
        def play(world):
            log = world.path("log")
            options = ["-f", "--seccomp-bpf", "-ttt", "-e", "trace=recvfrom,close,exit_group"]
            traced = strace.courier(world.path("courier"), COURIER, log, options)
            world.larder("token", world.name, "--force", environment={"LARDER_COURIER": traced})
            calls = finished(log)
            slot = strace.position(calls, "close", "4)")
            return (calls[slot].at - calls[strace.position(calls, "recvfrom")].at) * 1e6
        return self.with_world(server, play)

    def points(self, kind):
        for call in self.caller:
            yield Point(kind, "caller", call.name, call.n)
            yield Point(kind, "both", call.name, call.n)
        for i, call in enumerate(self.courier):
            yield Point(kind, "courier", call.name, call.n)
            if i >= self.sent:
                yield Point(kind, "orphan", call.name, call.n)

    def index(self, point):
        calls = self.caller if point.who in ("caller", "both") else self.courier
        return next((i for i, call in enumerate(calls) if (call.name, call.n) == (point.call, point.when)), -1)

    def part(self, point):
        """A sample takes as many points before the courier's start, of the caller from there on, and around the sending."""
        if point.who in ("caller", "both"):
            return "exchange" if self.index(point) >= self.ready else "before"
        return "sending" if self.index(point) >= self.sent - 8 else "before"

    def may_lose(self, point):
        """Only a strict provider's answer that had not reached the spool when the courier died."""
        if point.kind != "strict" or point.who == "caller":
            return False
        if point.who == "both":
            return self.index(point) > self.go
        return self.sent < self.index(point) <= self.header


def finished(log):
    """The calls of a process that ends a moment after what it was started by."""
    end = time.monotonic() + 5
    while True:
        calls = strace.read(log)
        if (calls and calls[-1].name == "exit_group") or time.monotonic() > end:
            return calls
        time.sleep(0.01)


def warm_world(server, kind):
    """A vault with one credential that has been refreshed once, and whose access token ends soon."""
    grant, rotation = CLASSES[kind]
    world = World(server, **grant)
    world.set_up(rotation=rotation)
    server.control("grant_set", id=world.grants[world.name], expires_in=SHORT_S)
    world.token()
    server.control("grant_set", id=world.grants[world.name], expires_in="access_ttl")
    world.expires = time.monotonic() + SHORT_S + 0.1
    return world


def die(world, point, plan, more=None):
    """Runs the command that dies, or whose courier does; its result, -SIGKILL included."""
    wrap, environment, log = [], {}, "/dev/null"
    if point.who in ("caller", "both"):
        wrap = strace.caller(log, strace.death(point.call, point.when))
    if point.who == "orphan":
        wrap = strace.caller(log, strace.death(plan.after_go.name, plan.after_go.n))
    if more or point.who in ("courier", "orphan"):
        options = more or strace.death(point.call, point.when)
        environment["LARDER_COURIER"] = strace.courier(world.path("courier"), COURIER, log, options)
    if point.who == "both":
        environment["LARDER_COURIER"] = strace.courier_dies_with_caller(world.path("courier"), COURIER)
    process = world.start("token", world.name, "--force", wrap=wrap, environment=environment)
    try:
        out, err = process.communicate(timeout=30 * SLOWNESS)
    except subprocess.TimeoutExpired as expired:
        raise Failure("no end of the command itself") from expired
    return process.returncode, out.decode(), err.decode()


def is_usable(world, access, what):
    known = world.server.control("identify", token=access)
    equal(what, (known["kind"], known["state"]), ("access_token", "live"))
    equal(f"{what} at the API", world.server.request("/api", bearer=access).status, 200)


def check(world, point, plan, before, status, out):
    """What a user may rely on. Gives the fate of the point, and how long the next command and a plain refresh took."""
    lossy = plan.may_lose(point)
    world.larder("verify")
    if out:
        is_usable(world, out.strip(), "what the command itself gave")
    time.sleep(max(0.0, world.expires - time.monotonic()))
    result = world.larder("token", world.name, exits=(0, NEEDS_LOGIN) if lossy else 0)
    ledger, shown = world.ledger(), world.shown()
    asked = ledger["counts"]["requests"] - before["counts"]["requests"]
    if result.status == NEEDS_LOGIN:
        equal("the state", shown["state"], "needs-login")
        wanted(shown["last_error"] and shown["last_error_at"], f"the cause is not shown: {shown}")
        equal("requests, the last question included", asked, 2)
        world.larder("verify")
        return "lost", None
    is_usable(world, result.text(), "the next token")
    equal("generation", shown["generation"], before["generation"] + (point.kind != "static"))
    wanted(asked == 1 or (asked == 2 and point.who != "caller" and point.kind != "strict"), f"{asked} requests")
    if point.kind != "static":
        repeated = 0 if point.kind == "overlap" else asked - 1
        equal("newest at the server", ledger["newest"], before["newest"] + 1 + repeated)
    plain = world.larder("token", world.name, "--force")
    is_usable(world, plain.text(), "the token of one more exchange")
    ledger = world.ledger()
    equal("replays", ledger["counts"]["replays"], 0)
    wanted(ledger["alive"], "the grant is dead at the server")
    equal("generation at last", world.shown()["generation"], before["generation"] + 2 * (point.kind != "static"))
    world.larder("verify")
    fate = "asked again" if asked == 2 else "asked once" if status < 0 or point.who == "courier" else "not reached"
    return fate, (result.seconds, plain.seconds)


def play(server, point, plan, more=None):
    world = warm_world(server, point.kind)
    try:
        before = {**world.ledger(), **{"generation": world.shown()["generation"]}}
        status, out, err = die(world, point, plan, more)
        try:
            return check(world, point, plan, before, status, out)
        except Failure as failure:
            ledger = world.ledger()
            raise Failure(f"{failure}; the command itself: exit {status}, {err.strip()!r}; requests "
                          f"{ledger['counts']['requests'] - before['counts']['requests']}, replays "
                          f"{ledger['counts']['replays']}") from failure
    finally:
        world.close()


def command(point):
    return shlex.join([f"LARDER={LARDER}", f"LARDER_COURIER={COURIER}", "python3", os.path.abspath(__file__), "--class",
                       point.kind, "--who", point.who, "--call", point.call, "--when", str(point.when)])


def figures(seconds):
    ordered = sorted(seconds)
    return f"median {statistics.median(ordered) * 1e3:.0f} ms, p99 {ordered[int(len(ordered) * 0.99)] * 1e3:.0f} ms"


class Tally:
    def __init__(self):
        self.fates = collections.defaultdict(collections.Counter)
        self.failures, self.seconds, self.lock = [], [], threading.Lock()

    def run(self, server, point, plan):
        try:
            fate, seconds = play(server, point, plan)
            text = fate
        except Failure as failure:
            fate, text, seconds = "FAILED", f"FAILED {failure}", None
        with self.lock:
            self.fates[point.kind, point.who][fate] += 1
            if fate == "FAILED":
                self.failures.append(point)
                print(f"{' '.join(map(str, point))}: {text}\n  again: {command(point)}", flush=True)
            elif point.who == "caller":
                self.seconds.append(seconds)

    def show(self, plan, began):
        fates = ("asked once", "asked again", "not reached", "lost", "FAILED")
        print(f"{'class':12}{'who':10}{'points':>8}" + "".join(f"{fate:>13}" for fate in fates))
        for (kind, who), counter in sorted(self.fates.items()):
            print(f"{kind:12}{who:10}{sum(counter.values()):8}" + "".join(f"{counter[fate]:13}" for fate in fates))
        print(f"strict: the reply is lost with the courier in {plan.header - plan.sent} system calls, "
              f"{plan.header - plan.received} of them after it has arrived; from there to the end of its sync "
              f"{plan.window_us:.0f} us")
        if len(self.seconds) > 1:
            waited = sum(after >= QUARANTINE_S for after, _ in self.seconds)
            print(f"the next token after a caller's death: {figures(after for after, _ in self.seconds)}; {waited} of "
                  f"{len(self.seconds)} waited for the end of a quarantine")
            print(f"a plain refresh at the same time: {figures(plain for _, plain in self.seconds)}")
        total = sum(sum(counter.values()) for counter in self.fates.values())
        print(f"{total} points, {len(self.failures)} failed, {time.monotonic() - began:.0f} s")

    def save(self, plan, began):
        total = sum(sum(counter.values()) for counter in self.fates.values())
        lost = sum(counter["lost"] for counter in self.fates.values())
        shown = Figures("kill", "SIGKILL at every system call of caller, courier and both")
        shown.since = began
        shown.row("points", total, "at least 2,000")
        shown.row("points that failed: self-inflicted losses, replays, wrong tokens", len(self.failures), "0")
        shown.row("strict losses, all between the sent body and the spool's sync", lost, "only there")
        shown.row("window of strict loss", f"{plan.header - plan.received} system calls of the courier, "
                  f"{plan.window_us / 1000:.1f} ms from the reply's arrival to the end of the sync")
        for what, seconds in (("death of the caller to the next token", [after for after, _ in self.seconds]),
                              ("a plain refresh in between", [plain for _, plain in self.seconds])):
            shown.row(what, figures(seconds))
        after, plain = (sorted(seconds)[int(len(seconds) * 0.99)] for seconds in zip(*self.seconds))
        shown.row("p99 after a death above that of a plain refresh", f"{(after - plain) * 1e3:.0f} ms", "at most 50 ms")
        shown.save()


def show_that_it_can_fail(server, plan):
    header = plan.courier[plan.header]
    written = int(header.text.rsplit("= ", 1)[1])
    point = Point("strict", "caller", plan.after_go.name, plan.after_go.n)
    try:
        fate, _ = play(server, point, plan, strace.forged(header.name, header.n, written))
    except Failure as failure:
        if not str(failure).endswith("replays 1"):
            raise
        print(f"a courier that forges its seal is found out: {failure}")
    else:
        sys.exit(f"a courier that forges its seal is not found out: {fate}")
    program = os.path.join(os.environ["LARDER_BROKEN"], "blanked_before_commit", "larder")
    rig = subprocess.run([sys.executable, __file__, "--class", "strict", "--who", "caller", "--points", "24"],
                         env={**os.environ, "LARDER": program}, capture_output=True, text=True, check=False)
    told = [line for line in rig.stdout.splitlines() if line.endswith("replays 1")]
    if rig.returncode == 0 or not told:
        sys.exit(f"a reply that leaves the spool too early is not found out:\n{rig.stdout}{rig.stderr}")
    print(f"a reply that leaves the spool too early is found out: {told[0]}")


def choose(arguments, plan):
    if arguments.call:
        return [Point(arguments.kind or "strict", arguments.who or "courier", arguments.call, arguments.when)]
    points = [point for kind in CLASSES for point in plan.points(kind)
              if arguments.kind in (None, kind) and arguments.who in (None, point.who)]
    if arguments.all:
        kinds = list(CLASSES)
        return [point for point in points
                if plan.part(point) != "before" or kinds[plan.index(point) % len(kinds)] == point.kind]
    if not arguments.complete:
        chance = random.Random(arguments.seed)
        chance.shuffle(points)
        points.sort(key=plan.part)
        parts = [list(part) for _, part in itertools.groupby(points, key=plan.part)]
        points = [point for points in itertools.zip_longest(*parts) for point in points if point][:arguments.points]
    return points


def main():
    parser = argparse.ArgumentParser(description="kills larder and larder-courier at system calls of a refresh")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--complete", action="store_true")
    parser.add_argument("--broken", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--points", type=int, default=150 // SLOWNESS)
    parser.add_argument("--class", dest="kind", choices=CLASSES)
    parser.add_argument("--who", choices=WHO)
    parser.add_argument("--call")
    parser.add_argument("--when", type=int, default=1)
    arguments = parser.parse_args()
    if not strace.can_trace():
        print("skipped: strace is missing or may not trace here")
        sys.exit(SKIPPED)
    os.umask(0o077)
    began, tally = time.monotonic(), Tally()
    with Server() as server, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        plan = Plan(server)
        if arguments.broken:
            show_that_it_can_fail(server, plan)
            return
        points = sorted(choose(arguments, plan), key=lambda point: (point.who == "caller", point))
        for future in [pool.submit(tally.run, server, point, plan) for point in points]:  # those that wait come first
            future.result()
    tally.show(plan, began)
    if arguments.all:
        tally.save(plan, began)
    if tally.failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
