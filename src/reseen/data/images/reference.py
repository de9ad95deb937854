"""From an image's name, as results print it, back to the image."""

from __future__ import annotations

import os
from pathlib import Path

from reseen.data.names import ids_in
from reseen.data.person import PersonImage
from reseen.errors import ReseenError


def image_of(reference: Path | str) -> PersonImage:
    """Returns the image that a name stands for.

    Args:
        reference: A picture file, or ``archive.zip:member`` as `PersonImage.name` writes it. Person and
            camera are what its name tells (`ids_in`).

    Raises:
        ReseenError: If there is no such file.
    """
    archive, name = _parted(str(reference))
    if not name:
        raise ReseenError(f"there is no picture {reference}; name a picture file, or archive.zip:member")
    path = Path(name)
    return PersonImage(path, *ids_in(path.name), archive=Path(archive) if archive else None)


def is_there(reference: str) -> bool:
    """Whether a name may stand for a picture; told faster than by trying, for those that stand for none."""
    return bool(_parted(reference)[1])


def absolute(reference: str) -> str:
    """Returns a name that stands for the same image in every working directory; one that stands for none stays."""
    return resolved(reference) if is_there(reference) else reference


def resolved(reference: str) -> str:
    """Returns what `absolute` has made of a name, also of one whose file is not there any more.

    Args:
        reference: A picture file or ``archive.zip:member``. A file that is a link keeps its own name, since names tell
            person and camera.
    """
    archive, member = _parted(reference)
    file = Path(archive or reference)
    lies = file.parent.resolve() / file.name
    return f"{lies}:{member}" if archive else str(lies)


def _parted(reference: str) -> tuple[str, str]:
    """Returns the archive and its member, or nothing and the file; both empty if neither file is there.

    Members may have colons in their names: the archive is the shortest beginning that is a file.
    """
    if os.path.isfile(reference):
        return "", reference
    colon = reference.find(":")
    while colon >= 0:
        if os.path.isfile(reference[:colon]):
            return reference[:colon], reference[colon + 1 :]
        colon = reference.find(":", colon + 1)
    return "", ""
