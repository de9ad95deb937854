"""What lies beside a table's rows: the pictures that matches lead to, and what the model's distances mean."""

from __future__ import annotations

from reseen.data.images.reference import image_of
from reseen.data.person import PersonImage
from reseen.descriptors.calibration import Calibration
from reseen.errors import ReseenError
from reseen.search.gallery.keeping.rows import row_id
from reseen.search.gallery.keeping.store import Store
from reseen.search.search import Match


def picture(store: Store, match: Match) -> PersonImage:
    """Returns the picture of a match: the one that was kept, else the one its path leads to.

    Raises:
        ReseenError: If there is none any more.
    """
    sql = row_id(match.id)
    found = store.look(
        lambda rows: rows.table.search().where(sql).select(["picture"]).to_arrow()["picture"].to_pylist()
    )
    if not found:
        raise ReseenError(f"{match.path or 'this row'} is not in gallery {store.place} any more")
    return image_of(match.path) if found[0] is None else PersonImage(found[0], match.pid, match.camid)


def calibration(store: Store, name: str) -> Calibration | None:
    """Returns what the distances between a table's rows mean, or None if nobody has said.

    Args:
        store: The gallery's.
        name: The table.

    Raises:
        ReseenError: If it cannot be read.
    """
    with store.told():
        kept = store.files.read(store.beside(name))
        return Calibration.model_validate_json(kept) if kept is not None else None


def keep_calibration(store: Store, given: Calibration) -> None:
    """Keeps what the searched model's distances mean.

    Raises:
        ReseenError: If it is another model's.
    """
    with store.writing(), store.told():
        searched = store.searched()
        if searched is None or given.model != searched.layout.like.model:
            raise ReseenError(
                f"the calibration is of model {given.model[:12] or 'that nobody noted'}, the rows of {store.place} are "
                "not: calibrate their model"
            )
        store.files.write(store.beside(searched.name), f"{given.model_dump_json()}\n".encode())
