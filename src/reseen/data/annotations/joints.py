"""The machine-made joints published for every image of Market-1501."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reseen.data.images.source import Entry
from reseen.data.person import PersonImage
from reseen.data.skeleton import COCO18
from reseen.errors import ReseenError

JOINTS = ("head_top", *COCO18.joints[1:14])
"""The joints in the file's order, found by drawing them on the images: the skeleton's, but with the crown in the nose's
place, and without eyes and ears."""


def attach_joints(images: Sequence[PersonImage], entry: Entry) -> tuple[PersonImage, ...]:
    """Returns the images with keypoints (18, 3).

    Confidence is 1, as the file has none, and 0 for nose, eyes and ears. The top of the head is left out: `COCO18` has
    no such joint.

    Args:
        images: All images of one part, sorted by file name, as the file's rows are.
        entry: An HDF5 ``.mat`` with one (N, 28) matrix: columns 0-13 x, 14-27 y in a 64 by 128 image.

    Raises:
        ReseenError: If the file is no such matrix or its rows are not as many as the images.
    """
    rows = _read(entry)
    if len(rows) != len(images):
        raise ReseenError(f"{entry.path} has joints of {len(rows)} images, but there are {len(images)}: not its images")
    x, y = rows[:, : len(JOINTS)] - 1, rows[:, len(JOINTS) :] - 1  # MATLAB's first pixel is 1
    keypoints = COCO18.arrange(np.stack([x, y, np.ones_like(x)], axis=2), JOINTS)  # (N, 18, 3)
    return tuple(replace(image, keypoints=points) for image, points in zip(images, keypoints, strict=True))


def _read(entry: Entry) -> NDArray[np.float32]:
    import h5py

    try:
        with h5py.File(io.BytesIO(entry.read()), "r") as file:
            rows = np.asarray(file[next(iter(file))], dtype=np.float32)
    except (OSError, StopIteration, TypeError, ValueError) as error:
        raise ReseenError(f"cannot read joints from {entry.path}: {error}; download it again") from error
    if rows.ndim != 2 or rows.shape[1] != 2 * len(JOINTS):
        raise ReseenError(f"{entry.path} holds a matrix {rows.shape} instead of (images, {2 * len(JOINTS)}) joints")
    return rows
