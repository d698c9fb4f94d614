#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/reliability.md from the figures of the rigs:  reliability.py FOLDER-OF-FIGURES OUTPUT"""
import os
import platform
import subprocess
import sys
import time

ORDER = ("kill", "errors", "power", "memory", "storm", "sim", "model", "clock", "races")
HEAD = """# How the promise is tested

Larder promises that it never loses a refresh token that a provider rotated. Every figure here is of one run of the
long tests of `./tools/test --all`, which write this page ({day}, {cores} cores, Linux {kernel}, commit {commit}). Each rig has a test
that runs it on a build from which a load-bearing rule was taken (`tests/broken`), and fails if the rig does not notice.

A *self-inflicted loss* is an account that has to log in again although the reply with its new refresh token reached
this machine, or although no token was spent. A *strict loss* is one at a provider that accepts each refresh token once,
whose reply died with the courier, on the wire or with the machine before it was on the disk: no client can avoid it.
"""


def read(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    return lines[0].removeprefix("# "), [(line.split("\t") + ["", ""])[:3] for line in lines[1:]]


def commit():
    command = ["git", "-C", os.path.dirname(os.path.abspath(__file__)), "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() or "unknown"


def main(folder, output):
    rigs = [name.removesuffix(".tsv") for name in os.listdir(folder) if name.endswith(".tsv")]
    rigs.sort(key=lambda rig: (ORDER.index(rig) if rig in ORDER else len(ORDER), rig))
    text = HEAD.format(day=time.strftime("%Y-%m-%d", time.gmtime()), cores=len(os.sched_getaffinity(0)),
                       kernel=platform.release(), commit=commit())
    for rig in rigs:
        title, rows = read(os.path.join(folder, f"{rig}.tsv"))
        text += f"\n## {title}\n\n| what | measured | goal |\n|---|---|---|\n"
        text += "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:3])
