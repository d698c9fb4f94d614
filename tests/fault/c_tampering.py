# SPDX-License-Identifier: Apache-2.0
"""Class C: somebody with a way to write the vault's files changes, swaps, removes or puts back parts of them.

What holds in all cases: no other token than the right one is printed, nothing of the file is run, and where the state is
not the one that was left, nothing is sent: the server counts no request.
"""
import os
import random
import shutil
import sqlite3

from harness import DAMAGED, DENIED, FOUND, FULL, IN_DOUBT, LOCKED, SANITIZED, UNAVAILABLE, equal, main, wanted

SLOT, CLIENT, CREDENTIAL, GRANT, ACCESS = range(3, 8)     # kinds of rows, docs/vault-format.md
HEADER = 1
NO = {DAMAGED, LOCKED}
BAD_NEWS = {DAMAGED, LOCKED, FOUND}


class Snapshot:
    """The vault's files and its anchor as they are now, to be put back in place: the lock file stays the same one."""

    def __init__(self, world):
        self.world, self.kept = world, {}
        for path in world.files():
            with open(path, "rb") as file:
                self.kept[path] = file.read()

    def restore(self, anchors=True):
        for path in list(self.world.files()):
            if path not in self.kept:
                os.unlink(path)
        for path, content in self.kept.items():
            if path.endswith("vault.lock") or (not anchors and path.startswith(self.world.anchors)):
                continue
            fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(fd, content)
            os.ftruncate(fd, len(content))
            os.close(fd)


def sql(world, *statements):
    database = sqlite3.connect(world.database, isolation_level=None)
    try:
        rows = None
        for statement in statements:
            statement = statement if isinstance(statement, tuple) else (statement,)
            rows = database.execute(*statement).fetchall()
        return rows
    finally:
        database.close()


def fold(world):
    """Everything into vault.db, and no log beside it."""
    sql(world, "PRAGMA wal_checkpoint(TRUNCATE)")


def bodies(world, kind):
    return sql(world, ("SELECT id, key, body FROM record WHERE kind = ? ORDER BY id", (kind,)))


def put_body(world, row, body):
    sql(world, ("UPDATE record SET body = ? WHERE id = ?", (body, row)))


def refuses(world, name=None, exits=DAMAGED):
    """No exchange, whatever is asked, and verify finds it."""
    sent = len(world.requests())
    world.larder("token", name or world.name, "--force", exits=exits)
    world.larder("refresh", name or world.name, exits={DAMAGED, 11, LOCKED})
    world.larder("verify", exits=BAD_NEWS)
    equal("requests", len(world.requests()), sent)


def try_damaged(world, token, what):
    """One damaged file: the same token or none; verify says something; never a signal."""
    result = world.larder("token", world.name, "--offline", exits=NO | {0})
    wanted(result.status != 0 or result.text() == token, f"{what}: another token: {result}")
    world.larder("verify", exits=BAD_NEWS | {0})


def c37_flipped_bits_give_the_same_token_or_none(world):
    """Bits all over vault.db: exit 0 with the right token, 5 or 9; verify 0, 5, 9 or 10."""
    world.set_up()
    token = world.token()
    fold(world)
    saved = Snapshot(world)
    content = saved.kept[world.database]
    positions = range(len(content)) if FULL else \
        sorted(set(range(0, 110, 4 if SANITIZED else 2)) | set(random.Random(37).sample(range(len(content)), 40 if SANITIZED else 200)))
    for position in positions:
        for bit in (0, 3, 7) if FULL else (position % 8,):
            with open(world.database, "r+b") as file:
                file.seek(position)
                file.write(bytes([content[position] ^ 1 << bit]))
            try_damaged(world, token, f"byte {position}, bit {bit}")
            saved.restore()
    world.still_works()


def c37_flipped_bits_of_rows_never_pass_verify(world):
    """A bit in any sealed body is found: verify is not content with it."""
    world.set_up()
    world.token()
    fold(world)
    saved = Snapshot(world)
    content = saved.kept[world.database]
    for kind, body in sql(world, "SELECT kind, body FROM record"):
        start = content.find(body[:64])
        if start < 0:
            continue                    # not in one piece
        for offset in {0, 17, 40, 100, min(len(body), 300) - 1}:
            with open(world.database, "r+b") as file:
                file.seek(start + offset)
                file.write(bytes([content[start + offset] ^ 4]))
            wanted(sql(world, ("SELECT count(*) FROM record WHERE body = ?", (body,)))[0][0] == 0, "the flip hit another place")
            world.larder("verify", exits=BAD_NEWS)
            saved.restore()
    world.still_works()


