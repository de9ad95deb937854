"""Searches as records: who looked for whom, why, and what was found, to be opened again."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.app.state.database import Database


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """One picture that was searched by.

    Attributes:
        hash: Of its bytes, or the row's id.
        unlike: Whether the person is not the one in it.
        row: The gallery's row it is, or empty.
        picture: Its bytes if it was uploaded; None if it is a row, or after the retention.
        descriptor: (D,), or None after the retention.
    """

    hash: str
    unlike: bool
    row: str = ""
    picture: bytes | None = None
    descriptor: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class RankedRow:
    """One place of a ranking: ids and numbers alone, so that nothing of a row outlives its deletion.

    Attributes:
        row: The row's id.
        distance: To the query, or None without one.
        fits: Probability of the required attributes, or None without any.
        probability: Of the same person, or None if nobody knows.
    """

    row: str
    distance: float | None
    fits: float | None
    probability: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One search.

    Attributes:
        id: By which it is opened.
        at: Seconds since 1970.
        who: The user.
        purpose: Why, in their words.
        model: Digest of the model.
        gallery: Table and version of the gallery.
        filters: ``where``, ``cameras``, ``since``, ``until``, ``rerank``, ``top``.
        note: How it was searched.
        ranking: What was found.
        queries: What was searched by.
    """

    id: str
    at: float
    who: str
    purpose: str
    model: str
    gallery: str
    filters: Mapping[str, Any]
    note: str
    ranking: tuple[RankedRow, ...]
    queries: tuple[Query, ...] = ()


class SearchStore:
    """The table of searches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        *,
        who: str,
        purpose: str,
        model: str,
        gallery: str,
        filters: Mapping[str, Any],
        note: str,
        ranking: Sequence[RankedRow],
        queries: Sequence[Query],
    ) -> str:
        """Writes a record and returns its id."""
        one = secrets.token_urlsafe(9)
        places = json.dumps([(each.row, each.distance, each.fits, each.probability) for each in ranking])
        with self._database.change() as change:
            change.execute(
                "INSERT INTO searches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (one, time.time(), who, purpose, model, gallery, json.dumps(filters), note, places),
            )
            for number, each in enumerate(queries):
                descriptor = None if each.descriptor is None else each.descriptor.astype(np.float32).tobytes()
                values = (one, number, each.unlike, each.hash, each.row, each.picture, descriptor)
                change.execute("INSERT INTO queries VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return one

    def get(self, one: str) -> Record | None:
        """Returns a record, or None if there is none of this id."""
        rows = self._database.read("SELECT * FROM searches WHERE id = ?", one)
        if not rows:
            return None
        queries = self._database.read("SELECT * FROM queries WHERE search = ? ORDER BY place", one)
        return _record(rows[0], tuple(_query(row) for row in queries))

    def recent(self, who: str = "", before: str = "", size: int = 20) -> list[Record]:
        """Returns records without their queries, newest first.

        Args:
            who: Only this user's; empty: everybody's.
            before: Only those written before this one; empty: all.
            size: At most so many.
        """
        rows = self._database.read(
            "SELECT * FROM searches WHERE (? = '' OR who = ?) "
            "AND (? = '' OR rowid < (SELECT rowid FROM searches WHERE id = ?)) ORDER BY rowid DESC LIMIT ?",
            who, who, before, before, size,
        )  # fmt: skip
        return [_record(row, ()) for row in rows]

    def known(self) -> set[str]:
        """Returns the rows that kept pictures and descriptors are of, as far as searches know them to be rows."""
        sql = (
            "SELECT DISTINCT hash FROM queries WHERE (picture IS NOT NULL OR descriptor IS NOT NULL) AND (row != '' "
            "OR hash IN (SELECT json_extract(place.value, '$[0]') FROM searches, json_each(ranking) AS place))"
        )
        return {found["hash"] for found in self._database.read(sql)}

    def forget_before(self, at: float) -> int:
        """Deletes pictures and descriptors of older searches; the records stay. Returns of how many pictures."""
        return self._forget("search IN (SELECT id FROM searches WHERE at < ?)", [at])

    def forget_rows(self, ids: Iterable[str]) -> int:
        """Deletes pictures and descriptors that are rows which were deleted from the gallery."""
        return self._forget("hash IN (SELECT value FROM json_each(?))", [json.dumps(list(ids))])

    def _forget(self, condition: str, values: Sequence[object]) -> int:
        return self._database.write(
            "UPDATE queries SET picture = NULL, descriptor = NULL "
            f"WHERE (picture IS NOT NULL OR descriptor IS NOT NULL) AND {condition}",
            *values,
        )


def _record(row: Any, queries: tuple[Query, ...]) -> Record:
    ranking = tuple(RankedRow(*each) for each in json.loads(row["ranking"]))
    return Record(**{**dict(row), "filters": json.loads(row["filters"]), "ranking": ranking, "queries": queries})


def _query(row: Any) -> Query:
    stored = row["descriptor"]
    descriptor = None if stored is None else np.frombuffer(stored, dtype=np.float32)
    return Query(row["hash"], bool(row["unlike"]), row["row"], row["picture"], descriptor)
