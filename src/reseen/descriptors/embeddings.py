"""Descriptors of many images with their ids: what `embed` writes and evaluation, search and explain read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from reseen.errors import ReseenError


@dataclass(frozen=True, eq=False)
class Embeddings:
    """N descriptors and what is known about the images they come from.

    Attributes:
        features: (N, D) float32.
        pids: (N,) int64 person ids.
        camids: (N,) int64 camera ids.
        attributes: Probabilities (N, classes) float32 by attribute name, or None.
        paths: N image references (file name, or ``archive.zip:member``), or None.

    Raises:
        ReseenError: If shapes do not fit each other or features are not finite.
    """

    features: NDArray[np.float32]
    pids: NDArray[np.int64]
    camids: NDArray[np.int64]
    attributes: Mapping[str, NDArray[np.float32]] | None = None
    paths: Sequence[str] | None = None

    def __post_init__(self) -> None:
        features = np.ascontiguousarray(self.features, dtype=np.float32)
        if features.ndim != 2:
            raise ReseenError(f"features must have shape (N, D), got {features.shape}")
        if not np.isfinite(features).all():
            bad = int((~np.isfinite(features).all(axis=1)).sum())
            raise ReseenError(f"{bad} of {len(features)} feature rows hold NaN or infinity; embed these images again")
        object.__setattr__(self, "features", features)
        for name in ("pids", "camids"):
            ids = np.asarray(getattr(self, name)).astype(np.int64, copy=False)
            if ids.shape != (len(features),):
                raise ReseenError(f"{name} must have shape ({len(features)},) like features, got {ids.shape}")
            object.__setattr__(self, name, ids)
        if self.attributes is not None:
            tables = {name: _probabilities(name, table, len(features)) for name, table in self.attributes.items()}
            object.__setattr__(self, "attributes", tables)
        if self.paths is not None:
            paths = tuple(str(path) for path in self.paths)
            if len(paths) != len(features):
                raise ReseenError(f"{len(paths)} paths for {len(features)} feature rows")
            object.__setattr__(self, "paths", paths)

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows: ArrayLike | slice) -> Embeddings:
        """Returns the rows chosen by a slice, an index array or a boolean mask."""
        index = np.arange(len(self))[rows if isinstance(rows, slice) else np.asarray(rows)]
        return Embeddings(
            self.features[index],
            self.pids[index],
            self.camids[index],
            None if self.attributes is None else {name: table[index] for name, table in self.attributes.items()},
            None if self.paths is None else [self.paths[i] for i in index],
        )

    def save(self, path: Path) -> None:
        """Writes one Parquet file; an existing one is replaced only once the new one is complete."""
        columns: dict[str, pa.Array] = {
            "feature": _fixed_size_lists(self.features),
            "pid": pa.array(self.pids),
            "camid": pa.array(self.camids),
        }
        for name, table in (self.attributes or {}).items():
            columns[f"attribute:{name}"] = _fixed_size_lists(table)
        if self.paths is not None:
            columns["path"] = pa.array(self.paths)
        metadata = {"reseen": json.dumps({"format": 1})}
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        try:
            pq.write_table(pa.table(columns).replace_schema_metadata(metadata), partial, compression="zstd")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    @staticmethod
    def is_one(path: Path) -> bool:
        """Whether a Parquet file is one that `save` wrote, rather than a table of images."""
        try:
            return b"reseen" in (pq.read_schema(path).metadata or {})
        except (OSError, pa.ArrowInvalid):
            return False

    @classmethod
    def load(cls, path: Path) -> Embeddings:
        """Reads what `save` wrote.

        Raises:
            ReseenError: If the file is missing or is not a file of embeddings.
        """
        try:
            table = pq.read_table(path)
            attributes = {
                name.removeprefix("attribute:"): _matrix(table[name])
                for name in table.column_names
                if name.startswith("attribute:")
            }
            return cls(
                _matrix(table["feature"]),
                table["pid"].to_numpy(),
                table["camid"].to_numpy(),
                attributes or None,
                table["path"].to_pylist() if "path" in table.column_names else None,
            )
        except (OSError, pa.ArrowInvalid, KeyError) as error:
            raise ReseenError(f"{path} is not a file of embeddings (make one with `reseen embed`): {error}") from error


def _probabilities(name: str, table: ArrayLike, count: int) -> NDArray[np.float32]:
    array = np.ascontiguousarray(table, dtype=np.float32)
    if array.ndim != 2 or len(array) != count:
        raise ReseenError(f"attribute {name!r} must have shape ({count}, classes), got {array.shape}")
    return array


def _fixed_size_lists(matrix: NDArray[np.float32]) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), matrix.shape[1])


def _matrix(column: pa.ChunkedArray) -> NDArray[np.float32]:
    lists = column.combine_chunks()
    width = lists.type.list_size
    values: NDArray[np.float32] = lists.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(-1, width)
