#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The error rig: each call of larder and of its courier that reaches the kernel fails, once or from then on.

    errors.py                       a sample of the points, the same for the same --seed
    errors.py --all                 all of them
    errors.py --point courier:pwrite:1:EIO:before:ever            one of them: WHO:CALL:NUMBER:ERROR:HOW:UNTIL[:KIND[:old]]
    errors.py --only courier:pwrite:    a sample of those whose name begins so
    errors.py --broken              shows that the rig can fail, with the builds in LARDER_BROKEN
    errors.py --lines               also prints every line that larder said, and how often

  WHO     caller, courier, or both, or the command that is to fail (init, add, revoke, list, key-add, verify)
  HOW     before: the call is not made; after: it is made and said to have failed; half, one: of the bytes
  UNTIL   the number of the last call that fails, or "ever"
  KIND    strict (else), until-used, overlap, static; "old": the cached token is over when the next command comes

What has to hold after each point is in check(); for the other commands in errors_commands.py, for full disks and
limits in errors_limits.py. LARDER and LARDER_COURIER name the programs, LARDER_SHIM_LIBRARY what makes the calls fail.
"""
import argparse
import collections
import concurrent.futures
import itertools
import os
import queue
import random
import shlex
import subprocess
import sys
import threading
import time

import errors_commands
import errors_limits
from errors_table import CALLS, DISKS, faults_of, last_of
from figures import Figures
from harness import COURIER, IN_DOUBT, LARDER, NEEDS_LOGIN, UNAVAILABLE, Failure, Server, World, equal, wanted
from shim import EVER, Shim, can_preload

CLASSES = {     # what the server does, and what the definition says of it
    "strict": ({"class": "strict"}, {"kind": "always", "grace_kind": "none"}),
    "until-used": ({"class": "until-new-used"}, {"kind": "always", "grace_kind": "until_new_used"}),
    "overlap": ({"class": "overlap", "overlap_s": 60}, {"kind": "always", "grace_kind": "window", "grace_s": 60}),
    "static": ({"class": "static"}, {"kind": "never", "grace_kind": "none"}),
}
NETWORK = {"poll", "send", "recv", "connect", "getsockopt", "sendmsg", "read"}     # of the courier, once the request is sent
SKIPPED = 77
AT_ONCE = 16
ONCE_FAILED = (     # points that found something, and are in every sample
    "caller:pread:22:EIO:before:22", "caller:pread:12:EIO:before:ever", "init:fstat:2:ENOMEM:before:2", "list:fcntl:2:EIO:before:2",
    "fsize:token:16:-:-:16", "nofile:token:30:-:-:30",
)
BROKEN = (          # builds without a rule, of which program, and the points that have to notice
    ("intent_not_awaited", "larder", "caller:pwrite:"), ("seal_not_checked", "larder-courier", "courier:pwrite:"),
    ("short_write_taken_for_whole", "larder-courier", "courier:pwrite:"),
)
USES = 40               # of one vault, before another is made
SHORT_S = 2
LONGEST_S = 90          # a courier that cannot keep a reply tries for a minute
PATIENT_S = 100
SLOT, FIRST_SOCKET = 4, 8

Point = collections.namedtuple("Point", "who call first error how last kind old")


def write(point):
    last = "ever" if point.last >= EVER else point.last
    text = f"{point.who}:{point.call}:{point.first}:{point.error}:{point.how}:{last}:{point.kind}"
    return text + (":old" if point.old else "")


def read(text):
    who, call, first, error, how, last, *rest = text.split(":")
    kind = next((part for part in rest if part in CLASSES), "strict")
    return Point(who, call, int(first), error, how, EVER if last == "ever" else int(last), kind, "old" in rest)


def command(point):
    variables = [f"{name}={os.environ[name]}" for name in ("LARDER", "LARDER_COURIER", "LARDER_SHIM_LIBRARY")]
    return shlex.join([*variables, "python3", os.path.abspath(__file__), "--point", write(point)])


class Home(World):
    """A vault that many points use, one after another."""

    def __init__(self, server, kind):
        grant, rotation = CLASSES[kind]
        super().__init__(server, **grant)
        self.kind, self.uses, self.seen = kind, 0, set()
        self.set_up(rotation=rotation)
        self.token()

    def secrets(self):
        """Asked once per command: the ledger also has the access token of access_tokens()."""
        found = set(self.canaries)
        self.seen = set()
        for grant in self.grants.values():
            ledger = self.server.control("grant", id=grant, tokens=True)
            found.update(ledger["tokens"])
            self.seen.add((ledger["access_token"] or "").encode())
        return {text.encode() for text in found}

    def access_tokens(self):
        return self.seen - {b""}


class Homes:
    """Vaults to be used again; one whose point failed, or lost, is not."""

    def __init__(self, server):
        self.server, self.lock = server, threading.Lock()
        self.free = collections.defaultdict(queue.SimpleQueue)

    def take(self, kind):
        try:
            return self.free[kind].get_nowait()
        except queue.Empty:
            return Home(self.server, kind)

    def give(self, home, good):
        home.uses += 1
        if not good or home.uses >= USES:
            home.close()
        else:
            self.free[home.kind].put(home)

    def close(self):
        for homes in self.free.values():
            while not homes.empty():
                homes.get().close()


class Plan:
    """The calls of a refresh that nobody disturbs."""

    def __init__(self, homes):
        self.calls = {who: self.trace(homes, who) for who in ("caller", "courier")}
        courier = self.calls["courier"]
        sockets = [i for i, call in enumerate(courier) if call.name == "send" and call.fd >= FIRST_SOCKET]
        self.sent = sockets[-1]
        self.kept = next(i for i, call in enumerate(courier) if call.name == "pwrite" and call.fd == SLOT)
        self.go = [i for i, call in enumerate(self.calls["caller"]) if call.name == "sendmsg"][1]

    @staticmethod
    def trace(homes, who):
        home = homes.take("strict")
        shim = Shim(home.path("log"))
        environment = shim.environment if who == "caller" else shim.courier(COURIER)
        home.larder("token", home.name, "--force", environment=environment)
        calls = shim.log().calls
        homes.give(home, True)
        return calls

    def points(self):
        for who, calls in self.calls.items():
            for call in calls:
                for error, how, on in faults_of(call.name):
                    yield Point(who, call.name, call.n, error, how, last_of(call.n, error, on, EVER), "strict", False)
        yield from self.disks()
        yield from self.twice()

    def disks(self):
        """The whole disk, of the caller from each of its calls on, of the courier from each; of both from the reply on."""
        for names, error in DISKS:
            parts = names.split("+")
            for who, calls in self.calls.items():
                for n in range(1, sum(call.name in parts for call in calls) + 1):
                    yield Point(who, names, n, error, "before", EVER, "strict", False)

    def twice(self):
        """The spool fails for the courier, and the vault for the caller that the reply is handed to."""
        caller = self.calls["caller"]
        first = 1 + sum(call.name == "fdatasync" for call in caller[:self.go])
        for error in ("EIO", "ENOSPC", "EDQUOT", "EROFS"):
            yield Point("both", "fdatasync", first, error, "before", first + 10, "strict", False)
            yield Point("both", "fdatasync", first, error, "before", EVER, "strict", False)

    def may_lose(self, point, shim):
        """Only what broke between the courier and a strict provider, or what neither spool nor vault could take."""
        if point.kind != "strict":
            return False
        if point.who == "both":
            return point.last >= EVER
        if point.who != "courier" or not set(point.call.split("+")) & NETWORK:
            return False
        calls = shim.log().calls
        failed = [i for i, call in enumerate(calls) if call.failed]
        sent = [i for i, call in enumerate(calls) if call.name == "send" and call.fd >= FIRST_SOCKET]
        return bool(failed) and bool(sent) and failed[-1] >= sent[0]


def prepare(home, point):
    """An access token that is over when the next command comes, if the point wants that."""
    if not point.old:
        return 0.0
    home.server.control("grant_set", id=home.grants[home.name], expires_in=SHORT_S)
    home.token("--force")
    home.server.control("grant_set", id=home.grants[home.name], expires_in="access_ttl")
    return time.monotonic() + SHORT_S + 0.1


def shims(home, point, plan):
    """The environment of the command, and the shim that is to fire; of both, the courier's."""
    fault = (point.call, point.first, point.last, point.error, point.how)
    if point.who == "caller":
        shim = Shim(home.path("caller.log"), fault)
        return shim.environment, shim
    if point.who == "courier":
        shim = Shim(home.path("courier.log"), fault)
        return shim.courier(COURIER), shim
    caller = Shim(home.path("caller.log"), fault)
    until = EVER if point.last >= EVER else 8       # five tries before the caller is asked, three after
    shim = Shim(home.path("courier.log"), (point.call, 1, until, point.error, point.how))
    return {**caller.environment, **shim.courier(COURIER)}, shim


