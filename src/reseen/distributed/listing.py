"""Pictures by where they lie, as rows that any machine can read: of folders, zips, tables, and object storage."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from reseen.addresses import open_address
from reseen.data.images.reference import absolute
from reseen.data.images.source import is_image, is_litter
from reseen.data.names import ids_in, storable
from reseen.data.person import PersonImage
from reseen.data.sets.table import TABLE_SUFFIXES, load
from reseen.distributed.reading import open_object, parted
from reseen.embedding import open_place
from reseen.errors import ReseenError, one_line

LISTING = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False),  # as results print it
        pa.field("base", pa.string(), nullable=False),  # an address, or nothing
        pa.field("path", pa.string(), nullable=False),  # below the base, or inside the archive
        pa.field("archive", pa.string()),  # a zip, below the base
        pa.field("pid", pa.int64(), nullable=False),
        pa.field("camid", pa.int64(), nullable=False),
        pa.field("seconds", pa.float64()),
        pa.field("track", pa.int64()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("person_name", pa.string(), nullable=False),
        pa.field("camera_name", pa.string(), nullable=False),
        pa.field("keypoints", pa.binary()),  # (18, 3) float32
    ]
)
"""What is known of each picture before it is read."""
KNOWN = ("pid", "camid", "seconds", "track", "source", "person_name", "camera_name")
"""What of it is a `PersonImage`'s own."""


def list_pictures(place: Path | str) -> pa.Table:
    """Returns the pictures of a place, a row each (`LISTING`).

    On disk it is what `reseen.embedding.open_place` finds, by absolute paths, as workers run elsewhere. In object
    storage it is all pictures below an address, of a zip, or of a table whose paths start from its own folder; their
    names tell person and camera (`ids_in`). Where nothing tells a source, it is the place.

    Args:
        place: A path, or an address as `reseen.addresses.place_of` returns it.

    Raises:
        ReseenError: If there are none, or the place cannot be read.
    """
    rows = list(_on_disk(place) if isinstance(place, Path) else _at_address(place))
    if not rows:
        raise ReseenError(f"{place} has no pictures (.jpg, .png, .webp, …)")
    if not any(row["source"] for row in rows):
        whole = str(place.resolve() if isinstance(place, Path) else place)
        rows = [{**row, "source": whole} for row in rows]
    storable([row["name"] for row in rows])
    return pa.Table.from_pylist(rows, LISTING)


def _on_disk(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        raise ReseenError(f"{path} does not exist; name the folder, zip or table that has the images")
    found = open_place(path)
    if found.stored is not None:
        raise ReseenError(f"{path} holds descriptors already: put them into a gallery with reseen gallery add")
    for image in found.images:
        if not isinstance(image.path, Path) or (image.archive is not None and image.archive.suffix == ".mat"):
            raise ReseenError(
                f"{image.name} is no file and in no zip, so no other machine can read it: unpack it first"
            )
        archive = None if image.archive is None else absolute(str(image.archive))
        lies = str(image.path) if archive else absolute(str(image.path))
        yield _row(image, absolute(image.name), "", lies, archive)


def _at_address(address: str) -> Iterator[dict[str, Any]]:
    base, name = parted(address)
    suffix = Path(name).suffix.lower()
    try:
        if suffix in TABLE_SUFFIXES:
            yield from _of_table(base, name)
        elif suffix == ".zip":
            with zipfile.ZipFile(open_object(open_address(base), name)) as archive:
                members = [member for member in archive.namelist() if _is_picture(member)]
            yield from (_row(_named(member), f"{address}:{member}", base, member, name) for member in members)
        else:
            yield from (_row(_named(path), f"{address}/{path}", address, path) for path in _below(address))
    except (OSError, zipfile.BadZipFile) as error:
        raise ReseenError(f"cannot read {address}: {one_line(error)}") from error


def _below(address: str) -> Iterator[str]:
    import obstore
    from obstore.exceptions import BaseError

    try:
        for batch in obstore.list(open_address(address)):
            yield from (each["path"] for each in batch if _is_picture(each["path"]))
    except BaseError as error:
        raise OSError(one_line(error)) from error


def _of_table(base: str, name: str) -> Iterator[dict[str, Any]]:
    """Reads a table as one on disk is read, from a folder that has nothing else in it."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, name)
        table.write_bytes(open_object(open_address(base), name).read())
        images: Iterable[PersonImage] = [image for part in load(table).parts().values() for image in part]
    for image in images:
        assert isinstance(image.path, Path)
        lies = image.path.relative_to(folder).as_posix()
        yield _row(image, f"{base}/{lies}", base, lies)


def _is_picture(path: str) -> bool:
    return is_image(path) and not is_litter(path)


def _named(path: str) -> PersonImage:
    return PersonImage(Path(path), *ids_in(Path(path).name))


def _row(image: PersonImage, name: str, base: str, path: str, archive: str | None = None) -> dict[str, Any]:
    joints = None if image.keypoints is None else image.keypoints.astype(np.float32).tobytes()
    told = {each: getattr(image, each) for each in KNOWN}
    return {"name": name, "base": base, "path": path, "archive": archive, "keypoints": joints, **told}
