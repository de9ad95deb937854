"""Moving a gallery to another model: its rows are built beside the old ones, which are searched until all are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from reseen.data.attributes import AttributeSchema
from reseen.data.images.reference import image_of
from reseen.data.person import PersonImage
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.progress import Progress
from reseen.search.gallery.adding import insert
from reseen.search.gallery.deleting import deletion
from reseen.search.gallery.gallery import Gallery
from reseen.search.gallery.keeping.layout import Layout
from reseen.search.gallery.keeping.rows import Newcomers
from reseen.search.gallery.keeping.store import table_name

_FACTS = ["id", "path", "pid", "camera", "seconds", "track", "source", "added", "picture"]


class Embeds(Protocol):
    """What is needed of a model; an `Embedder` is one."""

    @property
    def digest(self) -> str: ...
    @property
    def schema(self) -> AttributeSchema | None: ...
    def embed(self, images: Sequence[PersonImage], /) -> Embeddings: ...


def reindex(
    gallery: Gallery, embedder: Embeds, *, batch: int = 512, max_lost: int = 0, progress: Progress | None = None
) -> int:
    """Embeds every picture of a gallery with another model, and then searches these rows instead.

    Until then the old rows are searched, and nobody else can write. If it is killed, the next call goes on where it
    stopped. What a call with any third model has left is deleted.

    Args:
        gallery: The gallery.
        embedder: The other model.
        batch: Pictures embedded and written at once.
        max_lost: So many rows may be lost because their picture is gone or cannot be decoded.
        progress: Told how far it has come.

    Returns:
        How many rows the gallery has lost.

    Raises:
        ReseenError: If more pictures cannot be read; names one of them, and changes nothing that is searched.
    """
    store, new = gallery.store, table_name(embedder.digest)
    with store.writing():
        old = store.settings()["current"]
        if not old:
            return 0
        deletion.finish(store)  # else what was deleted would be moved too
        store.drop_torn()
        for name in set(store.names()) - {old, new}:
            store.drop(name)
        if old == new:
            return 0
        total, done, lost = len(gallery), 0, []
        there: set[str] | None = None
        for rows in store.table(old).search().select(_FACTS).to_batches(batch):
            if there is None:
                there = _there(gallery, new)
            fresh = [row for row in rows.to_pylist() if row["id"] not in there]
            pictures = [_picture(row) for row in fresh]
            lost += [row["path"] or row["id"] for row, picture in zip(fresh, pictures, strict=True) if picture is None]
            if len(lost) > max_lost:
                raise ReseenError(
                    f"{len(lost):,} pictures of {gallery.place} cannot be read, such as {lost[0]}: bring them back, "
                    "or allow for losing them with max_lost (--max-lost)"
                )
            known = [(row, picture) for row, picture in zip(fresh, pictures, strict=True) if picture is not None]
            if known:
                _move(gallery, embedder, new, [row for row, _ in known], [picture for _, picture in known])
            done += len(rows)
            if progress:
                progress(done, total)
        if new not in store.names():
            raise ReseenError(f"no picture of {gallery.place} can be read, so there is nothing to search afterwards")
        store.search_in(new)
        store.drop(old)
    return len(lost)


def _there(gallery: Gallery, name: str) -> set[str]:
    if name not in gallery.store.names():
        return set()
    return set(gallery.store.table(name).search().select(["id"]).to_arrow()["id"].to_pylist())


def _picture(row: dict[str, Any]) -> PersonImage | None:
    """Returns a row's picture if it can be decoded."""
    try:
        image = image_of(row["path"]) if row["picture"] is None else PersonImage(row["picture"])
        image.open()
    except ReseenError:
        return None
    return replace(image, pid=row["pid"], camid=row["camera"])


def _move(
    gallery: Gallery, embedder: Embeds, name: str, rows: Sequence[dict[str, Any]], pictures: Sequence[PersonImage]
) -> None:
    made = replace(embedder.embed(pictures), paths=[row["path"] for row in rows])
    layout = Layout.of(made, embedder.schema)
    gallery.store.make(name, layout.arrow())
    numbers = {
        key: np.array([np.nan if row[key] is None else row[key] for row in rows])
        for key in ("seconds", "track", "added")
    }
    newcomers = Newcomers(
        made,
        seconds=numbers["seconds"],
        tracks=numbers["track"],
        source=[row["source"] for row in rows],
        pictures=[row["picture"] for row in rows],
        added=numbers["added"],
        ids=[row["id"] for row in rows],
    )
    insert(gallery.store, name, newcomers, layout, again=True)