def is_usable(home, access, what):
    known = home.server.control("identify", token=access)
    equal(what, (known["kind"], known["state"]), ("access_token", "live"))


def names_cause(result):
    """larder: [NAME:] what failed: why[; what to do]"""
    wanted(result.status == 130 or result.why().count(": ") >= 2, f"the line does not say what and why: {result}")
    wanted("damaged" not in result.why() and "backup" not in result.why(), f"it calls sound files damaged: {result}")


def check_ended(shim, what):
    log = shim.log()
    wanted(log.started == log.ended, f"{what} did not come to an end of its own: {log.started} started, {log.ended} ended")
    return log


def accept(home, before, lossy):
    """Where it is unknown whether the token was spent a person decides; that only ever happens where it is unknown."""
    wanted(lossy, "it is in doubt although no reply was out of reach")
    home.larder("refresh", home.name, "--accept", "--quiet", exits=(0, NEEDS_LOGIN))
    result = home.larder("token", home.name, "--force", exits=(0, NEEDS_LOGIN))
    home.larder("verify")
    if result.status == NEEDS_LOGIN:
        equal("rotations whose reply is lost", home.ledger()["newest"], before["newest"] + 1)
        return "lost"
    is_usable(home, result.text(), "the token after a doubt")
    equal("replays", home.ledger()["counts"]["replays"], before["counts"]["replays"])
    return "accepted"


