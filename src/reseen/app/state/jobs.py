"""Work that goes on in the background, and after a restart."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reseen.app.state.database import Database

JobState = Literal["receiving", "waiting", "running", "cancelling", "done", "cancelled", "failed"]
Ending = Literal["done", "cancelled", "failed"]
_OVER = ("done", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class StoredJob:
    """Pictures on their way into the gallery.

    Attributes:
        id: By which it is found.
        at: Seconds since 1970.
        who: The user.
        state: How it is going.
        settings: What to do.
        done: Pictures, and frames of videos, that are through.
        total: Of how many.
        added: How many rows are new.
        rate: Pictures and frames a second since it last began.
        message: What went wrong, or what a reader should know.
    """

    id: str
    at: float
    who: str
    state: JobState
    settings: Mapping[str, Any]
    done: int
    total: int
    added: int
    rate: float
    message: str

    @property
    def over(self) -> bool:
        return self.state in _OVER

    @property
    def seconds_left(self) -> float | None:
        """How long it will take; None if nobody knows, or it does not run."""
        return (self.total - self.done) / self.rate if self.rate > 0 and self.state == "running" else None


class JobStore:
    """The table of jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, who: str, settings: Mapping[str, Any]) -> str:
        """Writes a job whose files are still coming; returns its id."""
        one = secrets.token_urlsafe(9)
        self._database.write(
            "INSERT INTO jobs (id, at, who, state, settings) VALUES (?, ?, ?, 'receiving', ?)",
            one, time.time(), who, json.dumps(settings),
        )  # fmt: skip
        return one

    def ready(self, one: str) -> None:
        """Lets a job be begun: its files are there."""
        self._database.write("UPDATE jobs SET state = 'waiting' WHERE id = ? AND state = 'receiving'", one)

    def wait(self, one: str) -> None:
        """Lets a job be begun again later."""
        self._database.write("UPDATE jobs SET state = 'waiting' WHERE id = ?", one)

    def settle(self, one: str, settings: Mapping[str, Any]) -> None:
        """Notes what a job has to know when it goes on later."""
        self._database.write("UPDATE jobs SET settings = ? WHERE id = ?", json.dumps(settings), one)

    def get(self, one: str) -> StoredJob | None:
        rows = self._database.read("SELECT * FROM jobs WHERE id = ?", one)
        return _job(rows[0]) if rows else None

    def recent(self, who: str = "", size: int = 50) -> list[StoredJob]:
        """Returns jobs, newest first; of one user, or everybody's."""
        sql = "SELECT * FROM jobs WHERE ? IN ('', who) ORDER BY at DESC LIMIT ?"
        return [_job(row) for row in self._database.read(sql, who, size)]

    def next(self) -> StoredJob | None:
        """Returns the oldest one that waits, and notes that it runs."""
        with self._database.change() as change:
            row = change.execute("SELECT * FROM jobs WHERE state = 'waiting' ORDER BY at LIMIT 1").fetchone()
            if row is None:
                return None
            change.execute("UPDATE jobs SET state = 'running' WHERE id = ?", (row["id"],))
        return self.get(row["id"])

    def move(self, one: str, *, done: int, total: int, added: int, rate: float, settings: Mapping[str, Any]) -> None:
        """Notes how far a job has come, and with it what it has to know when it goes on from there."""
        self._database.write(
            "UPDATE jobs SET done = ?, total = ?, added = ?, rate = ?, settings = ? WHERE id = ?",
            done, total, added, rate, json.dumps(settings), one,
        )  # fmt: skip

    def end(self, one: str, state: Ending, message: str = "") -> None:
        """Notes that a job is over, and why."""
        self._database.write("UPDATE jobs SET state = ?, message = ? WHERE id = ?", state, message, one)

    def cancel(self, one: str) -> bool:
        """Ends a job that waits, and asks one that runs to stop; returns whether it was either."""
        changed = self._database.write(
            "UPDATE jobs SET state = CASE state WHEN 'waiting' THEN 'cancelled' ELSE 'cancelling' END "
            "WHERE id = ? AND state IN ('waiting', 'running')",
            one,
        )
        return changed > 0

    def resume(self) -> None:
        """Lets a job that was running begin again where it was."""
        self._database.write("UPDATE jobs SET state = 'waiting' WHERE state = 'running'")
        self._database.write("UPDATE jobs SET state = 'cancelled' WHERE state = 'cancelling'")

    def revive(self) -> None:
        """Lets jobs that a stopped or killed process was running begin again where they were."""
        self.resume()
        self._database.write(
            "UPDATE jobs SET state = 'failed', message = 'not all files had come' WHERE state = 'receiving'"
        )


def _job(row: Any) -> StoredJob:
    return StoredJob(**{**dict(row), "settings": json.loads(row["settings"])})
