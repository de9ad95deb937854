"""CUHK03 (Li et al., CVPR 2014): the classic 20 test sets and the new protocol of Zhong et al. (CVPR 2017)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from reseen.data.annotations.cuhk03_mat import Key, read_images, read_test_sets
from reseen.data.annotations.matlab import read_mat
from reseen.data.images.cache import cache_directory
from reseen.data.images.source import Entry, Folder, open_folder
from reseen.data.person import PersonImage, Protocol, Split
from reseen.data.sets.halves import check_fold
from reseen.errors import ReseenError

TERMS = "CUHK03 (Li et al., DeepReID, CVPR 2014): for academic research only."

Boxes = Literal["labeled", "detected"]
Testing = Literal["new", "classic"]
_MAT = "cuhk-03.mat"
_DRAWS = 100
_FOLDS = 20
"""Test sets that come with the images, for the classic protocol."""


def recognise(folder: Folder) -> bool:
    """Whether ``cuhk-03.mat`` or the folders of its images lie here."""
    return folder.find_file(_MAT) is not None or folder.find("images_labeled", "images_detected") is not None


def folds(*, protocol: Testing = "new") -> int:
    """Returns how many given divisions of the persons a protocol has."""
    return _FOLDS if protocol == "classic" else 1


def load(
    root: Path,
    *,
    protocol: Testing = "new",
    boxes: Boxes = "labeled",
    taught_boxes: Literal["same", "both"] = "same",
    fold: int = 0,
    config: Path | None = None,
) -> Split:
    """Reads CUHK03.

    Args:
        root: The folder or zip that holds ``cuhk-03.mat``, or (new protocol only) ``images_labeled`` and
            ``images_detected``. A ``cuhk-03.mat`` in a zip is unpacked once into the cache.
        protocol: ``new``: 767 persons to train, 700 to test, cross-camera. ``classic``: 100 test persons,
            single gallery shot, averaged over 100 draws.
        boxes: Boxes drawn by people (``labeled``) or found by a detector (``detected``).
        taught_boxes: Which of them training images have: the ``same``, or ``both`` (classic only), as in ACRN's paper.
        fold: Which of the 20 given test sets (classic only), 0 to 19.
        config: ``cuhk03_new_protocol_config_<boxes>.mat``; else it is looked for in ``root``, in
            ``annotations``, and beside.

    Raises:
        ReseenError: If images, the protocol's files or the fold are missing.
    """
    if boxes not in ("labeled", "detected"):
        raise ReseenError(f"CUHK03 has no boxes {boxes!r}; choose labeled or detected")
    if protocol not in ("new", "classic"):
        raise ReseenError(f"CUHK03 has no protocol {protocol!r}; choose new or classic")
    if taught_boxes not in ("same", "both") or (taught_boxes == "both" and protocol != "classic"):
        raise ReseenError(
            f"CUHK03 has no taught_boxes {taught_boxes!r} here; choose same, or both with protocol classic"
        )
    folder = open_folder(root)
    entry = folder.find_file(_MAT)
    mat = entry.on_disk(cache_directory() / "unpacked") if entry else None
    if protocol == "classic":
        if mat is None:
            raise ReseenError(f"no {_MAT} in {root}: the classic protocol needs it for its 20 test sets")
        return _classic(mat, boxes, fold, taught_boxes == "both")
    if fold != 0:
        raise ReseenError(f"CUHK03's new protocol has one split: leave out fold {fold}, or choose protocol classic")
    return _new(folder, mat, boxes, config)


def _classic(mat: Path, boxes: Boxes, fold: int, both: bool) -> Split:
    test_sets = read_test_sets(mat)
    check_fold(fold, len(test_sets))
    own = read_images(mat, boxes)
    others = read_images(mat, "detected" if boxes == "labeled" else "labeled") if both else {}
    persons = sorted({(pair, person) for pair, person, _, _ in (*own, *others)})
    pids = {person: pid for pid, person in enumerate(persons, 1)}

    def images(by_key: dict[Key, Path], *, tested: bool) -> tuple[PersonImage, ...]:
        return tuple(
            PersonImage(path, pids[key[:2]], key[2], archive=mat)
            for key, path in sorted(by_key.items())
            if (key[:2] in test_sets[fold]) == tested
        )

    test = images(own, tested=True)
    return Split(
        name="cuhk03",
        train=images(own, tested=False) + images(others, tested=False),
        query=test,
        gallery=test,
        protocol=Protocol("single_gallery_shot", draws=_DRAWS),
        terms=TERMS,
        notes=(
            f"CUHK03 classic, {boxes}{', taught with both kinds of boxes' if both else ''}, "
            f"test set {fold} of {len(test_sets)}",
        ),
    )


def _new(folder: Folder, mat: Path | None, boxes: Boxes, config: Path | None) -> Split:
    name = f"cuhk03_new_protocol_config_{boxes}.mat"
    entry = Entry(Path(config)) if config else folder.find_annotation(name)
    if entry is None:
        raise ReseenError(f"no {name} in or beside {folder}: the new protocol needs it; name it as option config")
    table = _read_config(entry)
    keys = [_key(str(file)) for file in table["filelist"]]
    images: Sequence[PersonImage]
    if found := folder.find(f"images_{boxes}"):
        images = _from_folder(found, keys, table)
    elif mat is not None:
        paths = read_images(mat, boxes)
        _complain_of_missing(keys, paths, mat)
        images = [
            PersonImage(paths[key], int(pid), int(camid), archive=mat)
            for key, pid, camid in zip(keys, table["labels"], table["camId"], strict=True)
        ]
    else:
        raise ReseenError(
            f"no CUHK03 in {folder}: expected {_MAT} or images_{boxes}/ with images such as 1_001_1_01.png"
        )
    train, query, gallery = (
        tuple(images[int(row) - 1] for row in table[part])  # MATLAB counts from 1
        for part in ("train_idx", "query_idx", "gallery_idx")
    )
    return Split("cuhk03", train, query, gallery, terms=TERMS, notes=(f"CUHK03 new protocol, {boxes}",))


def _from_folder(folder: Folder, keys: Sequence[Key], table: Any) -> list[PersonImage]:
    entries = {_key(entry.name): entry for entry in folder.images()}
    _complain_of_missing(keys, entries, folder)
    return [
        PersonImage(entries[key].path, int(pid), int(camid), archive=entries[key].archive)
        for key, pid, camid in zip(keys, table["labels"], table["camId"], strict=True)
    ]


def _read_config(entry: Entry) -> dict[str, Any]:
    table = read_mat(entry, simple=True)
    for field in ("filelist", "labels", "camId", "train_idx", "query_idx", "gallery_idx"):
        if field not in table:
            raise ReseenError(f"{entry.path} is no new-protocol file of CUHK03: it has no {field}")
    return table


def _key(name: str) -> Key:
    """Returns (camera pair, person, view, image) of a name such as ``1_001_1_01.png``; zeros for other names."""
    parts = name.split(".")[0].split("_")
    if len(parts) != 4 or not all(part.isdigit() for part in parts):
        return (0, 0, 0, 0)
    pair, person, view, image = map(int, parts)
    return pair, person, view, image


def _complain_of_missing(keys: Sequence[Key], there: Iterable[Key], where: object) -> None:
    if missing := sorted(set(keys) - set(there)):
        pair, person, view, image = missing[0]
        name = f"{pair}_{person:03d}_{view}_{image:02d}"
        raise ReseenError(f"{where} lacks {len(missing)} of {len(keys)} images of CUHK03, first: {name}")
