"""Pictures decoded by several threads: in order, and never more of them than a few ahead of whoever takes them."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reseen.data.images.size import Size
from reseen.data.person import PersonImage
from reseen.errors import ReseenError, ReseenWarning

AHEAD = 256
"""Pictures that are decoded or being decoded before they are asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """One picture.

    Attributes:
        row: Number of its image among those to decode.
        pixels: (H, W, 3) uint8.
        size: Height and width the picture has itself.
    """

    row: int
    pixels: NDArray[np.uint8]
    size: Size


@dataclass
class Skipped:
    """Images that could not be decoded, of which so many may be left out.

    Attributes:
        limit: How many.
        messages: What is wrong, by the image's number.
    """

    limit: int
    messages: dict[int, str] = field(default_factory=dict)

    def add(self, row: int, message: str) -> None:
        """Notes one more.

        Raises:
            ReseenError: If it is one too many; names the first.
        """
        self.messages[row] = message
        self.check()

    def check(self) -> None:
        """Makes sure that there are not too many.

        Raises:
            ReseenError: If there are; names the first.
        """
        count = len(self.messages)
        if count > self.limit:
            raise ReseenError(
                f"{next(iter(self.messages.values()))} (corrupt images: {count} or more, allowed: {self.limit}; "
                "mend it, or raise the limit: --max-corrupt N, in training --set data.max_corrupt=N)"
            )

    def warn(self, total: int) -> None:
        """Warns of those that were left out, if any were."""
        if self.messages:
            first = next(iter(self.messages.values()))
            warnings.warn(
                f"skipped {len(self.messages)} of {total} images, first: {first}", ReseenWarning, stacklevel=3
            )


def decode(image: PersonImage, size: Size) -> tuple[NDArray[np.uint8], Size]:
    """Returns the picture as (H, W, 3) uint8, resized (bilinear, antialiased) to ``size``, and the size it had."""
    picture = image.open()
    width, height = picture.size
    if (height, width) != size:
        picture = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(picture, dtype=np.uint8), (height, width)


def decode_all(
    images: Sequence[PersonImage], size: Size, skipped: Skipped, *, ahead: int = AHEAD
) -> Generator[Decoded, None, None]:
    """Yields pictures in the order of their images, those left out that cannot be decoded.

    Args:
        images: What to decode.
        size: (H, W) to resize to.
        skipped: Is told of those that cannot be decoded.
        ahead: How many are decoded before they are asked for: what memory holds, however many images there are.

    Raises:
        ReseenError: If more cannot be decoded than may be skipped.
    """

    def attempt(row: int) -> Decoded | str:
        try:
            return Decoded(row, *decode(images[row], size))
        except ReseenError as error:
            return str(error)

    waiting: deque[Future[Decoded | str]] = deque()
    with ThreadPoolExecutor() as pool:
        try:
            for row in range(len(images) + ahead):
                if row < len(images):
                    waiting.append(pool.submit(attempt, row))
                if row < ahead:
                    continue
                result = waiting.popleft().result()
                if isinstance(result, str):
                    skipped.add(row - ahead, result)
                else:
                    yield result
        finally:
            for future in waiting:
                future.cancel()