def c38_rows_that_are_swapped_are_refused(world):
    """Credentials, refresh tokens, access tokens of two names exchanged: exit 9 for both, nothing is sent."""
    world.set_up()
    other = "other"
    world.enrol(other)
    tokens = {name: world.token(name=name) for name in (world.name, other)}
    saved = Snapshot(world)
    for kind in (CREDENTIAL, GRANT, ACCESS):
        (first, _, one), (second, _, two) = bodies(world, kind)
        put_body(world, first, two)
        put_body(world, second, one)
        for name in tokens:
            result = world.larder("token", name, "--offline", exits={0, DAMAGED})
            wanted(result.status != 0 or result.text() == tokens[name], f"the token of another: {result}")
            refuses(world, name)
        saved.restore()
    world.still_works()
    world.still_works(other)


def c39_a_body_in_another_column_is_refused(world):
    """C39, C46: the body of one kind under another kind, kinds and keys changed: exit 9, nothing is sent."""
    world.set_up()
    token = world.token()
    saved = Snapshot(world)
    kinds = (CLIENT, CREDENTIAL, GRANT, ACCESS)
    for into in kinds:
        for source in kinds:
            if source != into:
                put_body(world, bodies(world, into)[0][0], bodies(world, source)[0][2])
                result = world.larder("token", world.name, "--offline", exits={0, DAMAGED})
                wanted(result.status != 0 or result.text() == token, f"another token: {result}")
                refuses(world)
                saved.restore()
    for change in ("UPDATE record SET kind = 60 + kind WHERE kind = 6", "UPDATE record SET key = zeroblob(16) WHERE kind = 5",
                   "UPDATE record SET body = substr(body, 1, length(body) - 1) WHERE kind = 6", "UPDATE record SET body = x'' WHERE kind = 5",
                   "UPDATE record SET body = CAST(body || body AS BLOB) WHERE kind = 4", "UPDATE record SET body = zeroblob(30000000) WHERE kind = 6",
                   "UPDATE record SET key = x'' WHERE kind = 6", "UPDATE record SET kind = 9223372036854775807 WHERE kind = 7"):
        sql(world, change)
        refuses(world)
        saved.restore()
    world.still_works()


def c40_a_row_of_another_vault_is_refused(world):
    """The same names, the same key file, another vault: its rows do not open here."""
    world.set_up()
    world.token()
    own, saved = world.vault, Snapshot(world)
    world.environment["LARDER_VAULT"] = world.path("other")
    world.larder("init", "--key-file", world.key_file, "--quiet")
    world.register()
    first = world.grants[world.name]
    world.enrol()
    world.grants["foreign"] = world.grants[world.name]
    world.token()
    world.database = world.path("other", "vault.db")
    foreign = {kind: bodies(world, kind)[0] for kind in (CLIENT, CREDENTIAL, GRANT, ACCESS)}
    del world.environment["LARDER_VAULT"]
    world.database, world.grants[world.name] = os.path.join(own, "vault.db"), first
    for kind, (_, key, body) in foreign.items():
        put_body(world, bodies(world, kind)[0][0], body)
        refuses(world)
        saved.restore()
        sql(world, ("INSERT INTO record(kind, key, body) VALUES(?, ?, ?)", (kind, key, body)))
        refuses(world)
        saved.restore()
    world.still_works()


def c41_an_old_version_of_one_row_is_refused(world):
    """The refresh token of before the last exchange put back: exit 9; the spent token is not sent."""
    world.set_up()
    world.token()
    old = {kind: bodies(world, kind)[0][2] for kind in (CREDENTIAL, GRANT, ACCESS)}
    world.token("--force")
    saved = Snapshot(world)
    for kind, body in old.items():
        put_body(world, bodies(world, kind)[0][0], body)
        refuses(world)
        saved.restore()
    equal("replays", world.ledger()["counts"]["replays"], 0)
    world.still_works()


def c42_rows_that_are_gone_or_added_are_noticed(world):
    """Each row deleted, and each one copied under another key: nothing is sent, verify finds it."""
    world.set_up()
    world.enrol("other")
    world.token()
    saved = Snapshot(world)
    for row, kind in sql(world, "SELECT id, kind FROM record"):
        sql(world, f"DELETE FROM record WHERE id = {row}")
        # Without its access token the credential is as good as before, but the set is not.
        refuses(world, exits=NO)
        saved.restore()
        if kind > SLOT:
            sql(world, f"INSERT INTO record(kind, key, body) SELECT kind, randomblob(16), body FROM record WHERE id = {row}")
            refuses(world)
            saved.restore()
    for change in ("DELETE FROM log WHERE seq = 2", "UPDATE log SET body = (SELECT body FROM log WHERE seq = 1) WHERE seq = 3"):
        sql(world, change)
        world.larder("verify", exits=BAD_NEWS)
        world.larder("audit", exits={0, DAMAGED})
        saved.restore()
    world.still_works()


