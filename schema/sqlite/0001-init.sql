-- SPDX-License-Identifier: Apache-2.0
-- Why: the first format of a vault. A record is opaque bytes under a kind and a key that the vault layer chooses (keyed
-- hashes and random ids, so nothing is descriptive); a log row is opaque bytes under an ascending number.
-- A rowid table with one unique index, because bodies are long: in a table without rowid they would fill the inner
-- pages of the tree and make it several levels deeper.
-- Statements are written on one line: SQLite keeps their text and every open compares and parses it.

CREATE TABLE record(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, key BLOB NOT NULL, body BLOB NOT NULL, UNIQUE(kind, key)) STRICT;
CREATE TABLE log(seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
