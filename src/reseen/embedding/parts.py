"""Descriptors on their way into a file: small files in a folder beside it, so that a killed run goes on from there."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reseen.data.images.reference import absolute
from reseen.data.person import PersonImage, origins_of
from reseen.descriptors.embeddings import COMPRESSION, Embeddings
from reseen.errors import ReseenError
from reseen.files import replacing

ROWS = 8192
"""Rows of a part, and of a row group of the file."""
_KEY = "key"
_SUFFIX = ".parquet"


class Parts:
    """The rows of one model that were written so far; each knows its picture by a key (`reseen.data.images.states`).

    A part is there whole or not at all, so whatever stands here after a crash is right.

    Args:
        file: The file they will become.
        model: The model's digest.
    """

    def __init__(self, file: Path, model: str) -> None:
        self.file = file
        self.folder = file.with_name(f"{file.name}.parts")
        self._model = model

    def __bool__(self) -> bool:
        return bool(self._paths())

    def keys(self) -> set[bytes]:
        """Returns the keys of the rows that are there.

        Raises:
            ReseenError: If they are another model's.
        """
        found: set[bytes] = set()
        for part in self._paths():
            table = pq.read_table(part, columns=[_KEY])
            made = Embeddings.model_of(part)
            if made != self._model:
                raise ReseenError(
                    f"{self.folder} was begun by another model ({made[:12]}) than this one ({self._model[:12]}): "
                    "go on with that one, or delete the folder to begin anew"
                )
            found.update(table[_KEY].to_pylist())
        return found

    def add(self, embeddings: Embeddings, keys: Sequence[bytes]) -> None:
        """Writes one more part."""
        number = len(self._paths())
        table = embeddings.table().append_column(_KEY, pa.array(keys, pa.binary(16)))
        with replacing(self.folder / f"{number:06d}{_SUFFIX}") as partial:
            pq.write_table(table, partial, compression=COMPRESSION)

    def become(self, images: Mapping[bytes, PersonImage]) -> tuple[int, int]:
        """Writes the file and removes the parts.

        Args:
            images: What is to be in the file, by key; it says anew who is seen, by which camera and when. Rows of
                other pictures, such as those that were deleted meanwhile, are left out.

        Returns:
            How many descriptors the file has, and how long they are.
        """
        count, writer = 0, None
        with replacing(self.file) as partial:
            try:
                for embeddings in self._groups(images):
                    table = embeddings.table()
                    writer = writer or pq.ParquetWriter(partial, table.schema, compression=COMPRESSION)
                    writer.write_table(table)
                    count += len(embeddings)
            finally:
                if writer is not None:
                    writer.close()
        shutil.rmtree(self.folder)
        return count, embeddings.features.shape[1]

    def _groups(self, images: Mapping[bytes, PersonImage]) -> Iterator[Embeddings]:
        """Yields all rows, `ROWS` or more at a time however small the parts are, at least once."""
        waiting: list[Embeddings] = []
        paths, told = self._paths(), origins_of(list(images.values())).keys()
        for part in paths:
            waiting.append(_read(part, images, told))
            if part is paths[-1] or sum(map(len, waiting)) >= ROWS:
                yield Embeddings.join(waiting)
                waiting = []

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{_SUFFIX}"))


def _read(part: Path, images: Mapping[bytes, PersonImage], told: Iterable[str]) -> Embeddings:
    keys = pq.read_table(part, columns=[_KEY])[_KEY].to_pylist()
    rows = [row for row, key in enumerate(keys) if key in images]
    known = [images[keys[row]] for row in rows]
    none = dict.fromkeys(("seconds", "tracks", "sources", "person_names", "camera_names"))
    origins: dict[str, Any] = none | origins_of(known, told)
    return replace(
        Embeddings.load(part)[np.array(rows, np.int64)],
        pids=np.array([image.pid for image in known], np.int64),
        camids=np.array([image.camid for image in known], np.int64),
        paths=[absolute(image.name) for image in known],  # the file may be moved
        **origins,
    )
