"""Descriptors held in memory, as long as there are not too many: comparing all of them beats any index."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reseen.descriptors.distances import exact_squared_distances
from reseen.search.gallery.finding.coarse import Coarse
from reseen.search.gallery.keeping.layout import matrix

_BATCH = 16_384
"""Descriptors read at a time."""
_FEW = 16
"""Of this share of the rows it is faster to take out the descriptors than to look at all of them coarsely."""
_EPSILON = float(np.finfo(np.float32).eps)


class Resident:
    """What a search of one table looks at, in the order the rows were added.

    Attributes:
        version: Version of the table it was read from.
        rows: All columns but descriptors and pictures.
        columns: (N,) by name: all that filters are on.
    """

    def __init__(self, width: int) -> None:
        self.version = -1
        self.rows: pa.Table | None = None
        self.columns: dict[str, NDArray[Any]] = {}
        self._features = np.empty((0, width), dtype=np.float32)
        self._squares = np.empty(0)
        self._coarse: Coarse | None = None
        self._places: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self._features)

    def copy(self) -> Resident:
        """Returns the same to be refreshed, while others still search this one."""
        return copy.copy(self)

    def refresh(self, table: Any) -> None:
        """Reads what has changed: after an addition only what is new."""
        version = table.version
        while version != self.version:  # another process may write while this one reads
            self._read(table)
            version, self.version = table.version, version

    def _read(self, table: Any) -> None:
        names = [name for name in table.schema.names if name not in ("descriptor", "picture")]
        rows = table.search().select(names).to_arrow().combine_chunks()
        kept = len(self)
        if self.rows is not None and not rows["id"].slice(0, kept).equals(self.rows["id"]):
            kept = 0
        if kept < len(rows):
            features = np.empty((len(rows), self._features.shape[1]), dtype=np.float32)
            features[:kept] = self._features[:kept]
            for start in range(kept, len(rows), _BATCH):  # never all of them twice in memory, as a stream reads ahead
                read = table.search().select(["descriptor"]).offset(start).limit(_BATCH).to_arrow()["descriptor"]
                part = matrix(read, features.shape[1])[: len(rows) - start]
                features[start : start + len(part)] = part
            self._features, new = features, features[kept:]
            self._coarse = self._coarse.with_more(new) if kept and self._coarse else Coarse.of(self._features)
        elif not kept:
            self._features, self._coarse = self._features[:0], None
        self.rows, self._places = rows, None
        self.columns = {
            name: rows[name].to_numpy() for name in names if name in ("pid", "camera", "seconds") or name[0] == "c"
        }
        self._squares = np.einsum("nd,nd->n", self._features, self._features)
        pa.default_memory_pool().release_unused()  # what reading took is not needed again

    def with_ids(self, ids: Iterable[str]) -> pa.Table:
        """Returns the rows with some ids, without those that are not there."""
        assert self.rows is not None
        return self.rows.take(pa.array(self._found(ids), pa.int64()))

    def descriptors(self, ids: Sequence[str]) -> NDArray[np.float32] | None:
        """Returns the descriptors (n, d) of rows by their ids, or None if one is not there."""
        places = self._found(ids)
        return self._features[places] if len(places) == len(ids) else None

    def _found(self, ids: Iterable[str]) -> list[int]:
        places = self._places
        if places is None:
            assert self.rows is not None
            places = self._places = {one: place for place, one in enumerate(self.rows["id"].to_pylist())}
        return [places[one] for one in ids if one in places]

    def nearest(
        self, point: NDArray[np.float32], mask: NDArray[np.bool_] | None, top: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Returns the nearest rows (n,) and their distances, equal ones in the order they were added.

        Args:
            point: (d,) where to search.
            mask: (N,) which rows may be found; None for all.
            top: At most so many.
        """
        rows = None if mask is None else np.flatnonzero(mask)
        count = len(self) if rows is None else len(rows)
        if self._coarse is not None and count > max(top, len(self) // _FEW):
            near = self._coarse.near(point, mask, top)
            if mask is not None or len(near) <= len(self) // _FEW:
                rows = near
        features = self._features if rows is None else self._features[rows]
        squares = self._squares if rows is None else self._squares[rows]
        return _nearest(point, features, squares, np.arange(len(features)) if rows is None else rows, top)


def nearest(
    point: NDArray[np.float32], features: NDArray[np.float32], top: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Returns the nearest of some descriptors (N, d), compared one by one, and their distances."""
    return _nearest(point, features, np.einsum("nd,nd->n", features, features), np.arange(len(features)), top)


def _nearest(
    point: NDArray[np.float32],
    features: NDArray[np.float32],
    squares: NDArray[np.floating[Any]],
    rows: NDArray[np.int64],
    top: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    top = min(top, len(features))
    if not top:
        return np.empty(0, dtype=np.int64), np.empty(0)
    # The matrix product tells who comes into question; these are compared again from differences in double precision,
    # so that order and distances are exact. What it can be off by is derived at `SquaredDistances.tolerance`.
    rough = squares - 2 * (features @ point)
    reach = np.linalg.norm(point) + np.sqrt(squares.max())
    tolerance = _EPSILON * (np.sqrt(features.shape[1]) + 8) * reach**2
    candidates = np.flatnonzero(rough <= np.partition(rough, top - 1)[top - 1] + tolerance)
    exact = exact_squared_distances([point], [features], candidates)
    best = np.argsort(exact, kind="stable")[:top]
    return rows[candidates[best]], np.sqrt(exact[best])
