"""Rendered pedestrians: an embedded data set with every label, made on demand from a seed.

It lies on disk in Market-1501's layout with the labels beside it; `reseen.world` makes it, `load` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from reseen.data.annotations.lin_attributes import read_lin_attributes
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.images.cache import cache_directory
from reseen.data.images.source import Entry, Folder, open_folder
from reseen.data.person import PersonImage, Split
from reseen.data.sets import market1501
from reseen.data.sets.layout import PARTS, read_images
from reseen.data.sets.rendered import manifest
from reseen.data.sets.rendered.config import RenderConfig, make_config
from reseen.data.sets.rendered.files import finished, seconds_of
from reseen.data.sets.rendered.labels import Part, read_keypoints
from reseen.errors import ReseenError

__all__ = [
    "TERMS",
    "Part",
    "RenderConfig",
    "announced",
    "cached",
    "config_of",
    "holds",
    "is_complete",
    "load",
    "make_config",
    "recognise",
]

TERMS = (
    "Rendered by reseen: nobody's pictures, free to use for everything. "
    "Bodies by anny (Naver, Apache-2.0; its MakeHuman assets are CC0)."
)


def recognise(folder: Folder) -> bool:
    """Whether a rendered set lies here, and no other data set in the same layout."""
    home = manifest.find(folder)
    others = market1501.LAYOUT.locate(folder).values() if home else ()
    # Where a folder of images is missing, the one of its masks is what is found.
    own = () if home is None else (home.path, home.path / manifest.MASKS)
    return home is not None and all(part.archive == home.archive and part.path.parent in own for part in others)


def load(root: Path, *, keypoints: bool = False, masks: bool = False) -> Split:
    """Reads rendered pedestrians.

    Args:
        root: The folder that was rendered into, one above it, or a zip of it.
        keypoints: Whether to attach the 18 joints, with confidence 1 if seen, 0.5 if hidden, 0 if outside.
        masks: Whether to attach the body-part masks; `Part` names their numbers.

    Raises:
        ReseenError: If there is nothing rendered, or it is not complete.
    """
    home = _home(root)
    stored = manifest.read(home)
    entries = _entries(home)
    there, wanted = sum(map(len, entries.values())), sum(stored.images.values())
    if there < wanted or not stored.complete:
        raise ReseenError(f"{home}: rendering stopped at {there:,} of {wanted:,} images: run reseen data render again")
    entry = home.file(market1501.LAYOUT.annotation)
    if entry is None:
        raise ReseenError(f"{home} has lost its {market1501.LAYOUT.annotation}: run reseen data render again")
    labels = read_lin_attributes(entry, MARKET1501_SCHEMA)
    images = {part: read_images(found, market1501.LAYOUT.pattern, labels) for part, found in entries.items()}
    images = {part: tuple(_with_time(image) for image in own) for part, own in images.items()}
    if keypoints:
        images = _with_keypoints(home, images)
    if masks:
        images = _with_masks(home, images)
    return _split(images, stored.config)


def announced(config: RenderConfig) -> Split:
    """Returns what will be rendered, as far as that is known: how many persons and images, in how many cameras.

    There are no such files yet, nobody has labels, and which cameras see a person will be another choice.
    """
    images: dict[str, list[PersonImage]] = {part: [] for part in PARTS}
    for pid in range(1, config.persons + 1):
        trains = pid <= config.persons - config.test_persons
        for camid in range(1, config.cameras_per_person + 1):
            for number in range(config.images_per_camera):
                part = "train" if trains else "gallery" if number else "query"
                images[part].append(PersonImage(Path(f"{pid}-{camid}-{number}.jpg"), pid, camid))
    return _split({part: tuple(own) for part, own in images.items()}, config)


def cached(config: RenderConfig) -> Path:
    """Returns the folder in the user's cache where recipes have this data set rendered."""
    return cache_directory() / "rendered" / config.digest


def config_of(root: Path) -> RenderConfig:
    """Returns what a folder or zip was rendered with.

    Raises:
        ReseenError: If there is nothing rendered.
    """
    return manifest.read(_home(root)).config


def holds(root: Path, config: RenderConfig) -> bool:
    """Whether a folder or zip holds this very data set, rendered by this version of the renderer; maybe not all of it.

    Raises:
        ReseenError: If there is nothing rendered.
    """
    return manifest.read(_home(root)).digest == config.digest


def is_complete(root: Path, config: RenderConfig) -> bool:
    """Whether a folder holds this very data set with all its images and masks."""
    folder = Folder(root)
    if not (root / manifest.MANIFEST).is_file():
        return False
    stored = manifest.read(folder)
    if not all((root / name).is_file() for name in (manifest.KEYPOINTS, market1501.LAYOUT.annotation)):
        return False
    return stored.complete and stored.digest == config.digest and len(finished(root)) == sum(stored.images.values())


def _split(images: Mapping[str, tuple[PersonImage, ...]], config: RenderConfig) -> Split:
    return Split(
        name="rendered",
        train=images["train"],
        query=images["query"],
        gallery=images["gallery"],
        schema=MARKET1501_SCHEMA,
        terms=TERMS,
        notes=(f"rendered: {config.persons:,} persons, {config.cameras} cameras, seed {config.seed}",),
    )


def _entries(home: Folder) -> dict[str, list[Entry]]:
    folders = {child.name: child for child in home.folders()}
    return {part: folders[name].images() if name in folders else [] for part, name in PARTS.items()}


def _home(root: Path) -> Folder:
    folder = open_folder(root)
    return manifest.find(folder) or folder


def _with_time(image: PersonImage) -> PersonImage:
    seconds = seconds_of(Path(image.name).name)
    return image if seconds is None else replace(image, seconds=seconds)


def _with_masks(home: Folder, images: dict[str, tuple[PersonImage, ...]]) -> dict[str, tuple[PersonImage, ...]]:
    trees = (found for found in home.folders() if found.name == manifest.MASKS)
    folders = {child.name: child for tree in trees for child in tree.folders()}

    def attach(image: PersonImage, masks: dict[str, Entry]) -> PersonImage:
        mask = masks.get(Path(image.name).stem)
        if mask is None:
            raise ReseenError(f"{home} has lost the mask of {image.name}: run reseen data render again")
        return replace(image, mask=mask.path)

    attached = {}
    for part, own in images.items():
        folder = folders.get(PARTS[part])
        there = {entry.path.stem: entry for entry in folder.images()} if folder else {}
        attached[part] = tuple(attach(image, there) for image in own)
    return attached


def _with_keypoints(home: Folder, images: dict[str, tuple[PersonImage, ...]]) -> dict[str, tuple[PersonImage, ...]]:
    entry = home.file(manifest.KEYPOINTS)
    if entry is None:
        raise ReseenError(f"keypoints asked for, but {home} has no {manifest.KEYPOINTS}: run reseen data render again")
    joints = read_keypoints(entry)

    def attach(folder: str, image: PersonImage) -> PersonImage:
        name = f"{folder}/{Path(image.name).name}"
        if name not in joints:
            raise ReseenError(f"{entry.path} has no joints of {name}: run reseen data render again")
        # The renderer counts from the picture's edge, not from the first pixel's centre, and its 2 is certain.
        x, y, state = joints[name].T
        return replace(image, keypoints=np.stack([x - 0.5, y - 0.5, state / 2], axis=1))

    return {part: tuple(attach(PARTS[part], image) for image in own) for part, own in images.items()}
