"""The layout Market-1501 introduced and DukeMTMC-reID took over: three folders, pid and camera in the file name."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reseen.data.annotations.lin_attributes import Labels, read_lin_attributes
from reseen.data.attributes import AttributeSchema
from reseen.data.images.source import Entry, Folder, open_folder
from reseen.data.person import PersonImage
from reseen.errors import ReseenError, ReseenWarning

PARTS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
"""Folder by part of the split."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What tells one data set of this layout from another.

    Attributes:
        title: The data set's name for people.
        pattern: Groups ``pid`` and ``camid`` at the start of a file name. Suffixes are not looked at: 24
            names in Market-1501 end in ``.jpg.jpg``.
        example: A file name.
        annotation: Name of Lin et al.'s attribute file.
    """

    title: str
    pattern: re.Pattern[str]
    example: str
    annotation: str

    def locate(self, root: Folder) -> dict[str, Folder]:
        """Returns the folders found by part; those of another data set of the same layout are passed over."""
        found = {part: root.find(name, accept=self._accepts) for part, name in PARTS.items()}
        return {part: folder for part, folder in found.items() if folder is not None}

    def missing(self, root: Folder) -> tuple[str, ...]:
        """Returns the names of the folders that are not there."""
        found = self.locate(root)
        return tuple(f"{name}/" for part, name in PARTS.items() if part not in found)

    def _accepts(self, folder: Folder) -> bool:
        return any(self.pattern.match(entry.name) for entry in folder.images()[:100])


@dataclass(frozen=True, slots=True)
class Parts:
    """The images of a data set as read.

    Attributes:
        images: By part, sorted by file name; a part that is missing is empty.
        labelled: Whether attribute labels were found.
        notes: What is missing.
    """

    images: Mapping[str, tuple[PersonImage, ...]]
    labelled: bool
    notes: tuple[str, ...]


def read_layout(
    root: Path, layout: Layout, schema: AttributeSchema, *, attributes: Path | None, allow_missing: bool
) -> Parts:
    """Reads the three parts and their attributes.

    Args:
        root: The data set's folder, one above it, a folder of its zips, or a zip.
        layout: Which data set.
        schema: Its attributes.
        attributes: The attribute file; else it is looked for in the folder, in ``annotations``, and beside.
        allow_missing: Whether any part may be missing. A single zip may always hold less than everything.

    Raises:
        ReseenError: If parts are missing; names them.
    """
    folder = open_folder(root)
    found = layout.locate(folder)
    missing = [f"{name}/" for part, name in PARTS.items() if part not in found]
    if not found or (missing and folder.archive is None and not allow_missing):
        expected = ", ".join(f"{name}/" for name in PARTS.values())
        raise ReseenError(
            f"no {'complete ' if found else ''}{layout.title} in {root}: {', '.join(missing)} missing; "
            f"expected {expected} with images such as {layout.example}"
        )
    labels = read_labels(folder, layout.annotation, schema, attributes)
    images = {
        part: read_images(found[part].images(), layout.pattern, labels or {}) if part in found else () for part in PARTS
    }
    notes = tuple(f"{layout.title}: {name} is missing" for name in missing)
    return Parts(images, labels is not None, notes)


def read_labels(root: Folder, name: str, schema: AttributeSchema, explicit: Path | None) -> Labels | None:
    """Returns Lin et al.'s labels, or None if the user named no file and none is found."""
    if explicit is not None:
        return read_lin_attributes(Entry(Path(explicit)), schema)
    entry = root.find_annotation(name)
    return read_lin_attributes(entry, schema) if entry else None


def read_images(entries: Sequence[Entry], pattern: re.Pattern[str], labels: Labels) -> tuple[PersonImage, ...]:
    """Returns the images whose names give pid and camera; others are left out with a warning."""
    images, strange = [], []
    for entry in entries:
        if match := pattern.match(entry.name):
            pid, camid = int(match["pid"]), int(match["camid"])
            images.append(PersonImage(entry.path, pid, camid, labels.get(pid, {}), archive=entry.archive))
        else:
            strange.append(entry)
    if strange:
        warnings.warn(
            f"left out {len(strange)} images whose names say no person and camera, first: {strange[0].path}",
            ReseenWarning,
            stacklevel=4,
        )
    return tuple(images)
