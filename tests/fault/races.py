#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The race rig: refreshes under way, and at some instant a command that ends, replaces, copies or re-keys what they use.

    races.py                          a sample of the races, the same for the same --seed
    races.py --all                    all of them
    races.py --race revoke --seed 17  one of them
    races.py --broken                 shows that the rig can fail: the builds in LARDER_BROKEN

Each race has a world of its own. One to three `larder token` run against a rival, which starts at some instant; the
server takes its time before or after it has decided; strace delays one system call of a caller, a courier or the rival.

  revoke, logout   from the end of the first such command on nobody is given a token, no row of a release follows its row
                   in the audit log, and when it is delivered nothing of the grant is alive at the server: neither tokens
                   that were cached nor what a refresh under way brought
  replace          add --replace: tokens are those of the new grant from then on, which goes on working
  keys             keys are added and removed; the exchange is not disturbed, and a key that was removed opens nothing
  client           client remove against add: never a credential whose client is gone
  copy             the vault is copied to another home at some instant: the copy asks for nothing unaccepted, and the
                   original goes on

In all: no refresh token is presented twice, and `larder verify` finds nothing.
LARDER and LARDER_COURIER name the programs. A race that fails is printed with the command that plays it again; what runs
first is up to the machine, so that it may take some tries.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
import threading
import time

import strace
from figures import Figures
from harness import (COURIER, DAMAGED, IN_DOUBT, INCOMPLETE, LARDER, LOCKED, NEEDS_LOGIN, NOT_FOUND, SLOWNESS, UNAVAILABLE,
                     Failure, Result, Server, World, equal, wanted)

AT_ONCE = 6             # most of a race is waiting
SAMPLE, ALL = 10, 55    # races of each kind
SKIPPED = 77
ENDS_S = 30 * SLOWNESS
CLASSES = {     # what the server does, and what the definition says of it
    "static": ({"class": "static"}, {"kind": "never", "grace_kind": "none"}),
    "until-used": ({"class": "until-new-used"}, {"kind": "always", "grace_kind": "until_new_used"}),
    "overlap": ({"class": "overlap", "overlap_s": 60}, {"kind": "always", "grace_kind": "window", "grace_s": 60}),
    "strict": ({"class": "strict"}, {"kind": "always", "grace_kind": "none"}),
}
CALLS = ("openat", "fcntl", "pwrite64", "pread64", "fdatasync", "fsync", "close", "read", "write", "sendmsg", "recvfrom",
         "poll", "clone3", "ftruncate", "clock_gettime", "statx", "socket", "connect", "sendto")

Done = collections.namedtuple("Done", "began ended result")


