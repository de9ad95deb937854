"""Which joints a person has, and in which order they stand in arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Joints with names.

    Attributes:
        name: What files call it.
        joints: Names in the order of the arrays; those of a pair begin with ``left_`` and ``right_``.
        limbs: Pairs of joints that a bone connects, for drawing and for limb vectors.
    """

    name: str
    joints: tuple[str, ...]
    limbs: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.joints)

    @property
    def mirrored(self) -> tuple[int, ...]:
        """For each place the joint that stands there in the mirror image: left is right, the rest as it was."""
        other = {"left": "right", "right": "left"}
        names = [name.partition("_") for name in self.joints]
        return tuple(self.joints.index(f"{other.get(side, side)}{line}{joint}") for side, line, joint in names)

    def arrange(self, keypoints: NDArray[np.float32], joints: Sequence[str]) -> NDArray[np.float32]:
        """Puts keypoints of other joints into this skeleton's order.

        Args:
            keypoints: (..., K, 3) x, y and confidence.
            joints: Their K names; one that this skeleton does not have is left out.

        Returns:
            (..., J, 3); a joint that is not among the K has confidence 0, at (0, 0).
        """
        arranged = np.zeros((*keypoints.shape[:-2], len(self), 3), np.float32)
        for place, name in enumerate(joints):
            if name in self.joints:
                arranged[..., self.joints.index(name), :] = keypoints[..., place, :]
        return arranged


COCO18 = Skeleton(
    name="coco18",
    joints=(
        "nose",
        "neck",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "right_hip",
        "right_knee",
        "right_ankle",
        "left_hip",
        "left_knee",
        "left_ankle",
        "right_eye",
        "left_eye",
        "right_ear",
        "left_ear",
    ),
    limbs=(
        *((1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7)),
        *((1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13)),
        *((1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
    ),
)
"""The 18 joints of OpenPose's COCO model, in its order: the skeleton of all keypoints here."""
