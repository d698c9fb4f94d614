# SPDX-License-Identifier: Apache-2.0
"""Class D: keys that do not fit, key slots with hostile parameters, and too little memory for a key."""
import hashlib
import os
import shutil
import sqlite3
import subprocess

from harness import DAMAGED, DENIED, FOUND, FULL, LOCKED, NOT_FOUND, SANITIZED, USAGE, Skip, equal, main, wanted, words

KDF_LIMIT_S = 40


def with_descriptor(path):
    """The program with descriptor 9 open on a file."""
    return ["sh", "-c", f'exec "$0" "$@" 9<"{path}"']


def passphrase_vault(world, passphrase):
    """A vault with a passphrase; returns the recovery code."""
    path = world.write("passphrase", passphrase)
    result = world.larder("init", "--passphrase", "--passphrase-fd", "9", "--json", wrap=with_descriptor(path), limit_s=KDF_LIMIT_S)
    return result.json()["recovery_code"]


def try_passphrase(world, passphrase, exits):
    path = world.write("tried", passphrase)
    return world.larder("list", "--json", "--json", wrap=with_descriptor(path), environment={"LARDER_PASSPHRASE_FD": "9"}, exits=exits,
                        limit_s=KDF_LIMIT_S)


def slot_check(number, body):
    """The checksum at the end of a key slot, docs/vault-format.md."""
    def piece(data):
        return len(data).to_bytes(8, "big") + data
    text = b"n" + piece(b"larder 1 slot check") + (2).to_bytes(8, "big") + piece(number) + piece(body)
    return hashlib.blake2b(text, key=bytes(32), digest_size=16).digest()


def slot_with(number, body, fields):
    """A slot's row with other values of numbers in its header, and the checksum that fits."""
    length = int.from_bytes(body[:2], "big")
    header, at = bytearray(body[2:2 + length]), 0
    while at < length:
        tag, size = header[at], int.from_bytes(header[at + 1:at + 5], "big")
        if tag in fields:
            header[at + 5:at + 5 + size] = (fields[tag] % (1 << 8 * size)).to_bytes(size, "big")
        at += 5 + size
    changed = body[:2] + bytes(header) + body[2 + length:-16]
    return changed + slot_check(number, changed)


