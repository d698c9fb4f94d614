# SPDX-License-Identifier: Apache-2.0
"""Class F: what others on the machine can see of the processes and files: arguments, environment, memory, cores, logs."""
import contextlib
import glob
import os
import re
import resource
import shutil
import signal
import subprocess
import time

from harness import COURIER, FOLDER, LARDER, SANITIZED, Skip, as_nobody, couriers_of, equal, main, wanted, words


@contextlib.contextmanager
def slow_exchange(world, fault=None, **more):
    """A forced token whose reply the server holds back: the process of larder and the courier's id."""
    gate = "gate-" + words(4)
    world.fault(hold_before=gate, **(fault or {}))
    process = world.start("token", world.name, "--force", **more)
    try:
        end = time.monotonic() + 20
        while world.server.control("gate", gate=gate)["waiting"] == 0:
            wanted(time.monotonic() < end and process.poll() is None, "the exchange does not come to its reply")
            time.sleep(0.02)
        couriers = couriers_of(process.pid)
        equal("couriers", len(couriers), 1)
        yield process, couriers[0]
    finally:
        world.server.control("release", gate=gate)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)


def read_proc(pid, name):
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()


def every_secret(world):
    with open(world.key_file, "rb") as file:
        return world.secrets() | world.access_tokens() | {file.read()}


# S195
def f86_a_crash_leaves_no_core(world):
    """ABRT and SEGV in the middle of an exchange, with cores allowed: no core file, in neither program."""
    world.set_up()
    world.token()
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard == 0:
        raise Skip("core files are not allowed here")
    folder = world.path("crash")
    os.mkdir(folder)
    limit = ["prlimit", f"--core={hard if hard != resource.RLIM_INFINITY else 'unlimited'}"]
    for number in (signal.SIGABRT, signal.SIGSEGV):
        for who in ("larder", "courier"):
            # Without its courier nobody would hear of the successor, so there is none.
            fault = {"error": "temporarily_unavailable"} if who == "courier" else None
            with slow_exchange(world, fault, wrap=limit, cwd=folder) as (process, courier):
                equal("larder's program", os.readlink(f"/proc/{process.pid}/exe"), LARDER)
                os.kill(process.pid if who == "larder" else courier, number)
                if who == "larder":
                    process.wait(20)
                    equal("how larder ended", process.returncode in (-number, 99), True)
                else:
                    end = time.monotonic() + 20
                    while courier in couriers_of(process.pid) and time.monotonic() < end:
                        time.sleep(0.02)
            cores = [path for place in (folder, "/", world.home, world.vault, FOLDER) for path in glob.glob(place + "/core*")]
            equal(f"core files after {number.name} of {who}", cores, [])
            world.still_works()


def f87_nobody_looks_into_the_processes(world):
    """Another process of the same user: no ptrace, no memory, no environment, of neither program."""
    if as_nobody() is None:
        raise Skip("needs a user without rights to be, so root to start")
    # A home of that user, and the programs where that user can read them.
    os.chmod(world.home, 0o755)
    home = world.path("nobody")
    os.mkdir(home, 0o700)
    for name, path in (("larder", LARDER), ("larder-courier", COURIER)):
        shutil.copy(path, world.path(name))
        os.chmod(world.path(name), 0o755)
    world.environment.update(HOME=home, LARDER_COURIER=world.path("larder-courier"))
    world.home, outer = home, world.home
    world.key_file, world.vault = os.path.join(home, "key"), os.path.join(home, ".local/share/larder")
    world.config, world.anchors = os.path.join(home, ".config/larder"), os.path.join(home, ".local/state/larder")
    try:
        world.provide()
        for root, folders, files in os.walk(home):
            for name in ["", *folders, *files]:
                os.chown(os.path.join(root, name), 65534, 65534)
        world.larder = lambda *a, _run=world.larder, **k: _run(*a, **{**k, "wrap": nobody_runs(outer)})
        world.init()
        world.register()
        world.enrol()
        with slow_exchange(world, wrap=nobody_runs(outer)) as (process, courier):
            for pid in (process.pid, courier):
                look = ("import ctypes, os, sys\n"
                        "libc, pid, open_to = ctypes.CDLL(None, use_errno=True), int(sys.argv[1]), []\n"
                        "if libc.ptrace(16, pid, 0, 0) == 0: open_to.append('ptrace')\n"
                        "if libc.ptrace(0x4206, pid, 0, 0) == 0: open_to.append('seize')\n"
                        "for name in ('mem', 'environ', 'maps', 'stack', 'syscall', 'auxv', 'fd/3', 'map_files'):\n"
                        "    try:\n"
                        "        path = f'/proc/{pid}/{name}'\n"
                        "        os.listdir(path) if name == 'map_files' else open(path, 'rb').read(1)\n"
                        "        open_to.append(name)\n"
                        "    except OSError: pass\n"
                        "print(open_to, os.getuid())\n")
                seen = subprocess.run(as_nobody("python3", "-c", look, str(pid)), capture_output=True, text=True, check=False)
                equal(f"what is open to the same user ({seen.stderr})", seen.stdout, "[] 65534\n")
        equal("larder's end", process.wait(20), 0)
    finally:
        world.home = outer


