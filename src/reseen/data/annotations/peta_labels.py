"""PETA's files: pictures, ``Label.txt``, ``PETA.mat`` and the published list."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reseen.data.annotations.matlab import read_mat
from reseen.data.images.source import Entry, Folder
from reseen.errors import ReseenError, ReseenWarning

SUBSETS = ("3DPeS", "CAVIAR4REID", "CUHK", "GRID", "i-LID", "MIT", "PRID", "SARC3D", "TownCentre", "VIPeR")
"""In the order of the rows of ``PETA.mat``."""

SELECTED: tuple[str, ...] = (
    "personalLess30", "personalLess45", "personalLess60", "personalLarger60", "carryingBackpack", "carryingOther",
    "lowerBodyCasual", "upperBodyCasual", "lowerBodyFormal", "upperBodyFormal", "accessoryHat", "upperBodyJacket",
    "lowerBodyJeans", "footwearLeatherShoes", "upperBodyLogo", "hairLong", "personalMale", "carryingMessengerBag",
    "accessoryMuffler", "accessoryNothing", "carryingNothing", "upperBodyPlaid", "carryingPlasticBags",
    "footwearSandals", "footwearShoes", "lowerBodyShorts", "upperBodyShortSleeve", "lowerBodyShortSkirt",
    "footwearSneaker", "upperBodyThinStripes", "accessorySunglasses", "lowerBodyTrousers", "upperBodyTshirt",
    "upperBodyOther", "upperBodyVNeck",
)  # fmt: skip
"""The 35 with enough positives to be evaluated: columns 5-39 of ``PETA.mat`` and of a line of the list files."""

COLORS: Mapping[str, str] = {
    color: {"gray": "Grey"}.get(color, color.capitalize())
    for color in ("black", "blue", "brown", "green", "gray", "orange", "pink", "purple", "red", "white", "yellow")
}
"""Endings of words by the colour, which is spelt as Market-1501's, so that colours of the two go together."""
COLORED: Mapping[str, str] = {
    "upper_color": "upperBody",
    "lower_color": "lowerBody",
    "footwear_color": "footwear",
    "hair_color": "hair",
}
"""What has colours, and how their words begin: ``upperBodyBlack``."""

_SPELLING = {"footwearSneakers": "footwearSneaker"}
"""The one attribute that ``Label.txt`` and ``PETA.mat`` spell differently, in one spelling."""
_RARE = frozenset({"accessoryFaceMask", "accessoryShawl", "lowerBodyLogo"})
"""Words of ``Label.txt`` that ``PETA.mat`` leaves out: 8, 6 and 8 persons have them."""
_FIRST_LABEL = 4
_TOLERATED = 0.01

Person = tuple[int, str]
"""Subset index and the person's id in it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file.

    Attributes:
        subset: Index in `SUBSETS`.
        entry: The file; its name starts with the person's id, and its suffix may be any image's.
    """

    subset: int
    entry: Entry

    @property
    def key(self) -> tuple[int, str]:
        """Subset and stem, which stay the same when an image is converted to another format."""
        return self.subset, self.entry.path.stem

    @property
    def person(self) -> Person:
        return self.subset, _person_id(self.entry.path.stem)


@dataclass(frozen=True, slots=True)
class Rows:
    """What ``PETA.mat`` says.

    Attributes:
        names: Attribute by label column.
        subsets: (N,) subset index of each row.
        labels: (N, len(names)) whether an attribute is there.
        partitions: Rows to train on (training and validation) and to test on, of each random split.
    """

    names: tuple[str, ...]
    subsets: NDArray[np.int64]
    labels: NDArray[np.bool_]
    partitions: tuple[tuple[list[int], list[int]], ...]

    def words_of(self, row: int) -> frozenset[str]:
        """Returns the attributes of an image."""
        return frozenset(self.names[column] for column in np.flatnonzero(self.labels[row]))


def archives(folder: Folder) -> dict[int, Folder]:
    """Returns ``<subset>/archive`` by subset index, from the nearest folder that has any."""
    for candidate in folder.walk():
        children = {child.name.lower(): child for child in candidate.folders()}
        found = {index: children[name.lower()] for index, name in enumerate(SUBSETS) if name.lower() in children}
        images = {
            index: archive
            for index, subset in found.items()
            for archive in subset.folders()
            if archive.name.lower() == "archive"
        }
        if images:
            return images
    return {}


def read_pictures(folder: Folder) -> list[Picture]:
    """Returns all images in the order of the rows of ``PETA.mat``: by subset, then by file name."""
    return [Picture(index, entry) for index, archive in sorted(archives(folder).items()) for entry in archive.images()]


