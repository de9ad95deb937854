"""From pictures to a file of descriptors, however many there are, and on from where a killed run stopped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from reseen.data.images.states import keys as keys_of
from reseen.data.person import PersonImage
from reseen.descriptors.embeddings import Embeddings
from reseen.embedding.parts import ROWS, Parts
from reseen.errors import ReseenError
from reseen.files import locked
from reseen.progress import Progress

if TYPE_CHECKING:  # places and parts are looked at before PyTorch is imported
    from reseen.models.embedder import Embedder

SECONDS = 10.0
"""After so long a part is written even if it is small: what a kill can cost."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a file of descriptors holds.

    Attributes:
        count: Descriptors.
        width: How many numbers each has.
        before: How many of them an earlier run had made.
    """

    count: int
    width: int
    before: int = 0


def write_embeddings(
    embedder: Embedder,
    images: Sequence[PersonImage],
    file: Path,
    *,
    batch_size: int = 128,
    max_corrupt: int = 0,
    progress: Progress | None = None,
) -> Written:
    """Embeds images into one Parquet file; rows that a killed run left in ``FILE.parts`` are not made again.

    Memory does not grow with the number of images, but for their names. Rows are written while the next ones are made.
    An image that was changed or added since is embedded, one that is gone leaves no row.

    Args:
        embedder: The model.
        images: What to embed; of none, the file has no rows.
        file: The file; an existing one is replaced only once the new one is complete.
        batch_size: Pictures a forward pass.
        max_corrupt: How many undecodable pictures may be left out.
        progress: Told how far it has come.

    Raises:
        ReseenError: If more pictures cannot be decoded, the rows that are there are another model's, or another
            process is writing this file. What was made until then stays.
    """
    parts = Parts(file, embedder.digest)

    def busy() -> None:
        raise ReseenError(f"another process is writing {file}: let it end, or name another file")

    with locked(parts.folder, busy):
        there, keys = parts.keys(), keys_of(images)
        missing = [row for row, key in enumerate(keys) if key not in there]
        before = len(images) - len(missing)

        def move(done: int, total: int) -> None:
            if progress:
                progress(before + done, before + total)

        move(0, len(missing))
        stream = embedder.stream(
            [images[row] for row in missing], batch_size=batch_size, max_corrupt=max_corrupt, progress=move
        )
        with _Writer(parts) as writer:
            for rows, made in stream:
                writer.take(made, [keys[missing[row]] for row in rows])
        if not parts:
            parts.add(embedder.embed([]), [])
        count, width = parts.become(dict(zip(keys, images, strict=True)))
    return Written(count, width, before)


class _Writer:
    """Writes parts in a thread of its own, one behind what is being made; what it has taken is written in any case."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._taken: list[tuple[Embeddings, list[bytes]]] = []
        self._since = time.monotonic()
        self._thread = ThreadPoolExecutor(1)
        self._last: Future[None] | None = None

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *error: object) -> None:
        with self._thread:
            self._write()
            self._wait()

    def take(self, embeddings: Embeddings, keys: list[bytes]) -> None:
        self._taken.append((embeddings, keys))
        if sum(len(keys) for _, keys in self._taken) >= ROWS or time.monotonic() - self._since > SECONDS:
            self._write()

    def _write(self) -> None:
        self._wait()
        if self._taken:
            made, keys = zip(*self._taken, strict=True)
            self._last = self._thread.submit(lambda: self._parts.add(Embeddings.join(made), list(chain(*keys))))
        self._taken, self._since = [], time.monotonic()

    def _wait(self) -> None:
        """Lets the part before be written: a full disk ends the work here, and memory holds two parts at most."""
        if self._last is not None:
            self._last.result()
        self._last = None
