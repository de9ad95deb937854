"""The SQLite file, and its tables."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reseen.errors import ReseenError
from reseen.files import make_private

_FORMAT = 2
_TABLES = """
CREATE TABLE switches (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE cameras (number INTEGER PRIMARY KEY, name TEXT NOT NULL, x REAL, y REAL);
CREATE TABLE plan (width INTEGER NOT NULL, height INTEGER NOT NULL, picture BLOB NOT NULL);
CREATE TABLE users (
    name TEXT PRIMARY KEY, password TEXT NOT NULL, role TEXT NOT NULL, cameras TEXT  -- JSON; NULL: all
);
CREATE TABLE sessions (
    token TEXT PRIMARY KEY, user TEXT NOT NULL, csrf TEXT NOT NULL, expires REAL NOT NULL
);
CREATE TABLE failures (name TEXT NOT NULL, address TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE searches (
    id TEXT PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, purpose TEXT NOT NULL, model TEXT NOT NULL,
    gallery TEXT NOT NULL, filters TEXT NOT NULL, note TEXT NOT NULL, ranking TEXT NOT NULL
);
CREATE TABLE queries (
    search TEXT NOT NULL REFERENCES searches (id), place INTEGER NOT NULL, unlike INTEGER NOT NULL,
    hash TEXT NOT NULL, row TEXT NOT NULL, picture BLOB, descriptor BLOB, PRIMARY KEY (search, place)
);
CREATE TABLE feedback (
    search TEXT NOT NULL REFERENCES searches (id), row TEXT NOT NULL, correct INTEGER NOT NULL, at REAL NOT NULL,
    who TEXT NOT NULL, PRIMARY KEY (search, row)
);
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, state TEXT NOT NULL, settings TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, added INTEGER NOT NULL DEFAULT 0,
    rate REAL NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT ''
);
CREATE TABLE audit (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_remains BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_follows BEFORE INSERT ON audit
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM audit)  -- REPLACE would delete without a trigger
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE INDEX searches_by_time ON searches (at);
"""


class Database:
    """One connection that threads share, one after the other: its statements take milliseconds.

    Args:
        file: The file; made when missing. What is deleted in it is overwritten.

    Raises:
        ReseenError: If it is something else, or of another version.
    """

    def __init__(self, file: Path) -> None:
        make_private(file.parent)
        self._file = file
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "foreign_keys = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            with self.change() as change:
                version = change.execute("PRAGMA user_version").fetchone()[0]
                if version == 0:
                    for statement in _statements(_TABLES):
                        change.execute(statement)
                    change.execute(f"PRAGMA user_version = {_FORMAT}")
        except sqlite3.DatabaseError as error:
            raise ReseenError(f"{file} is no state of the application ({error}); move it away to begin anew") from error
        if version not in (0, _FORMAT):
            raise ReseenError(f"{file} was written by another version of reseen; move it away to begin anew")

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def read(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Returns all rows of a query."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Yields the connection within a transaction: all is written, or nothing; other processes wait.

        A change within a change is part of it.
        """
        with self._lock:
            within = self._connection.in_transaction
            if within:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def write(self, sql: str, *values: object) -> int:
        """Runs one statement; returns how many rows it changed."""
        with self.change() as change:
            return change.execute(sql, values).rowcount

    def forget(self) -> None:
        """Overwrites what was deleted in the file itself, and empties the log of changes, which still has it.

        Raises:
            ReseenError: If another process keeps the file to itself.
        """
        with self._lock:
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise ReseenError(
                f"{self._file} is held by another program, so what was deleted is still in it; end that one, and start "
                "reseen serve again"
            )


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
