"""Market-1501 (Zheng et al., ICCV 2015) with Lin et al.'s attributes."""

from __future__ import annotations

import re
from pathlib import Path

from reseen.data.annotations.joints import attach_joints
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.images.source import Folder, open_folder
from reseen.data.names import MARKET_NAME, ids_in
from reseen.data.person import DISTRACTOR_PID, PersonImage, Split
from reseen.data.sets.layout import Layout, read_layout
from reseen.errors import ReseenError

TERMS = (
    "Market-1501 (Zheng et al., Scalable Person Re-identification, ICCV 2015): for academic research only; "
    "its images must not be passed on."
)
LAYOUT = Layout(
    title="Market-1501",
    pattern=re.compile(MARKET_NAME + r"s\d+_"),
    example="0002_c1s1_000451_03.jpg",
    annotation="market_attribute.mat",
)


def recognise(folder: Folder) -> bool:
    """Whether any part of Market-1501 lies here."""
    return bool(LAYOUT.locate(folder))


def load(
    root: Path,
    *,
    distractors: Path | None = None,
    attributes: Path | None = None,
    keypoints: bool = False,
    allow_missing: bool = False,
) -> Split:
    """Reads Market-1501.

    Args:
        root: The data set's folder, one above it, a folder of its zips, or a zip.
        distractors: Folder or zip of the 500k extra gallery images; all count as wrong answers.
        attributes: ``market_attribute.mat``; else it is looked for in ``root``, in ``annotations``, and beside.
        keypoints: Whether to attach the joints of ``market1501_14point_*.mat``, looked for likewise.
        allow_missing: Whether parts may be missing; else a missing folder is an error.

    Raises:
        ReseenError: If the folders, or joints that are asked for, are missing.
    """
    parts = read_layout(root, LAYOUT, MARKET1501_SCHEMA, attributes=attributes, allow_missing=allow_missing)
    images = dict(parts.images)
    if keypoints:
        images = {part: _with_joints(root, part, own) for part, own in images.items()}
    extra = _read_distractors(distractors) if distractors else ()
    return Split(
        name="market1501",
        train=images["train"],
        query=images["query"],
        gallery=images["gallery"] + extra,
        schema=MARKET1501_SCHEMA if parts.labelled else None,
        terms=TERMS,
        notes=parts.notes + ((f"gallery enlarged by {len(extra):,} distractors",) if extra else ()),
    )


def _with_joints(root: Path, part: str, images: tuple[PersonImage, ...]) -> tuple[PersonImage, ...]:
    name = f"market1501_14point_{part}.mat"
    entry = open_folder(root).find_annotation(name)
    if entry is None:
        raise ReseenError(f"keypoints asked for, but there is no {name} in or beside {root}")
    return attach_joints(images, entry)


def _read_distractors(root: Path) -> tuple[PersonImage, ...]:
    """Reads every image below a folder or zip; their names tell their cameras."""
    entries = open_folder(root).all_images()
    if not entries:
        raise ReseenError(f"no images in the distractor folder {root}")
    return tuple(
        PersonImage(entry.path, DISTRACTOR_PID, ids_in(entry.name)[1], archive=entry.archive) for entry in entries
    )