class Race:
    """One of them: what happens follows from its kind and seed, but for what the scheduler decides."""

    def __init__(self, server, kind, seed):
        self.server, self.kind, self.seed = server, kind, seed
        self.chance = random.Random(f"{kind} {seed}")
        self.grant_class = self.chance.choice(tuple(CLASSES))
        grant, rotation = CLASSES[self.grant_class]
        # So that what is alive at the end is what the last exchange brought.
        self.world = World(server, old_access_dies=True, **grant)
        self.rotation, self.lock = rotation, threading.Lock()
        self.done, self.threads, self.scripts, self.error = [], [], 0, None

    # --- running at the same time ---

    def delayed_call(self):
        call, n = self.chance.choice(CALLS), self.chance.choice((1, 1, 2, 3, 5, 8))
        return ["-e", f"trace={call}", "-e", f"inject={call}:delay_enter={self.chance.randrange(5, 400) * 1000}:when={n}"]

    def interference(self):
        """A command line to put in front, and an environment: nothing, or a call of it or of its courier is delayed."""
        who, options = self.chance.choice(("", "", "caller", "courier")), self.delayed_call()
        if who == "caller":
            return strace.caller("/dev/null", options), {}
        if who == "courier":
            self.scripts += 1
            path = self.world.path(f"courier-{self.scripts}")
            return [], {"LARDER_COURIER": strace.courier(path, COURIER, "/dev/null", options)}
        return [], {}

    def start(self, *arguments, after_s=0.0, stdin=None, play=None, **environment):
        """Later, and while others run: a command, or play()."""
        wrap, more = self.interference()

        def work():
            time.sleep(after_s)
            try:
                if play:
                    play()
                else:
                    self.run(arguments, wrap, {**more, **environment}, stdin)
            except Failure as failure:
                self.error = failure
        thread = threading.Thread(target=work)
        self.threads.append(thread)
        thread.start()

    def run(self, arguments, wrap=(), environment=None, stdin=None):
        """A command that others may be in the way of; its Done."""
        began = time.monotonic()
        process = self.world.start(*arguments, wrap=wrap, environment=environment, stdin=subprocess.PIPE)
        try:
            out, err = process.communicate(stdin.encode() if stdin else b"", timeout=ENDS_S)
        except subprocess.TimeoutExpired as expired:
            raise Failure(f"{arguments}: no end after {ENDS_S} s") from expired
        ended = time.monotonic()
        result = Result(out, err, process.returncode, ended - began, 0, arguments)
        self.world.check(result)
        done = Done(began, ended, result)
        with self.lock:
            self.done.append(done)
        return done

    def join(self):
        for thread in self.threads:
            thread.join()
        self.threads.clear()
        if self.error:
            raise self.error

    def instant(self, most_s=0.4):
        return self.chance.choice((0.0, self.chance.uniform(0, most_s), self.chance.uniform(0, most_s)))

    def refresh_at_some_instants(self):
        for _ in range(self.chance.choice((1, 2, 2, 3))):
            self.start("token", self.world.name, *self.chance.choice(((), ("--force",), ("--force",))),
                       after_s=self.instant(0.25))

    # --- the course of each ---

    def play(self):
        world = self.world
        world.set_up(rotation=self.rotation)
        self.server.control("grant_set", id=world.grants[world.name], expires_in=1)
        world.token()
        self.server.control("grant_set", id=world.grants[world.name], expires_in="access_ttl")
        for when in ("delay_before_s", "delay_after_s"):
            world.fault(**{when: self.instant(), "times": 1})
        getattr(self, f"play_{self.kind}")()
        world.larder("verify")

    def commands(self, *words):
        return [done for done in self.done if done.result.command[:len(words)] == words]

    def audit(self, *arguments):
        return self.world.larder("audit", "--json", *arguments).json()

    def fenced(self, command):
        """Nobody is given a token after the command."""
        ended = min(done.ended for done in self.commands(command))
        for done in self.commands("token"):
            if done.began > ended:
                wanted(done.result.status in (NEEDS_LOGIN, NOT_FOUND), f"asked after {command}: {done.result}")
        rows = [row["op"] for row in self.audit("--name", self.world.name)]
        fence = rows.index("revoke-begin" if command == "revoke" else "logout")
        wanted("release" not in rows[fence:], f"a token was released after {command}: {rows}")
        given = sum(done.result.status == 0 for done in self.commands("token"))
        wanted(rows[:fence].count("release") >= given, f"{given} tokens were given: {rows}")

    def dead_at_server(self):
        ledger = self.world.ledger()
        equal("live refresh tokens", (ledger["alive"], ledger["live"]), (False, []))
        equal("live access tokens", ledger["access_live"], 0)
        equal("replays", ledger["counts"]["replays"], 0)

    def deliver(self, command):
        """Until the server has confirmed; a failed delivery is tried again after its backoff."""
        for _ in range(8):
            result = self.world.larder(command, self.world.name, "--yes", exits=(0, INCOMPLETE, NOT_FOUND))
            if result.status != INCOMPLETE:
                return
            time.sleep(1.1)
        raise Failure(f"never delivered: {result}")

    def end_grant(self, command):
        world = self.world
        if self.chance.random() < 0.5:      # every token has to be sent
            self.server.control("client_new", id=world.client_id, secret=world.secret, revocation={"cascade": False})
        if self.chance.random() < 0.3:
            world.fault(endpoint="revoke", **self.chance.choice(({"drop": "before"}, {"drop": "after"}, {"status": 503})))
        short = self.chance.choice(((), (), ("--timeout", "1s")))
        self.refresh_at_some_instants()
        for _ in range(self.chance.choice((1, 1, 2))):
            self.start(command, world.name, "--yes", *short, after_s=self.instant())
        self.join()
        self.run(("token", world.name))
        self.run(("token", world.name, "--force"))
        self.fenced(command)
        for done in self.commands(command):
            wanted(done.result.status in (0, INCOMPLETE, NOT_FOUND), f"{done.result}")
        self.deliver(command)
        self.dead_at_server()
        self.run(("token", world.name, "--force"))
        self.fenced(command)
        self.dead_at_server()

    def play_revoke(self):
        self.end_grant("revoke")
        equal("the state", self.world.shown()["state"], "revoked")

    def play_logout(self):
        self.end_grant("logout")
        equal("credentials", self.world.larder("list", "--json").json(), [])

    def play_replace(self):
        world = self.world
        made = self.server.control("grant_new", client=world.client_id, **world.grant_fields)
        world.canaries.add(made["refresh_token"])
        self.refresh_at_some_instants()
        self.start("add", world.name, "--client", world.client, "--replace", "--refresh-token-file", "-", "--quiet",
                   stdin=made["refresh_token"], after_s=self.instant())
        self.join()
        old, world.grants[world.name] = world.grants[world.name], made["grant"]
        replaced = self.commands("add")[0]
        equal("add --replace", replaced.result.status, 0)
        self.run(("token", world.name))
        for done in self.commands("token"):
            wanted(done.result.status == 0, f"{done.result}")
            grant = self.server.control("identify", token=done.result.text())["grant"]
            wanted(done.began < replaced.ended or grant == made["grant"], f"a token of the old grant: {done.result}")
            wanted(done.ended > replaced.began or grant == old, f"a token of the new grant, too early: {done.result}")
        equal("replays of the old grant", self.server.control("grant", id=old)["counts"]["replays"], 0)
        equal("the state", world.shown()["state"], "ok")
        world.still_works()

    def play_keys(self):
        world = self.world

        def change_keys():
            codes = []
            for kind in (("recovery",), ("file", "--key-file", world.path("second"))):
                codes.append(self.run(("key", "add", *kind)).result)
            slot = self.chance.choice((2, 3))
            codes.append(self.run(("key", "remove", str(slot))).result)
            for result in codes:
                equal(f"{result.command}", result.status, 0)
            self.removed = slot
        self.refresh_at_some_instants()
        self.start(play=change_keys, after_s=self.instant())
        self.join()
        for done in self.commands("token"):
            wanted(done.result.status == 0, f"{done.result}")
        second = self.run(("token", world.name), environment={"LARDER_KEY_FILE": world.path("second")}).result
        equal("with the second key file", second.status, LOCKED if self.removed == 3 else 0)
        equal("replays", world.ledger()["counts"]["replays"], 0)
        world.still_works()

    def play_client(self):
        world, other = self.world, self.world.name + "-other"
        made = self.server.control("grant_new", client=world.client_id, **world.grant_fields)
        world.canaries.add(made["refresh_token"])
        self.refresh_at_some_instants()
        if self.chance.random() < 0.7:
            self.start("logout", world.name, "--yes", after_s=self.instant())
        self.start("add", other, "--client", world.client, "--refresh-token-file", "-", "--quiet",
                   stdin=made["refresh_token"], after_s=self.instant(0.8))
        for _ in range(3):
            self.start("client", "remove", world.client, after_s=self.instant(0.8))
        self.join()
        removed = any(done.result.status == 0 for done in self.commands("client", "remove"))
        names = {one["name"] for one in world.larder("list", "--json").json()}
        added = self.commands("add")[0].result
        equal("the credential that was added", other in names, added.status == 0)
        wanted(not (removed and names), f"the client was removed, and {names} use it")
        for name in names:
            grant = made["grant"] if name == other else world.grants[world.name]
            equal("replays", self.server.control("grant", id=grant)["counts"]["replays"], 0)
            equal("one more refresh", world.larder("token", name, "--force").status, 0)

    def play_copy(self):
        world, copy, home = self.world, self.world.path("copy"), self.world.path("elsewhere")

        def take_copy():
            shutil.copytree(world.vault, copy)
        self.refresh_at_some_instants()
        self.start(play=take_copy, after_s=self.instant())
        self.join()
        for done in self.commands("token"):
            wanted(done.result.status == 0, f"{done.result}")
        shutil.copytree(world.path(".config"), os.path.join(home, ".config"))
        asked = world.ledger()["counts"]["requests"]
        shown = [world.larder("token", world.name, "--force", environment={"LARDER_VAULT": copy, "HOME": home},
                              exits=(0, IN_DOUBT, DAMAGED, UNAVAILABLE)) for _ in range(2)]
        if self.grant_class != "static":
            # It may have found a reply in its spool at first.
            wanted(shown[1].status != 0, f"the copy gives tokens: {shown[0]}, {shown[1]}")
            equal("requests of the copy", world.ledger()["counts"]["requests"] - asked, 0)
        equal("replays", world.ledger()["counts"]["replays"], 0)
        world.still_works()


