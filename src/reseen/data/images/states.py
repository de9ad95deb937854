"""What tells a picture from every other one, and from itself before it was changed, without reading it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from reseen.data.person import PersonImage


def states(images: Sequence[PersonImage]) -> Iterator[str]:
    """Yields of each image where it lies, and size and time of the file behind it."""
    archives: dict[Path, str] = {}
    for image in images:
        if isinstance(image.path, bytes):
            yield hashlib.sha256(image.path).hexdigest()
        elif image.archive is None:
            yield f"{image.path.resolve()}{_state(image.path)}"
        else:
            if image.archive not in archives:
                archives[image.archive] = f"{image.archive.resolve()}{_state(image.archive)}"
            yield f"{archives[image.archive]}{image.path}"


def keys(images: Sequence[PersonImage]) -> list[bytes]:
    """Returns 16 bytes of each image that no other one has, even where the same picture is there twice."""
    seen: Counter[str] = Counter()
    found = []
    for state in states(images):
        seen[state] += 1
        told = f"{state}#{seen[state]}".encode("utf-8", "surrogatepass")
        found.append(hashlib.blake2b(told, digest_size=16).digest())
    return found


def _state(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return ":missing"
    return f":{status.st_size}:{status.st_mtime_ns}"
