#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The out-of-memory rig: every allocation fails in turn, once or from there on, in the library's calls, in the commands
and in the courier during an exchange.

    memory.py                   a sample of the points
    memory.py --all             many more; where there are too many for the time, evenly chosen ones
    memory.py --part calls|commands|courier [--case NAME] [--mode once|always] [--point N]        some of them, or one
    memory.py --broken          shows that the rig can fail: the builds in LARDER_MEMORY

What has to hold: no crash; nothing that is left allocated; exit 1 with one line that says that it was memory, or the
work is done all the same; afterwards the vault verifies, and the same command works, or finds it done. After an
exchange the next one works, and the server has seen no refresh token twice.

LARDER_MEMORY names the folder of the programs: good/larder, larder-courier and calls are the real ones, linked with the
allocator of shim/memory.h; LARDER_MEMORY_BUILD takes the calls of another build. A point that fails is printed with the command that plays it again.
"""
import argparse
import collections
import concurrent.futures
import itertools
import os
import shlex
import struct
import subprocess
import sys
import threading
import time

FOLDER = os.path.abspath(os.environ.get("LARDER_MEMORY", "/nonexistent"))
BUILD = os.environ.get("LARDER_MEMORY_BUILD", "good")
os.environ["LARDER"] = os.path.join(FOLDER, "good", "larder")
os.environ["LARDER_COURIER"] = os.path.join(FOLDER, "good", "larder-courier")
if os.access("/dev/shm", os.W_OK):      # each point syncs the disk several times
    os.environ["TMPDIR"] = "/dev/shm"

from figures import Figures  # noqa: E402
from harness import COURIER, FOUND, IN_DOUBT, INCOMPLETE, LARDER, NOT_FOUND, UNAVAILABLE, Failure, Server, World, equal, wanted  # noqa: E402

CALLS = os.path.join(FOLDER, BUILD, "calls")
LOG = struct.Struct("=QQqq")            # struct memory_log
MODES = ("once", "always")
NEVER = (1 << 64) - 1
LIMIT_S = 60
INTERNAL = 1
MATCHING = ("provider-list", "doctor")  # they read every definition, and glibc's regcomp leaves this behind when it fails
REGCOMP_LEAKS = 2

Run = collections.namedtuple("Run", "status out err count failed blocks")
Point = collections.namedtuple("Point", "part case mode number")


# --- the library's calls, in one process: see memory_calls.c ---

READING = ("open", "token", "show", "list", "client-show", "client-list", "key-list", "verify", "audit", "provider-show",
           "provider-check", "provider-add", "doctor", "provider-list")
CHANGING = ("add", "replace", "logout", "client-add", "client-remove", "client-set-secret", "key-add-file",
            "key-add-recovery", "key-remove", "create")
ASKING = ("exchange", "refresh", "revoke")


def warm_world(server):
    world = World(server, **{"class": "strict"})
    world.set_up()
    world.token()
    return world


def play_calls(rig, case, mode, points):
    """points: how many, or one number in a list."""
    world = warm_world(rig.server)
    try:
        total = 0
        if isinstance(points, list):
            first, last, step = points[0], points[0], 1
        else:
            total = run_calls(world, case, mode, 1, 0, 1)[0]
            first, last, step = 1, NEVER, max(1, -(-total // points))
        total, bad, tally, died = run_calls(world, case, mode, first, last, step)
        for number, text in bad:
            rig.fail(Point("calls", case, mode, number), text)
        if died:
            rig.fail(Point("calls", case, mode, died[0]), died[1])
        rig.add("calls", case, total, *tally)
    finally:
        world.close()


def run_calls(world, case, mode, first, last, step):
    definition = world.path(".config/larder/providers.d/here.json")
    command = [CALLS, case, mode, str(first), str(last), str(step), world.name, world.client, definition]
    done = subprocess.run(command, env=world.environment, cwd=world.home, capture_output=True, text=True, timeout=300,
                          check=False)
    lines = done.stdout.splitlines()
    total, at, tally = 0, first, (0, 0, 0)
    bad = []
    for line in lines:
        words = line.split(" ", 2)
        if line.endswith(" allocations"):
            total = int(words[0])
        elif words[0] == "at":
            at = int(words[1])
        elif words[0] == "FAILED":
            bad.append((int(words[1]), words[2]))
        elif " points, " in line:
            tally = (int(words[0]), int(line.split(", ")[1].split()[0]), int(line.split(", ")[2].split()[0]))
    died = None
    if done.returncode not in (0, 1) or (done.returncode == 1 and not bad):
        died = (at, f"ends with {done.returncode}: {lines[-1] if lines else ''} {done.stderr[-400:]}")
    return total, bad, tally, died


# --- commands ---

class Bench:
    """A world to run single commands in, whose vault is set back before each."""

    def __init__(self, server):
        self.world = warm_world(server)
        self.log = self.world.write("memory.log", bytes(LOG.size))
        self.secrets = self.world.secrets()
        self.tokens = self.world.access_tokens()
        self.kept = None
        self.keep()

    def folders(self):
        return (self.world.vault, self.world.anchors, self.world.config, self.world.path("other"))

    def files(self):
        for folder in self.folders():
            for root, _, names in os.walk(folder):
                yield from (os.path.join(root, name) for name in names)
        yield from (path for path in (self.world.key_file, self.world.path("key2")) if os.path.exists(path))

    def keep(self):
        self.kept = {}
        for path in self.files():
            with open(path, "rb") as file:
                self.kept[path] = file.read()

    def set_back(self):
        """In place: a vault whose lock file is another one would count as a copy."""
        for path in list(self.files()):
            if path not in self.kept:
                os.unlink(path)
        for root, _, _ in os.walk(self.world.path("other"), topdown=False):
            os.rmdir(root)
        for path, content in self.kept.items():
            if not path.endswith("-shm"):
                self.put_back(path, content)

    @staticmethod
    def put_back(path, content):
        try:
            with open(path, "rb") as file:
                if file.read() == content:
                    return
        except FileNotFoundError:
            pass
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)

    def run(self, arguments, stdin=b"", first=0, last=0, environment=None):
        with open(self.log, "r+b") as file:
            file.write(bytes(LOG.size))
        more = {"LARDER_MEMORY": f"{first}:{last}", "LARDER_MEMORY_LOG": self.log, **(environment or {})}
        try:
            done = subprocess.run([LARDER, *arguments], input=stdin, env={**self.world.environment, **more}, check=False,
                                  cwd=self.world.home, capture_output=True, timeout=LIMIT_S)
        except subprocess.TimeoutExpired as expired:
            raise Failure("no end") from expired
        with open(self.log, "rb") as file:
            count, failed, blocks, _ = LOG.unpack(file.read())
        return Run(done.returncode, done.stdout, done.stderr, count, failed, blocks)

    def check(self, run, memory_exits=(INTERNAL,), may_leak=0):
        """What holds for every run; true if it did its work."""
        wanted(run.status >= 0, f"it dies of signal {-run.status}: {run.err!r}")
        wanted(0 <= run.blocks <= may_leak, f"{run.blocks} blocks are left allocated: {run.err!r}")
        for secret in self.secrets:
            wanted(secret not in run.out and secret not in run.err, "a secret is in what it prints")
        if run.status == 0:
            equal("what a success says on stderr", run.err, b"")
            return True
        for token in self.tokens:
            wanted(token not in run.out and token not in run.err, "an access token is in a failure")
        wanted(run.err.count(b"\n") == 1 and run.err.endswith(b"\n"), f"exit {run.status}, not one line: {run.err!r}")
        wanted(run.status in memory_exits, f"exit {run.status}: {run.err!r}")
        if run.status == INCOMPLETE:     # accepted, and told to the provider by the next command
            return False
        wanted(b"memory" in run.err or b"memory" in run.out, f"it does not say that it was memory: {run.err!r}")
        return False

    def close(self):
        self.world.close()


Command = collections.namedtuple("Command", "arguments stdin before done same exits slow", defaults=(b"", (), 0, False, (), False))


def commands(world):
    """Each command that touches secrets. done: its exit when it was done before; same: its output is always the same."""
    name, client, other = world.name, world.client, world.path("other")
    definition = world.path(".config/larder/providers.d/here.json")
    reading = {
        "token": Command(("token", name), same=True),
        "token-json": Command(("token", name, "--json")),
        "token-header": Command(("token", name, "--header"), same=True),
        "token-bearer": Command(("token", name, "--bearer"), same=True),
        "token-curl": Command(("token", name, "--format", "curl"), same=True),
        "token-env": Command(("token", name, "--format", "env"), same=True),
        "token-xoauth2": Command(("token", name, "--format", "xoauth2"), same=True),
        "token-template": Command(("token", name, "--format", "{access_token} {account} {name}"), same=True),
        "list": Command(("list",)),
        "list-json": Command(("list", "--json"), same=True),
        "show": Command(("show", name)),
        "show-json": Command(("show", name, "--json"), same=True),
        "status": Command(("status", name)),
        "verify": Command(("verify",)),
        "audit": Command(("audit",)),
        "key-list": Command(("key", "list")),
        "client-list": Command(("client", "list"), same=True),
        "client-show": Command(("client", "show", client), same=True),
        "provider-list": Command(("provider", "list"), same=True),
        "provider-show": Command(("provider", "show", "here", "--json"), same=True),
        "provider-check": Command(("provider", "check", definition), same=True),
        "doctor": Command(("doctor",), exits=(FOUND,)),
    }
    with_other = (("add", "other", "--client", client, "--refresh-token-file", "-", "-q"), b"another-refresh-token")
    with_client = (("client", "add", "another", "--provider", "here", "--client-id", "x", "--secret-file", "-", "-q"), b"s")
    with_key = (("key", "add", "file", "--key-file", world.path("key2"), "-q"), b"")
    make = ("init", "--vault", other, "-q")
    changing = {
        "init-key-file": Command((*make, "--key-file", world.path("key2")), done=NOT_FOUND),
        "init-key-command": Command((*make, "--key-command", f"cat {world.key_file}"), done=NOT_FOUND),
        "init-passphrase": Command((*make, "--passphrase", "--passphrase-fd", "0"), b"a long passphrase", done=NOT_FOUND,
                                   slow=True),
        "client-add": Command(*with_client, done=NOT_FOUND),
        "client-set-secret": Command(("client", "set-secret", "another", "--secret-file", "-", "-q"), b"other secret",
                                     before=(with_client,)),
        "client-remove": Command(("client", "remove", "another", "-q"), before=(with_client,), done=NOT_FOUND),
        "add": Command(*with_other, done=NOT_FOUND),
        "add-replace": Command((*with_other[0], "--replace"), b"a-newer-refresh-token", before=(with_other,)),
        "logout-local": Command(("logout", "other", "--local-only", "--yes", "-q"), before=(with_other,), done=NOT_FOUND),
        "key-add-file": Command(with_key[0]),
        "key-add-recovery": Command(("key", "add", "recovery")),
        # a slot that cannot open the vault by itself, and so become the one that must stay
        "key-remove": Command(("key", "remove", "2", "-q"), before=((("key", "add", "recovery", "-q"), b""),), done=NOT_FOUND),
        "provider-add": Command(("provider", "add", definition, "--replace", "-q")),
        "revoke": Command(("revoke", "other", "--yes", "-q"), before=(with_other,), exits=(INCOMPLETE,)),
        "logout": Command(("logout", "other", "--yes", "-q"), before=(with_other,), exits=(INCOMPLETE,), done=NOT_FOUND),
    }
    return reading, changing


ASKING_COMMANDS = {
    "token-force": ("token", "{name}", "--force"),
    "token-force-json": ("token", "{name}", "--force", "--json"),
    "refresh": ("refresh", "{name}"),
}


def numbers(count, points):
    """Up to that many of 1 to count, evenly."""
    step = max(1, -(-count // points))
    return range(1, count + 1, step)


def play_commands(rig, case, mode, points):
    bench = Bench(rig.server)
    try:
        if case in ASKING_COMMANDS:
            play_asking(rig, bench, case, mode, points)
        else:
            play_plain(rig, bench, case, mode, points)
    finally:
        bench.close()


def play_plain(rig, bench, case, mode, points):
    reading, changing = commands(bench.world)
    command = {**reading, **changing}[case]
    for arguments, stdin in command.before:
        bench.world.larder(*arguments, stdin=stdin)
    bench.keep()
    reference = bench.run(command.arguments, command.stdin)
    equal(f"{case} without a fault", (reference.status, reference.blocks, reference.err), (0, 0, b""))
    chosen = points if isinstance(points, list) else numbers(reference.count, min(points, 4) if command.slow else points)
    tally = [0, 0, 0]
    for number in chosen:
        point = Point("commands", case, mode, number)
        try:
            if case in changing:
                bench.set_back()
            run = bench.run(command.arguments, command.stdin, number, number if mode == "once" else NEVER)
            if run.failed == 0 and run.status == 0:
                continue
            tally[0] += 1
            done = bench.check(run, (INTERNAL, *command.exits), REGCOMP_LEAKS if case in MATCHING else 0)
            tally[2 if done else 1] += 1
            if done and command.same:
                equal("its output", run.out, reference.out)
            if command.slow and not done:
                wanted(not os.path.exists(bench.world.path("other", "vault.db")), "half a vault is left behind")
            elif case in changing:
                check_again(bench, command, done)
        except Failure as failure:
            rig.fail(point, str(failure))
    rig.add("commands", case, reference.count, *tally)


def check_again(bench, command, done):
    """The same command once more: it works, or finds it done."""
    again = bench.run(command.arguments, command.stdin)
    allowed = {command.done} if done else {0, command.done}
    wanted(again.status in allowed, f"the same command again: exit {again.status}: {again.err!r}")
    if command.slow:        # nothing opens it without the passphrase
        return
    verify = bench.run(("verify", "--vault", bench.world.path("other")) if "--vault" in command.arguments else ("verify",))
    equal("verify", (verify.status, verify.err), (0, b""))


def play_asking(rig, bench, case, mode, points):
    world = bench.world
    arguments = [word.format(name=world.name) for word in ASKING_COMMANDS[case]]
    reference = bench.run(arguments)
    equal(f"{case} without a fault", (reference.status, reference.blocks), (0, 0))
    tally = [0, 0, 0]
    for number in points if isinstance(points, list) else numbers(reference.count, points):
        try:
            run = bench.run(arguments, first=number, last=number if mode == "once" else NEVER)
            if run.failed == 0 and run.status == 0:
                continue
            tally[0] += 1
            tally[2 if bench.check(run) else 1] += 1
            check_exchange(world)
        except Failure as failure:
            rig.fail(Point("commands", case, mode, number), str(failure))
            world.close()
            bench.__init__(rig.server)
            world = bench.world
            arguments = [word.format(name=world.name) for word in ASKING_COMMANDS[case]]
    rig.add("commands", case, reference.count, *tally)


def check_exchange(world, name=None):
    """The next exchange is answered with a token; the server has seen no refresh token twice."""
    result = world.larder("token", name or world.name, "--force")
    known = world.server.control("identify", token=result.text())
    equal("the next token", (known["kind"], known["state"]), ("access_token", "live"))
    ledger = world.ledger(name)
    equal("replays", ledger["counts"]["replays"], 0)
    wanted(ledger["alive"], "the grant is dead at the server")
    world.larder("verify")


# --- the courier ---

def courier(world, number, mode):
    """A courier whose allocations fail; one that is started after it is left in peace."""
    path, log = world.path("courier"), world.write("courier.log", bytes(LOG.size))
    last = number if mode == "once" else NEVER
    used = world.path("courier.used")
    if os.path.isdir(used):
        os.rmdir(used)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\nmkdir {used} 2>/dev/null && exec env -i LARDER_MEMORY={number}:{last} "
                   f"LARDER_MEMORY_LOG={log} {COURIER}\nexec {COURIER}\n")
    os.chmod(path, 0o700)
    return path, log


def play_courier(rig, case, mode, points):
    chosen = points
    total = count_courier(rig.server)
    if not isinstance(points, list):
        chosen = numbers(total, points)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda number: play_courier_point(rig, Point("courier", case, mode, number)), chosen))
    rig.add("courier", case, total, len(done), done.count(False), done.count(True))


def count_courier(server):
    world = warm_world(server)
    try:
        path, log = courier(world, 0, "once")
        world.larder("token", world.name, "--force", environment={"LARDER_COURIER": path})
        time.sleep(0.05)
        with open(log, "rb") as file:
            return LOG.unpack(file.read())[0]
    finally:
        world.close()


def play_courier_point(rig, point):
    world = warm_world(rig.server)
    try:
        before = world.ledger()["counts"]["requests"]
        path, _ = courier(world, point.number, point.mode)
        run = world.larder("token", world.name, "--force", exits=(0, INTERNAL, UNAVAILABLE, IN_DOUBT),
                           environment={"LARDER_COURIER": path})
        asked = world.ledger()["counts"]["requests"] - before
        if run.status != 0 and asked > 0:
            wanted(b"again" in run.err or b"kept" in run.err, f"asked, and a failure without advice: {run}")
        check_exchange(world)
        return run.status == 0
    except Failure as failure:
        rig.fail(point, str(failure))
        return False
    finally:
        world.close()


# --- the rig ---

class Rig:
    def __init__(self, server):
        self.server = server
        self.tallies = collections.defaultdict(lambda: [0, 0, 0, 0])    # allocations, points, refused, managed
        self.failures, self.lock, self.began = [], threading.Lock(), time.monotonic()
        self.figures = Figures("memory", "Every allocation fails in turn, once and from there on")

    def fail(self, point, text):
        again = shlex.join([f"LARDER_MEMORY={FOLDER}", f"LARDER_MEMORY_BUILD={BUILD}", "python3", os.path.abspath(__file__), "--part",
                            point.part, "--case", point.case, "--mode", point.mode, "--point", str(point.number)])
        with self.lock:
            self.failures.append(point)
            print(f"FAILED {' '.join(map(str, point))}: {text}\n  again: {again}", flush=True)

    def add(self, part, case, *figures):
        with self.lock:
            row = self.tallies[part, case]
            for i, figure in enumerate(figures):
                row[i] += figure

    def play(self, part, case, mode, points):
        try:
            {"calls": play_calls, "commands": play_commands, "courier": play_courier}[part](self, case, mode, points)
        except (Failure, OSError, subprocess.TimeoutExpired) as failure:
            self.fail(Point(part, case, mode, 0), str(failure))

    def totals(self, part):
        rows = [row for (where, _), row in self.tallies.items() if part in (None, where)]
        return [sum(column) for column in zip(*rows)] if rows else [0, 0, 0, 0]

    def show(self):
        print(f"{'part':10}{'case':20}{'points':>8}{'of':>8}{'refused':>9}{'managed':>9}")
        for (part, case), (count, points, refused, managed) in sorted(self.tallies.items()):
            print(f"{part:10}{case:20}{points:8}{count:8}{refused:9}{managed:9}")
        count, points, _, _ = self.totals(None)
        print(f"{points} of {count} points, {len(self.failures)} failed, {time.monotonic() - self.began:.0f} s")

    def save(self):
        shown = self.figures
        for part, what in (("calls", "calls of the library"), ("commands", "commands"), ("courier", "courier in an exchange")):
            count, points, refused, managed = self.totals(part)
            shown.row(f"points in {what}", f"{points} of {count}: {refused} refused, {managed} managed without it")
        shown.row("crashes, leaks, losses, replays, wrong words", len(self.failures), "0")
        shown.save()


def plan(all_of_them):
    """What to play, with how many points each; the longest first."""
    few, some, many = (16, 60, 800) if all_of_them else (3, 6, 40)
    rows = [("courier", "exchange", 110 if all_of_them else 8)]
    rows += [("commands", case, few * 2 if all_of_them else few) for case in ASKING_COMMANDS]
    rows += [("calls", case, some // 2) for case in ASKING]
    rows += [("calls", case, some) for case in CHANGING]
    rows += [("calls", case, some if case in ("doctor", "provider-list") else many) for case in READING]
    return rows + [("commands", case, few) for case in command_names()]


def command_names():
    class Names:
        name = client = key_file = ""

        @staticmethod
        def path(*parts):
            return "/".join(parts)
    return list(itertools.chain(*commands(Names)))


def show_that_it_can_fail():
    """Each broken build, and the case by which it is found out."""
    for build, case, told in (("unchecked_copy", "client-add", "ends with -"),
                              ("leaked_on_failure", "exchange", "blocks of memory are left over"),
                              ("judged_without_memory", "exchange", "it fails as 'unavailable'")):
        rig = subprocess.run([sys.executable, __file__, "--part", "calls", "--case", case, "--mode", "once", "--points", "150"],
                             env={**os.environ, "LARDER_MEMORY_BUILD": build}, capture_output=True, text=True, check=False)
        lines = [line for line in rig.stdout.splitlines() if told in line]
        if rig.returncode == 0 or not lines:
            sys.exit(f"{build} is not found out:\n{rig.stdout}{rig.stderr}")
        print(f"{build} is found out: {lines[0]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description="makes allocations fail")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--broken", action="store_true")
    parser.add_argument("--part", choices=("calls", "commands", "courier"))
    parser.add_argument("--case")
    parser.add_argument("--mode", choices=MODES)
    parser.add_argument("--point", type=int)
    parser.add_argument("--points", type=int)
    arguments = parser.parse_args()
    if arguments.broken:
        show_that_it_can_fail()
        return
    os.umask(0o077)
    chosen = [row for row in plan(arguments.all) if arguments.part in (None, row[0]) and arguments.case in (None, row[1])]
    with Server() as server, concurrent.futures.ThreadPoolExecutor(3) as pool:
        rig = Rig(server)
        running = [pool.submit(rig.play, part, case, mode, [arguments.point] if arguments.point else arguments.points or points)
                   for part, case, points in chosen for mode in MODES if arguments.mode in (None, mode)]
        for future in running:
            future.result()
    rig.show()
    if arguments.all:
        rig.save()
    if rig.failures or not chosen:
        sys.exit(1)


if __name__ == "__main__":
    main()