def read_words(folder: Folder) -> dict[Person, frozenset[str]]:
    """Returns the attribute words of each person, spelt as in ``PETA.mat``, from the ``Label.txt`` files."""
    words: dict[Person, frozenset[str]] = {}
    for index, archive in archives(folder).items():
        entry = archive.file("Label.txt") or Folder(archive.path.parent, archive.archive).file("Label.txt")
        if entry is None:
            continue
        for line in entry.read().decode("utf-8-sig", errors="replace").splitlines():
            if fields := line.split():
                person = index, _person_id(fields[0].split(".")[0])
                own = frozenset(_SPELLING.get(word, word) for word in fields[1:])
                words[person] = words.get(person, frozenset()) | own
    return words


def read_rows(entry: Entry) -> Rows:
    """Reads ``PETA.mat``.

    Raises:
        ReseenError: If it is not that file.
    """
    content = read_mat(entry, simple=True)
    try:
        table = content["peta"]
        data = np.atleast_2d(table.data).astype(np.int64)
        partitions = tuple(
            (_rows(part.train) + _rows(part.val), _rows(part.test)) for part in np.atleast_1d(table.partion_attribute)
        )
        labels = data[:, _FIRST_LABEL:] == 1
        names = SELECTED
        if hasattr(table, "attribute"):
            names = tuple(str(name) for name in np.reshape(table.attribute, (labels.shape[1], -1))[:, 0])
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise ReseenError(f"{entry.path} is not the PETA.mat of the data set ({error}); unpack it again") from error
    names = tuple(_SPELLING.get(name, name) for name in names)
    return Rows(names, data[:, 2] - 1, labels[:, : len(names)], partitions)


def check_rows(rows: Rows, pictures: Sequence[Picture], words: Mapping[Person, frozenset[str]]) -> None:
    """Makes sure that the rows are those of the pictures.

    Raises:
        ReseenError: If numbers differ, or labels differ so often that rows and files cannot be in one order.
    """
    if len(rows.labels) != len(pictures) or any(
        subset != picture.subset for subset, picture in zip(rows.subsets.tolist(), pictures, strict=True)
    ):
        raise ReseenError(
            f"PETA.mat describes {len(rows.labels)} images, but {len(pictures)} are there, or in other subsets; "
            "add what is missing, or use split=list or split=disjoint with PETA.mat moved away"
        )
    known = frozenset(rows.names)
    wrong = [
        picture
        for row, picture in enumerate(pictures)
        if picture.person in words and words[picture.person] & known != rows.words_of(row)
    ]
    if len(wrong) > _TOLERATED * len(pictures):
        raise ReseenError(
            f"PETA.mat and Label.txt disagree on {len(wrong)} of {len(pictures)} images, first: {wrong[0].entry.path}; "
            "images must have the names of the release"
        )
    if wrong:
        warnings.warn(
            f"PETA.mat and Label.txt disagree on {len(wrong)} images, first: {wrong[0].entry.path}; took Label.txt",
            ReseenWarning,
            stacklevel=3,
        )


def known_words(words: Mapping[Person, frozenset[str]], rows: Rows | None) -> tuple[str, ...]:
    """Returns every attribute there is: those of ``PETA.mat``, or without it the selected ones and all others sorted.

    ``Label.txt`` has three words more than ``PETA.mat``, of 22 persons in all; they belong to no published set.
    """
    if rows:
        return rows.names
    rest = frozenset[str]().union(*words.values()) - frozenset(SELECTED) - _RARE
    return SELECTED + tuple(sorted(rest))


def read_list(entry: Entry) -> dict[tuple[int, str], frozenset[str]]:
    """Returns the words of each image (subset, stem) in a list file: a path and 35 labels a line.

    Raises:
        ReseenError: If a line is anything else.
    """
    index = {name.lower(): number for number, name in enumerate(SUBSETS)}
    listed: dict[tuple[int, str], frozenset[str]] = {}
    for number, line in enumerate(entry.read().decode().splitlines(), 1):
        if not line.strip():
            continue
        path, *labels = line.split()
        parts = path.split("/")
        if len(labels) != len(SELECTED) or len(parts) < 3 or parts[-3].lower() not in index:
            raise ReseenError(f"{entry.path} line {number} is no path in PETA with {len(SELECTED)} labels")
        stem = parts[-1].rsplit(".", 1)[0]
        present = frozenset(name for name, label in zip(SELECTED, labels, strict=True) if label == "1")
        listed[index[parts[-3].lower()], stem] = present
    return listed


def _rows(indices: object) -> list[int]:
    """MATLAB counts from 1."""
    return [int(index) - 1 for index in np.ravel(np.asarray(indices))]


def _person_id(stem: str) -> str:
    """Returns the part before the first underscore; ``0012`` in a name and ``12`` in ``Label.txt`` are one person."""
    return stem.split("_")[0].lstrip("0") or "0"
