"""Files that are written whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

PARTIAL = ".partial"
"""Suffix of what has begun to be written; before it stands the process's number."""
_ASIDE = ".old"
"""Suffix of a folder that another one is about to replace."""


def make_private(folder: Path) -> None:
    """Makes a folder, if there is none, and lets no other account look into it: what lies in it shows people."""
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
    partial = _beside(path)
    try:
        if private:
            partial.touch(mode=0o600)
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yields a folder beside another one, whose place it takes at the end; after an error nothing is left of it.

    The old one is moved aside, and deleted once the new one stands. It takes two steps to change places: a process that
    is killed between them leaves the old one aside, and the next that writes here begins by putting it back.
    """
    _put_back(folder)
    partial, aside = _beside(folder), _beside(folder, _ASIDE)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        shutil.rmtree(aside, ignore_errors=True)
        with suppress(FileNotFoundError):  # there need be no old one
            folder.replace(aside)
        try:
            partial.replace(folder)
        except OSError:
            with suppress(OSError):
                aside.replace(folder)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _put_back(folder: Path) -> None:
    """Puts back what a killed process has moved aside, or deletes it if another one stands in its place."""
    for aside in list(folder.parent.glob(f"{escape(folder.name)}.*{_ASIDE}")):
        if folder.exists():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            with suppress(OSError):  # another process has just put one there
                aside.replace(folder)


def _beside(path: Path, suffix: str = PARTIAL) -> Path:
    return path.with_name(f"{path.name}.{os.getpid()}{suffix}")


@contextmanager
def locked(folder: Path, busy: Callable[[], None]) -> Iterator[bool]:
    """Keeps a folder to this process; it is made if need be, and removed at the end if nothing is in it.

    It is the folder itself that is locked, so that no file has to lie there for it. A process that dies lets go of it.

    Args:
        folder: The folder.
        busy: Called if another process has it: raises, or lets this one wait.

    Yields:
        Whether it is locked: some network file systems have no locks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        held = _lock(descriptor, busy)
        try:
            yield held
        finally:
            with suppress(OSError):
                folder.rmdir()
    finally:
        os.close(descriptor)


def _lock(descriptor: int, busy: Callable[[], None]) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        busy()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        return False
    return True