def nobody_runs(outer):
    """setpriv, and the readable copy of the program in place of the one that follows."""
    return as_nobody("sh", "-c", f'shift; exec "{outer}/larder" "$@"', "sh")


# S195, S236
def f88_arguments_and_environment_hold_no_secret(world):
    """/proc of both programs during an exchange: no secret in arguments, environment or open file names; stdio of the
    courier is /dev/null; nothing of Larder's variables goes to the courier."""
    world.environment.update(HTTPS_PROXY="http://user:PROXY-CANARY@127.0.0.1:1", LARDER_KEY_FILE="", MY_VARIABLE="ENVIRONMENT-CANARY")
    del world.environment["LARDER_KEY_FILE"]
    world.set_up()
    world.token()
    with slow_exchange(world) as (process, courier):
        secrets = every_secret(world)
        for pid in (process.pid, courier):
            texts = {name: read_proc(pid, name) for name in ("cmdline", "environ", "maps", "comm")}
            texts["fd"] = b" ".join(os.readlink(path).encode() for path in glob.glob(f"/proc/{pid}/fd/*"))
            for name, text in texts.items():
                for secret in secrets:
                    wanted(secret not in text, f"a secret is in /proc/{pid}/{name}")
        for canary in (b"PROXY-CANARY", b"ENVIRONMENT-CANARY"):
            wanted(canary not in read_proc(courier, "environ"), "the courier has the caller's environment")
        for canary in (world.name, world.client, world.client_id, world.account):
            for name in ("cmdline", "environ"):
                wanted(canary.encode() not in read_proc(courier, name), f"{canary} is in the courier's {name}")
        for number in (0, 1) if SANITIZED else (0, 1, 2):
            equal(f"the courier's descriptor {number}", os.readlink(f"/proc/{courier}/fd/{number}"), "/dev/null")
        names = [os.readlink(path) for path in glob.glob(f"/proc/{courier}/fd/*")]
        wanted(not any("vault.db" in name or name == world.key_file for name in names), f"the courier has {names}")
        status = read_proc(courier, "status").decode()
        wanted(re.search(r"^Seccomp:\t2$", status, re.M), "the courier is not under seccomp")
        wanted(re.search(r"^NoNewPrivs:\t1$", status, re.M), "the courier may get new privileges")
    equal("larder's end", process.wait(20), 0)
    world.still_works()


def f88_memory_of_the_courier_has_no_vault_key(world):
    """Root reads the courier's memory while it waits: neither the key file's bytes nor another credential's token."""
    if os.geteuid() != 0 or SANITIZED:
        raise Skip("only root can look, and a sanitizer's shadow is too large to")
    world.set_up()
    other = world.enrol("other")
    with open(world.key_file, "rb") as file:
        foreign = [file.read(), other.encode()]
    with slow_exchange(world) as (_, courier):
        own = world.ledger()["tokens"][0].encode()
        found = set()
        with open(f"/proc/{courier}/mem", "rb", buffering=0) as memory:
            for line in read_proc(courier, "maps").decode().splitlines():
                match = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
                if not match or "[v" in line:
                    continue
                start, end = int(match[1], 16), int(match[2], 16)
                try:
                    memory.seek(start)
                    data = memory.read(min(end - start, 64 << 20))
                except (OSError, ValueError):
                    continue
                found.update(text for text in [own, *foreign] if text in data)
        wanted(own in found, "the search does not even find the token that is being sent")
        equal("what the courier should not know", found - {own}, set())


def mappings(pid):
    """The readable mappings of a process: start, end and the kernel's flags."""
    found = []
    for line in read_proc(pid, "smaps").decode().splitlines():
        match = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line)
        if match:
            found.append([int(match[1], 16), int(match[2], 16), match[3], []])
        elif line.startswith("VmFlags:"):
            found[-1][3] = line.split()[1:]
    return [(start, end, flags) for start, end, rights, flags in found if rights[0] == "r" and end - start <= 64 << 20]


