"""What a gallery's folder looks like, told before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reseen.addresses import check_on_disk, place_of
from reseen.errors import ReseenError
from reseen.extras import need

NOTE = "gallery.json"
"""The file that makes a folder a gallery."""
LOCK = ".lock"
"""The file by which writers take turns."""


def is_gallery(folder: Path) -> bool:
    """Whether a folder is a gallery."""
    return (folder / NOTE).is_file()


def check_gallery(folder: Path) -> Path:
    """Returns a gallery's folder.

    Raises:
        ReseenError: If it is none, or lies in object storage.
    """
    folder = check_on_disk(folder)
    if not is_gallery(folder):
        raise ReseenError(f"{folder} is no gallery; reseen gallery add makes one")
    return folder


def check_new_gallery(folder: Path) -> Path:
    """Returns a folder that is a gallery or can become one.

    Raises:
        ReseenError: If something else is there, or it lies in object storage.
    """
    folder = check_on_disk(folder)
    if folder.exists() and not is_gallery(folder) and (not folder.is_dir() or any(map(_is_strange, folder.iterdir()))):
        raise ReseenError(f"{folder} is no gallery and not empty; name a gallery, or a new folder to make one")
    return folder


def remove_empty(folder: Path) -> None:
    """Removes a gallery that holds nothing yet; one that holds anything stays as it is.

    Raises:
        OSError: If the folder cannot be looked into or removed.
    """
    there = list(folder.iterdir())
    if all(path.name in (NOTE, LOCK) for path in there):
        for path in there:
            path.unlink()
        folder.rmdir()


def gallery_at(place: str) -> str:
    """Returns a gallery's folder or address; what lies at an address is seen when it is opened.

    Raises:
        ReseenError: If a folder is none, or what reaches an address is not installed.
    """
    return _checked(place, check_gallery)


def new_gallery_at(place: str) -> str:
    """Returns a folder that is a gallery or can become one, or an address.

    Raises:
        ReseenError: If something else is in the folder, or what reaches an address is not installed.
    """
    return _checked(place, check_new_gallery)


def _checked(place: str, check: Callable[[Path], Path]) -> str:
    found = place_of(place)
    if isinstance(found, str):
        need("storage")
        return found
    return str(check(found))


def _is_strange(path: Path) -> bool:
    """Whether something is not what a process leaves that was killed while it made a gallery."""
    return path.name != LOCK and not path.match(f"{NOTE}.*.partial")
