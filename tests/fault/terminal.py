# SPDX-License-Identifier: Apache-2.0
"""For the fault tests: larder at a terminal, with a person who types."""
import array
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

from harness import LARDER, SLOWNESS, Failure, wanted

WAIT_S = 60


class Terminal:
    """A terminal, and larder (or another program) in its foreground, started by a leader of the session as by a shell:
    it stays until close, because a terminal whose leader has gone is hung up."""

    def __init__(self, world, *arguments, program=None, environment=None, ahead=b""):
        self.master, self.slave = pty.openpty()
        if ahead:
            os.write(self.master, ahead)
        self.told, tell = os.pipe()
        leave, self.stay = os.pipe()
        self.seen, self.status = b"", None
        self.leader = os.fork()
        if self.leader == 0:
            try:
                os.setsid()
                fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
                os.close(self.stay)
                pid = os.fork()
                if pid == 0:
                    for number in range(3):
                        os.dup2(self.slave, number)
                    os.closerange(3, 256)
                    os.chdir(world.home)
                    os.execve(program or LARDER, [program or "larder", *arguments], {**world.environment, **(environment or {})})
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                os.write(tell, struct.pack("=ii", 0, pid))
                status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                os.write(tell, struct.pack("=ii", 1, status))
                os.read(leave, 1)
            finally:
                os._exit(0)
        os.close(tell)
        os.close(leave)
        self.pid = struct.unpack("=ii", os.read(self.told, 8))[1]

    def read(self, pause_s=0.05):
        if select.select([self.master], [], [], pause_s)[0]:
            self.seen += os.read(self.master, 65536)
            return True
        return False

    def until(self, text):
        """Waits until the text is on the screen."""
        end = time.monotonic() + WAIT_S * SLOWNESS
        while text not in self.seen:
            self.read()
            wanted(time.monotonic() < end, f"{text!r} does not come, but {self.seen!r}")
            if self.status is None and text not in self.seen:
                wanted(not self.has_ended() or self.read() or text in self.seen, f"it ended without {text!r}: {self.seen!r}")

    def type(self, data):
        os.write(self.master, data)

    def until_hidden(self):
        """Waits until what is typed is not echoed: what comes before is thrown away."""
        end = time.monotonic() + WAIT_S * SLOWNESS
        while self.echoes():
            wanted(time.monotonic() < end, "the echo stays on")
            time.sleep(0.01)

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def mode(self):
        return termios.tcgetattr(self.slave)

    def waiting_input(self):
        """What the next program that reads this terminal would get."""
        # Without line editing, so that a line that is not ended counts too.
        changed = termios.tcgetattr(self.slave)
        changed[3] &= ~termios.ICANON
        termios.tcsetattr(self.slave, termios.TCSANOW, changed)
        length = array.array("i", [0])
        fcntl.ioctl(self.slave, termios.FIONREAD, length)
        return os.read(self.slave, length[0]) if length[0] else b""

    def has_ended(self):
        if self.status is None and select.select([self.told], [], [], 0)[0]:
            self.status = struct.unpack("=ii", os.read(self.told, 8))[1]
        return self.status is not None

    def end(self):
        """Waits for the end: the exit status, negative for a signal, and all that was on the screen."""
        end = time.monotonic() + WAIT_S * SLOWNESS
        while not self.has_ended():
            self.read()
            if time.monotonic() > end:
                raise Failure(f"no end: {self.seen!r}")
        while self.read():
            pass
        return self.status, self.seen

    def close(self):
        if not self.has_ended():
            os.kill(self.pid, signal.SIGKILL)
        for fd in (self.stay, self.told, self.master, self.slave):
            os.close(fd)
        os.waitpid(self.leader, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
