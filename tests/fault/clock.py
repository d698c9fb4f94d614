#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The clock rig: the wall clock jumps, the machine sleeps, clocks stand still, and a host is years behind.

    clock.py [--all]         all cases; --all writes the figures down
    clock.py back_late       those whose name holds the word
    clock.py --broken        shows that the rig can fail: the builds in LARDER_BROKEN

Larder and its courier run with preloaded clocks (shim/clock.c, LARDER_CLOCK_SHIM) that a case moves while they work; the
server's clock is right. In all cases: what is given is alive at the server, eight callers at once cause one request and
not more, every command ends in its time, and no refresh token is presented twice.

LARDER and LARDER_COURIER name the programs. A case that fails is printed with the command that plays it again.
"""
import concurrent.futures
import os
import shlex
import struct
import subprocess
import sys
import time

from figures import Figures
from harness import COURIER, LARDER, NEEDS_LOGIN, UNAVAILABLE, Failure, Result, Server, World, equal, wanted

CLOCK_SHIM = os.environ.get("LARDER_CLOCK_SHIM", "")
MINUTE, HOUR, YEAR = 60, 3600, 365 * 86400
LIFE_S = HOUR           # of an access token
CALLERS = 8
AT_ONCE = 4
ENDS_S = 40
SECOND_NS = 10 ** 9


class Clocked(World):
    """A world whose clocks can be moved: wall, boot (what a sleep adds to) and monotonic, in seconds."""

    def __init__(self, server):
        super().__init__(server)
        self.moved = {"wall": 0.0, "boot": 0.0, "monotonic": 0.0}
        self.clocks = self.write("clocks", bytes(32))
        clocks = {"LD_PRELOAD": CLOCK_SHIM, "LARDER_CLOCKS": self.clocks}
        words = " ".join(f"{name}={value}" for name, value in clocks.items())
        courier = self.write("courier", f"#!/bin/sh\n{words} exec {COURIER}\n", 0o700)
        self.environment.update(clocks, LARDER_COURIER=courier)

    def move(self, freeze=False, **seconds):
        for clock, moved in seconds.items():
            self.moved[clock] += moved
        values = [int(self.moved[clock] * SECOND_NS) for clock in ("wall", "boot", "monotonic")]
        # Not one write of all: who reads in between sees some clocks moved and others not, as with real ones.
        with open(self.clocks, "r+b") as file:
            file.write(struct.pack("<4q", *values, time.clock_gettime_ns(time.CLOCK_BOOTTIME) if freeze else 0))

    def passes(self, seconds, wall=None):
        """Time passes, for the server too; the wall clock may be set meanwhile."""
        self.move(wall=seconds if wall is None else wall, boot=seconds, monotonic=seconds)
        if seconds >= LIFE_S:
            self.server.control("expire_access", id=self.grants[self.name])

    def sleeps(self, seconds):
        self.move(wall=seconds, boot=seconds)
        self.server.control("expire_access", id=self.grants[self.name])

    def requested(self):
        return self.ledger()["counts"]["requests"]

    def ask(self, *arguments):
        """Any exit; what is given is alive."""
        process = self.start("token", self.name, *arguments)
        began = time.monotonic()
        try:
            out, err = process.communicate(timeout=ENDS_S)
        except subprocess.TimeoutExpired as expired:
            raise Failure(f"no end of token {' '.join(arguments)} after {ENDS_S} s") from expired
        result = Result(out, err, process.returncode, time.monotonic() - began, 0, ("token", *arguments))
        self.check(result, (0, UNAVAILABLE))
        if result.status == 0:
            known = self.server.control("identify", token=result.text())
            equal("a token that is given", (known["kind"], known["state"]), ("access_token", "live"))
        return result

    def ask_at_once(self, *arguments, count=CALLERS):
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            return [future.result() for future in [pool.submit(self.ask, *arguments) for _ in range(count)]]

    def all_are_given(self, requests, what):
        """All callers get one token, which cost so many requests; another time costs none."""
        before = self.requested()
        for round_requests in (requests, 0):
            results = self.ask_at_once()
            for result in results:
                wanted(result.status == 0, f"{what}: {result}")
            equal(f"different tokens {what}", len({result.text() for result in results}), 1)
            equal(f"requests {what}", self.requested() - before, round_requests)
            before = self.requested()


# --- cases ---

def forward(world):
    """Set forward by an hour, a day, ten years: asked anew, once."""
    for seconds in (HOUR, 24 * HOUR, 10 * YEAR):
        world.move(wall=seconds)
        world.all_are_given(1, f"{seconds} s later")


def back(world):
    """Set back by an hour, a day, ten years: the end of the token is not believed, and it is asked anew, once."""
    for seconds in (HOUR, 24 * HOUR, 10 * YEAR):
        world.move(wall=-seconds)
        world.all_are_given(1, f"{seconds} s earlier")


def back_late(world):
    """Set back by an hour when the token has lived for most of its time: it is not given for an hour longer."""
    world.passes(LIFE_S - 5 * MINUTE, wall=LIFE_S - 5 * MINUTE - HOUR)
    world.all_are_given(0, "five minutes before the end")
    world.passes(5 * MINUTE)
    world.server.control("expire_access", id=world.grants[world.name])
    world.all_are_given(1, "after the end")


def back_a_little(world):
    """Set back by four minutes: nobody is given a token in the four minutes after its end."""
    world.move(wall=-4 * MINUTE)
    world.passes(LIFE_S + 30)
    world.all_are_given(1, "after the end")


def forth_and_back(world):
    """A day forward, and back when the mistake is noticed: one request each."""
    world.move(wall=24 * HOUR)
    world.all_are_given(1, "a day ahead")
    world.move(wall=-24 * HOUR)
    world.all_are_given(1, "back again")


def sleep(world):
    """Eight hours asleep: asked anew, once."""
    world.sleeps(8 * HOUR)
    world.all_are_given(1, "after the sleep")


def sleep_midway(world):
    """Asleep while a reply is under way: it is listened for when awake again, and not lost."""
    world.passes(LIFE_S)
    before = world.requested()
    world.server.control("requests_clear")
    world.fault(delay_after_s=2.5)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(world.ask_at_once)
        world.server.control("wait", endpoint="token", count=1)
        time.sleep(0.5)
        world.sleeps(8 * HOUR)
        slept = time.monotonic()
        asked.result()
        wanted(time.monotonic() - slept < 15, f"the callers end {time.monotonic() - slept:.0f} s after the sleep")
    time.sleep(3)
    results = world.ask_at_once()
    wanted(all(result.status == 0 for result in results), f"after the sleep: {results[0]}")
    wanted(world.requested() - before <= 3, f"{world.requested() - before} requests")


def jump_midway(world):
    """The wall clock jumps while a reply is under way: all callers are given a token."""
    for seconds in (8 * HOUR, -8 * HOUR, -10 * YEAR):
        world.move(wall=24 * HOUR)
        before = world.requested()
        world.server.control("requests_clear")
        world.fault(delay_after_s=1)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(world.ask_at_once)
            world.server.control("wait", endpoint="token", count=1)
            time.sleep(0.3)
            world.move(wall=seconds)
            for result in asked.result():
                wanted(result.status == 0, f"a jump of {seconds} s: {result}")
        wanted(world.requested() - before <= 2, f"{world.requested() - before} requests")


def deadline_and_jumps(world):
    """A server that does not answer, and a wall clock that jumps: --timeout holds."""
    world.move(wall=24 * HOUR)
    world.fault(hold_before="never", times=-1)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(world.ask_at_once, "--timeout", "3s")
        for seconds in (10 * YEAR, -20 * YEAR, 8 * HOUR):
            time.sleep(0.5)
            world.move(wall=seconds)
        for result in asked.result():
            equal("the status", result.status, UNAVAILABLE)
            wanted(2.5 < result.seconds < 8, f"it took {result.seconds:.1f} s")


def frozen(world):
    """Clocks that stand still: a token is given, and --timeout holds for who asks and who waits."""
    world.move(freeze=True)
    world.all_are_given(0, "in the freeze")
    world.move(freeze=True, wall=24 * HOUR)
    world.all_are_given(1, "in the freeze, a day later")
    world.move(freeze=True, wall=24 * HOUR)
    world.fault(hold_before="never", times=-1)
    for result in world.ask_at_once("--timeout", "2s"):
        equal("the status", result.status, UNAVAILABLE)
        wanted(result.seconds < 8, f"it took {result.seconds:.1f} s")


def backoff_and_back(world):
    """A failure, and the wall clock is set back by half an hour: that does not hold requests back for half an hour."""
    for failures in (1, 6):     # with six the endpoint rests, too
        world.move(wall=24 * HOUR)
        world.fault(status=503, times=failures)
        for _ in range(failures):
            world.ask("--force")
        world.move(wall=-HOUR / 2)
        began = time.monotonic()
        result = world.ask()
        wanted(result.status == 0, f"after {failures} failures and half an hour back: {result}")
        wanted(time.monotonic() - began < 10, "the backoff of before the jump was waited for")


def far_behind(world):
    """A host ten years behind, or ahead, from the first day: as any other."""
    for seconds in (-10 * YEAR, 20 * YEAR):
        world.move(wall=seconds)
        world.server.control("grant_set", id=world.grants[world.name], access_ttl=LIFE_S)
        world.all_are_given(1, f"{seconds} s away")
        world.passes(LIFE_S)
        world.all_are_given(1, "when it has ended there")
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))
        world.passes(LIFE_S)
        now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        world.fault(status=503, headers={"Retry-After": date, "Date": now})
        world.ask()
        time.sleep(2.5)
        wanted(world.ask().status == 0, "a Retry-After of two seconds by the server's clock is over")


CASES = (forward, back, back_late, back_a_little, forth_and_back, sleep, sleep_midway, jump_midway, deadline_and_jumps,
         frozen, backoff_and_back, far_behind)
BROKEN = (      # the build, the case, what the rig has to notice
    ("end_not_looked_at", "sleep", "a token that is given"),
    ("wall_clock_believed", "back_late", "a token that is given"),
    ("sleep_counts_as_listening", "sleep_midway", "FAILED"),
)


def play(server, case):
    """What went wrong, or nothing, and the number of requests."""
    world = Clocked(server)
    try:
        world.set_up()
        world.token()
        case(world)
        ledger = world.ledger()
        equal("replays", ledger["counts"]["replays"], 0)
        wanted(ledger["alive"], "the grant is dead at the server")
        world.larder("verify")
        return "", ledger["counts"]["requests"]
    except Failure as failure:
        return str(failure), 0
    finally:
        world.close()


def command(case):
    words = [f"LARDER={LARDER}", f"LARDER_COURIER={COURIER}", f"LARDER_CLOCK_SHIM={CLOCK_SHIM}"]
    return shlex.join([*words, "python3", os.path.abspath(__file__), case.__name__])


def show_that_one_is_found_out(name, case, told):
    folder = os.path.join(os.environ["LARDER_BROKEN"], name)
    programs = {"LARDER": "larder", "LARDER_COURIER": "larder-courier"}
    broken = {variable: os.path.join(folder, program) for variable, program in programs.items()
              if os.path.exists(os.path.join(folder, program))}
    rig = subprocess.run([sys.executable, __file__, case], capture_output=True, text=True, check=False,
                         env={**os.environ, **broken})
    lines = [line for line in rig.stdout.splitlines() if "FAILED" in line and told in line]
    if not broken or rig.returncode == 0 or not lines:
        return False, f"{name} is not found out:\n{rig.stdout}{rig.stderr}"
    return True, f"{name} is found out: {lines[0][:200]}"


def show_that_it_can_fail():
    with concurrent.futures.ThreadPoolExecutor(len(BROKEN)) as pool:
        verdicts = list(pool.map(lambda one: show_that_one_is_found_out(*one), BROKEN))
    for _, text in verdicts:
        print(text)
    if not all(found for found, _ in verdicts):
        sys.exit(1)


def main():
    os.umask(0o077)
    words = [word for word in sys.argv[1:] if word != "--all"]
    if words == ["--broken"]:
        show_that_it_can_fail()
        return
    show = Figures("clock", "Clocks that jump, sleep and stand still")
    cases = [case for case in CASES if not words or any(word in case.__name__ for word in words)]
    failed = requests = 0
    with Server() as server, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        running = [(case, pool.submit(play, server, case)) for case in cases]
        for case, future in running:
            failure, asked = future.result()
            requests += asked
            failed += bool(failure)
            print(f"FAILED  {case.__name__}: {failure}\n  again: {command(case)}" if failure else
                  f"ok      {case.__name__}: {case.__doc__}", flush=True)
    show.row("cases: jumps of the wall clock, sleep, clocks that stand still, a host years behind", len(cases))
    show.row("cases that failed: an ended token given, a storm of requests, a deadline that does not end", failed, "0")
    show.row("token requests in all", requests)
    if "--all" in sys.argv:
        show.save()
    if failed or not cases:
        sys.exit(f"{failed} of {len(cases)} failed")


if __name__ == "__main__":
    main()
