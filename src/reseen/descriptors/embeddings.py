"""Descriptors of many images with their ids: what `embed` writes and evaluation, search and explain read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray
from pydantic import TypeAdapter
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from reseen.data.attributes import AttributeSchema
from reseen.data.names import storable
from reseen.descriptors.distance import Distance, Euclidean, read_distance
from reseen.descriptors.distances import Spaces, squared_distances
from reseen.errors import ReseenError
from reseen.files import replacing

COMPRESSION = "zstd"
"""Of files of embeddings."""
PROBABILITY = "probability"
"""Name that the attributes' probabilities have as features: ``probability/hat``, ``probability/gender``, …."""
_TEXTS = {"paths": "path", "sources": "source", "person_names": "person_name", "camera_names": "camera_name"}
"""Columns in a file of what is a text an image."""
_SCHEMA: TypeAdapter[AttributeSchema | None] = TypeAdapter(AttributeSchema | None)


@dataclass(frozen=True, eq=False)
class Embeddings:
    """N descriptors and what is known about the images they come from.

    Attributes:
        features: (N, D) float32.
        pids: (N,) int64 person ids.
        camids: (N,) int64 camera ids.
        attributes: Probabilities (N, classes) float32 by attribute name, or None.
        paths: N image references (file name, or ``archive.zip:member``), or None.
        model: Digest of the model that made them; empty if nobody knows.
        parts: Width of each named feature that the descriptors are made of, in order; empty if nobody knows.
        distance: What they are meant to be compared by.
        seconds: (N,) float64 when the images were taken, NaN where nobody knows; or None.
        tracks: (N,) float64 numbers of the tracks they belong to, NaN where there is none; or None.
        sources: N names of what they come from, such as a video, empty where nobody knows; or None.
        person_names: N names of persons, whose ids are then made up, empty for those who have none; or None.
        camera_names: N names of cameras, likewise.
        schema: The attributes' classes, in the order of their probabilities; None if nobody knows.

    Raises:
        ReseenError: If shapes do not fit each other, features are not finite, or the distance is for others.
    """

    features: NDArray[np.float32]
    pids: NDArray[np.int64]
    camids: NDArray[np.int64]
    attributes: Mapping[str, NDArray[np.float32]] | None = None
    paths: Sequence[str] | None = None
    model: str = ""
    parts: Mapping[str, int] = field(default_factory=dict)
    distance: Distance = field(default_factory=Euclidean)
    seconds: NDArray[np.float64] | None = None
    tracks: NDArray[np.float64] | None = None
    sources: Sequence[str] | None = None
    person_names: Sequence[str] | None = None
    camera_names: Sequence[str] | None = None
    schema: AttributeSchema | None = None

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
            for name, table in tables.items():
                classes = table.shape[1] if self.schema is None else len(self.schema[name].classes)
                if table.shape[1] != classes:
                    raise ReseenError(f"attribute {name!r} has {table.shape[1]} probabilities for {classes} classes")
        for name in _TEXTS:
            if getattr(self, name) is not None:
                texts = tuple(map(str, getattr(self, name)))
                if len(texts) != len(features):
                    raise ReseenError(f"{len(texts)} {name} for {len(features)} feature rows")
                object.__setattr__(self, name, texts)
        for name in ("seconds", "tracks"):
            if getattr(self, name) is not None:
                numbers = np.asarray(getattr(self, name), dtype=np.float64)
                if numbers.shape != (len(features),):
                    raise ReseenError(f"{name} must have shape ({len(features)},) like features, got {numbers.shape}")
                object.__setattr__(self, name, numbers)
        if self.parts and sum(self.parts.values()) != features.shape[1]:
            raise ReseenError(f"parts are {sum(self.parts.values())} wide in all, features {features.shape[1]}")
        if len(self):
            self.distance.check(self)

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows: ArrayLike | slice) -> Embeddings:
        """Returns the rows chosen by a slice, an index array or a boolean mask."""
        index = np.arange(len(self))[rows if isinstance(rows, slice) else np.asarray(rows)]
        own = {name: getattr(self, name) for name in _TEXTS}
        texts: dict[str, Any] = {name: each and [each[i] for i in index] for name, each in own.items()}
        return replace(
            self,
            features=self.features[index],
            pids=self.pids[index],
            camids=self.camids[index],
            attributes={name: table[index] for name, table in (self.attributes or {}).items()} or None,
            seconds=None if self.seconds is None else self.seconds[index],
            tracks=None if self.tracks is None else self.tracks[index],
            **texts,
        )

    @classmethod
    def join(cls, several: Sequence[Embeddings]) -> Embeddings:
        """Returns the images of one after those of the other; there has to be at least one.

        Raises:
            ReseenError: If their descriptors cannot be compared.
        """
        first = several[0]
        for other in several[1:]:
            first.check_comparable(other)
        if len(several) == 1:
            return first
        names = first.attributes or {}
        texts: dict[str, Any] = {
            name: _joined_texts([(getattr(each, name), len(each)) for each in several]) for name in _TEXTS
        }
        return replace(
            first,
            features=np.concatenate([each.features for each in several]),
            pids=np.concatenate([each.pids for each in several]),
            camids=np.concatenate([each.camids for each in several]),
            attributes={name: np.concatenate([(each.attributes or {})[name] for each in several]) for name in names}
            or None,
            seconds=_joined_numbers([(each.seconds, len(each)) for each in several]),
            tracks=_joined_numbers([(each.tracks, len(each)) for each in several]),
            **texts,
        )

    def named(self, names: Sequence[str] = ()) -> dict[str, NDArray[np.float32]]:
        """Returns features (N, d) by name.

        Args:
            names: Which, in the order they come in, ``part`` standing for all of ``part/0``, ``part/1``, … and
                ``probability`` for the probabilities of all attributes; by default those that make the descriptor,
                which is a single feature called ``descriptor`` if nobody knows their names.

        Raises:
            ReseenError: If there is no such feature; names those there are.
        """
        parts, start = self.parts or {"descriptor": self.features.shape[1]}, 0
        found = {}
        for name, width in parts.items():
            found[name] = self.features[:, start : start + width]
            start += width
        if not names:
            return found
        found |= {f"{PROBABILITY}/{name}": table for name, table in (self.attributes or {}).items()}
        return {name: found[name] for name in select(tuple(found), names)}

    def spaces(self) -> Spaces:
        """Returns the matrices (N, d) whose Euclidean distances add up to the distance of these images."""
        return self.distance.spaces(self)

    def feature(self, *names: str) -> Embeddings:
        """Returns the same images by some of the named features alone, to be compared by Euclidean distance.

        Args:
            names: Features, in the order they come in, as for `named`.

        Raises:
            ReseenError: If there is no such feature; names those there are.
        """
        chosen = self.named(names)
        return replace(
            self,
            features=np.concatenate(list(chosen.values()), axis=1),
            parts={name: values.shape[1] for name, values in chosen.items()},
            distance=Euclidean(),
        )

    def check_comparable(self, other: Embeddings) -> None:
        """Makes sure that distances between these descriptors and others mean something.

        Raises:
            ReseenError: If they are of different models, lengths or features, or meant for different distances, or
                their attributes have other classes.
        """
        if self.features.shape[1] != other.features.shape[1]:
            raise ReseenError(
                f"descriptors of length {self.features.shape[1]} and {other.features.shape[1]} cannot be compared: "
                "both have to come from the same model"
            )
        if self.model and other.model and self.model != other.model:
            raise ReseenError(
                f"descriptors of model {self.model[:12]} and of model {other.model[:12]} cannot be compared, "
                "though they are equally long: embed both with the same model"
            )
        if self.parts and other.parts and list(self.parts.items()) != list(other.parts.items()):
            raise ReseenError(
                f"descriptors of {', '.join(self.parts)} and of {', '.join(other.parts)} cannot be compared: "
                "choose the same features"
            )
        if self.schema and other.schema and self.schema.attributes != other.schema.attributes:
            pairs = zip_longest(self.schema, other.schema)
            one, another = next((str(one), str(another)) for one, another in pairs if one != another)
            raise ReseenError(
                f"descriptors of models that tell {one} and {another} cannot be compared: "
                "embed both with the same model"
            )
        if self.distance != other.distance:
            raise ReseenError(
                f"descriptors for the distance {self.distance.name} and for {other.distance.name} cannot be compared: "
                "give both the same distance"
            )

    def distances_to(self, other: Embeddings) -> NDArray[np.float32]:
        """Returns the distance of every image to every other one, (N, M) float32; `rank` holds no such matrix.

        Raises:
            ReseenError: If the descriptors cannot be compared.
        """
        self.check_comparable(other)
        chunks = squared_distances(self.spaces(), other.spaces())
        distances = np.empty(chunks.shape, dtype=np.float32)
        for rows, squared in chunks:
            np.sqrt(squared, out=distances[rows])
        return distances

    def save(self, path: Path) -> None:
        """Writes one Parquet file; an existing one is replaced only once the new one is complete."""
        with replacing(path) as partial:
            pq.write_table(self.table(), partial, compression=COMPRESSION)

    def table(self) -> pa.Table:
        """Returns what `save` writes: a row an image, and everything else in the schema's metadata."""
        columns: dict[str, pa.Array] = {
            "feature": _fixed_size_lists(self.features),
            "pid": pa.array(self.pids),
            "camid": pa.array(self.camids),
        }
        for name, table in (self.attributes or {}).items():
            columns[f"attribute:{name}"] = _fixed_size_lists(table)
        for name, column in _TEXTS.items():
            if (texts := getattr(self, name)) is not None:
                columns[column] = pa.array(storable(texts), pa.string())
        for name, numbers in (("seconds", self.seconds), ("track", self.tracks)):
            if numbers is not None:
                columns[name] = pa.array(numbers, from_pandas=True)
        content = {
            "format": 3,
            "model": self.model,
            "parts": dict(self.parts),
            "distance": self.distance.model_dump(mode="json"),
            "schema": _SCHEMA.dump_python(self.schema, mode="json"),
        }
        metadata = {"reseen": json.dumps(content), "reseen.distance": save_arrays(self.distance.arrays())}
        return pa.table(columns).replace_schema_metadata(metadata)

    @staticmethod
    def is_one(path: Path) -> bool:
        """Whether a Parquet file is one that `save` wrote, rather than a table of images."""
        try:
            return b"reseen" in (pq.read_schema(path).metadata or {})
        except (OSError, pa.ArrowInvalid):
            return False

    @staticmethod
    def model_of(path: Path) -> str:
        """Returns the digest of the model that made what `save` wrote, and reads nothing else."""
        model: str = json.loads(pq.read_schema(path).metadata[b"reseen"])["model"]
        return model

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
            metadata = table.schema.metadata or {}
            stored = json.loads(metadata[b"reseen"])
            return cls(
                _matrix(table["feature"]),
                table["pid"].to_numpy(),
                table["camid"].to_numpy(),
                attributes or None,
                model=stored["model"],
                parts=stored["parts"],
                distance=read_distance(stored["distance"], load_arrays(metadata[b"reseen.distance"])),
                seconds=_numbers(table, "seconds"),
                tracks=_numbers(table, "track"),
                **{name: _texts(table, column) for name, column in _TEXTS.items()},
                schema=_SCHEMA.validate_python(stored["schema"]),
            )
        except (OSError, ValueError, KeyError, AttributeError, NotImplementedError, SafetensorError) as error:
            raise ReseenError(f"{path} is not a file of embeddings (make one with `reseen embed`): {error}") from error


