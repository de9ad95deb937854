"""The person images that a pose network learns from, of several data sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reseen.data import loader_options, open_split, recognise
from reseen.data.images.cache import cached_images
from reseen.data.person import PersonImage
from reseen.errors import ReseenError
from reseen.pose.examples import PersonExamples
from reseen.progress import Progress

_WHOLE = ("rendered",)
"""Data sets that know all 18 joints; what others publish lacks some, and would teach that these are nowhere."""


def open_examples(
    places: Sequence[str], size: tuple[int, int], *, most: int | None = None, progress: Progress | None = None
) -> PersonExamples:
    """Returns the training images of data sets, with their joints where these are whole.

    Args:
        places: A folder or zip each, or ``KEY=PLACE`` where the data set is not to be recognised.
        size: (H, W) of the crops.
        most: Images of each data set, spread over it; None for all.
        progress: Told how far decoding has come.

    Raises:
        ReseenError: If a place is missing or has no training images.
    """
    images: list[PersonImage] = []
    keys = []
    for place in places:
        key, split_images = _training_images(place)
        images += split_images[:: -(-len(split_images) // most) if most else 1]
        keys.append(key)
    cached = cached_images(images, size, progress=progress)
    return PersonExamples(cached, tuple(dict.fromkeys(keys)))


def _training_images(place: str) -> tuple[str, Sequence[PersonImage]]:
    named, line, rest = place.partition("=")
    root = Path(rest if line else place)
    if not root.exists():
        raise ReseenError(f"{root} does not exist; name a folder or zip of person images, or KEY=PLACE")
    key = named if line else recognise(root)
    keypoints = {"keypoints": True} if key in _WHOLE and "keypoints" in loader_options(key) else {}
    split = open_split(key, root, **keypoints)
    images = split.train or split.gallery if key == "table" else split.train
    if not images:
        raise ReseenError(f"{root} has no training images of {key}; give the folder that has")
    return key, images