def check(home, point, before, generation, result, expires, lossy):
    """What a user may rely on once the error is gone; gives the fate of the point."""
    asked = home.ledger()["counts"]["requests"] - before["counts"]["requests"]
    if result.status == 0:
        is_usable(home, result.text(), "what the command gave")
    else:
        names_cause(result)
    home.larder("verify", limit_s=PATIENT_S)
    time.sleep(max(0.0, expires - time.monotonic()))
    allowed = (0, UNAVAILABLE, NEEDS_LOGIN) if lossy else (0, UNAVAILABLE)      # unavailable: for the rest of a pause
    following = home.larder("token", home.name, exits=allowed if point.old else 0, limit_s=PATIENT_S)
    if following.status == NEEDS_LOGIN:
        equal("rotations whose reply is lost", home.ledger()["newest"], before["newest"] + 1)
        return "lost"
    if following.status == 0:
        is_usable(home, following.text(), "the next token")
    plain = home.larder("token", home.name, "--force", exits=(0, IN_DOUBT), limit_s=PATIENT_S)
    if plain.status == IN_DOUBT:
        return accept(home, before, lossy)
    is_usable(home, plain.text(), "the token of one more exchange")
    ledger, shown = home.ledger(), home.shown()
    total = ledger["counts"]["requests"] - before["counts"]["requests"]
    equal("replays", ledger["counts"]["replays"], before["counts"]["replays"])
    wanted(ledger["alive"], "the grant is dead at the server")
    if point.kind == "strict":
        equal("rotations", ledger["newest"] - before["newest"], total)
        equal("generations", shown["generation"] - generation, total)
    wanted(total <= 4, f"{total} requests")
    if result.status == 0:
        return "unhurt"
    return "kept" if asked else "refused"


def play(homes, point, plan, lines):
    home = homes.take(point.kind)
    fate = None
    try:
        expires = prepare(home, point)
        before, generation = home.ledger(), home.shown()["generation"]
        environment, shim = shims(home, point, plan)
        result = home.larder("token", home.name, "--force", exits=None, environment=environment, limit_s=LONGEST_S)
        lossy = plan.may_lose(point, shim)
        lines[result.why().replace(home.home, "~").replace(home.name, "NAME")] += result.status != 0
        try:
            fate = check(home, point, before, generation, result, expires, lossy)
            if not check_ended(shim, "the program").fired:
                fate = "not reached"
        except Failure as failure:
            raise Failure(f"{failure}; the command itself: exit {result.status}, {result.why()!r}") from failure
        return fate
    finally:
        homes.give(home, fate not in (None, "lost"))


class Tally:
    FATES = ("unhurt", "refused", "kept", "accepted", "lost", "not reached", "FAILED")

    def __init__(self):
        self.fates = collections.defaultdict(collections.Counter)
        self.lines = collections.Counter()
        self.failures, self.lock = [], threading.Lock()

    def run(self, point, work):
        try:
            fate, text = work(point), ""
        except Failure as failure:
            fate, text = "FAILED", str(failure)
        with self.lock:
            part = point.who if point.kind == "strict" else point.kind
            self.fates[part][fate] += 1
            if text:
                self.failures.append(point)
                print(f"{write(point)}: {text}\n  again: {command(point)}", flush=True)

    def count(self, *fates):
        return sum(counter[fate] for counter in self.fates.values() for fate in fates)

    def points(self):
        return self.count(*self.FATES) - self.count("not reached")

    def show(self, began):
        print(f"{'':12}" + "".join(f"{fate:>12}" for fate in self.FATES))
        for part, counter in sorted(self.fates.items()):
            print(f"{part:12}" + "".join(f"{counter[fate]:12}" for fate in self.FATES))
        print(f"{self.points()} points, {len(self.failures)} failed, {time.monotonic() - began:.0f} s")

    def save(self):
        shown = Figures("errors", "Errors at every I/O call of caller and courier, once and for ever")
        shown.row("points", self.points(), "at least 3,000")
        shown.row("points that failed: self-inflicted losses, replays, false successes, odd ends", len(self.failures), "0")
        shown.row("the command succeeded in spite of the error, with a live token", self.count("unhurt"))
        shown.row("refused before anything was sent", self.count("refused"))
        shown.row("sent, failed, and the reply was found and committed by the next command", self.count("kept"))
        shown.row("doubt about a request that never arrived, lifted by a person's word", self.count("accepted"))
        shown.row("strict losses: no whole reply reached the courier, or neither spool nor vault could be written",
                  self.count("lost"), "only there")
        shown.save()


