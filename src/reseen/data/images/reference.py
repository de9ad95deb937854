"""From an image's name, as results print it, back to the image."""

from __future__ import annotations

import os
import re
from pathlib import Path

from reseen.data.names import MARKET_NAME
from reseen.data.person import UNKNOWN_PID, PersonImage
from reseen.errors import ReseenError


def image_of(reference: Path | str) -> PersonImage:
    """Returns the image that a name stands for.

    Args:
        reference: A picture file, or ``archive.zip:member`` as `PersonImage.name` writes it. Person and
            camera are read from names like Market-1501's (``0002_c1…``); else the person is unknown.

    Raises:
        ReseenError: If there is no such file.
    """
    text = str(reference)
    archive, colon, member = text.rpartition(":")
    inside = bool(colon) and Path(archive).is_file()
    if not inside and not Path(text).is_file():
        raise ReseenError(f"there is no picture {text}; name a picture file, or archive.zip:member")
    path = Path(member if inside else text)
    found = re.match(MARKET_NAME, path.name)
    pid, camid = (int(found["pid"]), int(found["camid"])) if found else (UNKNOWN_PID, 0)
    return PersonImage(path, pid, camid, archive=Path(archive) if inside else None)


def is_there(reference: str) -> bool:
    """Whether a name may stand for a picture; told faster than by trying, for those that stand for none."""
    return os.path.isfile(reference) or (":" in reference and os.path.isfile(reference.rpartition(":")[0]))


def absolute(reference: str) -> str:
    """Returns a name that stands for the same image in every working directory; one that stands for none stays.

    Args:
        reference: A picture file or ``archive.zip:member``. A file that is a link keeps its own name, since names tell
            person and camera.
    """
    if not is_there(reference):
        return reference
    archive, _, member = reference.rpartition(":")
    inside = os.path.isfile(archive)
    file = Path(archive if inside else reference)
    lies = file.parent.resolve() / file.name
    return f"{lies}:{member}" if inside else str(lies)
