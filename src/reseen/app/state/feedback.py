"""Which results were right: kept as pairs that a training can learn from."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass

from reseen.app.state.database import Database


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """What somebody said of one result.

    Attributes:
        search: The search's id.
        row: The result's row.
        correct: Whether it shows the person.
        at: Seconds since 1970.
        who: The user.
    """

    search: str
    row: str
    correct: bool
    at: float
    who: str


class FeedbackStore:
    """The table of verdicts, one for each result of a search."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def say(self, search: str, row: str, correct: bool | None, who: str) -> None:
        """Keeps a verdict in place of an earlier one; None takes it back."""
        if correct is None:
            self._database.write("DELETE FROM feedback WHERE search = ? AND row = ?", search, row)
        else:
            values = (search, row, correct, time.time(), who)
            self._database.write("INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?)", *values)

    def of(self, search: str) -> dict[str, bool]:
        """Returns the verdicts of a search, by row."""
        rows = self._database.read("SELECT row, correct FROM feedback WHERE search = ?", search)
        return {row["row"]: bool(row["correct"]) for row in rows}

    def all(self) -> list[StoredVerdict]:
        """Returns all verdicts, oldest first."""
        rows = self._database.read("SELECT * FROM feedback ORDER BY at")
        return [StoredVerdict(**{**dict(row), "correct": bool(row["correct"])}) for row in rows]

    def confirmed(self, row: str) -> set[str]:
        """Returns the rows that somebody found right in searches by this row."""
        sql = (
            "SELECT DISTINCT feedback.row FROM feedback JOIN queries ON queries.search = feedback.search "
            "WHERE correct AND queries.row = ? AND NOT unlike"
        )
        return {found["row"] for found in self._database.read(sql, row)}

    def rows(self) -> set[str]:
        """Returns the rows of which something was said."""
        return {found["row"] for found in self._database.read("SELECT DISTINCT row FROM feedback")}

    def forget_rows(self, ids: Iterable[str]) -> int:
        """Deletes the verdicts on rows that were deleted from the gallery."""
        sql = "DELETE FROM feedback WHERE row IN (SELECT value FROM json_each(?))"
        return self._database.write(sql, json.dumps(list(ids)))
