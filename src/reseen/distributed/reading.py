"""Reading pictures where they lie, from whatever machine: files, members of zips, and both in object storage."""

from __future__ import annotations

import io
import threading
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reseen.addresses import open_address
from reseen.data.person import LARGEST_IMAGE, PersonImage
from reseen.errors import ReseenError, one_line

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_BUFFER = 1 << 20
"""Bytes read of a zip at a time."""
_open = lru_cache(maxsize=64)(open_address)
_zips = threading.Lock()
_BROKEN = (OSError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError)
"""What reading a zip raises that is damaged, or not the one that was opened."""


def read_picture(row: Mapping[str, Any]) -> bytes:
    """Returns the encoded picture of a row (`reseen.distributed.listing.LISTING`).

    Raises:
        ReseenError: If it cannot be read, or is larger than a picture of a person can be.
    """
    if not row["base"]:
        archive = None if row["archive"] is None else Path(row["archive"])
        return PersonImage(Path(row["path"]), archive=archive).read()
    try:
        if row["archive"] is None:
            content = open_object(_open(row["base"]), row["path"]).read(LARGEST_IMAGE + 1)
        else:
            content = _member(row["base"], row["archive"], row["path"])
    except _BROKEN as error:
        raise ReseenError(f"cannot read image {row['name']}: {one_line(error)}") from error
    if len(content) > LARGEST_IMAGE:
        raise ReseenError(f"cannot read image {row['name']}: it has more than {LARGEST_IMAGE >> 20} MiB")
    return content


def parted(address: str) -> tuple[str, str]:
    """Returns the address that an object lies below, and its name; of a bucket alone, itself and nothing."""
    base, _, name = address.rpartition("/")
    return (address, "") if base.endswith("/") else (base, name)


def open_object(store: ObjectStore, path: str) -> io.BufferedReader:
    """Opens an object as a file that can be read at random places.

    Raises:
        OSError: If it cannot be read.
    """
    import obstore
    from obstore.exceptions import BaseError

    try:
        return io.BufferedReader(_Object(obstore.open_reader(store, path, buffer_size=_BUFFER)), _BUFFER)
    except BaseError as error:
        raise OSError(one_line(error)) from error


def _member(base: str, archive: str, path: str) -> bytes:
    def read() -> bytes:
        with _zip(base, archive).open(path) as member:
            return member.read(LARGEST_IMAGE + 1)

    with _zips:
        try:
            return read()
        except _BROKEN:  # it may have been replaced since it was opened
            _zip.cache_clear()
            return read()


@lru_cache(maxsize=8)
def _zip(base: str, archive: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(open_object(_open(base), archive))


class _Object(io.RawIOBase):
    """What `zipfile` needs of a file, over a reader of `obstore`, which gives buffers of its own."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._reader.seek(offset, whence))

    def tell(self) -> int:
        return int(self._reader.tell())

    def readinto(self, buffer: Any) -> int:
        content = self._reader.read(len(buffer))
        buffer[: len(content)] = memoryview(content)
        return len(content)
