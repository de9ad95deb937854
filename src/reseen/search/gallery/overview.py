"""A gallery looked over instead of searched: lists that are paged through, rows by their ids, counts for facets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.data.attributes import AttributeSchema
from reseen.data.person import UNKNOWN_CAMERA, UNKNOWN_PID
from reseen.descriptors.distance import Euclidean
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.search.gallery.deleting.deletion import expired
from reseen.search.gallery.finding.filters import AnyOf, Filter, OneOf, attribute_conditions
from reseen.search.gallery.gallery import Gallery
from reseen.search.gallery.keeping.layout import matrix
from reseen.search.gallery.keeping.rows import matches_of, row_id
from reseen.search.gallery.keeping.store import Searched
from reseen.search.search import Match
from reseen.search.where import AttributeFilter

_FACTS = ("camera", "pid", "seconds", "track", "added")


@dataclass(frozen=True, eq=False)
class Overview:
    """What is known of every row but its path, descriptor, probabilities and picture, newest first.

    Attributes:
        version: Of the rows it was read from; see `Searched.version`.
        ids: (N,) hashes.
        columns: (N,) by name: camera, pid, seconds and track (NaN: unknown), added, and decisions ``c0``, ``c1``, …
        called: Names of cameras that were added by a name, by their numbers.
    """

    version: tuple[str, int, int]
    ids: NDArray[np.str_]
    columns: Mapping[str, NDArray[Any]]
    called: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, gallery: Gallery, before: Overview | None = None) -> Overview:
        """Reads a gallery.

        Args:
            gallery: The gallery.
            before: An earlier one, which is returned if nothing has changed.

        Raises:
            ReseenError: If it cannot be read.
        """

        def see(rows: Searched) -> Overview:
            version = rows.version
            if before is not None and before.version == version:
                return before
            decided = [name for name in rows.table.schema.names if name[0] == "c" and name[1:].isdecimal()]
            read = rows.table.search().select(["id", *_FACTS, *decided]).to_arrow()
            ids = np.array(read["id"].to_pylist(), dtype=np.str_)
            columns = {name: read[name].to_numpy() for name in (*_FACTS, *decided)}
            order = np.lexsort((ids, columns["added"]))[::-1]
            called = {number: name for name, number in gallery.names.cameras.items()}
            return cls(version, ids[order], {name: values[order] for name, values in columns.items()}, called)

        seen = gallery.store.look(see)
        if seen is not None:
            return seen
        return cls(("", 0, 0), np.empty(0, dtype=np.str_), {name: np.empty(0) for name in _FACTS})

    def __len__(self) -> int:
        return len(self.ids)

    def page(self, rows: Filter, after: str = "", size: int = 60) -> tuple[list[str], str]:
        """Returns the ids of some rows that pass a filter, and the cursor that goes on after them; empty at the end.

        A row is never shown twice nor passed over, whatever is added or deleted between two pages: the cursor names
        the last row's place, which is when it was added.

        Args:
            rows: Which.
            after: What the page before returned.
            size: At most so many.

        Raises:
            ReseenError: If it is no cursor.
        """
        mask = rows.mask(self.columns)
        if after:
            added, _, last = after.partition("-")
            try:
                then = float.fromhex(added)
            except (ValueError, OverflowError):
                raise ReseenError(f"{after!r} is no cursor; begin with the first page") from None
            mask &= (self.columns["added"] < then) | ((self.columns["added"] == then) & (self.ids < last))
        places = np.flatnonzero(mask)
        shown = places[:size]
        more = len(places) > size
        end = f"{float(self.columns['added'][shown[-1]]).hex()}-{self.ids[shown[-1]]}" if more else ""
        return self.ids[shown].tolist(), end

    def counts(self, rows: Filter, where: AttributeFilter | None, schema: AttributeSchema) -> dict[str, dict[str, int]]:
        """Returns how many rows there are of each class of each attribute, so that a choice shows what it would bring.

        What is required of an attribute itself does not count for its own classes: they are alternatives.

        Args:
            rows: Which rows.
            where: The required attributes, or None.
            schema: The gallery's attributes.
        """
        base = rows.mask(self.columns)
        required = attribute_conditions(where, schema) if where is not None else ()
        passing = base & Filter(required).mask(self.columns)
        counts = {}
        for attribute in schema:
            own = schema.columns[attribute.name]
            names = {f"c{place}" for place in range(own.start, own.stop)}
            others = tuple(each for each in required if not names & _columns_of(each))
            mask = passing if others == required else base & Filter(others).mask(self.columns)
            chosen = slice(None) if mask.all() else mask  # to take all out takes longer than to count them
            decided = [self.columns[f"c{place}"][chosen] for place in range(own.start, own.stop)]
            if attribute.kind == "multi_label":
                numbers = [int((each == 1).sum()) for each in decided]
            else:
                numbers = np.bincount(decided[0].astype(np.int64), minlength=len(attribute.classes)).tolist()
            counts[attribute.name] = dict(zip(attribute.classes, numbers, strict=True))
        return counts

    def cameras(self, rows: Filter) -> dict[int, int]:
        """Returns how many of some rows each camera has taken, by camera in ascending order."""
        cameras, places = self._cameras
        numbers = np.bincount(places[rows.mask(self.columns)], minlength=len(cameras))
        return {camera: number for camera, number in zip(cameras.tolist(), numbers.tolist(), strict=True) if number}

    @cached_property
    def _cameras(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """All cameras in ascending order, and (N,) which of them has taken each row: sorted once, counted often."""
        cameras, places = np.unique(self.columns["camera"], return_inverse=True)
        return cameras, places.astype(np.int64)

    def times(self, rows: Filter) -> tuple[float, float] | None:
        """Returns the first and the last second of some rows, or None if no time is known."""
        seconds = self.columns["seconds"][rows.mask(self.columns)].astype(np.float64)
        known = seconds[np.isfinite(seconds)]
        return (float(known.min()), float(known.max())) if len(known) else None


def matches_by_id(gallery: Gallery, ids: Iterable[str]) -> dict[str, Match]:
    """Returns rows by their ids; those that are not there any more are left out.

    Raises:
        ReseenError: If an id is none, or the gallery cannot be read.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    chosen = _chosen(wanted)

    def see(rows: Searched) -> dict[str, Match]:
        held = gallery.held(rows)
        if held is not None:
            found = held.with_ids(wanted)
        else:
            columns = ["id", "path", "pid", "camera", "seconds", "track", "source"]
            columns += [f"p{place}" for place in range(len(rows.layout.schema or ()))]
            found = rows.table.search().where(chosen).select(columns).to_arrow()
        return {match.id: match for match in matches_of(found, rows.layout, None, None)}

    return gallery.store.look(see) or {}


