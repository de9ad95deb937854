"""COCO's person keypoints (``person_keypoints_*.json``): joints of 17 kinds, and where persons are not annotated."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reseen.data.images.size import Size
from reseen.data.skeleton import COCO18
from reseen.errors import ReseenError, one_line

Points = NDArray[np.float32]

TERMS = (
    "COCO (Lin et al., Microsoft COCO, ECCV 2014): annotations under CC BY 4.0; its images keep the terms that "
    "Flickr's users gave them."
)

COCO17 = (
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder"),
    *("left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip"),
    *("left_knee", "right_knee", "left_ankle", "right_ankle"),
)
"""COCO's joints in its order; it has no neck."""
_NECK = COCO18.joints.index("neck")
_SHOULDERS = tuple(COCO18.joints.index(f"{side}_shoulder") for side in ("left", "right"))


@dataclass(frozen=True, eq=False)
class CocoImage:
    """One picture and the persons in it.

    Attributes:
        name: Of its file.
        size: Height and width.
        persons: (P, 18, 3) joints of those who are annotated; confidence 1 seen, 0.5 hidden, 0 not labelled.
        boxes: (P, 4) left, top, width, height.
        missing: Outlines of crowds and of persons without joints, as the file has them.
    """

    name: str
    size: Size
    persons: Points
    boxes: NDArray[np.float32]
    missing: tuple[Any, ...] = ()

    def mask(self) -> NDArray[np.float32]:
        """Returns W (H, W): 0 where there are persons whose joints are not annotated, else 1.

        Raises:
            ReseenError: If an outline has a form that COCO's own files do not have.
        """
        covered = np.zeros(self.size, bool)
        for outline in self.missing:
            covered |= _area(outline, self.size, self.name)
        return 1 - covered.astype(np.float32)


@dataclass(frozen=True, eq=False)
class CocoKeypoints:
    """A file of person keypoints."""

    images: tuple[CocoImage, ...]

    def joints(self) -> dict[str, Points]:
        """Returns the joints (18, 3) of the largest person of each picture that shows one, by its file's name."""
        return {
            image.name: image.persons[int((image.boxes[:, 2] * image.boxes[:, 3]).argmax())]
            for image in self.images
            if len(image.persons)
        }


def read_coco(path: Path) -> CocoKeypoints:
    """Reads ``person_keypoints_*.json``.

    Raises:
        ReseenError: If the file is missing or of another form.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        own: dict[int, list[dict[str, Any]]] = {image["id"]: [] for image in content["images"]}
        for annotation in content["annotations"]:
            own[annotation["image_id"]].append(annotation)
        return CocoKeypoints(tuple(_image(image, own[image["id"]]) for image in content["images"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReseenError(f"cannot read COCO keypoints from {path}: {one_line(error)}") from error


def with_neck(keypoints: Points) -> Points:
    """Returns COCO's joints (P, 17, 3) x, y, visibility as the 18 of `COCO18`, in its pixels and confidence.

    The neck is halfway between the shoulders if both are labelled, as sure as the less sure one. COCO measures from the
    picture's corner, the first pixel's centre being at 0.5.
    """
    points = COCO18.arrange(keypoints.astype(np.float32), COCO17)
    left, right = (points[:, shoulder] for shoulder in _SHOULDERS)
    points[:, _NECK, :2] = (left[:, :2] + right[:, :2]) / 2
    points[:, _NECK, 2] = np.minimum(left[:, 2], right[:, 2])
    points[..., :2] -= 0.5
    points[..., 2] /= 2
    points[points[..., 2] == 0] = 0
    return points


def _image(image: dict[str, Any], annotations: list[dict[str, Any]]) -> CocoImage:
    named = [each for each in annotations if not each.get("iscrowd") and each.get("num_keypoints", 1)]
    missing = tuple(each["segmentation"] for each in annotations if each not in named)
    keypoints = np.array([each["keypoints"] for each in named], np.float32).reshape(-1, len(COCO17), 3)
    boxes = np.array([each["bbox"] for each in named], np.float32).reshape(-1, 4)
    return CocoImage(image["file_name"], (image["height"], image["width"]), with_neck(keypoints), boxes, missing)


def _area(outline: Any, size: Size, name: str) -> NDArray[np.bool_]:
    """Returns which pixels (H, W) lie in an outline: polygons, or run lengths down the columns."""
    if isinstance(outline, list):
        canvas = Image.new("1", (size[1], size[0]))
        for polygon in outline:
            ImageDraw.Draw(canvas).polygon(polygon, fill=1)
        return np.asarray(canvas, bool)
    counts = outline.get("counts") if isinstance(outline, dict) else None
    if not isinstance(counts, list) or sum(counts) != size[0] * size[1]:
        raise ReseenError(f"an outline of {name} is neither polygons nor the run lengths of its pixels")
    inside = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return inside.reshape(size[::-1]).T
