"""A person made of joints alone, for tests of what is done with joints."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from reseen.data.skeleton import COCO18

# In a picture of 128 by 64: from the front, the right hand at the picture's left.
PLACES = {
    "nose": (32, 16),
    "neck": (32, 28),
    "right_shoulder": (23, 30),
    "right_elbow": (19, 44),
    "right_wrist": (18, 58),
    "left_shoulder": (41, 30),
    "left_elbow": (45, 44),
    "left_wrist": (46, 58),
    "right_hip": (27, 62),
    "right_knee": (26, 86),
    "right_ankle": (25, 110),
    "left_hip": (37, 62),
    "left_knee": (38, 86),
    "left_ankle": (39, 110),
    "right_eye": (30, 14),
    "left_eye": (34, 14),
    "right_ear": (28, 15),
    "left_ear": (36, 15),
}


def person(**changes: tuple[float, float, float]) -> np.ndarray:
    """Returns (18, 3), every joint certain but for the changes: x, y and confidence by name."""
    rows = [(*PLACES[joint], 1) if joint not in changes else changes[joint] for joint in COCO18.joints]
    return np.array(rows, np.float32)


def batch(*persons: np.ndarray) -> Tensor:
    return torch.from_numpy(np.stack(persons))
