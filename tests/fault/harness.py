# SPDX-License-Identifier: Apache-2.0
"""For the fault tests: the real programs on bad input, one fresh home per case, and what has to hold after each.

A case is a function of its file, called with a World; its name begins with the letter and number of the attack that it
plays, and its first line of documentation says what a user then sees. `main()` runs the cases of a file, a few at a
time; words on the command line choose cases by a part of their name.

From the environment: LARDER and LARDER_COURIER, the programs; LARDER_FAULT_FULL=1, loops over everything instead of
samples; LARDER_FAULT_JOBS, cases at a time.

Every run of larder is checked without being asked, see World.check:
  the exit status is a documented one, with standard error as one line without control bytes, or empty on success;
  no secret of the world is in what it prints, but for an access token on standard output;
  it ends in time, and in bounded memory.
"""
import base64
import concurrent.futures
import glob
import json
import os
import re
import resource
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True
FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(FOLDER), "authserver"))
from client import Server  # noqa: E402

FULL = os.environ.get("LARDER_FAULT_FULL") == "1"
SANITIZER = "halt_on_error=1:exitcode=99:abort_on_error=0:detect_leaks=0"
LIMIT_S = 20            # of one command: quarantine and waiting for a lock are in it
MEMORY_MAX_KB = 64 * 1024
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae\xa8\xa9]|\xe2\x81[\xa6-\xa9]")
USAGE, NOT_FOUND, NEEDS_LOGIN, LOCKED, UNAVAILABLE, DENIED, REJECTED, DAMAGED, FOUND, INCOMPLETE, IN_DOUBT = range(2, 13)
DOCUMENTED = set(range(13)) | {130}


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def program(variable):
    path = os.path.abspath(os.environ.get(variable, "/nonexistent"))
    if not os.access(path, os.X_OK):
        sys.exit(f"{variable} does not name a program")
    return path


def is_sanitized(path):
    with open(path, "rb") as file:
        return b"__asan_init" in file.read()


LARDER, COURIER = program("LARDER"), program("LARDER_COURIER")
SANITIZED = is_sanitized(LARDER)
SLOWNESS = 3 if SANITIZED else 1


def wanted(truth, text):
    if not truth:
        raise Failure(text)


def equal(what, found, expected):
    wanted(found == expected, f"{what} is {found!r}, expected {expected!r}")


class Result:
    def __init__(self, out, err, status, seconds, memory_kb, command):
        self.out, self.err, self.status, self.seconds = out, err, status, seconds
        self.memory_kb, self.command = memory_kb, command

    def text(self):
        return self.out.decode("utf-8", "backslashreplace").rstrip("\n")

    def why(self):
        return self.err.decode("utf-8", "backslashreplace").rstrip("\n")

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"{' '.join(map(repr, self.command))[:300]}: exit {self.status}, out {self.out[:200]!r}, err {self.err[:600]!r}"


class Catcher:
    """Listens on a port and keeps what arrives; answers each connection with a reply, if it has one, and then with MORE
    for ever, if it has some."""

    def __init__(self, reply=b"", more=b"", tls=None, family=socket.AF_INET):
        self.reply, self.more, self.tls = reply, more, tls
        self.connections, self.received, self.refused = 0, b"", 0
        self.sock = socket.socket(family)
        self.sock.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.sock.listen(16)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            try:
                peer, _ = self.sock.accept()
            except OSError:
                return
            self.connections += 1
            peer.settimeout(5)
            try:
                if self.tls:
                    peer = self.tls.wrap_socket(peer, server_side=True)
                self.serve(peer)
            except (OSError, ssl.SSLError):
                self.refused += 1
            finally:
                peer.close()

    def serve(self, peer):
        while True:
            data = peer.recv(65536)
            self.received += data
            if not data:
                return
            head, end, body = self.received.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *([0-9]+)", head)
            if self.reply and end and len(body) >= (int(length[1]) if length else 0):
                peer.sendall(self.reply)
                while self.more:
                    peer.sendall(self.more)
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