KINDS = ("revoke", "logout", "replace", "keys", "client", "copy")


class Tally:
    def __init__(self):
        self.count, self.failed, self.lock = collections.Counter(), [], threading.Lock()
        self.given = self.refused = 0

    def run(self, server, kind, seed):
        race, failure = Race(server, kind, seed), None
        try:
            race.play()
        except Failure as found:
            failure = found
        finally:
            for thread in race.threads:
                thread.join()
            race.world.close()
        with self.lock:
            self.count[kind] += 1
            self.given += sum(done.result.status == 0 for done in race.commands("token"))
            self.refused += sum(done.result.status != 0 for done in race.commands("token"))
            if failure:
                self.failed.append((kind, seed))
                print(f"{kind} {seed} ({race.grant_class}): FAILED {failure}\n  again: {command(kind, seed)}", flush=True)


def command(kind, seed):
    return shlex.join([f"LARDER={LARDER}", f"LARDER_COURIER={COURIER}", "python3", os.path.abspath(__file__), "--race", kind,
                       "--seed", str(seed)])


BROKEN = (      # the build, the race, what the rig has to notice
    ("revoking_undone", "revoke", "revoke"),
    ("copy_not_noticed", "copy", "the copy gives tokens"),
)


def show_that_it_can_fail():
    for name, kind, told in BROKEN:
        program = os.path.join(os.environ["LARDER_BROKEN"], name, "larder")
        rig = subprocess.run([sys.executable, __file__, "--race", kind, "--count", "12"], capture_output=True, text=True,
                             env={**os.environ, "LARDER": program}, check=False)
        lines = [line for line in rig.stdout.splitlines() if "FAILED" in line and told in line]
        if rig.returncode == 0 or not lines:
            sys.exit(f"{name} is not found out:\n{rig.stdout}{rig.stderr}")
        print(f"{name} is found out: {lines[0][:200]}")


