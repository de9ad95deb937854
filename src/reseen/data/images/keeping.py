"""What the user's cache folder holds, and taking out of it what has not been used for long."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

IMAGES = "images"
"""Folder of decoded pictures in the cache."""
TAUGHT = "taught"
"""Folder of what teachers have said of pictures."""
MADE = ("benchmarks", IMAGES, "rendered", TAUGHT, "unpacked")
"""Folders of what reseen makes again when it is needed."""
LIMIT = 32 << 30
"""Most bytes that decoded pictures, and what was said of them, may take; what was not used for longest goes first."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing in the cache: the decoded pictures of a data set at one size, or a rendered data set.

    Attributes:
        kind: The folder it lies in, such as ``images`` or ``rendered``.
        paths: Its files, or its folder.
        size: Bytes.
        used: When it was last used, in seconds since 1970.
    """

    kind: str
    paths: tuple[Path, ...]
    size: int
    used: float

    @property
    def name(self) -> str:
        return self.paths[0].stem

    def remove(self) -> None:
        """Deletes it; a program that reads it at this moment keeps what it has open."""
        for path in self.paths:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def kept(directory: Path) -> list[Kept]:
    """Returns what a cache folder holds that can be made again, last used first.

    Weights that the user keeps there are not among it.
    """
    found: list[Kept] = []
    for kind in (directory / name for name in MADE if (directory / name).is_dir()):
        together: dict[str, list[Path]] = {}
        for path in sorted(kind.iterdir()):
            together.setdefault(path.name.partition(".")[0], []).append(path)
        for paths in together.values():
            files = (file for path in paths for file in (path, *path.rglob("*")) if file.is_file())
            states = [file.stat() for file in files]
            used = max((state.st_mtime for state in states), default=0.0)
            found.append(Kept(kind.name, tuple(paths), sum(state.st_size for state in states), used))
    return sorted(found, key=lambda each: -each.used)


def clear(directory: Path, *, older_than: float = 0.0) -> list[Kept]:
    """Deletes what has not been used for some time.

    Args:
        directory: The cache folder.
        older_than: Seconds; 0 deletes everything.

    Returns:
        What was deleted.
    """
    now = time.time()
    gone = [each for each in kept(directory) if now - each.used >= older_than]
    for each in gone:
        each.remove()
    return gone


def bound(directory: Path, limit: int = LIMIT) -> list[Kept]:
    """Deletes decoded pictures and what was said of them, used longest ago first, until the limit is kept.

    Args:
        directory: The cache folder.
        limit: Bytes; what was used last stays, however large it is.

    Returns:
        What was deleted.
    """
    bounded = [each for each in kept(directory) if each.kind in (IMAGES, TAUGHT)]
    total, gone = 0, []
    for place, each in enumerate(bounded):
        total += each.size
        if place and total > limit:
            gone.append(each)
            each.remove()
    return gone
