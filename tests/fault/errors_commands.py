# SPDX-License-Identifier: Apache-2.0
"""For the error rig: each call of the other commands fails; then the same command is run again without the error.

After each point the vault is whole, and the second run finishes what the first began, or says that it is done already:
no vault that half an init left behind and that init refuses, no credential that half of an add has, no key that does
not open, no revocation that is forgotten.
"""
import os

from errors_refresh import Point, names_cause, plainly
from errors_table import DISKS, faults_of, last_of
from harness import DAMAGED, FOUND, INCOMPLETE, NEEDS_LOGIN, NOT_FOUND, Failure, World, equal, wanted
from shim import EVER, Shim

ALL_FAULTS = {"init", "add", "revoke"}          # of the rest only the errors that everybody knows
COMMON = {("EIO", False), ("EIO", True), ("ENOSPC", True), ("ENOMEM", False), ("EMFILE", False), ("short", True)}


class Init:
    may_stay = False        # what it made, because the disk does not let it be removed

    def __init__(self, world):
        self.world = world
        world.provide()

    def run(self, environment, exits=None, wrap=()):
        return self.world.larder("init", "--key-file", self.world.key_file, "--quiet", exits=exits, environment=environment, wrap=wrap)

    def finish(self, first):
        again = self.run(None, exits=(0, NOT_FOUND))        # not-found and exists are one status
        wanted(first.status != 0 or again.status != 0, "it makes a vault where one is")
        verified = self.world.larder("verify", exits=(0, DAMAGED) if self.may_stay else 0)
        if verified.status == DAMAGED:
            wanted("interrupted" in verified.why() or "-journal" in verified.why(), f"it does not say that init left this: {verified}")
            return
        self.world.register()
        self.world.enrol()
        self.world.token()


class Add:
    def __init__(self, world):
        self.world = world
        world.set_up()
        made = world.server.control("grant_new", client=world.client_id, **{"class": "strict"})
        world.grants["new"], self.token = made["grant"], made["refresh_token"]

    def run(self, environment, exits=None, wrap=()):
        return self.world.larder("add", "new", "--client", self.world.client, "--refresh-token-file", "-", "--quiet",
                                 stdin=self.token.encode(), exits=exits, environment=environment, wrap=wrap)

    def finish(self, first):
        self.world.larder("verify")
        again = self.run(None, exits=(0, NOT_FOUND))
        wanted(first.status != 0 or again.status != 0, "it stores one token twice")
        access = self.world.token(name="new")
        equal("the token of what was added", self.world.server.control("identify", token=access)["state"], "live")


class Revoke:
    def __init__(self, world):
        self.world = world
        world.set_up()
        world.token()

    def run(self, environment, exits=None, wrap=()):
        return self.world.larder("revoke", self.world.name, "--yes", "--quiet", exits=exits, environment=environment, wrap=wrap)

    def finish(self, first):
        self.world.larder("verify")
        again = self.run(None, exits=(0, NEEDS_LOGIN, INCOMPLETE) if first.status == 0 else (0, INCOMPLETE))
        if again.status == INCOMPLETE:
            wanted(b"queued" in again.out + again.err or b"retr" in again.out + again.err, f"not done, and not said why: {again}")
            self.world.larder("revoke", self.world.name, "--yes", "--quiet")
        wanted(not self.world.ledger()["alive"], "what was revoked lives on at the server")
        self.world.larder("token", self.world.name, exits=NEEDS_LOGIN)


class List:
    arguments, after = ("list",), 0

    def __init__(self, world):
        self.world = world
        world.set_up()
        self.before = world.larder("list").out

    def run(self, environment, exits=None, wrap=()):
        return self.world.larder(*self.arguments, exits=exits, environment=environment, wrap=wrap)

    def finish(self, first):
        wanted(first.status != 0 or self.arguments != ("list",) or first.out == self.before, f"another list: {first}")
        self.run(None, exits=0)
        equal("the list", self.world.larder("list").out, self.before)
        self.world.still_works()


class Verify(List):
    arguments = ("verify",)


class KeyAdd:
    def __init__(self, world):
        self.world = world
        world.set_up()

    def run(self, environment, exits=None, wrap=()):
        return self.world.larder("key", "add", "file", "--key-file", self.world.path("second"), "--quiet", exits=exits,
                                 environment=environment, wrap=wrap)

    def finish(self, first):
        self.world.larder("verify")
        self.run(None, exits=(0, NOT_FOUND))
        self.world.token()
        os.rename(self.world.key_file, self.world.path("away"))
        self.world.token()          # by the second key alone
        os.rename(self.world.path("away"), self.world.key_file)
        os.rename(self.world.path("second"), self.world.path("away"))
        self.world.token("--force")  # by the first alone


COMMANDS = {"init": Init, "add": Add, "revoke": Revoke, "list": List, "key-add": KeyAdd, "verify": Verify}


def trace(server, who):
    world = World(server)
    try:
        command = COMMANDS[who](world)
        shim = Shim(world.path("log"))
        command.run(shim.environment, exits=0)
        return shim.log().calls
    finally:
        world.close()


def points(server):
    """A thinned sample: of calls that read, those that a command makes over and over, every third."""
    for who in COMMANDS:
        calls = trace(server, who)
        for call in calls:
            if call.name in ("fcntl", "pread", "fstat", "stat") and call.n > 6 and call.n % 3:
                continue
            for error, how, on in faults_of(call.name):
                if who in ALL_FAULTS and call.name not in ("fcntl", "close") or (error, on) in COMMON:
                    yield Point(who, call.name, call.n, error, how, last_of(call.n, error, on, EVER), "strict", False)
        for names, error in (DISKS[0], DISKS[2]):
            for n in range(1, 1 + sum(call.name in names.split("+") for call in calls), 2):
                yield Point(who, names, n, error, "before", EVER, "strict", False)


def play(server, point, lines):
    world = World(server)
    try:
        command = COMMANDS[point.who](world)
        shim = Shim(world.path("log"), (point.call, point.first, point.last, point.error, point.how))
        if "unlink" in point.call.split("+"):
            command.may_stay = True
        result = command.run(shim.environment)
        lines[f"({point.who}) {plainly(result, world)}"] += result.status != 0
        try:
            if result.status not in (0, FOUND, INCOMPLETE):
                names_cause(result)
            command.finish(result)
            log = shim.log()
            equal("processes that ended by themselves", log.ended, log.started)
        except Failure as failure:
            raise Failure(f"{failure}; the command itself: exit {result.status}, {result.why()!r}") from failure
        if not log.fired:
            return "not reached"
        return "unhurt" if result.status == 0 else "refused"
    finally:
        world.close()


