#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The error rig: each call of larder and of its courier that reaches the kernel fails, once or from then on.

    errors.py                       a sample of the points, the same for the same --seed
    errors.py --all                 3,200 of them, which is what the time allows: of every kind of call as many
    errors.py --complete            all of them
    errors.py --point courier:pwrite:1:EIO:before:ever            one of them: WHO:CALL:NUMBER:ERROR:HOW:UNTIL[:KIND[:old]]
    errors.py --only courier:pwrite:    a sample of those whose name begins so
    errors.py --broken              shows that the rig can fail, with the builds in LARDER_BROKEN
    errors.py --lines               also prints every line that larder said, and how often

  WHO     caller, courier, or both, or the command that is to fail (init, add, revoke, list, key-add, verify)
  HOW     before: the call is not made; after: it is made and said to have failed; half, one: of the bytes
  UNTIL   the number of the last call that fails, or "ever"
  KIND    strict (else), until-used, overlap, static; "old": the cached token is over when the next command comes

What has to hold after each point is in errors_refresh.py; for the other commands in errors_commands.py, for full disks
and limits in errors_limits.py. LARDER and LARDER_COURIER name the programs, LARDER_SHIM_LIBRARY what makes the calls fail.
"""
import argparse
import collections
import concurrent.futures
import itertools
import os
import random
import shlex
import subprocess
import sys
import threading
import time

import errors_commands
import errors_limits
from errors_refresh import CLASSES, Homes, Plan, Point, play
from errors_table import CALLS
from figures import Figures
from harness import Failure, Server, wanted
from shim import EVER, can_preload

SKIPPED = 77
AT_ONCE = 16
ALL_POINTS = 3200
THIN = 9                # of the points of the other commands, every so manyth
ONCE_FAILED = (     # points that found something, and are in every sample
    "caller:pread:22:EIO:before:22", "caller:pread:12:EIO:before:ever", "init:fstat:2:ENOMEM:before:2", "list:fcntl:2:EIO:before:2",
    "caller:fcntl:45:EIO:before:ever", "caller:fcntl:47:EINTR:before:66", "fsize:token:16:-:-:16", "nofile:token:30:-:-:30",
)
BROKEN = (          # builds without a rule, of which program, and the points that have to notice
    ("intent_not_awaited", "larder", "caller:pwrite:"), ("seal_not_checked", "larder-courier", "courier:pwrite:"),
    ("short_write_taken_for_whole", "larder-courier", "courier:pwrite:1:short:"),
)


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


class Tally:
    FATES = ("unhurt", "refused", "kept", "accepted", "lost", "not reached", "FAILED")

    def __init__(self):
        self.fates = collections.defaultdict(collections.Counter)
        self.lines = collections.Counter()
        self.failures, self.lock = [], threading.Lock()
        self.figures = Figures("errors", "Errors at every I/O call of caller and courier, once and for ever")

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
        shown = self.figures
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
    return [*plan.points(), *itertools.islice(errors_commands.points(server), 0, None, THIN), *errors_limits.points()]


def sample(points, count, seed):
    """Of every kind of call of every program as many, as far as there are."""
    chance = random.Random(seed)
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
    with concurrent.futures.ThreadPoolExecutor(min(AT_ONCE, 1 + len(points) // 3)) as pool:
        for future in [pool.submit(tally.run, point, work) for point in points]:
            future.result()


def try_broken(build, program, only):
    path = os.path.join(os.environ["LARDER_BROKEN"], build, program)
    variable = "LARDER" if program == "larder" else "LARDER_COURIER"
    points = "30" if program == "larder" else "9"
    rig = subprocess.run([sys.executable, __file__, "--only", only, "--points", points], capture_output=True, text=True,
                         env={**os.environ, variable: path}, check=False)
    told = [line for line in rig.stdout.splitlines() if line.startswith(only)]
    if rig.returncode != 1 or not told:
        sys.exit(f"{build} is not found out:\n{rig.stdout}{rig.stderr}")
    print(f"{build} is found out by {len(told)} points: {told[0][:300]}")


def show_that_it_can_fail():
    with concurrent.futures.ThreadPoolExecutor(len(BROKEN)) as pool:
        for future in [pool.submit(try_broken, *broken) for broken in BROKEN]:
            future.result()


def choose(arguments, plan, server):
    if arguments.point:
        return [read(text) for text in arguments.point]
    if arguments.only:
        points = [point for point in plan.points() if write(point).startswith(arguments.only)]
        return sample(points, arguments.points, arguments.seed)
    points = list(varied(all_points(plan, server)))
    if arguments.complete:
        return points
    if arguments.all:
        slow = [point for point in points if point.who == "both"]
        return [*slow, *sample([point for point in points if point.who != "both"], ALL_POINTS, arguments.seed)]
    quick = [point for point in points if point.who != "both"]     # a minute each
    return [*map(read, ONCE_FAILED), *sample(quick, arguments.points, arguments.seed)]


def enter_namespace():
    """Who may not mount here may do so in a user namespace of his own, where there is such a thing."""
    if os.geteuid() == 0 or subprocess.run(["unshare", "-Urm", "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        return
    os.execvp("unshare", ["unshare", "-Urm", sys.executable, *sys.argv])


def main():
    parser = argparse.ArgumentParser(description="makes calls of larder and larder-courier fail")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--complete", action="store_true")
    parser.add_argument("--broken", action="store_true")
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--points", type=int, default=180)
    parser.add_argument("--point", action="append")
    parser.add_argument("--only", help="a sample of the points of a refresh whose name begins so")
    arguments = parser.parse_args()
    if not can_preload():
        print("skipped: needs LARDER_SHIM_LIBRARY, and a build without sanitizers")
        sys.exit(SKIPPED)
    if arguments.broken:
        show_that_it_can_fail()
        return
    enter_namespace()
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
    if arguments.all or arguments.complete:
        tally.save()
    sys.exit(1 if tally.failures else 0)


if __name__ == "__main__":
    main()
