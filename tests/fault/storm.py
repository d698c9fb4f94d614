#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The storm rig: very many callers at once, on one credential and on many.

    storm.py                      a sample: a few rounds, the same for the same --seed
    storm.py --all                100 rounds, and 60 s on many credentials
    storm.py --round 17           one round of those
    storm.py --apart              the part on many credentials alone
    storm.py --broken             shows that the rig can fail: the builds in LARDER_BROKEN

A round: the access token ends (the wall clock of all callers moves on by two hours), then 32 new `larder token` and 32
processes that keep a vault open, with two threads each, ask at once. The server is strict and takes its time. In half of
the rounds whoever asks it is killed, early or late, or stopped until all others have their answer. Whatever happens,
the server sees one token request per round, and everybody who lives gets the same token.

On many credentials: 32 processes, each with its own, ask by force without a pause; for the second half of the time one
of them is answered slowly. Nobody gets an error, and the others are as fast as before.

LARDER, LARDER_COURIER, LARDER_CALLERS (storm_callers) and LARDER_CLOCK_SHIM name the programs. A round that fails is
printed with the command that plays it again.
"""
import argparse
import collections
import glob
import os
import random
import shlex
import signal
import statistics
import subprocess
import sys
import threading
import time

from figures import Figures
from harness import COURIER, LARDER, Failure, Server, World, equal, wanted

CALLERS, CLOCK_SHIM = os.environ.get("LARDER_CALLERS", ""), os.environ.get("LARDER_CLOCK_SHIM", "")
COMMANDS, LIBRARIES, THREADS = 32, 32, 2
ROUNDS, SAMPLE = 100, 14
LONG_ROUNDS, LONG_S = (21, 43, 66, 90), 12.0
DEEDS = ("", "", "", "kill early", "kill late", "stop")
APART, APART_S, SLOW_S = 32, 60, 4.0
STEP_NS = 7200 * 10 ** 9        # twice the life of a token
ROUND_MAX_S = 60

Answer = collections.namedtuple("Answer", "how name seconds status text")


class Round:
    """What happens in a round follows from its number and the seed."""

    def __init__(self, number, seed):
        chance = random.Random(f"{seed} {number}")
        self.number, self.seed = number, seed
        self.latency_s = LONG_S if number in LONG_ROUNDS else chance.choice((0, chance.uniform(0, 0.2)))
        self.when = chance.choice(("delay_before_s", "delay_after_s"))
        self.deed = chance.choice(DEEDS)
        self.kills = chance.choice((1, 1, 2, 5))
        self.pause_s = chance.uniform(0, 0.02)

    def command(self):
        names = ("LARDER", "LARDER_COURIER", "LARDER_CALLERS", "LARDER_CLOCK_SHIM")
        return shlex.join([f"{name}={os.environ[name]}" for name in names] + [
            "python3", os.path.abspath(__file__), "--round", str(self.number), "--seed", str(self.seed)])


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def milliseconds(values):
    return f"p50 {statistics.median(values) * 1e3:.0f} ms, p99 {percentile(values, 0.99) * 1e3:.0f} ms"


def leaders(pool):
    """The children of the pool that have a courier at work."""
    parents, couriers = {}, []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="latin-1") as file:
                head, _, rest = file.read().rpartition(")")
        except OSError:
            continue
        pid, name = int(head.split(" ", 1)[0]), head.split("(", 1)[1]
        state, parent = rest.split()[:2]
        parents[pid] = int(parent)
        if name == "larder-courier" and state != "Z":
            couriers.append(pid)
    return [parents[pid] for pid in couriers if parents.get(parents[pid]) == pool]


class Storm:
    """A world, its pool of callers, and what they were told."""

    def __init__(self, server):
        self.world = World(server)
        self.world.set_up()
        self.clocks = self.world.write("clocks", bytes(32))
        self.now_ns = 0
        environment = {**self.world.environment, "LD_PRELOAD": CLOCK_SHIM, "LARDER_CLOCKS": self.clocks}
        self.pool = subprocess.Popen([CALLERS, "round", LARDER, self.world.name, *map(str, (COMMANDS, LIBRARIES, THREADS))],
                                     env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.asked, self.killed, self.stopped = 0, 0, 0
        self.waits, self.long_waits, self.beyond = [], [], []

    def close(self):
        self.pool.stdin.close()
        try:
            self.pool.wait(10)
        except subprocess.TimeoutExpired:
            self.pool.kill()
            self.pool.wait()
        self.pool.stdout.close()
        self.world.close()

    def expire(self):
        self.now_ns += STEP_NS
        with open(self.clocks, "r+b") as file:
            file.write(self.now_ns.to_bytes(8, "little"))

    def hear(self, answers, over):
        for line in self.pool.stdout:
            if line == "end\n":
                break
            how, name, waited_us, status, text = line.rstrip("\n").split(" ", 4)
            answers.append(Answer(how, name, int(waited_us) / 1e6, int(status), text))
        over.set()

    def catch(self, over, victims=()):
        while not over.is_set():
            found = [pid for pid in leaders(self.pool.pid) if pid not in victims]
            if found:
                return found[0]
            time.sleep(0.001)
        return None

    def do(self, plan, answers, over):
        """The deed of a round; the processes that were killed."""
        victims = []
        if plan.deed == "kill early":
            for _ in range(plan.kills):
                time.sleep(plan.pause_s)
                victim = self.catch(over, victims)
                if victim:
                    victims.append(victim)
                    os.kill(victim, signal.SIGKILL)
        elif plan.deed:
            self.world.server.control("wait", endpoint="token", count=1, timeout_s=ROUND_MAX_S)
            victim = self.catch(over)
            if victim and plan.deed == "kill late":
                victims.append(victim)
                os.kill(victim, signal.SIGKILL)
            elif victim:
                os.kill(victim, signal.SIGSTOP)
                self.stopped += 1
                end = time.monotonic() + plan.latency_s + 5
                while len(answers) < COMMANDS + LIBRARIES * THREADS - THREADS and time.monotonic() < end:
                    time.sleep(0.005)
                self.late = COMMANDS + LIBRARIES * THREADS - len(answers)
                os.kill(victim, signal.SIGCONT)
        return victims

    def play(self, plan):
        server, answers, over = self.world.server, [], threading.Event()
        server.control("requests_clear")
        server.control("faults_clear")
        if plan.latency_s:
            self.world.fault(**{plan.when: plan.latency_s})
        self.late = 0
        self.expire()
        self.pool.stdin.write("go\n")
        self.pool.stdin.flush()
        hearer = threading.Thread(target=self.hear, args=(answers, over))
        hearer.start()
        victims = self.do(plan, answers, over)
        hearer.join(ROUND_MAX_S)
        wanted(over.is_set(), f"no end of the round: {len(answers)} answers")
        self.asked += 1
        self.killed += len(victims)
        self.check(plan, answers, victims)

    def check(self, plan, answers, victims):
        killed = [answer for answer in answers if answer.status == -signal.SIGKILL]
        failed = [answer for answer in answers if answer.status not in (0, -signal.SIGKILL)]
        got = [answer for answer in answers if answer.status == 0]
        ledger = self.world.ledger()
        equal("token requests", ledger["counts"]["requests"], self.asked)
        equal("replays", ledger["counts"]["replays"], 0)
        wanted(not failed, f"{len(failed)} callers failed, the first: {failed[:1]}")
        equal("callers that died", len(killed), len(victims))
        missing = COMMANDS + LIBRARIES * THREADS - len(got) - len(killed)
        equal("callers without an answer", missing, sum(answer.how == "library" for answer in killed) * (THREADS - 1))
        equal("different tokens", len({answer.text for answer in got}), 1)
        known = self.world.server.control("identify", token=got[0].text)
        equal("the token", (known["kind"], known["n"]), ("access_token", ledger["newest"]))
        wanted(self.late <= THREADS, f"{self.late} callers waited for one that was stopped")
        stopped = sorted(answer.seconds for answer in got)[-self.late:] if self.late else []
        waits = [answer.seconds for answer in got if answer.seconds not in stopped]
        (self.long_waits if plan.latency_s == LONG_S else self.waits).extend(waits)
        if not plan.deed:
            self.beyond.extend(wait - plan.latency_s for wait in waits)


def play_rounds(server, plans, show):
    """Plays one after the other in one world; a failure ends it."""
    storm = Storm(server)
    try:
        for plan in plans:
            try:
                storm.play(plan)
            except Failure as failure:
                raise Failure(f"round {plan.number} ({plan.latency_s:.3f} s, {plan.deed or 'nothing'}): {failure}\n"
                              f"  again: {plan.command()}") from failure
        storm.world.larder("verify")
        ledger = storm.world.ledger()
        callers = COMMANDS + LIBRARIES * THREADS
        show.row("rounds", f"{len(plans)}, in each {callers} callers in {COMMANDS + LIBRARIES} processes")
        show.row("leaders killed, stopped", f"{storm.killed}, {storm.stopped}")
        show.row("token requests beyond one per round", ledger["counts"]["requests"] - len(plans), "0")
        show.row("replays", ledger["counts"]["replays"], "0")
        show.row("callers with another token than the rest of the round, or an error", 0, "0")
        show.row("wait of a caller, server's latency 0 to 200 ms", milliseconds(storm.waits))
        if storm.beyond:
            show.row("of it beyond that latency, nobody killed", milliseconds(storm.beyond))
        if storm.long_waits:
            show.row(f"wait of a caller, server's latency {LONG_S:.0f} s", milliseconds(storm.long_waits))
    finally:
        storm.close()


def ask_apart(world, names, seconds):
    done = subprocess.run([CALLERS, "each", LARDER, str(int(seconds)), *names], env=world.environment,
                          capture_output=True, text=True, check=False, timeout=seconds + 60)
    equal("the callers' end", (done.returncode, done.stderr), (0, ""))
    answers = [line.split(" ", 4) for line in done.stdout.splitlines()]
    failed = [answer for answer in answers if answer[3] != "0"]
    wanted(not failed, f"{len(failed)} of {len(answers)} callers failed, the first: {failed[:1]}")
    waits = collections.defaultdict(list)
    for _, name, waited_us, _, _ in answers:
        waits[name].append(int(waited_us) / 1e6)
    return waits


def play_apart(server, credentials, seconds, show):
    world = World(server)
    try:
        world.set_up()
        names = [world.name] + [f"{world.name}-{i}" for i in range(1, credentials)]
        for name in names[1:]:
            world.enrol(name)
        slow, asked = names[1], collections.Counter()
        before = ask_apart(world, names, seconds / 2)
        world.fault(grant=world.grants[slow], delay_after_s=SLOW_S, times=-1)
        after = ask_apart(world, names, seconds / 2)
        world.server.control("faults_clear")
        for waits in (before, after):
            asked.update({name: len(waits[name]) for name in names})
        for name in names:
            ledger = world.ledger(name)
            equal(f"requests of {name}", ledger["counts"]["requests"], asked[name])
            equal(f"replays of {name}", ledger["counts"]["replays"], 0)
        quiet = [wait for name in names if name != slow for wait in before[name]]
        others = [wait for name in names if name != slow for wait in after[name]]
        wanted(min(after[slow]) >= SLOW_S, f"the slow one was not slow: {min(after[slow])}")
        wanted(percentile(others, 0.99) < min(SLOW_S, 2 * percentile(quiet, 0.99) + 0.2),
               f"others wait for the slow credential: {milliseconds(others)}; without it {milliseconds(quiet)}")
        world.larder("verify")
        show.row(f"exchanges of {credentials} processes on as many credentials in {seconds} s", sum(asked.values()))
        show.row("errors among them", 0, "0")
        show.row("one exchange, all of them quick", milliseconds(quiet))
        show.row(f"one exchange, another credential's server taking {SLOW_S:.0f} s", milliseconds(others), "as without it")
    finally:
        world.close()


BROKEN = (      # the build, what the rig plays, what it has to notice
    ("exchange_not_locked", "--rounds 3", ("token requests is", "callers failed", "different tokens")),
    ("one_lock_for_all", "--apart --seconds 4 --credentials 8", ("others wait for the slow credential",)),
    ("busy_not_waited_for", "--apart --seconds 2 --credentials 8", ("callers failed",)),
)


def show_that_it_can_fail():
    for name, options, told in BROKEN:
        program = os.path.join(os.environ["LARDER_BROKEN"], name, "larder")
        rig = subprocess.run([sys.executable, __file__, *options.split()], env={**os.environ, "LARDER": program},
                             capture_output=True, text=True, check=False)
        said = rig.stdout + rig.stderr
        if rig.returncode == 0 or not any(text in said for text in told):
            sys.exit(f"{name} is not found out:\n{said}")
        print(f"{name} is found out: {next(line for line in said.splitlines() if any(t in line for t in told))[:200]}")


def main():
    parser = argparse.ArgumentParser(description="asks for tokens from very many callers at once")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--broken", action="store_true")
    parser.add_argument("--apart", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--round", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--credentials", type=int, default=APART)
    arguments = parser.parse_args()
    os.umask(0o077)
    if arguments.broken:
        show_that_it_can_fail()
        return
    show = Figures("storm", "A hundred callers at once, and 32 credentials")
    numbers = [arguments.round] if arguments.round else range(1, (arguments.rounds or (ROUNDS if arguments.all else SAMPLE)) + 1)
    seconds = arguments.seconds or (APART_S if arguments.all else 6)
    try:
        with Server() as server:
            if not arguments.apart:
                play_rounds(server, [Round(number, arguments.seed) for number in numbers], show)
            if arguments.apart or arguments.round is None and arguments.rounds is None:
                play_apart(server, arguments.credentials, seconds, show)
    except Failure as failure:
        sys.exit(f"FAILED {failure}")
    for what, value, goal in show.rows:
        print(f"{what}: {value}{' (' + goal + ')' if goal else ''}")
    if arguments.all:
        show.save()


if __name__ == "__main__":
    main()