def main():
    parser = argparse.ArgumentParser(description="plays refreshes against commands that end or change what they use")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--broken", action="store_true")
    parser.add_argument("--race", choices=KINDS)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--count", type=int)
    arguments = parser.parse_args()
    if not strace.can_trace():
        print("skipped: strace is missing or may not trace here")
        sys.exit(SKIPPED)
    os.umask(0o077)
    if arguments.broken:
        show_that_it_can_fail()
        return
    began, tally = time.monotonic(), Tally()
    show = Figures("races", "Refresh against revoke, logout, replacement, keys and copies")
    count = arguments.count or (ALL if arguments.all else 1 if arguments.seed else SAMPLE)
    with Server() as server, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(tally.run, server, kind, (arguments.seed or 1) + i)
                   for i in range(count) for kind in KINDS if arguments.race in (None, kind)]
        for future in running:
            future.result()
    for kind in KINDS:
        if tally.count[kind]:
            show.row(f"races of a refresh with {kind}", tally.count[kind])
    show.row("tokens given, and refused, in them", f"{tally.given}, {tally.refused}")
    show.row("races that failed: given after the end, alive after delivery, presented twice", len(tally.failed), "0")
    for what, value, goal in show.rows:
        print(f"{what}: {value}{' (' + goal + ')' if goal else ''}")
    print(f"{time.monotonic() - began:.0f} s")
    if arguments.all:
        show.save()
    if tally.failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
