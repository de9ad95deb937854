"""Files that are written whole or not at all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reseen.errors import ReseenError


def make_private(folder: Path) -> None:
    """Makes a folder that no other account can look into: what lies in it shows people."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


@contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Yields a place beside a file to write to; what stands there at the end takes the file's place.

    A reader sees the old file or the new one, never a part of it. After an error, and after an interruption, the old
    one is still there and nothing else; processes that write the same file do not disturb each other.

    Args:
        path: The file; its folder is made if need be.
        private: Whether no other account may read it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        if private:
            partial.touch(mode=0o600)
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path, message: str) -> Iterator[None]:
    """Keeps a folder to this process; it is made if need be, and removed at the end if nothing is in it.

    A process that dies lets go of it.

    Args:
        folder: The folder.
        message: What to tell if another process has it.

    Raises:
        ReseenError: If another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise ReseenError(message) from error
    try:
        yield
    finally:
        with suppress(OSError):
            folder.rmdir()
        os.close(descriptor)
