# SPDX-License-Identifier: Apache-2.0
"""For the error rig: a small disk that is full but for so many KiB, or inodes, and limits on files and descriptors.

The disk is a tmpfs of 1 MiB, mounted by root or in a user namespace. Where neither is allowed (a bare container) there
are no such points; the faults of
errors_table.py, ENOSPC and EDQUOT of whole disks among them, need no right at all.
"""
import os
import shutil
import subprocess
import tempfile

import errors_commands
from errors_refresh import Point, names_cause, plainly
from harness import FOUND, INCOMPLETE, Failure, World, equal, wanted

LIMITS = ("disk", "inodes", "fsize", "nofile")
SIZE_KIB, INODES = 1024, 200
LEVELS = {      # what is left, by the kind of limit and the command
    ("disk", "token"): range(0, 128, 4), ("disk", "init"): range(0, 512, 8), ("disk", "add"): range(0, 96, 4),
    ("disk", "revoke"): range(0, 96, 4), ("disk", "key-add"): range(0, 64, 4),
    ("inodes", "token"): range(0, 3), ("inodes", "init"): range(0, 10), ("inodes", "key-add"): range(0, 3),
    ("fsize", "token"): range(0, 64, 1), ("fsize", "init"): range(0, 96, 3), ("fsize", "add"): range(0, 64, 4),
    ("fsize", "revoke"): range(0, 64, 4), ("fsize", "key-add"): range(0, 64, 4),
    # with fewer than four the loader cannot open a library, and it is not larder that says so
    ("nofile", "token"): range(4, 34), ("nofile", "init"): range(4, 16), ("nofile", "add"): range(4, 16),
    ("nofile", "revoke"): range(4, 34), ("nofile", "list"): range(4, 16), ("nofile", "verify"): range(4, 16),
}


class Token:
    def __init__(self, world):
        self.world = world
        world.set_up()
        world.token()
        self.before = world.ledger()

    def run(self, environment, exits=None, wrap=()):
        return self.world.larder("token", self.world.name, "--force", exits=exits, environment=environment, wrap=wrap)

    def finish(self, first):
        world = self.world
        if first.status == 0:
            equal("what the command gave", world.server.control("identify", token=first.text())["state"], "live")
        world.larder("verify")
        world.token()
        equal("the next token", world.server.control("identify", token=world.token("--force"))["state"], "live")
        equal("replays", world.ledger()["counts"]["replays"], 0)
        wanted(world.ledger()["alive"], "the grant is dead at the server")


def can_mount():
    folder = tempfile.mkdtemp(prefix="larder-mount-")
    try:
        mount(folder)
        unmount(folder)
        return True
    except (OSError, subprocess.CalledProcessError):
        return False
    finally:
        os.rmdir(folder)


def mount(folder):
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join((f"size={SIZE_KIB}k", f"nr_inodes={INODES}", "mode=0700")), "tmpfs", folder],
                   check=True, stderr=subprocess.DEVNULL)


def unmount(folder):
    subprocess.run(["umount", "-l", folder], check=False, stderr=subprocess.DEVNULL)


def points():
    mounts = can_mount()
    if not mounts:
        print("no points on full disks: mounting is not allowed here")
    for (who, command), levels in LEVELS.items():
        if mounts or who not in ("disk", "inodes"):
            for level in levels:
                yield Point(who, command, level, "-", "-", level, "strict", False)


def fill(folder, free_kib):
    room = os.statvfs(folder)
    with open(os.path.join(folder, "filler"), "wb", buffering=0) as file:
        try:
            file.write(bytes(max(0, room.f_bavail * room.f_frsize - free_kib * 1024)))
        except OSError:
            pass


def use_inodes(folder, left):
    os.mkdir(os.path.join(folder, "files"))
    for number in range(max(0, os.statvfs(folder).f_ffree - left)):
        os.mknod(os.path.join(folder, "files", str(number)))


class Limited:
    """A world whose vault is on the small disk, and the command line in front of the command that is limited."""

    def __init__(self, server, point):
        self.world, self.point, self.small = World(server), point, None
        if point.who in ("disk", "inodes"):
            self.small = self.world.path("small")
            os.mkdir(self.small, 0o700)
            mount(self.small)
            self.world.environment["XDG_DATA_HOME"] = self.small
            self.world.vault = os.path.join(self.small, "larder")

    def limit(self):
        if self.point.who == "disk":
            fill(self.small, self.point.first)
        elif self.point.who == "inodes":
            use_inodes(self.small, self.point.first)
        elif self.point.who == "fsize":
            return [shutil.which("prlimit"), f"--fsize={self.point.first * 1024 + 512}"]
        else:
            return [shutil.which("prlimit"), f"--nofile={self.point.first}"]
        return []

    def lift(self):
        if self.point.who == "disk":
            os.unlink(os.path.join(self.small, "filler"))
        elif self.point.who == "inodes":
            shutil.rmtree(os.path.join(self.small, "files"))

    def close(self):
        if self.small:
            unmount(self.small)
        self.world.close()


def play(server, point, lines):
    limited = Limited(server, point)
    world = limited.world
    try:
        command = {**errors_commands.COMMANDS, "token": Token}[point.call](world)
        result = command.run({}, wrap=limited.limit())
        limited.lift()
        lines[f"({point.who} {point.call}) {plainly(result, world)}"] += result.status != 0
        try:
            if result.status not in (0, FOUND, INCOMPLETE):
                names_cause(result)
            command.finish(result)
        except Failure as failure:
            raise Failure(f"{failure}; the command itself: exit {result.status}, {result.why()!r}") from failure
        return "unhurt" if result.status == 0 else "refused"
    finally:
        limited.close()