def places(pid, secret):
    """Where a text is in a process: per place whether the page is locked."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, flags in mappings(pid):
            try:
                memory.seek(start)
                data = memory.read(end - start)
            except (OSError, ValueError):
                continue
            found += ["lo" in flags] * data.count(secret)
    return found


def f91_secrets_are_in_locked_memory_only(world):
    """In the middle of an exchange: larder has its secrets in locked pages and nowhere else; what the courier sends is
    in locked pages too, but for the buffers of libcurl, and of the vault it has no secret at all."""
    if os.geteuid() != 0 or SANITIZED:
        raise Skip("only root can look, and a sanitizer's shadow is too large to")
    world.set_up()
    access = world.token()
    with open(world.key_file, "rb") as file:
        key = file.read()
    with slow_exchange(world) as (process, courier):
        tokens = [token.encode() for token in world.ledger()["tokens"]]
        secrets = {"client secret": world.secret.encode(), "access token": access.encode(), "key file": key}
        seen = {what: places(process.pid, secret) for what, secret in {**secrets, **dict(enumerate(tokens))}.items()}
        wanted(any(seen.values()), "the search finds none of what is being sent")
        for what, found in seen.items():
            wanted(all(found), f"the {what} is in memory that can be swapped out: {found}")
        wanted(any(any(places(courier, token)) for token in tokens), "the courier has no locked copy of the refresh token")
        equal("copies of the key file in the courier", places(courier, key), [])
        for pid in (process.pid, courier):
            locked = int(re.search(r"^VmLck:\s+([0-9]+) kB$", read_proc(pid, "status").decode(), re.M)[1])
            wanted(locked >= 256, f"only {locked} KiB of {pid} are locked")
            secret_maps = [flags for _, _, flags in mappings(pid) if "lo" in flags]
            wanted(all({"dd", "wf"} <= set(flags) for flags in secret_maps), f"locked pages that are dumped or forked: {secret_maps}")
    world.still_works()


def f92_without_locked_memory_it_refuses(world):
    """RLIMIT_MEMLOCK 0 and no privilege: an error that names the limit; never secrets in memory that can be swapped."""
    if as_nobody() is None:
        raise Skip("needs a user without rights to be, so root to start")
    os.chmod(world.home, 0o755)
    shutil.copy(LARDER, world.path("larder"))
    os.chmod(world.path("larder"), 0o755)
    home = world.path("nobody")
    os.mkdir(home, 0o700)
    os.chown(home, 65534, 65534)
    world.environment["HOME"] = home
    result = world.larder("init", "--key-file", home + "/key", wrap=["prlimit", "--memlock=0", *nobody_runs(world.home)], exits={1, 5, 7, 9}, cwd="/")
    wanted("memory" in result.why() and "ulimit -l" in result.why(), f"the limit is not named: {result}")
    world.larder("init", "--key-file", home + "/key", "--quiet", wrap=nobody_runs(world.home), cwd="/")
    world.larder("list", "--json", wrap=["prlimit", "--memlock=0", *nobody_runs(world.home)], exits={1, 5, 7, 9}, cwd="/")


# S195, S235
def f98_no_variable_makes_it_talk(world):
    """Debug variables and -v, on success and on errors: no secret in any output, and no file is written."""
    world.environment.update({name: "9" for name in ("LARDER_DEBUG", "LARDER_LOG", "LARDER_TRACE", "LARDER_VERBOSE", "CURL_DEBUG", "DEBUG", "VERBOSE",
                                                     "SQLITE_DEBUG", "G_MESSAGES_DEBUG", "MALLOC_TRACE")})
    world.set_up()
    tokens = {world.token("-v"), world.token("-v", "--force")}
    wanted(len(tokens) == 2, "no new token")
    for fault, status in (({"error": "invalid_scope"}, 8), ({"status": 503}, 6), ({"error": "invalid_grant", "error_description": world.secret}, 4)):
        world.fault(**fault)
        kept = world.canaries
        if "error_description" in fault:
            world.canaries = set()          # what the provider says itself is shown
        result = world.larder("token", world.name, "--force", "-v", exits=None)
        world.canaries = kept
        equal(f"the exit status of {fault}", result.status, status)
        for token in tokens:
            wanted(token.encode() not in result.err, f"a token in the output: {result}")
    wanted(not os.path.exists(world.path("9")), "a file was written")


def f88_what_goes_over_the_network_is_only_what_must(world):
    """The request to the token endpoint: the fields of RFC 6749 and no name, account, version or host of the machine."""
    world.set_up()
    world.token()
    request = world.requests()[-1]
    equal("fields", sorted(request["form"]), ["grant_type", "refresh_token"])
    wanted(set(request["headers"]) <= {"host", "authorization", "accept", "content-type", "content-length", "user-agent", "connection", "expect",
                                       "transfer-encoding", "cache-control"}, f"headers {sorted(request['headers'])}")
    equal("the query", request["query"], "")
    whole = str(request["headers"])
    for text in (world.name, world.account, os.uname().nodename):
        wanted(text not in whole, f"{text} is in the headers")


if __name__ == "__main__":
    main()