def words(number=8):
    """A canary: a text that is nowhere unless somebody put it there."""
    return secrets.token_hex(number)


class World:
    """One home, one vault, one client and its grants at the server."""

    def __init__(self, server, **grant):
        self.server, self.grant_fields = server, grant
        # Below /tmp, and open to others down to the home itself, so that another user can be tried.
        self.home = os.path.realpath(tempfile.mkdtemp(prefix="larder-fault-"))
        self.config = os.path.join(self.home, ".config", "larder")
        self.vault = os.path.join(self.home, ".local", "share", "larder")
        self.database = os.path.join(self.vault, "vault.db")
        self.anchors = os.path.join(self.home, ".local", "state", "larder")
        self.key_file = os.path.join(self.home, "key")
        self.secret = "secret-" + words()
        self.client, self.client_id = "client-" + words(4), "id-" + words()
        self.name, self.account = "name-" + words(4), words(4) + "@example.org"
        self.canaries, self.grants, self.processes = {self.secret}, {}, []
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": self.home, "TERM": "dumb", "LARDER_COURIER": COURIER,
                            "ASAN_OPTIONS": SANITIZER, "UBSAN_OPTIONS": SANITIZER}

    # --- running ---

    def start(self, *arguments, environment=None, wrap=(), cwd=None, stdin=subprocess.DEVNULL, stdout=None, stderr=None):
        process = subprocess.Popen([*wrap, LARDER, *arguments], stdin=stdin, stdout=stdout or subprocess.PIPE,
                                   stderr=stderr or subprocess.PIPE, env={**self.environment, **(environment or {})},
                                   cwd=cwd or self.home, start_new_session=True)
        self.processes.append(process)
        return process

    def larder(self, *arguments, stdin=b"", exits=0, limit_s=LIMIT_S, environment=None, wrap=(), cwd=None, out=None):
        """Runs larder to its end; exits is a status or several that are right, None for any documented one."""
        began = time.monotonic()
        with tempfile.TemporaryFile() as kept, tempfile.TemporaryFile() as said:
            process = self.start(*arguments, environment=environment, wrap=wrap, cwd=cwd, stdout=out or kept, stderr=said,
                                 stdin=subprocess.PIPE)
            feeder = threading.Thread(target=self.feed, args=(process.stdin, stdin))
            feeder.start()
            status, memory_kb = self.wait(process, limit_s * SLOWNESS)
            feeder.join()
            kept.seek(0)
            said.seek(0)
            result = Result(kept.read(), said.read(), status, time.monotonic() - began, memory_kb, arguments)
        self.check(result, exits, limit_s)
        return result

    @staticmethod
    def feed(pipe, data):
        try:
            pipe.write(data)
            pipe.close()
        except BrokenPipeError:
            pass

    @staticmethod
    def wait(process, limit_s):
        end, pause = time.monotonic() + limit_s, 0.002
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                process.returncode = os.waitstatus_to_exitcode(status)
                return process.returncode, usage.ru_maxrss
            if time.monotonic() > end:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise Failure(f"{process.args}: no end after {limit_s} s")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)

    def check(self, result, exits=None, limit_s=LIMIT_S):
        """What holds for every run (G2 to G5)."""
        expected = DOCUMENTED if exits is None else {exits} if isinstance(exits, int) else set(exits)
        wanted(result.status in expected, f"expected exit {sorted(expected)}: {result}")
        if result.status == 0:
            wanted(result.err == b"" or "-v" in result.command or result.err == b"larder: nothing to refresh\n", f"it succeeds and complains: {result}")
        elif result.status not in (FOUND, INCOMPLETE) and "-v" not in result.command:
            wanted(result.err.count(b"\n") == 1 and result.err.endswith(b"\n"), f"not one line of error: {result}")
        wanted(not CONTROL.search(result.err), f"control bytes: {result}")
        wanted(len(result.err) < 2000, f"an endless error: {result}")
        for canary in self.secrets():
            wanted(canary not in result.err, f"a secret in the error: {result}")
            wanted(canary not in result.out, f"a secret in the output: {result}")
        if result.status != 0:
            for access in self.access_tokens():
                wanted(access not in result.out and access not in result.err, f"an access token in a failure: {result}")
        if not SANITIZED and limit_s <= LIMIT_S:      # the key of a passphrase takes 256 MiB
            # Up to its exec a child counts as large as we are.
            ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            wanted(result.memory_kb < max(MEMORY_MAX_KB, ours + 4096), f"{result.memory_kb} KiB of memory: {result}")

    def secrets(self):
        found = set(self.canaries)
        for grant in self.grants.values():
            found.update(self.server.control("grant", id=grant, tokens=True)["tokens"])
        return {text.encode() for text in found}

    def access_tokens(self):
        found = [self.server.control("grant", id=grant, tokens=True)["access_token"] for grant in self.grants.values()]
        return {text.encode() for text in found if text}

    # --- setting up ---

    def path(self, *parts):
        return os.path.join(self.home, *parts)

    def write(self, name, content, mode=0o600):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.chmod(path, mode)
        return path

    def provide(self, identifier="here", **fields):
        """Defines the server as a provider; fields replace those of the definition."""
        definition = {"id": identifier, "name": "Here", "insecure_loopback": True,
                      "endpoints": {"token": self.server.url("/token"), "revocation": self.server.url("/revoke")},
                      "rotation": {"kind": "always", "grace_kind": "none"}, **fields}
        return self.write(f".config/larder/providers.d/{identifier}.json", json.dumps(definition))

    def init(self):
        self.larder("init", "--key-file", self.key_file, "--quiet")

    def register(self, client=None, **fields):
        """A client at the server and in the vault."""
        client = client or self.client
        if client == self.client:
            self.server.control("client_new", id=self.client_id, secret=self.secret)
        self.larder("client", "add", client, "--provider", fields.get("provider", "here"), "--client-id", self.client_id,
                    "--secret-file", "-", "--quiet", stdin=self.secret.encode())

    def enrol(self, name=None, client=None, **grant):
        """A grant at the server, whose refresh token is stored; generation 1."""
        name = name or self.name
        made = self.server.control("grant_new", client=self.client_id, **{"class": "strict", **self.grant_fields, **grant})
        self.grants[name] = made["grant"]
        self.larder("add", name, "--client", client or self.client, "--account", self.account, "--refresh-token-file", "-",
                    "--quiet", stdin=made["refresh_token"].encode())
        return made["refresh_token"]

    def set_up(self, **provider):
        self.provide(**provider)
        self.init()
        self.register()
        self.enrol()
        return self

    # --- asking ---

    def token(self, *arguments, name=None, **more):
        result = self.larder("token", name or self.name, *arguments, **more)
        return result.text()

    def fault(self, **fields):
        self.server.control("fault", client=self.client_id, **fields)

    def shown(self, name=None):
        return self.larder("show", name or self.name, "--json").json()

    def ledger(self, name=None):
        return self.server.control("grant", id=self.grants[name or self.name], tokens=True)

    def requests(self, endpoint="token"):
        """What the server got from this world's client."""
        return [one for one in self.server.control("requests", endpoint=endpoint)["requests"]
                if one["form"].get("client_id") == self.client_id or self.client_id in self.basic_name(one)]

    @staticmethod
    def basic_name(request):
        value = request["headers"].get("authorization", "")
        return base64.b64decode(value[6:]).decode() if value.startswith("Basic ") else ""

    # --- what holds at the end ---

    def still_works(self, name=None):
        """G7 and no loss: the next exchange, after a word of acceptance where doubt is left, is answered with a token."""
        name = name or self.name
        result = self.larder("token", name, "--force", exits=(0, IN_DOUBT))
        if result.status == IN_DOUBT:
            self.larder("refresh", name, "--accept", "--quiet")
            result = self.larder("token", name, "--force")
        access = result.text()
        known = self.server.control("identify", token=access)
        equal("the token of the next exchange", (known["kind"], known["state"]), ("access_token", "live"))
        ledger = self.ledger(name)
        equal("replays", ledger["counts"]["replays"], 0)
        wanted(ledger["alive"], "the grant is dead at the server")
        self.larder("verify")

    def files(self):
        for folder in (self.vault, self.anchors):
            for root, _, names in os.walk(folder):
                paths = (os.path.join(root, name) for name in names)
                yield from (path for path in paths if os.path.isfile(path) and not os.path.islink(path))

    def keeps_secrets(self):
        """G4: nothing of this world is to be read in any file of the vault."""
        texts = self.secrets() | self.access_tokens()
        texts |= {text.encode() for text in (self.client, self.client_id, self.name, self.account, *self.grants)}
        for path in self.files():
            try:
                with open(path, "rb") as file:
                    content = file.read()
            except OSError:
                continue
            for text in texts:
                wanted(text not in content, f"{text!r} is in {path}")

    def close(self):
        for process in self.processes:
            if process.returncode is None and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    try:
                        pipe.close()
                    except OSError:
                        pass
        shutil.rmtree(self.home, ignore_errors=True)