def c43_a_vault_that_was_rolled_back_spends_nothing(world):
    """Yesterday's files in place of today's: exit 9, verify finds it, no request; today's files work again."""
    world.set_up()
    world.token()
    old = Snapshot(world)
    world.token("--force")
    world.token("--force")
    new = Snapshot(world)
    old.restore(anchors=False)
    refuses(world)
    world.larder("token", world.name, "--offline", exits={0, DAMAGED})
    for _ in range(2):
        refuses(world)
    equal("replays", world.ledger()["counts"]["replays"], 0)
    new.restore()
    world.still_works()


def c43_a_log_cut_short_is_a_rollback_too(world):
    """vault.db-wal truncated at frames: the lost transactions are missed, and the spent token is not sent."""
    world.set_up()
    world.token()
    fold(world)
    world.token("--force")
    saved = Snapshot(world)
    wal = world.database + "-wal"
    frames = (len(saved.kept[wal]) - 32) // 4120
    wanted(frames > 2, "there is nothing in the log")
    for kept in sorted({0, 1, 2, frames // 4, frames // 2, 3 * frames // 4} | (set(range(frames)) if FULL else set())):
        saved.restore()
        os.unlink(world.database + "-shm")
        with open(wal, "r+b") as file:
            file.truncate(32 + kept * 4120 if kept else 0)
        sent = world.ledger()["counts"]["requests"]
        # Where only audit rows are lost, the state is the right one, and going on is right.
        result = world.larder("token", world.name, "--force", exits={0, DAMAGED, IN_DOUBT})
        equal("replays", world.ledger()["counts"]["replays"], 0)
        wanted(result.status == 0 or world.ledger()["counts"]["requests"] == sent, "it was sent from an old state")
        if result.status == 0:
            saved = Snapshot(world)
            break
    saved.restore()
    world.still_works()


def c43_a_copied_vault_spends_nothing_unasked(world):
    """cp -a elsewhere: suspect, exit 12, no request, until a person accepts; then the copy goes on."""
    world.set_up()
    token = world.token()
    copy = world.path("copy")
    shutil.copytree(world.vault, copy, copy_function=shutil.copy2)
    world.environment["LARDER_VAULT"] = copy
    sent = len(world.requests())
    world.larder("token", world.name, "--force", exits=IN_DOUBT)
    equal("the cached token", world.token(), token)
    equal("the state", world.shown()["state"], "suspect")
    world.larder("refresh", "--all", exits={11, IN_DOUBT})
    world.larder("refresh", "--due", exits={0, 11, IN_DOUBT})
    world.larder("token", world.name, "--force", exits=IN_DOUBT)
    equal("requests", len(world.requests()), sent)
    equal("uses of the refresh tokens", world.ledger()["uses"], [1, 0])
    world.larder("refresh", world.name, "--accept", "--quiet")
    equal("the state", world.shown()["state"], "ok")
    world.still_works()


def c47_a_schema_that_is_not_ours_is_refused(world):
    """Triggers, views, other tables, indexes on expressions: exit 9, and no SQL of the file runs."""
    world.set_up()
    world.token()
    saved = Snapshot(world)
    record = "CREATE TABLE record(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, key BLOB NOT NULL, body BLOB NOT NULL"
    for attack in (
            ["CREATE TRIGGER t AFTER INSERT ON log BEGIN UPDATE record SET body = x'00' WHERE kind = 6; END"],
            ["CREATE TRIGGER t AFTER UPDATE ON record BEGIN DELETE FROM log; END"],
            ["CREATE VIEW v AS SELECT load_extension('/tmp/x')"],
            ["CREATE INDEX i ON record(abs(kind))"],
            ["CREATE INDEX i ON record(kind) WHERE kind > 3"],
            ["CREATE TABLE more(x)"],
            ["CREATE VIRTUAL TABLE f USING fts5(x)"],
            ["ALTER TABLE log ADD COLUMN g BLOB AS (zeroblob(1000000))"],
            ["ALTER TABLE record RENAME TO r2", "CREATE VIEW record AS SELECT * FROM r2"],
            ["ALTER TABLE log RENAME COLUMN body TO b"],
            ["DROP TABLE log"],
            ["PRAGMA writable_schema = ON", f"UPDATE sqlite_schema SET sql = '{record}, UNIQUE(kind, key), CHECK(kind > 99)) STRICT' WHERE name = 'record'"],
            ["PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET rootpage = 1 WHERE name = 'record'"],
            ["PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = 'CREATE TABLE record(' || hex(randomblob(200000)) WHERE name = 'record'"],
            ["PRAGMA writable_schema = ON", "DELETE FROM sqlite_schema"],
    ):
        try:
            sql(world, *attack)
        except sqlite3.Error:
            pass                        # this SQLite objects itself, after it wrote the schema
        refuses(world, exits=NO)
        world.larder("list", exits=NO | {0})
        saved.restore()
    world.still_works()


def c49_a_file_cut_to_any_length_is_refused(world):
    """vault.db of every length that is a multiple of 512 (sampled), with and without its log: no token, nothing is repaired."""
    world.set_up()
    token = world.token()
    fold(world)
    saved = Snapshot(world)
    size = len(saved.kept[world.database])
    log = 4096 * (sql(world, "SELECT rootpage FROM sqlite_schema WHERE name = 'log'")[0][0] - 1)
    for length in [0, 1, 99, 100, 511, *range(512, size, 512 if FULL else 2048), size - 1]:
        os.truncate(world.database, length)
        if length > log:        # only audit rows are cut: tokens go on, and verify and audit tell
            try_damaged(world, token, f"{length} bytes")
            world.larder("verify", exits=BAD_NEWS)
            world.larder("audit", exits=DAMAGED)
        else:
            refuses(world, exits=NO)
        equal("the length afterwards", os.path.getsize(world.database), length)
        saved.restore()
    world.still_works()


def c53_a_token_s_length_does_not_show(world):
    """Rows of refresh tokens of 20 to 150 bytes all have one size."""
    world.set_up()
    for number in (25, 60, 100, 150):
        world.enrol(f"n{number}", refresh_len=number)
    equal("sizes", len({len(body) for _, _, body in bodies(world, GRANT)}), 1)


def c54_versions_and_algorithms_are_not_negotiated(world):
    """A newer format number is refused and said to be one; other bits of headers never open another way."""
    world.set_up()
    world.token()
    fold(world)
    saved = Snapshot(world)
    row, _, body = bodies(world, HEADER)[0]
    for version in (0, 2, 255, 65535):
        put_body(world, row, version.to_bytes(2, "big") + body[2:])
        refuses(world, exits=NO)
        saved.restore()
    for pragma in ("user_version = 2", "user_version = 2147483647", "user_version = 0", "application_id = 1", "user_version = -1"):
        sql(world, f"PRAGMA {pragma}")
        result = world.larder("token", world.name, "--force", exits=DAMAGED)
        if pragma.startswith("user_version = 2"):
            wanted("newer" in result.why() or "upgrade" in result.why(), f"it is not said to be newer: {result}")
        saved.restore()
    row, _, body = bodies(world, SLOT)[0]
    for position in range(0, len(body), 1 if FULL else 23):
        put_body(world, row, body[:position] + bytes([body[position] ^ 1]) + body[position + 1:])
        refuses(world, exits=NO)
        saved.restore()
    world.still_works()


def c54_a_spool_full_of_rubbish_is_no_reply(world):
    """Slots of random bytes, empty ones, links and folders in spool/: nothing of it is believed, and exchanges go on."""
    world.set_up()
    token = world.token()
    spool = os.path.join(world.vault, "spool")
    victim = world.write("victim", "precious\n")
    for number, content in enumerate((os.urandom(16384), b"", b"x" * 100, bytes(16384), os.urandom(1 << 20))):
        world.write(os.path.join(spool, f"{number:04d}"), content)
    os.symlink(victim, os.path.join(spool, "0005"))
    os.mkdir(os.path.join(spool, "0006"))
    os.mkfifo(os.path.join(spool, "0007"))
    equal("the cached token", world.token(), token)
    result = world.larder("token", world.name, "--force", exits={0, DENIED, DAMAGED, UNAVAILABLE})
    with open(victim, "rb") as file:
        equal("the file behind a link in the spool", file.read(), b"precious\n")
    wanted(result.status == 0, f"rubbish beside the spool's slots stops the exchange: {result}")
    world.still_works()


if __name__ == "__main__":
    main()
