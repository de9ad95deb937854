"""VIPeR (Gray et al., PETS 2007): 632 persons, one image in each of two cameras."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from reseen.data.annotations.peta_labels import SUBSETS, archives, read_words
from reseen.data.attributes import AttributeSchema, binary
from reseen.data.images.source import Folder, open_folder
from reseen.data.person import PersonImage, Protocol, Split
from reseen.data.sets.halves import FOLDS, random_halves
from reseen.errors import ReseenError

TERMS = "VIPeR (Gray, Brennan and Tao, PETS 2007): for academic research; cite the paper."

_NAME = re.compile(r"(\d+)_\d+")  # person _ viewing angle
_SEED = 2007

SCHEMA = AttributeSchema(
    "viper",
    tuple(
        map(
            binary,
            (
                "personalLess30", "personalLess45", "personalMale", "hairLong",
                "accessoryNothing", "accessorySunglasses",
                "carryingBackpack", "carryingMessengerBag", "carryingNothing",
                "upperBodyCasual", "upperBodyOther", "upperBodyShortSleeve", "upperBodyTshirt",
                "lowerBodyCasual", "lowerBodyJeans", "lowerBodyTrousers",
                "footwearLeatherShoes", "footwearShoes", "footwearSneaker",
            ),
        )
    ),
)  # fmt: skip
"""Those of PETA's 35 that more than 50 of the 316 training persons have, in the mean over the halves: 19."""


def recognise(folder: Folder) -> bool:
    """Whether VIPeR's two camera folders lie here."""
    return _cameras(folder) is not None


def folds() -> int:
    """Returns how many halves there are."""
    return FOLDS


def load(root: Path, *, fold: int = 0, attributes: bool = False) -> Split:
    """Reads VIPeR and splits its persons in two halves.

    Args:
        root: The data set's folder, one above it, or its zip.
        fold: Which of the 10 random halves, 0 to 9.
        attributes: Whether to attach PETA's labels of these persons. PETA, whose subset VIPeR has the persons' numbers,
            is looked for in ``root`` and beside it, in a folder or zip whose name begins with ``peta``.

    Raises:
        ReseenError: If a camera's folder is missing, persons differ between cameras, there is no such fold, or labels
            are asked for that are not there.
    """
    folder = open_folder(root)
    cameras = _cameras(folder)
    if cameras is None:
        raise ReseenError(f"no VIPeR in {root}: expected cam_a/ and cam_b/ with images such as 000_45.bmp")
    first, second = (_read(folder, camid) for camid, folder in enumerate(cameras, 1))
    pids = {image.pid for image in first}
    if alone := pids ^ {image.pid for image in second}:
        raise ReseenError(
            f"VIPeR in {root}: {len(alone)} persons are seen by one camera only, first: {min(alone) - 1:03d}"
        )
    if attributes:
        labels = _labels(folder)
        first, second = (
            tuple(replace(image, attributes=labels.get(image.pid, {})) for image in images)
            for images in (first, second)
        )
    trained = random_halves(pids, fold, train=len(pids) // 2, seed=_SEED)
    return Split(
        name="viper",
        train=tuple(image for image in first + second if image.pid in trained),
        query=tuple(image for image in first if image.pid not in trained),
        gallery=tuple(image for image in second if image.pid not in trained),
        schema=SCHEMA if attributes else None,
        protocol=Protocol("two_way"),
        terms=TERMS,
        notes=(f"VIPeR half {fold} of 10, drawn with reseen's own seed {_SEED}",),
    )


def _cameras(folder: Folder) -> tuple[Folder, Folder] | None:
    """Returns cam_a and cam_b of the nearest folder that has both."""
    for candidate in folder.walk():
        children = {child.name.lower(): child for child in candidate.folders()}
        if "cam_a" in children and "cam_b" in children:
            return children["cam_a"], children["cam_b"]
    return None


def _read(folder: Folder, camid: int) -> tuple[PersonImage, ...]:
    """Persons are numbered from 0 in the names, which is a distractor's id here: pid = number + 1."""
    named = [(entry, _NAME.match(entry.name)) for entry in folder.images()]
    return tuple(
        PersonImage(entry.path, int(match[1]) + 1, camid, archive=entry.archive) for entry, match in named if match
    )


def _labels(folder: Folder) -> Mapping[int, Mapping[str, int]]:
    """Returns what PETA says of each person, by the person's id here."""
    subset = SUBSETS.index("VIPeR")
    beside = Folder((folder.archive or folder.path).absolute().parent)
    for place in (folder, *(each for each in beside.folders() if each.name.lower().startswith("peta"))):
        if subset in archives(place):
            words = {int(number): own for (of, number), own in read_words(place).items() if of == subset}
            return {number + 1: {name: int(name in own) for name in SCHEMA.names} for number, own in words.items()}
    raise ReseenError(
        f"attributes asked for, but there is no PETA in or beside {folder}: unpack it, or put its zip there"
    )
