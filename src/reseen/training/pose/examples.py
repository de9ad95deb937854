"""The person images that a pose network learns from, of several data sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reseen.data import loader_options, open_split, recognise
from reseen.data.images.cache import cached_images
from reseen.data.person import PersonImage
from reseen.data.spread import spread
from reseen.errors import ReseenError
from reseen.pose.coco import read_coco
from reseen.pose.examples import CocoExamples, JoinedExamples, PersonExamples, PoseExamples
from reseen.progress import Progress

_WHOLE = ("rendered",)
"""Data sets that know all 18 joints; what others publish lacks some, and would teach that these are nowhere."""
COCO = "coco"
"""Key of COCO's person keypoints, which is no data set of ours: nobody has an identity there."""


def open_examples(
    places: Sequence[str], size: tuple[int, int], *, most: int | None = None, progress: Progress | None = None
) -> PoseExamples:
    """Returns the training images of data sets, with their joints where these are whole.

    Args:
        places: A folder or zip each, or ``KEY=PLACE`` where the data set is not to be recognised; ``coco=FOLDER`` for
            COCO as it is published, ``annotations/person_keypoints_train2017.json`` beside ``train2017``.
        size: (H, W) of the crops.
        most: Images of each data set, spread over it; None for all.
        progress: Told how far decoding has come.

    Raises:
        ReseenError: If a place is missing or has no training images.
    """
    images: list[PersonImage] = []
    keys = []
    sources: list[PoseExamples] = []
    for place in places:
        if place.startswith(f"{COCO}="):
            sources.append(_coco(Path(place.removeprefix(f"{COCO}=")), size, most))
            continue
        key, split_images = _training_images(place)
        images += spread(split_images, most)
        keys.append(key)
    if images:
        cached = cached_images(images, size, progress=progress)
        sources.append(PersonExamples(cached, tuple(dict.fromkeys(keys))))
    return sources[0] if len(sources) == 1 else JoinedExamples(sources)


def _coco(root: Path, size: tuple[int, int], most: int | None) -> CocoExamples:
    file = next(iter(sorted(root.glob("annotations/person_keypoints_train*.json"))), None)
    pictures = root / file.stem.removeprefix("person_keypoints_") if file else root
    if file is None or not pictures.is_dir():
        raise ReseenError(
            f"{root} is not COCO as it is published: annotations/person_keypoints_train2017.json, and the pictures in "
            "train2017"
        )
    examples = CocoExamples(read_coco(file), pictures, size, most)
    if not len(examples):
        raise ReseenError(f"{file} has nobody with five joints or more: there is nothing to learn from")
    return examples


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
