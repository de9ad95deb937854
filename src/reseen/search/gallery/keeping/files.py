"""What lies beside a gallery's tables, on disk or in object storage: each file is there whole or not at all."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from reseen.addresses import place_of
from reseen.errors import ReseenError
from reseen.files import make_private, replacing
from reseen.gallery_files import LOCK, NOTE, check_new_gallery, is_gallery

WAIT = 120.0
"""Seconds to wait for another writer."""


class Files(Protocol):
    """A gallery's place; names are relative to it, with slashes."""

    @property
    def place(self) -> Path | str:
        """The folder's path or address."""

    def begin(self, note: bytes) -> None:
        """Makes the place a gallery with this note, unless it is one; raises ReseenError if it is something else."""

    def read(self, name: str) -> bytes | None:
        """Returns a file's content, or None if it is not there."""

    def write(self, name: str, content: bytes) -> None:
        """Writes a file, in place of the one that is there; it outlasts a machine that goes down."""

    def remove(self, name: str) -> None:
        """Deletes a file if it is there."""

    def names(self, folder: str = "") -> list[str]:
        """Returns the names of files and folders that lie right in a folder."""

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Yields every file, also those of tables, and how many bytes it has."""

    def holds(self, name: str, needles: Sequence[bytes]) -> bool:
        """Whether one of some bytes occurs in a file."""

    def locked(self, *, patient: bool = True) -> AbstractContextManager[None]:
        """Keeps other writers out.

        Args:
            patient: Whether to wait for another writer who is alive.

        Raises:
            BusyError: If another one has been writing for too long, or is writing and nobody waits.
        """


def files_of(place: Path | str) -> Files:
    """Returns the files of a gallery.

    Args:
        place: A folder's path, or an address of object storage.

    Raises:
        ReseenError: If it is neither.
    """
    found = place_of(place)
    if isinstance(found, Path):
        return Disk(found)
    from reseen.search.gallery.keeping.objects import Objects

    return Objects(found)


class BusyError(ReseenError):
    """Somebody else is writing."""


def busy(place: Path | str) -> BusyError:
    """Returns what whoever has waited too long is told."""
    return BusyError(f"somebody else has been writing to {place} for {WAIT:.0f} s; try again when they are done")


class Disk:
    """A folder."""

    def __init__(self, place: Path) -> None:
        from filelock import FileLock

        self.place = place
        self._lock = FileLock(place / LOCK)

    def begin(self, note: bytes) -> None:
        if is_gallery(check_new_gallery(self.place)):
            return
        make_private(self.place)
        with self.locked():
            if not is_gallery(self.place):  # nor has another one made it meanwhile
                self.write(NOTE, note)

    def read(self, name: str) -> bytes | None:
        try:
            return (self.place / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        with replacing(self.place / name, private=True) as partial, partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def remove(self, name: str) -> None:
        (self.place / name).unlink(missing_ok=True)

    def names(self, folder: str = "") -> list[str]:
        return os.listdir(self.place / folder)

    def sizes(self) -> Iterator[tuple[str, int]]:
        for folder, folders, names in os.walk(self.place):
            folders.sort()
            for file in sorted(Path(folder, name) for name in names):
                with suppress(FileNotFoundError):  # who is writing has just removed it
                    yield file.relative_to(self.place).as_posix(), file.stat().st_size

    def holds(self, name: str, needles: Sequence[bytes]) -> bool:
        with (self.place / name).open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                return False
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return any(content.find(each) >= 0 for each in needles)

    @contextmanager
    def locked(self, *, patient: bool = True) -> Iterator[None]:
        """A writer that dies lets the next one in at once."""
        from filelock import Timeout

        try:
            self._lock.acquire(timeout=WAIT if patient else 0)
        except Timeout:
            raise busy(self.place) from None
        try:
            yield
        finally:
            self._lock.release()
