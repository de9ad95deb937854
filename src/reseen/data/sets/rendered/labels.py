"""The labels that only rendered images have: a mask of the body's parts, and joints that say whether they are seen."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from reseen.data.images.source import Entry
from reseen.errors import ReseenError

JOINTS = 18
"""Those of OpenPose's COCO model, in its order."""


class Part(IntEnum):
    """Class of a pixel in a body-part mask."""

    BACKGROUND = 0
    FACE = 1
    HAIR = 2
    UPPER = 3
    LOWER = 4
    ARMS = 5
    LEGS = 6
    SHOES = 7
    HAT = 8
    BACKPACK = 9
    BAG = 10
    HANDBAG = 11


def read_keypoints(entry: Entry) -> dict[str, NDArray[np.float32]]:
    """Returns joints (18, 3) by image.

    Raises:
        ReseenError: If the file is broken or none of ours.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = entry.read()
    try:
        table = pq.read_table(pa.BufferReader(data))
        joints = table["keypoints"].combine_chunks().flatten().to_numpy().reshape(-1, JOINTS, 3)
        return dict(zip(table["image"].to_pylist(), joints.astype(np.float32), strict=True))
    except (pa.ArrowInvalid, KeyError, ValueError) as error:
        raise ReseenError(f"cannot read joints from {entry.path}: run reseen data render again") from error
