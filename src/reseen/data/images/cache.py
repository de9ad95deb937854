"""Decoded images as one memory-mapped uint8 array, so that no epoch after the first touches a JPEG."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray
from PIL import Image

from reseen.data.images.keeping import IMAGES, bound
from reseen.data.images.size import Size
from reseen.data.person import PersonImage
from reseen.errors import ReseenError, ReseenWarning
from reseen.files import make_private, replacing
from reseen.progress import Progress

_FORMAT = b"2"
"""Of what is kept; what older versions left is not found."""
_CHUNK = 512


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


def decode(image: PersonImage, size: Size) -> tuple[NDArray[np.uint8], Size]:
    """Returns the picture as (H, W, 3) uint8, resized (bilinear, antialiased) to ``size``, and the size it had."""
    picture = image.open()
    width, height = picture.size
    if (height, width) != size:
        picture = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(picture, dtype=np.uint8), (height, width)


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
    if index.exists() and array.exists():
        content = json.loads(index.read_text())
        corrupt = {int(row): message for row, message in content["corrupt"].items()}
        sizes = content["sizes"]
        os.utime(array)  # the last use tells what may go when there is too much
    else:
        sizes, corrupt = _build(images, size, array, max_corrupt, progress)
        with replacing(index, private=True) as partial:
            partial.write_text(json.dumps({"corrupt": corrupt, "sizes": sizes}))
        if directory == home / IMAGES:
            bound(home)
    if len(corrupt) > max_corrupt:
        raise _too_many(len(corrupt), next(iter(corrupt.values())), max_corrupt)
    if corrupt:
        first = next(iter(corrupt.values()))
        warnings.warn(f"skipped {len(corrupt)} of {len(images)} images, first: {first}", ReseenWarning, stacklevel=2)
    kept = tuple(image for row, image in enumerate(images) if row not in corrupt)
    pixels: NDArray[np.uint8] = np.load(array, mmap_mode="r") if kept else np.empty((0, *size, 3), np.uint8)
    return CachedImages(kept, pixels, np.array(sizes, np.int64).reshape(-1, 2))


def fingerprint(images: Sequence[PersonImage]) -> str:
    """Returns a digest of which images these are: names, and sizes and times of the files behind them."""
    digest = hashlib.sha256(_FORMAT)
    archives: dict[Path, str] = {}
    for image in images:
        if isinstance(image.path, bytes):
            state = hashlib.sha256(image.path).hexdigest()
        elif image.archive is None:
            state = f"{image.path.resolve()}{_state(image.path)}"
        else:
            if image.archive not in archives:
                archives[image.archive] = f"{image.archive.resolve()}{_state(image.archive)}"
            state = f"{archives[image.archive]}{image.path}"
        digest.update(f"{state}\n".encode())
    return digest.hexdigest()[:20]


def _state(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return ":missing"
    return f":{status.st_size}:{status.st_mtime_ns}"


def _build(
    images: Sequence[PersonImage], size: Size, array: Path, max_corrupt: int, progress: Progress | None
) -> tuple[list[Size], dict[int, str]]:
    """Decodes on all cores; rows of undecodable images are closed up, so rows equal kept images.

    Returns:
        The pictures' own sizes, and messages by number of the images that could not be decoded.
    """
    make_private(array.parent)
    sizes: list[Size] = []
    corrupt: dict[int, str] = {}

    def attempt(image: PersonImage) -> tuple[NDArray[np.uint8], Size] | str:
        try:
            return decode(image, size)
        except ReseenError as error:
            return str(error)

    with replacing(array, private=True) as partial, ThreadPoolExecutor() as pool, partial.open("wb") as file:
        _write_header(file, 0, size)
        for start in range(0, len(images), _CHUNK):
            chunk = images[start : start + _CHUNK]
            for row, result in enumerate(pool.map(attempt, chunk), start):
                if isinstance(result, str):
                    corrupt[row] = result
                    if len(corrupt) > max_corrupt:
                        raise _too_many(len(corrupt), result, max_corrupt)
                else:
                    pixels, own = result
                    file.write(pixels.tobytes())
                    sizes.append(own)
            if progress:
                progress(start + len(chunk), len(images))
        file.seek(0)
        _write_header(file, len(sizes), size)
    return sizes, corrupt


def _write_header(file: object, count: int, size: Size) -> None:
    """NumPy pads the header for growth, so the count can be filled in at the end."""
    np.lib.format.write_array_header_1_0(
        file,  # type: ignore[arg-type]
        {"descr": "|u1", "fortran_order": False, "shape": (count, *size, 3)},
    )


def _too_many(count: int, first: str, limit: int) -> ReseenError:
    return ReseenError(
        f"{first} (corrupt images: {count} or more, allowed: {limit}; mend it, or raise the limit: "
        "--max-corrupt N, in training --set data.max_corrupt=N)"
    )
