"""From embeddings and what is known about their pictures to rows, and from rows to matches."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from reseen.data.images.reference import image_of, is_there
from reseen.data.names import storable
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.search.gallery.keeping.layout import Layout
from reseen.search.search import Match

_COMMIT = 64 << 20
"""So many bytes of descriptors and pictures go into the store at once."""


_DIGITS = frozenset("0123456789abcdef")


class Newcomers:
    """Embeddings on their way into a gallery, with what is known about their pictures.

    Args:
        embeddings: Descriptors, attributes, ids and paths.
        seconds: (N,) or one number: when the pictures were taken, NaN where nobody knows; by default what the
            embeddings say.
        tracks: (N,) or one number: the track each belongs to; by default what the embeddings say.
        source: Where they come from, all of them or each; by default what the embeddings say.
        pictures: N encoded images, or None where there is none.
        copy: Whether to read the pictures at ``embeddings.paths`` and keep them.
        added: (N,) when they were added; now by default.
        ids: N hashes (`content_hash`), if they are known already; then ``copy`` reads nothing.

    Attributes:
        ids: N hashes of the content: of a picture's bytes where they can be read, else of its path and descriptor.

    Raises:
        ReseenError: If lengths or types are wrong, or a picture to be kept cannot be read.
    """

    def __init__(
        self,
        embeddings: Embeddings,
        *,
        seconds: ArrayLike | None = None,
        tracks: ArrayLike | None = None,
        source: str | Sequence[str] = "",
        pictures: Sequence[bytes | None] | None = None,
        copy: bool = False,
        added: ArrayLike | None = None,
        ids: Sequence[str] | None = None,
    ) -> None:
        if not isinstance(embeddings, Embeddings):
            raise ReseenError(f"a gallery takes Embeddings, not {type(embeddings).__name__}: embed the pictures first")
        count = len(embeddings)
        if not source and embeddings.sources is not None:
            source = list(embeddings.sources)
        sources = [source] * count if isinstance(source, str) else source
        if not isinstance(sources, (list, tuple)) or not all(isinstance(each, str) for each in sources):
            raise ReseenError(f"source must be text, got {source!r}")
        if pictures is not None and (
            len(pictures) != count or not all(isinstance(p, (bytes, type(None))) for p in pictures)
        ):
            raise ReseenError(f"pictures must be {count} encoded images (bytes) or None, one for each row")
        if ids is not None and (len(ids) != count or not all(map(_is_hash, ids))):
            raise ReseenError(f"hashes must be {count} times 32 hexadecimal digits, one for each row")
        self.embeddings, self.sources = embeddings, list(storable(sources))
        self.seconds = _numbers("seconds", embeddings.seconds if seconds is None else seconds, count)
        self.tracks = _numbers("tracks", embeddings.tracks if tracks is None else tracks, count)
        self.paths = list(storable(embeddings.paths)) if embeddings.paths is not None else [""] * count
        self.pictures: list[bytes | None] = list(pictures) if pictures is not None else [None] * count
        self.added = _numbers("added", time.time() if added is None else added, count)
        self.ids = [self._identify(row, copy) for row in range(count)] if ids is None else list(ids)

    def _identify(self, row: int, copy: bool) -> str:
        picture = self.pictures[row]
        if picture is None and (copy or is_there(self.paths[row])):
            try:
                picture = image_of(self.paths[row]).read()
            except ReseenError:
                if copy:
                    raise
        if picture is not None:
            if copy:
                self.pictures[row] = picture
            return content_hash(picture)
        digest = hashlib.sha256(self.embeddings.features[row].tobytes())
        names = self.embeddings.camera_names
        camera = (names and names[row]) or int(self.embeddings.camids[row])
        seen = (self.paths[row], camera, float(self.seconds[row]), float(self.tracks[row]))
        digest.update(repr(seen).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:32]

    def tables(self, rows: NDArray[np.int64], layout: Layout) -> Iterator[pa.Table]:
        """Yields some of the rows as tables of the store, each of a size to be written at once."""
        mean = sum(len(picture or b"") for picture in self.pictures) // max(1, len(self.pictures))
        size = max(1, _COMMIT // (mean + 4 * layout.searched_width + 256))
        for start in range(0, len(rows), size):
            yield self._table(rows[start : start + size], layout)

    def _table(self, rows: NDArray[np.int64], layout: Layout) -> pa.Table:
        chosen, schema = self.embeddings[rows], layout.arrow()
        columns: dict[str, Any] = {
            "id": [self.ids[row] for row in rows],
            "path": [self.paths[row] for row in rows],
            "pid": chosen.pids,
            "camera": chosen.camids,
            "seconds": pa.array(self.seconds[rows], from_pandas=True),
            "track": pa.array(self.tracks[rows], from_pandas=True).cast(pa.int64()),
            "source": [self.sources[row] for row in rows],
            "added": self.added[rows],
            "picture": [self.pictures[row] for row in rows],
            "descriptor": _lists(layout.project(chosen)),
        }
        place = 0
        for number, attribute in enumerate(layout.schema or ()):
            probabilities = (chosen.attributes or {})[attribute.name]
            columns[f"p{number}"] = _lists(probabilities)
            for decided in attribute.decide(probabilities).T:
                columns[f"c{place}"] = decided.astype(np.int8)
                place += 1
        arrays = {name: each if isinstance(each, pa.Array) else pa.array(each) for name, each in columns.items()}
        return pa.table([arrays[field.name].cast(field.type) for field in schema], schema=schema)


def matches_of(
    table: pa.Table,
    layout: Layout,
    distances: NDArray[np.float64] | None,
    probabilities: NDArray[np.float64] | None,
) -> tuple[Match, ...]:
    """Returns the rows of a table as matches, in its order.

    Args:
        table: All but descriptors and pictures.
        layout: Of the gallery.
        distances: (N,) or None for a search without a picture.
        probabilities: (N,) of the required attributes, or None without any.
    """
    attributes: list[dict[str, tuple[str, float]]] = [{} for _ in range(len(table))]
    if layout.schema is not None:
        for name, values in layout.probabilities(table).items():
            for told, value in zip(attributes, layout.schema[name].read_all(values), strict=True):
                told[name] = value
    return tuple(
        Match(
            rank=place + 1,
            row=-1,
            path=row["path"],
            distance=None if distances is None else float(distances[place]),
            fits=None if probabilities is None else float(probabilities[place]),
            camid=row["camera"],
            pid=row["pid"],
            attributes=attributes[place],
            id=row["id"],
            seconds=row["seconds"],
            track=row["track"],
            source=row["source"],
        )
        for place, row in enumerate(
            table.select(["id", "path", "pid", "camera", "seconds", "track", "source"]).to_pylist()
        )
    )


def content_hash(picture: bytes) -> str:
    """Returns the hash that a picture is known by, wherever it lies."""
    return hashlib.sha256(picture).hexdigest()[:32]


def row_id(one: str) -> str:
    """Returns the SQL for the row with a hash.

    Raises:
        ReseenError: If it is none.
    """
    if not _is_hash(one):
        raise ReseenError(f"{one!r} is no id of a row: the match is not one of a gallery")
    return f"id = '{one}'"


def _is_hash(one: Any) -> bool:
    return isinstance(one, str) and len(one) == 32 and set(one) <= _DIGITS


def _numbers(name: str, values: ArrayLike | None, count: int) -> NDArray[np.float64]:
    """Returns (count,) numbers, NaN where nothing is known."""
    try:
        array = np.asarray(np.nan if values is None else values, dtype=np.float64)
        array = np.broadcast_to(array, (count,)) if array.ndim == 0 else array
    except (TypeError, ValueError) as error:
        raise ReseenError(f"{name} must be numbers: {error}") from error
    if array.shape != (count,):
        raise ReseenError(f"{name} must be one number or {count}, one for each row, got shape {array.shape}")
    if np.isinf(array).any():
        raise ReseenError(f"{name} must be finite; write NaN where nobody knows")
    return array


def _lists(values: NDArray[np.float32]) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