def all_points(plan, server):
    return [*plan.points(), *errors_commands.points(server), *errors_limits.points()]


def sample(points, count, seed):
    """Of every kind of call of every program as many, as far as there are."""
    chance = random.Random(seed)
    points = [point for point in points if point.who != "both"]     # a minute each
    chance.shuffle(points)
    points.sort(key=lambda point: (point.who, point.call))
    parts = [list(part) for _, part in itertools.groupby(points, key=lambda point: (point.who, point.call))]
    return [point for points in itertools.zip_longest(*parts) for point in points if point][:count]


def varied(points):
    """Every fifth point with an old token, every fifth of the rest with another class."""
    kinds = itertools.cycle(kind for kind in CLASSES if kind != "strict")
    for number, point in enumerate(points):
        if point.who not in ("caller", "courier"):
            yield point
        elif number % 5 == 0:
            yield point._replace(old=True)
        elif number % 5 == 1:
            yield point._replace(kind=next(kinds))
        else:
            yield point


def run(server, homes, plan, points, tally):
    def work(point):
        if point.who in errors_commands.COMMANDS:
            return errors_commands.play(server, point, tally.lines)
        if point.who in errors_limits.LIMITS:
            return errors_limits.play(server, point, tally.lines)
        return play(homes, point, plan, tally.lines)

    # Those that wait come first.
    points = sorted(points, key=lambda point: (point.who != "both", not point.old))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for future in [pool.submit(tally.run, point, work) for point in points]:
            future.result()


def show_that_it_can_fail():
    for build, program, only in BROKEN:
        path = os.path.join(os.environ["LARDER_BROKEN"], build, program)
        variable = "LARDER" if program == "larder" else "LARDER_COURIER"
        rig = subprocess.run([sys.executable, __file__, "--only", only, "--points", "80"], env={**os.environ, variable: path},
                             capture_output=True, text=True, check=False)
        told = [line for line in rig.stdout.splitlines() if line.startswith(only)]
        if rig.returncode != 1 or not told:
            sys.exit(f"{build} is not found out:\n{rig.stdout}{rig.stderr}")
        print(f"{build} is found out by {len(told)} points: {told[0][:300]}")


def choose(arguments, plan, server):
    if arguments.point:
        return [read(text) for text in arguments.point]
    if arguments.only:
        points = [point for point in plan.points() if write(point).startswith(arguments.only)]
        return sample(points, arguments.points, arguments.seed)
    points = list(varied(all_points(plan, server)))
    if arguments.all:
        return points
    return [*map(read, ONCE_FAILED), *sample(points, arguments.points, arguments.seed)]


def main():
    parser = argparse.ArgumentParser(description="makes calls of larder and larder-courier fail")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--broken", action="store_true")
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--points", type=int, default=250)
    parser.add_argument("--point", action="append")
    parser.add_argument("--only", help="a sample of the points of a refresh whose name begins so")
    arguments = parser.parse_args()
    if not can_preload():
        print("skipped: needs LARDER_SHIM_LIBRARY, and a build without sanitizers")
        sys.exit(SKIPPED)
    if arguments.broken:
        show_that_it_can_fail()
        return
    os.umask(0o077)
    began, tally = time.monotonic(), Tally()
    with Server() as server:
        homes = Homes(server)
        plan = Plan(homes)
        wanted({call.name for calls in plan.calls.values() for call in calls} <= set(CALLS), "a call has no errors")
        run(server, homes, plan, choose(arguments, plan, server), tally)
        homes.close()
    tally.show(began)
    if arguments.lines:
        for line, count in tally.lines.most_common():
            print(f"{count:6} {line}")
    if arguments.all:
        tally.save()
    sys.exit(1 if tally.failures else 0)


if __name__ == "__main__":
    main()
