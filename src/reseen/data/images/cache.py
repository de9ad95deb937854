"""Decoded images as one memory-mapped uint8 array, so that no epoch after the first touches a JPEG."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from reseen.data.images.decoding import Skipped, decode_all
from reseen.data.images.keeping import IMAGES, bound
from reseen.data.images.size import Size
from reseen.data.images.states import states
from reseen.data.person import PersonImage
from reseen.files import make_private, replacing
from reseen.progress import Progress

_FORMAT = b"2"
"""Of what is kept; what older versions left is not found."""
_STEP = 512
"""Pictures between two reports of progress."""


@dataclass(frozen=True, eq=False)
class CachedImages:
    """Decoded pictures and the images they belong to.

    Attributes:
        images: The N images that could be decoded, in the order given.
        pixels: (N, H, W, 3) uint8, memory-mapped read-only.
        sizes: (N, 2) height and width of the pictures themselves, which their joints are measured in.
    """

    images: tuple[PersonImage, ...]
    pixels: NDArray[np.uint8]
    sizes: NDArray[np.int64]


def cache_directory() -> Path:
    """Returns ``$RESEEN_CACHE``, else ``reseen`` in the user's cache folder."""
    if explicit := os.environ.get("RESEEN_CACHE"):
        return Path(explicit)
    return platformdirs.user_cache_path("reseen", appauthor=False)


def cached_images(
    images: Sequence[PersonImage],
    size: Size,
    *,
    max_corrupt: int = 0,
    directory: Path | None = None,
    progress: Progress | None = None,
) -> CachedImages:
    """Decodes images once; later calls with the same files and size map the result.

    Args:
        images: What to decode.
        size: (H, W) to resize to.
        max_corrupt: How many undecodable images may be skipped; one more is an error.
        directory: Where the cache lies; ``cache_directory()/images`` by default.
        progress: Told how far decoding has come.

    Raises:
        ReseenError: If more than ``max_corrupt`` images cannot be decoded; names the first.
    """
    home = cache_directory()
    directory = directory or home / IMAGES
    stem = directory / f"{fingerprint(images)}-{size[0]}x{size[1]}"
    index, array = stem.with_suffix(".json"), stem.with_suffix(".npy")
    skipped = Skipped(max_corrupt)
    if index.exists() and array.exists():
        content = json.loads(index.read_text())
        skipped.messages = {int(row): message for row, message in content["corrupt"].items()}
        sizes = content["sizes"]
        os.utime(array)  # the last use tells what may go when there is too much
    else:
        sizes = _build(images, size, array, skipped, progress)
        with replacing(index, private=True) as partial:
            partial.write_text(json.dumps({"corrupt": skipped.messages, "sizes": sizes}))
        if directory == home / IMAGES:
            bound(home)
    skipped.check()
    skipped.warn(len(images))
    kept = tuple(image for row, image in enumerate(images) if row not in skipped.messages)
    pixels: NDArray[np.uint8] = np.load(array, mmap_mode="r") if kept else np.empty((0, *size, 3), np.uint8)
    return CachedImages(kept, pixels, np.array(sizes, np.int64).reshape(-1, 2))


def fingerprint(images: Sequence[PersonImage]) -> str:
    """Returns a digest of which images these are: names, and sizes and times of the files behind them."""
    digest = hashlib.sha256(_FORMAT)
    for state in states(images):
        digest.update(f"{state}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:20]


def _build(
    images: Sequence[PersonImage], size: Size, array: Path, skipped: Skipped, progress: Progress | None
) -> list[Size]:
    """Decodes on all cores; rows of undecodable images are closed up, so rows equal kept images.

    Returns:
        The pictures' own sizes.
    """
    make_private(array.parent)
    sizes: list[Size] = []
    with replacing(array, private=True) as partial, partial.open("wb") as file:
        _write_header(file, 0, size)
        for picture in decode_all(images, size, skipped):
            file.write(picture.pixels.tobytes())
            sizes.append(picture.size)
            if progress and len(sizes) % _STEP == 0:
                progress(picture.row + 1, len(images))
        file.seek(0)
        _write_header(file, len(sizes), size)
    if progress:
        progress(len(images), len(images))
    return sizes


def _write_header(file: object, count: int, size: Size) -> None:
    """NumPy pads the header for growth, so the count can be filled in at the end."""
    np.lib.format.write_array_header_1_0(
        file,  # type: ignore[arg-type]
        {"descr": "|u1", "fortran_order": False, "shape": (count, *size, 3)},
    )
