# SPDX-License-Identifier: Apache-2.0
"""Class F at a terminal (TIOCSTI): what is typed reaches who it was meant for, and no program that Larder starts can type."""
import glob
import os
import shutil
import time

from f_exposure import nobody_runs, read_proc
from harness import DENIED, LARDER, SANITIZED, Skip, as_nobody, couriers_of, equal, main, wanted, words
from terminal import Terminal

INJECT = """import fcntl, os, sys, termios
done = []
try:
    done.append(os.open("/dev/tty", os.O_RDWR))
except OSError:
    pass
for fd in [2, *done]:
    try:
        for byte in b"echo INJECTED\\n":
            fcntl.ioctl(fd, termios.TIOCSTI, bytes([byte]))
        done.append("injected")
    except OSError:
        pass
with open(sys.argv[2], "w") as file:
    file.write(repr(done))
sys.stdout.write(open(sys.argv[1]).read())
"""


def f97_a_key_command_cannot_type_for_the_shell(world):
    """The only program that is started unasked has no terminal: it opens none, and puts nothing into the queue of ours."""
    if as_nobody() is None:
        raise Skip("needs a user without rights to be, so root to start")
    os.chmod(world.home, 0o755)
    python, home, library, seen = "/usr/bin/python3", world.path("nobody"), world.path("inject.py"), world.path("nobody", "seen")
    if not os.access(python, os.X_OK):
        raise Skip("needs a Python that everybody may run")
    os.mkdir(home, 0o700)
    secret = world.write("nobody/secret-key", words(32))
    world.write("inject.py", INJECT, 0o644)
    shutil.copy(LARDER, world.path("larder"))
    os.chmod(world.path("larder"), 0o755)
    for path in (home, secret):
        os.chown(path, 65534, 65534)
    world.environment["HOME"] = home
    world.larder("init", "--key-command", f"{python} {library} {secret} {seen}", "--quiet", wrap=nobody_runs(world.home), cwd="/")
    command = nobody_runs(world.home)
    with Terminal(world, *command[1:], LARDER, "list", program="/usr/bin/" + command[0]) as terminal:
        equal("larder's end", terminal.end()[0], 0)
        with open(seen, encoding="ascii") as file:
            equal("what the key command could do", file.read(), "[]")
        equal("what a shell would read then", terminal.waiting_input(), b"")
        wanted(b"INJECTED" not in terminal.seen, f"it is on the screen: {terminal.seen!r}")


def f97_the_courier_has_no_terminal(world):
    """Started from a terminal, it is in a session of its own, without a controlling terminal or an open one."""
    world.set_up()
    world.token()
    gate = "gate-" + words(4)
    world.fault(hold_before=gate)
    with Terminal(world, "token", world.name, "--force") as terminal:
        end = time.monotonic() + 20
        while world.server.control("gate", gate=gate)["waiting"] == 0:
            wanted(time.monotonic() < end and not terminal.has_ended(), "the exchange does not come to its reply")
            time.sleep(0.02)
        (courier,) = couriers_of(terminal.pid)
        fields = read_proc(courier, "stat").rpartition(b")")[2].split()
        equal("the courier's session and terminal", (int(fields[3]), int(fields[4])), (courier, 0))
        open_files = [os.readlink(path) for path in glob.glob(f"/proc/{courier}/fd/*")]
        wanted(SANITIZED or not any("pts" in path or "tty" in path for path in open_files), f"the courier has {open_files}")
        world.server.control("release", gate=gate)
        equal("larder's end", terminal.end()[0], 0)
    world.still_works()


def f97_what_is_typed_around_a_question_goes_nowhere(world):
    """A secret is not echoed; what was typed before the question answers nothing, and what is typed or pasted after the
    answer is not left for the shell; an interrupt puts the terminal back."""
    world.set_up()
    with Terminal(world, "client", "set-secret", world.client, "--secret-file", "-", ahead=b"typed-ahead\n") as terminal:
        before = terminal.mode()
        terminal.until_hidden()
        terminal.until(b"not shown")
        terminal.type(world.secret.encode() + b"\nrm -rf nothing\nand more")
        equal("the exit status", terminal.end()[0], 0)
        wanted(world.secret.encode() not in terminal.seen, f"the secret is on the screen: {terminal.seen!r}")
        equal("what a shell would read then", terminal.waiting_input(), b"")
        equal("the echo", terminal.echoes(), True)
        equal("the terminal's mode", before[:2], terminal.mode()[:2])
    world.still_works()         # the secret that was typed after the question is the one that is stored
    with Terminal(world, "client", "set-secret", world.client, "--secret-file", "-") as terminal:
        before = terminal.mode()
        terminal.until_hidden()
        terminal.type(b"half a secr\x03")
        equal("the exit status", terminal.end()[0], 130)
        equal("the terminal's mode", terminal.mode(), before)
    with Terminal(world, "revoke", "--all", ahead=b"y\nyes\n") as terminal:
        terminal.until(b"[y/N]")
        terminal.type(b"\n")
        equal("the exit status", terminal.end()[0], DENIED)
    equal("the state", world.shown()["state"], "ok")
    world.still_works()


if __name__ == "__main__":
    main()
