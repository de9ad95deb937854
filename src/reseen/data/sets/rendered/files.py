"""How a rendered image's file is called, and which images of a folder are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from reseen.data.sets.layout import PARTS
from reseen.data.sets.rendered.manifest import MASKS

_FRAME_RATE = 25
"""Frames a second: the frame number in a file's name tells when the picture was taken."""
_NAME = re.compile(r"(?P<pid>\d+)_c(?P<camid>\d+)s1_(?P<frame>\d+)_(?P<number>\d+)\.jpg")


class Taken(NamedTuple):
    """Which image of a data set; the number counts a person's images in a camera, from 0."""

    pid: int
    camid: int
    number: int

    def stem(self, seconds: float) -> str:
        """Returns the name of its file without the suffix.

        Args:
            seconds: When it was taken, since the recording began; kept to a frame.
        """
        return f"{self.pid:04d}_c{self.camid}s1_{round(seconds * _FRAME_RATE):06d}_{self.number:02d}"


def seconds_of(name: str) -> float | None:
    """Returns when an image was taken, by the name of its file; None if it has no such name."""
    match = _NAME.fullmatch(name)
    return int(match["frame"]) / _FRAME_RATE if match else None


def finished(root: Path) -> dict[Taken, Path]:
    """Returns the images that are there with their masks, relative to the root; a mask is written first."""
    found: dict[Taken, Path] = {}
    for folder in PARTS.values():
        masks = {path.stem for path in (root / MASKS / folder).glob("*.png")}
        for path in (root / folder).glob("*.jpg"):
            if (match := _NAME.fullmatch(path.name)) and path.stem in masks:
                found[Taken(*map(int, match.group("pid", "camid", "number")))] = path.relative_to(root)
    return found
