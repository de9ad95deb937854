"""Who is in a picture: the interface of person detectors, and how a user names one."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from reseen.data.images.reference import image_of
from reseen.data.person import PersonImage
from reseen.errors import ReseenError
from reseen.ingest.people import People, Pixels

KINDS = (
    "give hog, a detector or pose network for OpenVINO (.xml or .onnx), or weights of one of torchvision's detectors "
    "(.pth)"
)


class PersonDetector(Protocol):
    """Finds the persons in one picture after the other."""

    @property
    def name(self) -> str:
        """Tells this detector from others, where what it found is kept for later."""

    def detect(self, picture: Pixels) -> People:
        """Returns everybody in a picture (H, W, 3): also those of little confidence, whom a tracker may need."""


def check_detector(wanted: str) -> str:
    """Returns a detector's name if there can be one of it, told before anything heavy is imported.

    Raises:
        ReseenError: If it is neither ours nor a file.
    """
    if wanted != "hog":
        if Path(wanted).suffix not in (".xml", ".onnx", ".pth", ".pt"):
            raise ReseenError(f"{wanted} is no detector; {KINDS}")
        if not Path(wanted).is_file():
            raise ReseenError(f"there is no detector {wanted}; {KINDS}")
    return wanted


def open_detector(wanted: str) -> PersonDetector:
    """Returns the detector that a user names.

    Args:
        wanted: ``hog``, which OpenCV brings; a network's file in OpenVINO's or ONNX' format; or weights of a detector
            of torchvision's, whose file name begins with the architecture's.

    Raises:
        ReseenError: If there is none, or it cannot be used.
    """
    path = Path(check_detector(wanted))
    if wanted == "hog":
        from reseen.ingest.detectors.hog import Hog

        return Hog()
    if path.suffix in (".xml", ".onnx"):
        from reseen.ingest.detectors.openvino_boxes import open_openvino

        return open_openvino(path)
    from reseen.ingest.detectors.torchvision_boxes import TorchvisionBoxes

    return TorchvisionBoxes(path)


def people_in(
    picture: Image.Image | PersonImage | Path | str, detector: PersonDetector | str = "hog", least: float = 0.5
) -> People:
    """Returns the persons in a picture, from left to right.

    Args:
        picture: A picture, or where it lies.
        detector: A detector, or how `open_detector` is told of one; keep an opened one for many pictures.
        least: The least confidence.

    Raises:
        ReseenError: If the picture or the detector cannot be read.
    """
    own = open_detector(detector) if isinstance(detector, str) else detector
    people = own.detect(pixels_of(picture)).sure(least)
    return people[np.argsort(people.boxes[:, 0], kind="stable")]


def pixels_of(picture: Image.Image | PersonImage | Path | str) -> Pixels:
    """Returns a picture's pixels (H, W, 3)."""
    if not isinstance(picture, Image.Image):
        picture = (picture if isinstance(picture, PersonImage) else image_of(picture)).open()
    return np.asarray(picture.convert("RGB"))
