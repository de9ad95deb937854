"""CUHK01 (Li, Zhao and Wang, ACCV 2012): 971 persons, two images in each of two cameras."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from reseen.data.images.source import Entry, Folder, open_folder
from reseen.data.person import PersonImage, Split
from reseen.data.sets.halves import FOLDS, random_halves
from reseen.errors import ReseenError

TERMS = "CUHK01 (Li, Zhao and Wang, Human Reidentification with Transferred Metric Learning, ACCV 2012): research only."

_NAME = re.compile(r"(\d{4})(00[1-4])$")  # person, image
_IMAGES = 4
_WHOLE = 0.9
"""Share of the persons who must have all their images for a folder to be CUHK01."""
_TEST_SHARE = 486 / 971
_SEED = 2012


def recognise(folder: Folder) -> bool:
    """Whether images of CUHK01 lie here."""
    return bool(_entries(folder))


def folds() -> int:
    """Returns how many splits there are."""
    return FOLDS


def load(root: Path, *, fold: int = 0) -> Split:
    """Reads CUHK01 and splits its persons: 485 to train, 486 to test.

    Args:
        root: The data set's folder, one above it, or its zip.
        fold: Which of the 10 random splits, 0 to 9.

    Raises:
        ReseenError: If there are no such images or no such fold.
    """
    entries = _entries(open_folder(root))
    if not entries:
        raise ReseenError(f"no CUHK01 in {root}: expected a folder of images named 0001001.png to 0971004.png")
    images = tuple(_read(entry) for entry in entries)
    pids = {image.pid for image in images}
    trained = random_halves(pids, fold, train=len(pids) - round(_TEST_SHARE * len(pids)), seed=_SEED)
    test = [image for image in images if image.pid not in trained]
    return Split(
        name="cuhk01",
        train=tuple(image for image in images if image.pid in trained),
        query=tuple(image for image in test if image.camid == 1),
        gallery=tuple(image for image in test if image.camid == 2),
        terms=TERMS,
        notes=(f"CUHK01 split {fold} of 10, drawn with reseen's own seed {_SEED}; camera A is searched for in B",),
    )


def _entries(folder: Folder) -> list[Entry]:
    """Returns the images of the nearest folder in which persons have CUHK01's four images, almost all of them.

    Seven digits alone are anybody's way to number pictures.
    """
    for candidate in folder.walk():
        images = candidate.images()
        persons = Counter(match[1] for entry in images if (match := _NAME.match(entry.path.stem)))
        whole = sum(count == _IMAGES for count in persons.values())
        if images and persons.total() == len(images) and whole >= _WHOLE * len(persons):
            return images
    return []


def _read(entry: Entry) -> PersonImage:
    match = _NAME.match(entry.path.stem)
    assert match is not None
    camid = 1 if int(match[2]) <= 2 else 2  # images 1 and 2 are camera A's, 3 and 4 camera B's
    return PersonImage(entry.path, int(match[1]), camid, archive=entry.archive)
