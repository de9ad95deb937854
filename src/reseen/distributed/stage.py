"""What one worker does: read pictures, pass over those that the gallery has, embed the others."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reseen.checkpoint_files import BackendName
from reseen.data.person import PersonImage
from reseen.descriptors.embeddings import Embeddings
from reseen.distributed.listing import KNOWN
from reseen.distributed.reading import read_picture
from reseen.errors import ReseenError, ReseenWarning
from reseen.models import checkpoint
from reseen.models.backends.device import device_of
from reseen.search.gallery.keeping.rows import content_hash

_READERS = 16
"""Pictures read at once: most of the time they are waited for."""
MADE = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False),
        pa.field("pid", pa.int64(), nullable=False),
        pa.field("camid", pa.int64(), nullable=False),
        pa.field("seconds", pa.float64()),
        pa.field("track", pa.int64()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("person_name", pa.string(), nullable=False),
        pa.field("camera_name", pa.string(), nullable=False),
        pa.field("id", pa.string()),  # hash of the content; None if it cannot be read
        pa.field("numbers", pa.binary()),  # descriptor and probabilities, float32; None if there are none
        pa.field("picture", pa.large_binary()),  # its bytes, if they are to be kept
        pa.field("error", pa.string()),  # why it could not be embedded
    ]
)
"""What comes out, a row a picture."""


@dataclass(frozen=True, slots=True)
class Work:
    """What all workers are told.

    Attributes:
        files: The checkpoint folder's, by name: workers need not see the disk it lies on.
        device: Where to put the weights.
        backend: What is to run the model, or None for what the folder was written for.
        batch_size: Pictures a forward pass.
        copy: Whether to hand on the pictures themselves.
    """

    files: Mapping[str, bytes]
    device: str = "cpu"
    backend: BackendName | None = None
    batch_size: int = 128
    copy: bool = False

    @classmethod
    def packed(cls, folder: Path, **options: Any) -> Work:
        """Reads a checkpoint's files."""
        return cls({file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}, **options)


class Stage:
    """Embeds rows of `LISTING`; see `reseen.models.embedder.Embedder.stream`.

    Args:
        work: What to do.
        known: Hashes (n,) of the pictures that the gallery has, sorted, as bytes of 32 digits.
    """

    def __init__(self, work: Work, known: NDArray[np.bytes_]) -> None:
        self._work, self._known = work, known
        with tempfile.TemporaryDirectory() as folder:
            for name, content in work.files.items():
                Path(folder, name).write_bytes(content)
            self._embedder = checkpoint.load(folder, device=device_of(work.device), backend=work.backend)

    def __call__(self, listed: pa.Table) -> pa.Table:
        """Returns rows of `MADE`, one for each listed picture."""
        rows = listed.to_pylist()
        with ThreadPoolExecutor(_READERS) as pool:
            contents = list(pool.map(_attempt, rows))
        ids = [None if isinstance(content, str) else content_hash(content) for content in contents]
        fresh = [row for row, one in enumerate(ids) if one is not None and not self._is_known(one)]
        numbers = self._embed([_person(rows[row], contents[row]) for row in fresh])
        made = dict(zip(fresh, numbers, strict=True))
        errors = [content if isinstance(content, str) else None for content in contents]
        for row in fresh:
            if made[row] is None:
                errors[row] = f"cannot decode image {rows[row]['name']}"
        keep = [self._work.copy and made.get(row) is not None for row in range(len(rows))]
        columns: list[Sequence[Any]] = [
            *([row[name] for row in rows] for name in ("name", *KNOWN)),
            ids,
            [made.get(row) for row in range(len(rows))],
            [content if kept else None for content, kept in zip(contents, keep, strict=True)],
            errors,
        ]
        return pa.table([pa.array(each, field.type) for each, field in zip(columns, MADE, strict=True)], MADE)

    def _is_known(self, one: str) -> bool:
        wanted = one.encode()
        place = int(np.searchsorted(self._known, wanted))
        return place < len(self._known) and bool(self._known[place] == wanted)

    def _embed(self, persons: Sequence[PersonImage]) -> list[bytes | None]:
        """Returns what `unpacked` reads, or None for what cannot be decoded."""
        found: list[bytes | None] = [None] * len(persons)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReseenWarning)  # the driver counts them
            stream = self._embedder.stream(persons, batch_size=self._work.batch_size, max_corrupt=len(persons))
            for rows, made in stream:
                together = np.concatenate([made.features, *(made.attributes or {}).values()], axis=1)
                for row, values in zip(rows, together, strict=True):
                    found[row] = values.tobytes()
        return found


def unpacked(made: pa.Table, like: Embeddings) -> Embeddings:
    """Returns the embeddings of rows of `MADE` that all have numbers.

    Args:
        made: The rows.
        like: Descriptors of no image, as the model makes them.
    """
    widths = {name: table.shape[1] for name, table in (like.attributes or {}).items()}
    numbers = np.frombuffer(b"".join(made["numbers"].to_pylist()), np.float32)
    together = numbers.reshape(len(made), like.features.shape[1] + sum(widths.values()))
    places = np.cumsum([like.features.shape[1], *widths.values()])
    parts = np.split(together, places[:-1], axis=1)
    return replace(
        like,
        features=parts[0],
        pids=made["pid"].to_numpy(),
        camids=made["camid"].to_numpy(),
        attributes=dict(zip(widths, parts[1:], strict=True)) or None,
        paths=made["name"].to_pylist(),
        seconds=made["seconds"].to_numpy(),
        tracks=made["track"].cast(pa.float64()).to_numpy(),
        sources=made["source"].to_pylist(),
        person_names=made["person_name"].to_pylist(),
        camera_names=made["camera_name"].to_pylist(),
    )


def _attempt(row: Mapping[str, Any]) -> bytes | str:
    """Returns a picture's bytes, or why it cannot be read."""
    try:
        return read_picture(row)
    except ReseenError as error:
        return str(error)


def _person(row: Mapping[str, Any], content: bytes | str) -> PersonImage:
    assert isinstance(content, bytes)
    joints = None if row["keypoints"] is None else np.frombuffer(row["keypoints"], np.float32).reshape(-1, 3)
    return PersonImage(content, row["pid"], row["camid"], keypoints=joints)