def c56_a_change_of_keys_that_is_killed_leaves_a_vault_that_opens(world):
    """SIGKILL at system calls of `key add` and `key remove`: the old key opens all rows, and a slot that is listed opens
    the vault with its own key; the same command then finishes the change."""
    if not shutil.which("strace") or SANITIZED:
        raise Skip("needs strace, and a build without sanitizers")
    world.set_up()
    token = world.token()
    spare = world.path("spare")

    def kill(call, number, *command):
        trace = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}"]
        process = world.start(*command, wrap=trace, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return world.wait(process, 60)[0]

    def check(what):
        world.larder("verify")
        equal(f"the token after {what}", world.token("--offline"), token)
        slots = world.larder("key", "list", "--json").json()
        wanted(len(slots) in (1, 2) and not any(slot["detail"] == "damaged" for slot in slots), f"the slots after {what}: {slots}")
        if len(slots) == 2:
            os.rename(world.key_file, world.key_file + ".kept")
            world.larder("list", "--json", environment={"LARDER_KEY_FILE": spare})
            os.rename(world.key_file + ".kept", world.key_file)
        return slots

    killed = 0
    for call in ("pwrite64", "fdatasync", "fsync", "openat", "ftruncate"):
        for number in range(1, 60, 1 if FULL else 7):
            killed += kill(call, number, "key", "add", "file", "--key-file", spare, "--quiet") != 0
            if len(check(f"{call} {number} of key add")) == 1:
                world.larder("key", "add", "file", "--key-file", spare, "--quiet")
            added = check("key add")[1]["slot"]
            killed += kill(call, number, "key", "remove", str(added)) != 0
            if len(check(f"{call} {number} of key remove")) == 2:
                world.larder("key", "remove", str(added), "--quiet")
            os.unlink(spare)
    wanted(killed > 10, f"only {killed} of the commands were killed")
    world.still_works()


def d57_a_wrong_key_is_said_to_be_wrong_and_costs_nothing(world):
    """D57, D62: wrong passphrases are exit 5, and so are wrong recovery codes; the right one opens afterwards."""
    passphrase = "right " + words()
    world.canaries.add(passphrase)
    code = passphrase_vault(world, passphrase)
    world.canaries.add(code)
    for wrong in [passphrase + " ", passphrase[:-1], words()] * (300 if FULL else 1):
        try_passphrase(world, wrong, LOCKED)
    try_passphrase(world, passphrase, 0)
    try_passphrase(world, passphrase + "\n", 0)
    typo = code[:2] + ("A" if code[2] != "A" else "B") + code[3:]
    quick = try_passphrase(world, typo, {LOCKED, USAGE})
    if not SANITIZED:
        wanted(quick.seconds < 0.7 or b"recovery" not in quick.err, f"a typo costs the work of a key: {quick}")
    try_passphrase(world, code, 0)
    try_passphrase(world, code.lower().replace("-", " "), 0)
    world.larder("list", "--json", exits=LOCKED)      # and without anything nobody is asked and nothing hangs
    for bad in ("77", "-1", "x", "99999999999", ""):
        world.larder("list", "--json", environment={"LARDER_PASSPHRASE_FD": bad}, exits={LOCKED, USAGE})


def d58_hostile_parameters_of_a_slot_are_never_run(world):
    """Huge and tiny costs, unknown algorithms and kinds, with a checksum that fits: exit 5 or 9 at once."""
    passphrase = words()
    passphrase_vault(world, passphrase)
    database = sqlite3.connect(world.database, isolation_level=None)
    row, number, body = database.execute("SELECT id, key, body FROM record WHERE kind = 3 ORDER BY key LIMIT 1").fetchone()
    equal("our checksum of the slot as it is", slot_with(number, body, {}), body)
    for fields in ({5: 1 << 62}, {5: (1 << 64) - 1}, {4: 1 << 31}, {4: (1 << 32) - 1}, {5: 8192, 4: 1}, {5: 0}, {4: 0}, {5: 64 << 40}, {3: 0},
                   {3: 99}, {1: 99}, {1: 2}, {1: 4}):
        database.execute("UPDATE record SET body = ? WHERE id = ?", (slot_with(number, body, fields), row))
        result = try_passphrase(world, passphrase, {LOCKED, DAMAGED})
        wanted(SANITIZED or result.seconds < 0.5, f"{fields} took {result.seconds:.1f} s")
        wanted(SANITIZED or result.memory_kb < 65536, f"{fields} took {result.memory_kb} KiB")
    database.execute("UPDATE record SET body = ? WHERE id = ?", (body, row))
    database.close()
    try_passphrase(world, passphrase, 0)


def d60_too_little_memory_is_said_and_nothing_breaks(world):
    """With 128 MiB of address space a passphrase cannot be tried: an error that says so; with enough it opens."""
    if SANITIZED:
        raise Skip("a sanitized program needs more address space than that")
    passphrase = words()
    passphrase_vault(world, passphrase)
    path = world.write("tried", passphrase)
    result = world.larder("list", "--json", wrap=["prlimit", f"--as={128 << 20}", *with_descriptor(path)], environment={"LARDER_PASSPHRASE_FD": "9"},
                          exits={1, LOCKED}, limit_s=KDF_LIMIT_S)
    wanted("memory" in result.why(), f"memory is not named: {result}")
    try_passphrase(world, passphrase, 0)


def d62_the_recovery_code_opens_when_every_other_slot_is_damaged(world):
    """The passphrase's slot is rubbish, with a checksum that fits or not: the passphrase opens nothing, the recovery code
    does and shows what is damaged; the same slot put back, all is well. Removed, the rest is whole again."""
    passphrase = words()
    code = passphrase_vault(world, passphrase)
    world.canaries.update((passphrase, code))
    by_code = {"wrap": with_descriptor(world.write("code", code)), "environment": {"LARDER_PASSPHRASE_FD": "9"}, "limit_s": KDF_LIMIT_S}
    database = sqlite3.connect(world.database, isolation_level=None)
    row, number, body = database.execute("SELECT id, key, body FROM record WHERE kind = 3 ORDER BY key LIMIT 1").fetchone()
    turned = body[:-40] + bytes([body[-40] ^ 1]) + body[-39:]
    for damaged in (turned, turned[:-16] + slot_check(number, turned[:-16]), body[:30], os.urandom(len(body))):
        database.execute("UPDATE record SET body = ? WHERE id = ?", (damaged, row))
        try_passphrase(world, passphrase, {LOCKED, DAMAGED})
        slots = world.larder("key", "list", "--json", **by_code).json()
        equal("the keys", [slot["kind"] for slot in slots], ["passphrase", "recovery"])
        equal("the damaged one is named", slots[0]["detail"] == "damaged", damaged[-16:] != slot_check(number, damaged[:-16]))
        world.larder("verify", exits={FOUND, DAMAGED}, **by_code)
    database.execute("UPDATE record SET body = ? WHERE id = ?", (body, row))
    try_passphrase(world, passphrase, 0)
    world.larder("verify", **by_code)
    database.execute("UPDATE record SET body = ? WHERE id = ?", (turned, row))
    database.close()
    result = world.larder("verify", exits={FOUND, DAMAGED}, **by_code)
    wanted("key remove" in result.why(), f"no way out is named: {result}")
    world.larder("key", "remove", str(slots[0]["slot"]), **by_code)
    world.larder("verify", **by_code)
    wanted("counted anew" in world.larder("audit", "--json", **by_code).out.decode(), "it is not in the audit log")


def d63_the_last_key_stays(world):
    """Removing the only slot is refused; a slot that there is not is not found."""
    world.set_up()
    slots = world.larder("key", "list", "--json").json()
    equal("slots", len(slots), 1)
    world.larder("key", "remove", str(slots[0]["slot"]), exits={DENIED, USAGE})
    for number in ("99", "0"):
        world.larder("key", "remove", number, exits={NOT_FOUND, USAGE})
    for number in ("-1", "x", "4294967297", "1e1", ""):
        world.larder("key", "remove", "--", number, exits=USAGE)
    world.still_works()


def d65_a_passphrase_is_its_bytes(world):
    """Composed and decomposed letters differ, spaces count, other encodings are taken; empty, NUL and too long are not."""
    composed, decomposed = " caf\u00e9  x ", " cafe\u0301  x "
    passphrase_vault(world, composed)
    try_passphrase(world, decomposed, LOCKED)
    try_passphrase(world, composed.strip(), LOCKED)
    try_passphrase(world, composed, 0)
    for number, bad in enumerate((b"", b"\n", b"a\0b", b"x" * 1025, b"x" * (1 << 20))):
        path = world.write("bad", bad)
        world.larder("--vault", world.path(f"v{number}"), "init", "--passphrase", "--passphrase-fd", "9", wrap=with_descriptor(path),
                     exits={USAGE, LOCKED}, limit_s=KDF_LIMIT_S)
        wanted(not os.path.exists(world.path(f"v{number}", "vault.db")), f"a vault was made with {bad[:10]!r}")
    odd = b"\xff\xfe" + b"x" * 1022
    path = world.write("odd", odd)
    world.larder("--vault", world.path("odd-vault"), "init", "--passphrase", "--passphrase-fd", "9", "--quiet", wrap=with_descriptor(path),
                 limit_s=KDF_LIMIT_S)
    world.larder("--vault", world.path("odd-vault"), "list", "--json", wrap=with_descriptor(path), environment={"LARDER_PASSPHRASE_FD": "9"},
                 limit_s=KDF_LIMIT_S)


def d66_the_key_of_another_vault_opens_nothing(world):
    """A service credential, a key file and a key command of somewhere else: exit 5, and nothing is sent."""
    world.set_up()
    with open(world.key_file, "rb") as file:
        key = file.read()
    os.unlink(world.key_file)
    os.mkdir(world.path("credentials"), 0o700)
    other = world.write("credentials/larder.key", os.urandom(32), 0o400)
    for environment in ({"CREDENTIALS_DIRECTORY": world.path("credentials")}, {"LARDER_KEY_FILE": other}, {"LARDER_KEY_FILE": world.path("none")},
                        {"CREDENTIALS_DIRECTORY": world.path("none")}, {"LARDER_KEY_FILE": "/dev/zero"}, {"LARDER_KEY_FILE": world.home}):
        world.larder("token", world.name, "--force", environment=environment, exits={LOCKED, DENIED, USAGE})
    equal("requests", len(world.requests()), 0)
    os.chmod(other, 0o600)
    with open(other, "wb") as file:
        file.write(key)
    world.larder("list", "--json", environment={"CREDENTIALS_DIRECTORY": world.path("credentials")})
    with open(os.open(world.key_file, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(key)
    world.still_works()


def d66_a_key_command_that_fails_leaves_the_vault_shut(world):
    """It ends with an error, prints nothing, too much, or does not exist: exit 5, without a shell in between."""
    script = world.write("show-key", "#!/bin/sh\ncat \"$HOME/secret-key\"\n", 0o700)
    world.write("secret-key", words(32))
    world.larder("init", "--key-command", script, "--quiet")
    world.larder("list", "--json")
    for body in ("exit 3", "true", "head -c 10000000 /dev/zero 2>&-", "printf x", "kill -9 $$", "echo wrong-wrong-wrong-wrong-wrong-wrong-x"):
        world.write("show-key", f"#!/bin/sh\n{body}\n", 0o700)
        world.larder("list", "--json", exits={LOCKED, USAGE}, limit_s=KDF_LIMIT_S)
    os.unlink(script)
    world.larder("list", "--json", exits={LOCKED, USAGE})
    trap = world.path("trap")
    world.larder("--vault", world.path("v2"), "init", "--key-command", f"/bin/echo x; touch {trap}", exits=None, limit_s=KDF_LIMIT_S)
    wanted(not os.path.exists(trap), "a shell ran the key command")


if __name__ == "__main__":
    main()