def select(known: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Returns the features that names stand for: themselves, or all whose names begin with ``NAME/``.

    Raises:
        ReseenError: If a name stands for none.
    """
    chosen: list[str] = []
    for name in names:
        found = [each for each in known if each == name or each.startswith(f"{name}/")]
        if not found:
            raise ReseenError(f"there is no feature {name!r}; there are: {', '.join(known) or 'none with a name'}")
        chosen += found
    return tuple(dict.fromkeys(chosen))


def _probabilities(name: str, table: ArrayLike, count: int) -> NDArray[np.float32]:
    array = np.ascontiguousarray(table, dtype=np.float32)
    if array.ndim != 2 or len(array) != count:
        raise ReseenError(f"attribute {name!r} must have shape ({count}, classes), got {array.shape}")
    return array


def _joined_numbers(several: Sequence[tuple[NDArray[np.float64] | None, int]]) -> NDArray[np.float64] | None:
    """Returns numbers of images one after the other, NaN for (None, count); None if nobody knows any."""
    if all(numbers is None for numbers, _ in several):
        return None
    return np.concatenate([np.full(count, np.nan) if numbers is None else numbers for numbers, count in several])


def _joined_texts(several: Sequence[tuple[Sequence[str] | None, int]]) -> list[str] | None:
    """Returns texts of images one after the other, empty for (None, count); None if nobody knows any."""
    if all(texts is None for texts, _ in several):
        return None
    return [text for texts, count in several for text in ([""] * count if texts is None else texts)]


def _numbers(table: pa.Table, name: str) -> NDArray[np.float64] | None:
    """Returns a column of numbers, NaN where it is empty; None without it."""
    if name not in table.column_names:
        return None
    numbers: NDArray[np.float64] = table[name].cast(pa.float64()).to_numpy()
    return numbers


def _texts(table: pa.Table, name: str) -> list[str] | None:
    """Returns a column of texts, empty where there is none; None without it."""
    if name not in table.column_names:
        return None
    return [text or "" for text in table[name].cast(pa.string()).to_pylist()]


def _fixed_size_lists(matrix: NDArray[np.float32]) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), matrix.shape[1])


def _matrix(column: pa.ChunkedArray) -> NDArray[np.float32]:
    lists = column.combine_chunks()
    width = lists.type.list_size
    values: NDArray[np.float32] = lists.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(-1, width)
