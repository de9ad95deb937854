"""Filling a gallery from a folder, a zip or a table: piece by piece, and on from where a killed run stopped."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reseen.data.images.reference import absolute
from reseen.data.names import storable
from reseen.data.person import PersonImage
from reseen.descriptors.embeddings import Embeddings
from reseen.embedding import Place
from reseen.errors import ReseenError, ReseenWarning
from reseen.progress import Bars, silent
from reseen.search.gallery.adding import Admitted, check_sources
from reseen.search.gallery.deleting import deletion
from reseen.search.gallery.gallery import Gallery
from reseen.search.gallery.keeping.rows import Newcomers, content_hash

if TYPE_CHECKING:
    from reseen.models.embedder import Embedder

PIECE = 2048
"""Rows that are added at once: what a kill can cost."""
_READERS, _READ = 8, 4096
"""Threads that look for what is new, and how many pictures they are given at a time."""


def fill(
    gallery: Gallery,
    place: Place,
    embedder: Embedder | None = None,
    *,
    source: str = "",
    copy: bool = False,
    again: bool = False,
    batch_size: int = 128,
    max_corrupt: int = 0,
    bars: Bars = silent,
) -> int:
    """Embeds the pictures of a place and adds them.

    What the gallery has is passed over, and what was deleted from it is left out, with a warning; neither is embedded.
    Rows get absolute paths, so that the gallery finds their pictures from every working directory.

    Args:
        gallery: Where they are added.
        place: The pictures, or descriptors that were stored.
        embedder: The model; may be left out where the descriptors were stored.
        source: What the rows say they come from; by default what a table or a file of descriptors says, or
            else the place's absolute path.
        copy: Whether to keep the pictures, not only their paths.
        again: Whether to add also what was deleted from this gallery.
        batch_size: Pictures a forward pass.
        max_corrupt: How many undecodable pictures may be left out.
        bars: Shows how far the work has come.

    Returns:
        How many rows are new.

    Raises:
        ReseenError: As `Gallery.add` and `Embedder.stream`, or if there are pictures to embed and no model. What was
            added until then stays.
    """
    named = {image.source for image in place.images} if place.stored is None else set(place.stored.sources or ())
    if not any(named):
        source = source or str(place.path.resolve())
    if place.stored is not None:
        stored = _found_from_everywhere(place.stored if embedder is None else place.embeddings(embedder))
        return gallery.add(stored, schema=embedder.schema if embedder else None, source=source, copy=copy, again=again)
    if embedder is None:
        raise ReseenError(f"the pictures in {place.path} are still to be embedded: give a model")
    storable([image.name for image in place.images])  # before hours of embedding
    schema, layout = embedder.schema, gallery.layout
    if layout is not None:
        layout.check(embedder.embed([]), schema)
    with bars("looking for what is new") as progress:
        images, deleted = _fresh(gallery, place.images, again, progress)
    if (images or deleted) and not again:
        check_sources(gallery.store, [source] if source else named)
    admitted, waiting = Admitted(deleted=deleted), list[Embeddings]()

    def add() -> None:
        nonlocal admitted
        newcomers = Newcomers(Embeddings.join(waiting), source=source, copy=copy)
        admitted += gallery.admit(newcomers, schema=schema, again=again)
        waiting.clear()

    with bars("embedding images") as progress:
        stream = embedder.stream(images, batch_size=batch_size, max_corrupt=max_corrupt, progress=progress)
        for _, made in stream:
            waiting.append(_found_from_everywhere(made))
            if sum(map(len, waiting)) >= PIECE:
                add()
    if waiting:
        add()
    if note := admitted.note(gallery.place):
        warnings.warn(note, ReseenWarning, stacklevel=2)
    return admitted.new


def known_hashes(gallery: Gallery) -> NDArray[np.bytes_]:
    """Returns the hashes (n,) of the rows that are searched, sorted, as bytes of 32 digits."""
    ids = gallery.store.look(lambda rows: rows.table.search().select(["id"]).to_arrow()["id"])
    if ids is None or not len(ids):
        return np.empty(0, dtype="S32")
    fixed = ids.cast(pa.binary()).cast(pa.binary(32)).combine_chunks()
    return np.sort(np.frombuffer(fixed.buffers()[1], "S32", len(fixed), 32 * fixed.offset))


def _found_from_everywhere(made: Embeddings) -> Embeddings:
    """Returns descriptors whose paths lead to their pictures from every working directory."""
    return made if made.paths is None else replace(made, paths=[absolute(path) for path in made.paths])


def _fresh(
    gallery: Gallery, images: Sequence[PersonImage], again: bool, progress: Any
) -> tuple[Sequence[PersonImage], int]:
    """Returns the images that a gallery neither has nor was told to delete, and how many it was told to.

    Args:
        gallery: The gallery.
        images: Some images.
        again: Whether those that were deleted are wanted again.
        progress: Told how far it has come.
    """
    known = known_hashes(gallery)
    with gallery.store.told():
        buried = set() if again else deletion.buried(gallery.store)
    if not len(known) and not buried:
        return images, 0

    def hashed(image: PersonImage) -> str:
        try:
            return content_hash(image.read())
        except ReseenError:
            return ""  # whoever embeds it will say so

    fresh, deleted = list[PersonImage](), 0
    with ThreadPoolExecutor(_READERS) as pool:
        for start in range(0, len(images), _READ):
            some = images[start : start + _READ]
            for image, one in zip(some, pool.map(hashed, some), strict=True):
                place = int(np.searchsorted(known, one.encode()))
                if place < len(known) and known[place] == one.encode():
                    continue
                if one in buried:
                    deleted += 1
                else:
                    fresh.append(image)
            if progress:
                progress(start + len(some), len(images))
    return fresh, deleted
