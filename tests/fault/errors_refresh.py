# SPDX-License-Identifier: Apache-2.0
"""For the error rig: the calls of a refresh, which of them fail how, and what has to hold after each."""
import collections
import os
import queue
import threading
import time

from errors_table import DISKS, faults_of, last_of
from harness import COURIER, IN_DOUBT, NEEDS_LOGIN, UNAVAILABLE, Failure, World, equal, wanted
from shim import EVER, Shim

CLASSES = {     # what the server does, and what the definition says of it
    "strict": ({"class": "strict"}, {"kind": "always", "grace_kind": "none"}),
    "until-used": ({"class": "until-new-used"}, {"kind": "always", "grace_kind": "until_new_used"}),
    "overlap": ({"class": "overlap", "overlap_s": 60}, {"kind": "always", "grace_kind": "window", "grace_s": 60}),
    "static": ({"class": "static"}, {"kind": "never", "grace_kind": "none"}),
}
NETWORK = {"poll", "send", "recv", "connect", "getsockopt", "sendmsg", "read"}     # of the courier, once the request is sent
USES = 40               # of one vault, before another is made
SHORT_S = 2
PATIENT_S = 100         # a courier that cannot keep a reply tries for a minute
SLOT, FIRST_SOCKET = 4, 8       # of the courier's descriptors
FILES = {"vault.db", "vault.db-wal", "vault.db-shm", "vault.lock", "spool"}
SLOTS = 3

Point = collections.namedtuple("Point", "who call first error how last kind old")


def names_cause(result):
    """larder: [NAME:] what failed: why[; what to do]"""
    wanted(result.status == 130 or result.why().count(": ") >= 2, f"the line does not say what and why: {result}")
    wanted("damaged" not in result.why() and "backup" not in result.why(), f"it calls sound files damaged: {result}")


def plainly(result, world):
    """The line without what differs from point to point."""
    return result.why().replace(world.home, "~").replace(world.name, "NAME")


class Home(World):
    """A vault that many points use, one after another."""

    def __init__(self, server, kind):
        grant, rotation = CLASSES[kind]
        super().__init__(server, **grant)
        self.kind, self.uses, self.seen, self.at_end = kind, 0, set(), None
        self.set_up(rotation=rotation)
        self.token()

    def state(self):
        """What the server knows, and the vault's generation."""
        return self.ledger(), self.shown()["generation"]

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
        for names, errors in (("fdatasync", ("EIO", "EDQUOT")), ("pwrite+fdatasync", ("EIO", "ENOSPC", "EROFS"))):
            first = 1 + sum(call.name in names.split("+") for call in self.calls["caller"][:self.go])
            for error in errors:
                for last in (first + 10, EVER):
                    yield Point("both", names, first, error, "before", last, "strict", False)

    @staticmethod
    def may_lose(point, shim):
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
        had_reply = any(call.name == "pwrite" and call.fd == SLOT for call in calls)
        return bool(failed) and bool(sent) and failed[-1] >= sent[0] and not had_reply


def prepare(home, point):
    """An access token that is over when the next command comes, if the point wants that."""
    if not point.old:
        return 0.0
    home.server.control("grant_set", id=home.grants[home.name], expires_in=SHORT_S)
    home.token("--force")
    home.server.control("grant_set", id=home.grants[home.name], expires_in="access_ttl")
    return time.monotonic() + SHORT_S + 0.1


def shims(home, point):
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
    home.at_end = ledger, now = home.state()
    total = ledger["counts"]["requests"] - before["counts"]["requests"]
    equal("replays", ledger["counts"]["replays"], before["counts"]["replays"])
    wanted(ledger["alive"], "the grant is dead at the server")
    if point.kind == "strict":
        equal("rotations", ledger["newest"] - before["newest"], total)
        equal("generations", now - generation, total)
    wanted(total <= 4, f"{total} requests")
    wanted(set(os.listdir(home.vault)) <= FILES, f"a file is left: {os.listdir(home.vault)}")
    wanted(len(os.listdir(os.path.join(home.vault, "spool"))) <= SLOTS, "slots are not used again")
    if result.status == 0:
        return "unhurt"
    return "kept" if asked else "refused"


def play(homes, point, plan, lines):
    home = homes.take(point.kind)
    fate = None
    try:
        expires = prepare(home, point)
        before, generation = home.state() if point.old or not home.at_end else home.at_end
        home.at_end = None
        environment, shim = shims(home, point)
        result = home.larder("token", home.name, "--force", exits=None, environment=environment, limit_s=PATIENT_S)
        lossy = plan.may_lose(point, shim)
        lines[plainly(result, home)] += result.status != 0
        try:
            fate = check(home, point, before, generation, result, expires, lossy)
            if not check_ended(shim, "the program").fired:
                fate = "not reached"
        except Failure as failure:
            raise Failure(f"{failure}; the command itself: exit {result.status}, {result.why()!r}") from failure
        return fate
    finally:
        homes.give(home, fate not in (None, "lost"))
