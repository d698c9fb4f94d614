# SPDX-License-Identifier: Apache-2.0
"""For the error rig: makes calls of a process fail, with the preloaded library of shim/ (LARDER_SHIM_LIBRARY).

A fault is (calls, first, last, error, how): the calls of these names, counted together, from the first to the last of
them, fail with the error; how is "before" (not made), "after" (made, and said to have failed), "half" or "one" (byte).
"""
import collections
import errno
import os
import struct

from harness import SANITIZED

LIBRARY = os.environ.get("LARDER_SHIM_LIBRARY", "")
HEADER, RECORD, RECORDS = "IIIiI", "24siI", 4096
EVER = 10 ** 9

Call = collections.namedtuple("Call", "name n fd failed")
Log = collections.namedtuple("Log", "started ended fired fired_fd calls")


def can_preload():
    """A sanitizer has to be the first library."""
    return os.access(LIBRARY, os.R_OK) and not SANITIZED


class Shim:
    """One process's, or that of all the couriers that one command starts."""

    def __init__(self, path, fault=None, **more):
        self.path = path
        with open(path, "wb") as file:
            file.truncate(struct.calcsize(HEADER) + RECORDS * struct.calcsize(RECORD))
        self.environment = {"LD_PRELOAD": LIBRARY, "LARDER_SHIM_LOG": path, **more}
        if fault:
            calls, first, last, error, how = fault
            self.environment["LARDER_SHIM"] = f"{calls}:{first}:{last}:{getattr(errno, error, 0)}:{how}"

    def courier(self, program):
        """larder gives its courier an empty environment, so a script fills it."""
        path = self.path + ".sh"
        variables = " ".join(f"{name}={value}" for name, value in self.environment.items())
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{variables} exec {program}\n")
        os.chmod(path, 0o700)
        return {"LARDER_COURIER": path}

    def log(self):
        with open(self.path, "rb") as file:
            data = file.read()
        started, ended, fired, fired_fd, count = struct.unpack_from(HEADER, data)
        calls, counts, at = [], collections.Counter(), struct.calcsize(HEADER)
        for i in range(min(count, RECORDS)):
            name, fd, failed = struct.unpack_from(RECORD, data, at + i * struct.calcsize(RECORD))
            name = name.rstrip(b"\0").decode()
            counts[name] += 1
            calls.append(Call(name, counts[name], fd, bool(failed)))
        return Log(started, ended, fired, fired_fd, calls)
