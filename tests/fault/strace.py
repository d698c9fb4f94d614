# SPDX-License-Identifier: Apache-2.0
"""For the kill rig: which system calls a process makes, and a death before any one of them, by strace (Debian's package).

A call is named as strace injects: (name, n), the n-th call of that name in the process. The process dies on entering it,
so the call itself is not made. Neither strace follows children: the caller and its courier are traced one by one.
"""
import collections
import os
import re
import shutil
import subprocess

STRACE = shutil.which("strace")
QUIET = ["-qq", "--signal=none", "-s", "64"]

Call = collections.namedtuple("Call", "name n text at")     # at: seconds, where they were asked for


def can_trace():
    """Whether strace is there and may be used; containers forbid it now and then."""
    return STRACE is not None and subprocess.run([STRACE, *QUIET, "-o", "/dev/null", "true"], check=False,
                                                 stderr=subprocess.DEVNULL).returncode == 0


def death(call, n):
    return ["-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={n}"]


def forged(call, n, value):
    """The call is not made, and reports the value all the same."""
    return ["-e", f"trace={call}", "-e", f"inject={call}:retval={value}:when={n}"]


def caller(log, options):
    """The command line in front of a larder."""
    return [STRACE, *QUIET, "-o", log, *options]


def courier(path, program, log, options):
    """Writes a courier of its own to path: the real one, traced by a grandchild, so that pid and parent are as ever."""
    return script(path, program, [STRACE, "-D", *QUIET, "-o", log, *options])


def courier_dies_with_caller(path, program):
    return script(path, program, [shutil.which("setpriv"), "--pdeathsig", "KILL"])


def script(path, program, prefix):
    """Only the first courier is started so: one that asks again is left in peace."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\nmkdir {path}.used 2>/dev/null && exec {' '.join(prefix)} {program}\nexec {program}\n")
    os.chmod(path, 0o700)
    return path


def read(log):
    """The calls of a log, in order. The start of the program itself, execve, is no point to die at."""
    calls, counts = [], collections.Counter()
    with open(log, encoding="latin-1") as file:
        for line in file:
            found = re.match(r"(?:\d+ +)?(?:(\d+\.\d+) )?(\w+)\((.*)", line)
            if not found or found[2] == "execve":
                continue
            counts[found[2]] += 1
            calls.append(Call(found[2], counts[found[2]], found[3], float(found[1] or 0)))
    return calls


def position(calls, name, text="", last=False):
    """Where the first, or last, call of that name stands whose line holds the text."""
    found = [i for i, call in enumerate(calls) if call.name == name and text in call.text]
    return found[-1 if last else 0]
