"""The machine-made joints published for every image of Market-1501."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reseen.data.images.source import Entry
from reseen.data.person import PersonImage
from reseen.errors import ReseenError

JOINTS = 14


def attach_joints(images: Sequence[PersonImage], entry: Entry) -> tuple[PersonImage, ...]:
    """Returns the images with keypoints (14, 3): x, y in pixels and confidence 1, as the file has none.

    Args:
        images: All images of one part, sorted by file name, as the file's rows are.
        entry: An HDF5 ``.mat`` with one (N, 28) matrix: columns 0-13 x, 14-27 y in a 64 by 128 image.

    Raises:
        ReseenError: If the file is no such matrix or its rows are not as many as the images.
    """
    rows = _read(entry)
    if len(rows) != len(images):
        raise ReseenError(f"{entry.path} has joints of {len(rows)} images, but there are {len(images)}: not its images")
    x, y = rows[:, :JOINTS] - 1, rows[:, JOINTS:] - 1  # MATLAB's first pixel is 1
    keypoints = np.stack([x, y, np.ones_like(x)], axis=2)  # (N, 14, 3)
    return tuple(replace(image, keypoints=points) for image, points in zip(images, keypoints, strict=True))


def _read(entry: Entry) -> NDArray[np.float32]:
    import h5py

    try:
        with h5py.File(io.BytesIO(entry.read()), "r") as file:
            rows = np.asarray(file[next(iter(file))], dtype=np.float32)
    except (OSError, StopIteration, TypeError, ValueError) as error:
        raise ReseenError(f"cannot read joints from {entry.path}: {error}; download it again") from error
    if rows.ndim != 2 or rows.shape[1] != 2 * JOINTS:
        raise ReseenError(f"{entry.path} holds a matrix {rows.shape} instead of (images, {2 * JOINTS}) joints")
    return rows
