"""Where on the body each vertex lies: how far down an arm or a leg, on hands, on the head."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reseen.world.bodies.body import Body, Skeleton

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Landmarks:
    """Where on the body each vertex lies, for cutting clothes.

    Attributes:
        body: The body in rest pose.
    """

    body: Body

    @cached_property
    def groups(self) -> dict[str, Floats]:
        """Weight (V,) of each vertex on arms, hands, legs, feet, and head with neck."""
        names = {
            "arms": ("upperarm", "lowerarm", "wrist", "finger", "metacarpal"),
            "hands": ("wrist", "finger", "metacarpal"),
            "legs": ("upperleg", "lowerleg", "foot", "toe"),
            "feet": ("foot", "toe"),
            "head": ("head", "neck02", "neck03", "eye"),
        }
        skeleton = self.body.skeleton
        return {group: _weight_on(skeleton, prefixes) for group, prefixes in names.items()}

    @cached_property
    def arm(self) -> Floats:
        """How far down the arm a vertex lies (V,): 0 shoulder, 0.5 elbow, 1 wrist; by the nearer arm."""
        along = np.zeros(len(self.body.vertices), np.float32)
        for side, sign in (("L", 1), ("R", -1)):
            joints = [self.body.head(f"{bone}.{side}") for bone in ("upperarm01", "lowerarm01", "wrist")]
            own = self.body.vertices[:, 0] * sign > 0
            along[own] = _along(self.body.vertices[own], joints)
        return along

    @cached_property
    def leg(self) -> Floats:
        """How far down the leg a vertex lies (V,): 0 hip, 0.5 knee, 1 ankle, more below; negative above the hip."""
        hip, knee, ankle = (self.body.head(f"{bone}.L")[2] for bone in ("upperleg01", "lowerleg01", "foot"))
        z = self.body.vertices[:, 2]
        along: Floats = np.where(z > knee, 0.5 * (hip - z) / (hip - knee), 0.5 + 0.5 * (knee - z) / (knee - ankle))
        return along.astype(np.float32)

    @cached_property
    def waist(self) -> float:
        """Height of the waist in rest pose."""
        return float(self.body.head("spine04")[2])

    @cached_property
    def scale(self) -> float:
        """Size of the body against a grown-up's."""
        return self.body.height / 1.7


def _weight_on(skeleton: Skeleton, prefixes: tuple[str, ...]) -> Floats:
    belongs = np.array([name.startswith(prefixes) for name in skeleton.names])
    weight: Floats = (skeleton.weights * belongs[skeleton.bones]).sum(axis=1)
    return weight


def _along(points: Floats, joints: list[Floats]) -> Floats:
    """Position along a bent limb of two bones: 0, 0.5, 1 at its three joints, beyond outside."""
    upper, lower = joints[1] - joints[0], joints[2] - joints[1]
    first = (points - joints[0]) @ upper / (upper @ upper)
    second = (points - joints[1]) @ lower / (lower @ lower)
    along: Floats = np.where((first > 1) & (second > 0), 0.5 + second / 2, np.minimum(first, 1) / 2)
    return along
