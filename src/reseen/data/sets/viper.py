"""VIPeR (Gray et al., PETS 2007): 632 persons, one image in each of two cameras."""

from __future__ import annotations

import re
from pathlib import Path

from reseen.data.images.source import Folder, open_folder
from reseen.data.person import PersonImage, Protocol, Split
from reseen.data.sets.halves import random_halves
from reseen.errors import ReseenError

TERMS = "VIPeR (Gray, Brennan and Tao, PETS 2007): for academic research; cite the paper."

_NAME = re.compile(r"(\d+)_\d+")  # person _ viewing angle
_SEED = 2007


def recognise(folder: Folder) -> bool:
    """Whether VIPeR's two camera folders lie here."""
    return _cameras(folder) is not None


def load(root: Path, *, fold: int = 0) -> Split:
    """Reads VIPeR and splits its persons in two halves.

    Args:
        root: The data set's folder, one above it, or its zip.
        fold: Which of the 10 random halves, 0 to 9.

    Raises:
        ReseenError: If a camera's folder is missing, persons differ between cameras, or there is no such fold.
    """
    cameras = _cameras(open_folder(root))
    if cameras is None:
        raise ReseenError(f"no VIPeR in {root}: expected cam_a/ and cam_b/ with images such as 000_45.bmp")
    first, second = (_read(folder, camid) for camid, folder in enumerate(cameras, 1))
    pids = {image.pid for image in first}
    if alone := pids ^ {image.pid for image in second}:
        raise ReseenError(
            f"VIPeR in {root}: {len(alone)} persons are seen by one camera only, first: {min(alone) - 1:03d}"
        )
    trained = random_halves(pids, fold, train=len(pids) // 2, seed=_SEED)
    return Split(
        name="viper",
        train=tuple(image for image in first + second if image.pid in trained),
        query=tuple(image for image in first if image.pid not in trained),
        gallery=tuple(image for image in second if image.pid not in trained),
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
