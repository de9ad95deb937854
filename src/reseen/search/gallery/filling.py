"""Filling a gallery from a folder, a zip or a table: piece by piece, and on from where a killed run stopped."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reseen.data.person import PersonImage
from reseen.descriptors.embeddings import Embeddings
from reseen.embedding import Place
from reseen.errors import ReseenError
from reseen.progress import Bars, silent
from reseen.search.gallery.gallery import Gallery
from reseen.search.gallery.keeping.rows import content_hash

if TYPE_CHECKING:
    from reseen.models.embedder import Embedder

PIECE = 2048
"""Rows that are added at once: what a kill can cost."""
_READERS = 8


def fill(
    gallery: Gallery,
    place: Place,
    embedder: Embedder,
    *,
    source: str,
    copy: bool = False,
    again: bool = False,
    batch_size: int = 128,
    max_corrupt: int = 0,
    bars: Bars = silent,
) -> int:
    """Embeds the pictures of a place and adds them; what the gallery has is passed over, and not embedded.

    Args:
        gallery: Where they are added.
        place: The pictures, or descriptors that were stored.
        embedder: The model.
        source: What the rows say they come from.
        copy: Whether to keep the pictures, not only their paths.
        again: Whether to add also what was deleted from this gallery.
        batch_size: Pictures a forward pass.
        max_corrupt: How many undecodable pictures may be left out.
        bars: Shows how far the work has come.

    Returns:
        How many rows are new.

    Raises:
        ReseenError: As `Gallery.add` and `Embedder.stream`. What was added until then stays.
    """
    options: dict[str, Any] = {"schema": embedder.schema, "source": source, "copy": copy, "again": again}
    if place.stored is not None:
        return gallery.add(place.embeddings(embedder), **options)
    if gallery.layout is not None:
        gallery.layout.check(embedder.embed([]), embedder.schema)  # before hours of embedding
    with bars("looking for what is new") as progress:
        images = _fresh(place.images, known_hashes(gallery), progress)
    new, waiting, times = 0, list[Embeddings](), list[float]()
    with bars("embedding images") as progress:
        stream = embedder.stream(images, batch_size=batch_size, max_corrupt=max_corrupt, progress=progress)
        for rows, made in stream:
            waiting.append(made)
            times += [float("nan") if (at := images[row].seconds) is None else at for row in rows]
            if len(times) >= PIECE:
                new += gallery.add(Embeddings.join(waiting), seconds=times, **options)
                waiting, times = [], []
    if waiting:
        new += gallery.add(Embeddings.join(waiting), seconds=times, **options)
    return new


def known_hashes(gallery: Gallery) -> NDArray[np.bytes_]:
    """Returns the hashes (n,) of the rows that are searched, sorted, as bytes of 32 digits."""
    ids = gallery.store.look(lambda rows: rows.table.search().select(["id"]).to_arrow()["id"])
    if ids is None or not len(ids):
        return np.empty(0, dtype="S32")
    fixed = ids.cast(pa.binary()).cast(pa.binary(32)).combine_chunks()
    return np.sort(np.frombuffer(fixed.buffers()[1], "S32", len(fixed), 32 * fixed.offset))


def _fresh(images: Sequence[PersonImage], known: NDArray[np.bytes_], progress: Any) -> Sequence[PersonImage]:
    if not len(known):
        return images

    def hashed(image: PersonImage) -> bytes:
        try:
            return content_hash(image.read()).encode()
        except ReseenError:
            return b""  # whoever embeds it will say so

    fresh = []
    with ThreadPoolExecutor(_READERS) as pool:
        for done, (image, one) in enumerate(zip(images, pool.map(hashed, images), strict=True), 1):
            place = int(np.searchsorted(known, one))
            if place == len(known) or known[place] != one:
                fresh.append(image)
            if progress:
                progress(done, len(images))
    return fresh