def descriptors_by_id(gallery: Gallery, ids: Sequence[str]) -> Embeddings:
    """Returns what was stored of rows, in the order of their ids, to be searched for.

    Raises:
        ReseenError: If one is not there any more, or the descriptors are stored in the space of a learnt distance,
            from which there is no way back.
    """
    chosen = _chosen(ids)

    def see(rows: Searched) -> Embeddings | None:
        if rows.layout.like.distance != Euclidean():
            return None
        held = gallery.held(rows)
        features = None if held is None else held.descriptors(ids)
        if features is None:
            found = rows.table.search().where(chosen).select(["id", "descriptor"]).to_arrow()
            places = {one: place for place, one in enumerate(found["id"].to_pylist())}
            if missing := [one for one in ids if one not in places]:
                raise ReseenError(f"row {missing[0]} is not in the gallery any more")
            features = matrix(found["descriptor"], rows.layout.searched_width)[[places[one] for one in ids]]
        pids, camids = (np.full(len(features), one) for one in (UNKNOWN_PID, UNKNOWN_CAMERA))
        return replace(rows.layout.like, features=features, pids=pids, camids=camids)

    found = gallery.store.look(see)
    if found is None:
        raise ReseenError("this gallery's descriptors cannot be searched for by themselves: give the picture")
    return found


def ids_of(gallery: Gallery, rows: Filter) -> list[str]:
    """Returns the ids of the rows that pass a filter.

    Raises:
        ReseenError: If the gallery cannot be read.
    """
    sql = rows.sql()
    found = gallery.store.look(lambda seen: seen.table.search().where(sql).select(["id"]).to_arrow()["id"])
    return [] if found is None else list(found.to_pylist())


def expired_count(gallery: Gallery, now: float) -> int:
    """Returns how many rows are older than the retention, as `Gallery.expire` would delete them.

    Raises:
        ReseenError: If the gallery cannot be read.
    """
    return gallery.store.look(lambda seen: int(seen.table.count_rows(expired(gallery.retention, now)))) or 0


def _chosen(ids: Sequence[str]) -> str:
    """Returns the SQL for rows with some hashes.

    Raises:
        ReseenError: If one is none.
    """
    for one in ids:
        row_id(one)
    return OneOf("id", tuple(ids)).sql()


def _columns_of(condition: OneOf | AnyOf) -> set[str]:
    parts = condition.conditions if isinstance(condition, AnyOf) else (condition,)
    return {part.column for part in parts}
