"""Where in a picture each part of a distance comes from, whatever the system: its places are covered one by one.

Occlusion sensitivity (Zeiler and Fergus, ECCV 2014, section 4.2), of a distance instead of a class.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reseen.data.person import PersonImage
from reseen.explain.faithfulness import covered, mean_colour
from reseen.explain.pair import encoded
from reseen.models.embedder import Embedder

GRID = (8, 4)
"""Places down and across: squares in a crop that is twice as high as it is wide."""


def occlusion_maps(embedder: Embedder, one: PersonImage, other: PersonImage) -> dict[str, NDArray[np.float64]]:
    """Returns how far each part of the distance between two pictures moves when a place of the first is covered.

    Args:
        embedder: The model; any backend will do, as nothing but descriptors is asked for.
        one: The picture whose places are covered by its mean colour.
        other: The picture that stays as it is.

    Returns:
        `GRID` by the names of the descriptor's parts: the change of what `Pair.parts` has, without its sign.

    Raises:
        ReseenError: If a picture cannot be read.
    """
    pixels = np.asarray(one.open())
    colour = mean_colour(pixels)
    rows, columns = (
        np.linspace(0, length, count + 1).round().astype(int) for length, count in zip(pixels.shape, GRID, strict=False)
    )
    tried = []
    for top, bottom in itertools.pairwise(rows):
        for left, right in itertools.pairwise(columns):
            mask = np.zeros(pixels.shape[:2], dtype=np.bool_)
            mask[top:bottom, left:right] = True
            tried.append(encoded(Image.fromarray(covered(pixels, mask, colour))))
    embedded = embedder.embed([other, one, *tried])
    shares = embedded.distance.split(embedded[[0]], embedded, np.arange(1, len(embedded)))
    return {part: np.abs(values[1:] - values[0]).reshape(GRID) for part, values in shares.items()}
