# SPDX-License-Identifier: Apache-2.0
"""Class B: what lies where the vault should be, who else may touch it, and storage that fails."""
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import threading

from errors_table import DISKS
from harness import (DAMAGED, DENIED, FULL, NOT_FOUND, SANITIZED, UNAVAILABLE, USAGE, Failure, Skip, equal, main, wanted, words)
from shim import EVER, Shim, can_preload

REFUSED = {USAGE, DENIED, DAMAGED}      # one of these, never success and never a hang


def content(path):
    with open(path, "rb") as file:
        return file.read()


def mount(*arguments):
    """As root, where mounting is allowed."""
    if os.geteuid() != 0 or subprocess.run(["mount", *arguments], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise Skip("mounting is not allowed here")


def unmount(path):
    subprocess.run(["umount", "-l", path], check=False, stderr=subprocess.DEVNULL)


def b18_a_vault_file_that_is_a_symbolic_link_is_refused(world):
    """The link's target is untouched, nobody asks the provider; put back in place the vault works."""
    world.set_up()
    for name in ("vault.db", "vault.lock", "spool"):
        path, target = os.path.join(world.vault, name), world.path("elsewhere")
        os.rename(path, target)
        os.symlink(target, path)
        before = None if os.path.isdir(target) else content(target)
        sent = len(world.requests())
        world.larder("token", world.name, "--force", exits=REFUSED)
        equal("requests", len(world.requests()), sent)
        wanted(before is None or content(target) == before, f"the target of the link {name} was written")
        os.unlink(path)
        os.rename(target, path)
        world.still_works()


def b18_wal_and_shm_that_are_links_are_not_written_through(world):
    """A -wal that is a link to another file: refused or ignored, and the other file keeps its bytes."""
    world.set_up()
    victim = world.write("victim", "precious\n")
    for name in ("vault.db-wal", "vault.db-shm"):
        path = os.path.join(world.vault, name)
        kept = world.path("kept")
        if os.path.exists(path):
            os.rename(path, kept)
        os.symlink(victim, path)
        world.larder("list", exits=None)
        world.larder("token", world.name, exits=None)
        equal(f"the file behind {name}", content(victim), b"precious\n")
        if os.path.islink(path):
            os.unlink(path)
        if os.path.exists(kept):
            os.rename(kept, path)
    world.still_works()


def b19_a_link_that_is_swapped_in_is_never_followed(world):
    """While vault.db alternates between the file and a link to a decoy, no command ever reads or writes the decoy."""
    world.set_up()
    token = world.token()
    decoy = world.path("decoy")
    os.mkdir(decoy)
    decoy = world.write("decoy/vault.db", words(2000))
    before = content(decoy)
    path, real, link = world.database, world.database + ".real", world.database + ".link"
    os.link(path, real)
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            os.symlink(decoy, link)
            os.rename(link, path)
            os.link(real, link)
            os.rename(link, path)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(1000 if FULL else 60):
            result = world.larder("token", world.name, "--offline", exits=None)
            wanted(result.status in REFUSED or result.text() == token, f"an odd answer: {result}")
    finally:
        stop.set()
        swapper.join()
    equal("the decoy", content(decoy), before)
    wanted(not os.path.exists(decoy + "-wal"), "the decoy was opened as a vault")
    os.rename(path, link)       # one name again, whichever was there last
    os.unlink(link)
    os.rename(real, path)
    world.still_works()


def b20_a_vault_that_others_can_reach_is_refused(world):
    """Directory, database, lock and spool: any right of others is exit 7 with the path named; mended, all goes on."""
    world.set_up()
    for name, modes in (("", (0o770, 0o755, 0o701, 0o777)), ("vault.db", (0o640, 0o604, 0o660, 0o666)), ("vault.lock", (0o666,)),
                        ("spool", (0o777,))):
        path = os.path.join(world.vault, name).rstrip("/")
        right = stat.S_IMODE(os.lstat(path).st_mode)
        for mode in modes:
            os.chmod(path, mode)
            result = world.larder("token", world.name, "--force", exits=DENIED)
            wanted(os.path.basename(path) in result.why() or world.vault in result.why(), f"the path is not named: {result}")
        os.chmod(path, right)
    world.still_works()


def b20_a_vault_of_another_user_is_refused(world):
    """Exit 7, for the directory and for the database."""
    if os.geteuid() != 0:
        raise Skip("only root can give a file away")
    world.set_up()
    for path in (world.vault, world.database):
        os.chown(path, 65534, 65534)
        world.larder("token", world.name, "--force", exits=DENIED)
        os.chown(path, 0, 0)
    equal("requests", len(world.requests()), 0)
    world.still_works()


def b20_a_key_file_that_others_can_read_is_refused(world):
    """A key file with mode 0644, one that is a directory, short or gone: never opens, never hangs."""
    world.set_up()
    os.chmod(world.key_file, 0o644)
    world.larder("token", world.name, "--force", exits={DENIED, 5})
    os.chmod(world.key_file, 0o600)
    key = content(world.key_file)
    for bad in (b"", key[:31], key + b"\n\n", bytes(32), key[::-1]):
        world.write("key", bad)
        world.larder("token", world.name, "--force", exits={USAGE, 5})
    os.unlink(world.key_file)
    world.larder("token", world.name, "--force", exits=5)
    os.mkfifo(world.key_file, 0o600)
    world.larder("token", world.name, "--force", exits={USAGE, DENIED, 5})
    os.unlink(world.key_file)
    world.write("key", key)
    equal("requests", len(world.requests()), 0)
    world.still_works()


def b21_a_hard_link_to_the_vault_gives_nobody_more(world):
    """A second name of vault.db is refused or harmless: what happens is the same every time."""
    world.set_up()
    os.link(world.database, world.path("second-name"))
    result = world.larder("token", world.name, exits={0, DENIED})
    equal("the second time", world.larder("token", world.name, exits={0, DENIED}).status, result.status)
    os.unlink(world.path("second-name"))
    world.still_works()


def b22_files_are_private_whatever_the_umask_is(world):
    """With umask 000 everything in the vault, its anchor and the key file is 0600 or 0700."""
    world.provide()
    for value in ("000", "077"):
        process = subprocess.run(["sh", "-c", f'umask {value}; exec "$0" "$@"', os.environ["LARDER"], "--vault", world.path("v" + value),
                                  "init", "--key-file", world.path("k" + value)], env=world.environment, capture_output=True, check=False)
        equal(f"the exit status with umask {value} ({process.stderr})", process.returncode, 0)
    world.init()
    umask = ["sh", "-c", 'umask 000; exec "$0" "$@"']
    world.register()
    world.enrol()
    world.larder("token", world.name, wrap=umask)
    world.larder("token", world.name, "--force", wrap=umask)
    for folder in (world.vault, world.anchors, world.path("v000"), world.path("v077")):
        for root, _, names in os.walk(folder):
            equal(f"the mode of {root}", oct(stat.S_IMODE(os.stat(root).st_mode)), "0o700")
            for name in names:
                equal(f"the mode of {name}", oct(stat.S_IMODE(os.stat(os.path.join(root, name)).st_mode)), "0o600")
    for name in ("k000", "k077"):
        equal(f"the mode of {name}", oct(stat.S_IMODE(os.stat(world.path(name)).st_mode)), "0o600")
    world.still_works()


def b24_what_is_there_before_init_is_never_overwritten(world):
    """Empty, text, another database, a link: init refuses and every byte stays; nor is a key file left behind."""
    things = {"empty": b"", "text": b"precious\n", "SQLite": b"SQLite format 3\0" + bytes(4080)}
    for what, bytes_there in things.items():
        folder = world.path("v-" + what)
        os.mkdir(folder, 0o700)
        path = os.path.join(folder, "vault.db")
        world.write(path, bytes_there)
        world.larder("--vault", folder, "init", "--key-file", world.path("key-" + what), exits={DENIED, NOT_FOUND, DAMAGED})
        equal(what, content(path), bytes_there)
    target = world.write("target", "precious\n")
    folder = world.path("linked")
    os.mkdir(folder, 0o700)
    os.symlink(target, os.path.join(folder, "vault.db"))
    world.larder("--vault", folder, "init", "--key-file", world.path("key-link"), exits={DENIED, NOT_FOUND, DAMAGED})
    equal("the link's target", content(target), b"precious\n")
    world.set_up()
    world.larder("init", "--key-file", world.path("other"), exits=NOT_FOUND)
    wanted(not os.path.exists(world.path("other")), "a key file was made for a vault that was not")
    world.still_works()


def b25_what_is_no_file_is_refused_at_once(world):
    """A FIFO, a directory, a socket, a device in place of vault.db or vault.lock: no hang."""
    world.set_up()
    for name in ("vault.db", "vault.lock"):
        path, kept = os.path.join(world.vault, name), world.path("kept")
        os.rename(path, kept)
        for what in ("fifo", "directory", "socket", "device"):
            if what == "fifo":
                os.mkfifo(path, 0o600)
            elif what == "directory":
                os.mkdir(path, 0o700)
            elif what == "socket":
                with socket.socket(socket.AF_UNIX) as listener:
                    listener.bind(path)
                os.chmod(path, 0o600)
            elif os.geteuid() == 0:
                try:
                    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
                except PermissionError:
                    continue
            else:
                continue
            result = world.larder("token", world.name, "--force", exits=REFUSED | {5})
            wanted(result.seconds < 5, f"slow: {result}")
            (os.rmdir if what == "directory" else os.unlink)(path)
        os.rename(kept, path)
    equal("requests", len(world.requests()), 0)
    world.still_works()


def b26_without_a_way_to_write_nothing_is_sent(world):
    """On a read-only mount a refresh is refused with exit 9 before any request."""
    world.set_up()
    world.token()
    sent = len(world.requests())
    mount("--bind", world.vault, world.vault)
    try:
        mount("-o", "remount,bind,ro", world.vault)
        world.larder("token", world.name, "--force", exits=DAMAGED)
        world.larder("refresh", world.name, exits={DAMAGED, 11})
        # A release has to be in the audit (the contract), so even a cached token stays inside.
        world.larder("token", world.name, exits=DAMAGED)
        equal("requests", len(world.requests()), sent)
    finally:
        unmount(world.vault)
    world.still_works()


def b27_a_full_disk_loses_no_refresh_token(world):
    """At every level of free space: either nothing was sent, or the new refresh token is found again."""
    small = world.path("small")
    os.mkdir(small, 0o700)
    mount("-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", small)
    try:
        world.environment["XDG_DATA_HOME"] = small
        world.vault = os.path.join(small, "larder")
        world.set_up()
        world.token()
        filler = os.path.join(small, "filler")
        for free_kib in range(0, 65, 1 if FULL else 8):
            with open(filler, "wb", buffering=0) as file:
                room = os.statvfs(small)
                try:
                    file.write(bytes(max(0, room.f_bavail * room.f_frsize - free_kib * 1024)))
                except OSError:
                    pass
            before = world.ledger()["newest"]
            result = world.larder("token", world.name, "--force", exits={0, DAMAGED})
            if result.status == 0:
                equal("the token's generation", world.server.control("identify", token=result.text())["n"], world.ledger()["newest"])
            else:
                wanted(world.ledger()["newest"] <= before + 1, f"more than one exchange: {result}")
            os.unlink(filler)
            world.still_works()
    finally:
        unmount(small)


def b29_a_disk_that_goes_on_failing_loses_nothing_and_is_named(world):
    """A quota that is used up, a disk that fails, is read-only or full, a limit on files, from any call on and for good:
    exit 9 with the cause, nothing is sent without a way to keep the answer, and with room again all is there."""
    if not can_preload():
        raise Skip("needs LARDER_SHIM_LIBRARY, and a build without sanitizers")
    world.set_up()
    world.token()
    names = {"EDQUOT": "quota", "EIO": "nput/output", "EROFS": "ead-only", "ENOSPC": "pace"}
    for calls, error in DISKS[:4]:
        for first in range(1, 24, 1 if FULL else 5):
            shim = Shim(world.path("log"), (calls, first, EVER, error, "before"))
            before = world.ledger()["counts"]["requests"]
            result = world.larder("token", world.name, "--force", environment=shim.environment, exits={0, DAMAGED})
            sent = world.ledger()["counts"]["requests"] - before
            if result.status != 0:
                told = result.why()
                wanted(names[error] in told or "vault.db" in told or "full" in told, f"the cause is not named: {result}")
                wanted(sent == 0 or "is kept" in told or "carried out" in told, f"it was sent and is not said to be kept: {result}")
            world.larder("list")        # reading goes on where it can
            world.still_works()
    for kib in (0, 4, 16, 40):      # and half of one, for standard error, which is a file here
        world.larder("token", world.name, "--force", wrap=["prlimit", f"--fsize={kib * 1024 + 512}"], exits={0, DAMAGED})
        world.still_works()


def b33_a_vault_on_a_network_file_system_is_refused(world):
    """NFS, SMB, 9P, FUSE and their like: init ends with exit 7, says which and why, and leaves nothing behind."""
    if not can_preload():
        raise Skip("needs LARDER_SHIM_LIBRARY, and a build without sanitizers")
    magics = {"6969": "NFS", "517b": "SMB", "ff534d42": "CIFS", "fe534d42": "SMB2", "01021997": "9P", "65735546": "FUSE",
              "00c36400": "Ceph", "5346414f": "AFS", "0bd00bd0": "Lustre", "47504653": "GPFS"}
    for magic, name in magics.items():
        shim = Shim(world.path("log"), LARDER_SHIM_STATFS=magic)
        result = world.larder("init", "--key-file", world.key_file, environment=shim.environment, exits=DENIED)
        wanted(f"({name})" in result.why() and "lock" in result.why(), f"neither the file system nor the reason is told: {result}")
        wanted("local disk" in result.why(), f"it does not say what to do: {result}")
        wanted(not os.path.exists(world.key_file) and not os.path.exists(world.database), "something was left behind")
    shim = Shim(world.path("log"), LARDER_SHIM_STATFS="ef53")       # ext4
    world.larder("init", "--key-file", world.key_file, environment=shim.environment)
    world.provide()
    world.register()
    world.enrol()
    world.still_works()


def b30_a_write_that_fails_is_no_success_and_loses_nothing(world):
    """Each write and sync of larder fails once with EIO or ENOSPC: the refresh token of the ledger is found again."""
    if not shutil.which("strace") or SANITIZED:
        raise Skip("needs strace, and a build without sanitizers")
    world.set_up()
    world.token()
    # vault.db-wal is written by pwrite64, the anchor by pwrite64 too; fdatasync ends a transaction.
    for call in ("fdatasync", "fsync", "pwrite64", "ftruncate"):
        for number in range(1, 40 if FULL else 7, 1 if FULL else 2):
            for errno in ("EIO", "ENOSPC"):
                strace = ["strace", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={errno}:when={number}"]
                result = world.larder("token", world.name, "--force", wrap=strace, exits={0, DAMAGED, UNAVAILABLE, 12})
                if result.status == 0:
                    known = world.server.control("identify", token=result.text())
                    equal("the token", (known["kind"], known["state"]), ("access_token", "live"))
                world.still_works()


def b32_a_wal_of_another_vault_does_no_harm(world):
    """A foreign -wal and -shm: refused as damage or ignored; no foreign row is taken, the own data are there."""
    world.set_up()
    token = world.token()
    other = world.path("other")
    world.larder("--vault", other, "init", "--key-file", world.path("other-key"), "--quiet")
    world.larder("--vault", other, "client", "add", "foreign", "--provider", "here", "--client-id", "x", "--quiet")
    os.unlink(world.path("other-key"))      # it comes from elsewhere
    kept = world.path("kept")
    shutil.copytree(world.vault, kept)
    # As after a power cut: the own log was written into the database, another lies beside it.
    database = sqlite3.connect(world.database)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    for name in ("vault.db-wal", "vault.db-shm"):
        if os.path.exists(os.path.join(other, name)):
            shutil.copyfile(os.path.join(other, name), os.path.join(world.vault, name))
    result = world.larder("token", world.name, "--offline", exits={0, DAMAGED, 5})
    wanted(result.status != 0 or result.text() == token, f"an odd answer: {result}")
    listed = world.larder("client", "list", exits={0, DAMAGED, 5})
    wanted(b"foreign" not in listed.out, "a client of another vault is in the list")
    for name in ("vault.db", "vault.db-wal", "vault.db-shm"):
        path = os.path.join(world.vault, name)
        if os.path.exists(path):
            os.unlink(path)
        if os.path.exists(os.path.join(kept, name)):
            shutil.copyfile(os.path.join(kept, name), path)
            os.chmod(path, 0o600)
    # Putting old bytes back is a rollback where the list left an audit row; the anchor tells.
    world.larder("verify")
    world.still_works()


def b36_of_many_inits_at_once_one_succeeds(world):
    """20 at the same time: one exit 0, the others exit 3, and the vault is whole, its new key file too."""
    running = [world.start("init", "--key-file", world.key_file, "--quiet") for _ in range(20)]
    statuses = []
    for process in running:
        status, _ = world.wait(process, 60)
        statuses.append(status)
    equal("successes", statuses.count(0), 1)
    # A loser that came on the key file while the winner wrote it says so instead.
    wanted(set(statuses) <= {0, NOT_FOUND, USAGE}, f"exit statuses {sorted(statuses)}")
    world.provide()
    world.register()
    world.enrol()
    world.still_works()


if __name__ == "__main__":
    main()