# --- other processes ---

def couriers_of(pid):
    """The couriers that a larder started."""
    found = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat, encoding="latin-1") as file:
                content = file.read()
        except OSError:
            continue
        if int(content.rpartition(")")[2].split()[1]) == pid:
            found.append(int(stat.split("/")[2]))
    return found


def as_nobody(*command):
    """The command line that runs another as a user without rights; None if we may not."""
    if os.geteuid() != 0:
        return None
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", *command]


# --- cases ---

def in_worlds(world, values, play):
    """Plays play(another world that is set up, value) for each value, many at a time: they mostly wait for doubt to clear."""
    def one(value):
        another = World(world.server, **world.grant_fields)
        try:
            another.set_up()
            play(another, value)
            another.still_works()
            another.keeps_secrets()
        except Failure as failure:
            raise Failure(f"{str(value)[:120]}: {failure}") from failure
        finally:
            another.close()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for future in [pool.submit(one, value) for value in values]:
            future.result()


def run_case(case, server):
    world = World(server)
    began = time.monotonic()
    try:
        case(world)
        world.keeps_secrets()
        verdict, text = "ok", ""
    except Skip as skip:
        verdict, text = "skipped", str(skip)
    except Failure as failure:
        frame = traceback.extract_tb(failure.__traceback__)
        places = [f"{os.path.basename(f.filename)}:{f.lineno}" for f in frame[1:]]
        verdict, text = "FAILED", f"{failure} ({' '.join(places)})"
    except Exception:  # a broken test is a failed one
        verdict, text = "FAILED", traceback.format_exc()
    finally:
        world.close()
    return verdict, text, time.monotonic() - began


def main():
    module = sys.modules["__main__"]
    chosen = sys.argv[1:]
    cases = [(name, case) for name, case in vars(module).items() if re.match(r"[a-i]\d+_", name) and callable(case)]
    cases = [(name, case) for name, case in cases if not chosen or any(word in name for word in chosen)]
    os.umask(0o077)
    failed = 0
    with Server() as server, concurrent.futures.ThreadPoolExecutor(int(os.environ.get("LARDER_FAULT_JOBS", "3"))) as pool:
        running = [(name, pool.submit(run_case, case, server)) for name, case in cases]
        for name, future in running:
            verdict, text, seconds = future.result()
            failed += verdict == "FAILED"
            print(f"{verdict:8}{name}  {seconds:.1f} s{': ' + text if text else ''}", flush=True)
    if failed or not cases:
        sys.exit(f"{failed} of {len(cases)} failed")
