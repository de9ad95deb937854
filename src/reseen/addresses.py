"""Addresses of object storage (``s3://bucket/folder``), where a path could stand, too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from reseen.errors import ReseenError
from reseen.extras import need

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs", "az")
"""Amazon S3 and whatever speaks its protocol, Google Cloud Storage, Azure Blob Storage."""
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+):/")


def place_of(text: str | Path) -> Path | str:
    """Returns what a user named: a path, or an address without a slash at its end.

    Raises:
        ReseenError: If it is an address of another kind.
    """
    named = str(text)
    found = _SCHEME.match(named)
    if found is None or (isinstance(text, Path) and text.exists()):
        return Path(text)
    scheme, rest = found[1].lower(), named[found.end() :].lstrip("/").rstrip("/")
    if scheme == "file":
        return Path("/", rest)
    if scheme not in SCHEMES or not rest:
        known = ", ".join(f"{each}://" for each in SCHEMES)
        raise ReseenError(f"{named}: give a path, or an address of object storage such as s3://bucket/folder ({known})")
    return f"{scheme}://{rest}"


def check_on_disk(place: Path | str) -> Path:
    """Returns a path.

    Raises:
        ReseenError: If it is an address.
    """
    found = place_of(place)
    if isinstance(found, str):
        raise ReseenError(f"{found} lies in object storage, and this needs a folder or file on disk: name one")
    return found


def open_address(address: str) -> ObjectStore:
    """Returns what reads and writes below an address; who may, the environment says (``AWS_ACCESS_KEY_ID``, …).

    Raises:
        ReseenError: If the extra is missing, or the address makes no sense.
    """
    need("storage")
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    try:
        return from_url(address)
    except (BaseError, ValueError) as error:
        raise ReseenError(f"{address} cannot be opened: {error}") from error
