"""Looking a gallery over: whether everything can be read, and whether what was deleted is gone."""

from __future__ import annotations

import numpy as np

from reseen.addresses import place_of
from reseen.data.images.reference import is_there
from reseen.errors import ReseenError
from reseen.search.gallery.deleting import deletion, exports
from reseen.search.gallery.gallery import Gallery


def check(gallery: Gallery) -> list[str]:
    """Reads every row of every table.

    Returns:
        What is wrong, each in one line that says what to do; empty if nothing is.
    """
    store, current = gallery.store, gallery.store.settings()["current"]
    problems = []
    if deletion.begun(store):
        problems.append("a deletion is not through: if it was killed, open the gallery again to finish it")
    try:
        problems += [f"{path} shows who was deleted: delete it" for path in exports.due(store)]
    except ReseenError as error:
        problems.append(str(error))
    for name in store.names():
        try:
            problems += _table(gallery, name)
        except ReseenError as error:
            problems.append(f"{name} cannot be read: {error}")
        if name != current:
            problems.append(
                f"{name} is another model's and not searched: call the reseen gallery reindex that was killed once "
                "more, with the same model"
            )
    return problems


def _table(gallery: Gallery, name: str) -> list[str]:
    store, problems = gallery.store, []
    seen: set[str] = set()
    doubled = broken = gone = 0
    with store.told():
        width = store.layout(name).searched_width
        for batch in store.table(name).search().select(["id", "path", "picture", "descriptor"]).to_batches(1024):
            ids = batch["id"].to_pylist()
            doubled += len(ids) - len(set(ids) - seen)
            seen.update(ids)
            values = batch["descriptor"].flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
            broken += int((~np.isfinite(values)).any(axis=1).sum())
            gone += sum(
                picture is None and bool(path) and not _exists(path)
                for path, picture in zip(batch["path"].to_pylist(), batch["picture"].to_pylist(), strict=True)
            )
    if doubled:
        problems.append(f"{name}: {doubled:,} rows are there twice: delete them and add them again")
    if broken:
        problems.append(f"{name}: {broken:,} descriptors hold NaN or infinity: delete them and add them again")
    if gone:
        problems.append(f"{name}: {gone:,} pictures are no longer where their paths lead: bring them back, or delete")
    if back := seen & deletion.buried(store):
        problems.append(f"{name}: {len(back):,} rows that were deleted are there: delete them again")
    return problems


def _exists(path: str) -> bool:
    return isinstance(place_of(path), str) or is_there(path)  # object storage is not asked about each
