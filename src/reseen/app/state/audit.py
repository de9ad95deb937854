"""The audit trail: every entry's hash covers the one before, so that none can be changed or taken out unnoticed."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reseen.app.state.database import Database

_FIRST = "0" * 64
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did.

    Attributes:
        number: 1, 2, 3, …
        at: Seconds since 1970.
        who: The user.
        action: Such as ``search``.
        detail: What there is to know; ids and counts, never pictures.
        hash: SHA-256 of the hash before and all of the above.
    """

    number: int
    at: float
    who: str
    action: str
    detail: Mapping[str, Any]
    hash: str


class Audit:
    """A table that is only appended to: triggers see to it here, the hashes when somebody else edits the file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, who: str, action: str, **detail: Any) -> None:
        """Appends an entry."""
        with self._database.change() as change:
            last = change.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
            number, before = (last["number"] + 1, last["hash"]) if last else (1, _FIRST)
            at, text = time.time(), json.dumps(detail, sort_keys=True)
            digest = _hash(before, number, at, who, action, text)
            change.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", (number, at, who, action, text, digest))

    def has(self, who: str, action: str, **detail: Any) -> bool:
        """Whether the same is among the last thousand entries."""
        text = json.dumps(detail, sort_keys=True)
        sql = "SELECT 1 FROM audit WHERE number > ? AND who = ? AND action = ? AND detail = ?"
        return bool(self._database.read(sql, self.head()[0] - _PAGE, who, action, text))

    def entries(self, before: int = 0, size: int = 100) -> list[Entry]:
        """Returns the newest entries first.

        Args:
            before: Only those with a smaller number; 0: all.
            size: At most so many.
        """
        rows = self._database.read(
            "SELECT * FROM audit WHERE ? = 0 OR number < ? ORDER BY number DESC LIMIT ?", before, before, size
        )
        return [Entry(**{**dict(row), "detail": json.loads(row["detail"])}) for row in rows]

    def head(self) -> tuple[int, str]:
        """Returns how many entries there are and the last one's hash, to be noted elsewhere."""
        rows = self._database.read("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
        return (rows[0]["number"], rows[0]["hash"]) if rows else (0, _FIRST)

    def problems(self, head: str = "") -> list[str]:
        """Computes every hash anew.

        Args:
            head: A hash that was noted before: it has to be in the chain.

        Returns:
            What is wrong, the first place alone; empty if nothing is.
        """
        before, expected, found = _FIRST, 1, not head
        for row in self._all():
            if row["number"] != expected:
                return [f"entry {expected} is missing: the next one is {row['number']}"]
            digest = _hash(before, row["number"], row["at"], row["who"], row["action"], row["detail"])
            if digest != row["hash"]:
                return [f"entry {expected} was changed, or one before it was taken out"]
            before, expected, found = digest, expected + 1, found or digest == head
        return [] if found else [f"no entry has the hash {head[:12]}…: the end was cut off, or it is another trail's"]

    def _all(self) -> Iterator[Any]:
        last = 0
        while rows := self._database.read("SELECT * FROM audit WHERE number > ? ORDER BY number LIMIT ?", last, _PAGE):
            yield from rows
            last = rows[-1]["number"]


def _hash(before: str, number: int, at: float, who: str, action: str, detail: str) -> str:
    content = json.dumps([before, number, at.hex(), who, action, detail])
    return hashlib.sha256(content.encode()).hexdigest()
