"""How people stand and walk: rotations of bones for `reseen.world.bodies.body.bone_transforms`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from reseen.world.bodies.body import Body

Arm = Literal["swing", "hang", "pocket", "phone", "strap", "carry", "ear"]
"""What an arm does: swing with the steps, hang, hand in the pocket, hold a telephone in front, hold a bag's strap,
carry a bag in the hand, telephone at the ear."""

# Joint angles over a step cycle of normal walking in degrees, every tenth from heel strike to heel strike.
_HIP = np.array([30, 25, 15, 5, -5, -10, 0, 16, 28, 32])
_KNEE = np.array([6, 15, 17, 10, 6, 10, 36, 60, 54, 24])
_ANKLE = np.array([0, -5, 3, 8, 10, 4, -14, -8, 0, 2])


@dataclass(frozen=True, slots=True)
class Stance:
    """What a body does at one moment.

    Attributes:
        phase: Where in the step cycle the left leg is, 0 to 1; the right one is half a cycle on.
        stride: Length of the steps: 1 is normal walking, 0 is standing still.
        left: What the left arm does.
        right: What the right arm does.
        lean: Degrees the trunk leans forwards.
        head_turn: Degrees the head is turned to the left.
        head_tilt: Degrees the head is bent forwards.
        sway: Degrees the pelvis is turned and tilted, for standing on one leg.
    """

    phase: float
    stride: float
    left: Arm
    right: Arm
    lean: float = 2.0
    head_turn: float = 0.0
    head_tilt: float = 0.0
    sway: float = 0.0


def draw_stance(rng: np.random.Generator, *, stride: float, bag: bool, backpack: bool, handbag: bool) -> Stance:
    """Draws what a passer-by does.

    Args:
        rng: Source of everything random.
        stride: The person's habit, about 1.
        bag: Whether a bag is carried on a strap.
        backpack: Whether a backpack is carried.
        handbag: Whether the right hand carries a bag.
    """
    walks = rng.random() < 0.8
    relaxed: Arm = "swing" if walks else "hang"

    def arm() -> Arm:
        kinds: list[Arm] = [relaxed, "pocket", "phone", "strap" if bag or backpack else relaxed, "ear"]
        return kinds[rng.choice(5, p=[0.72, 0.08, 0.08, 0.09, 0.03])]

    return Stance(
        phase=float(rng.random()),
        stride=stride * float(rng.uniform(0.75, 1.15)) if walks else float(rng.uniform(0, 0.15)),
        left=arm(),
        right="carry" if handbag else arm(),
        lean=float(rng.normal(3 if walks else 1, 2.5)),
        head_turn=float(np.clip(rng.normal(0, 22), -60, 60)),
        head_tilt=float(np.clip(rng.normal(6, 9), -10, 32)),
        sway=float(rng.normal(0, 2 if walks else 5)),
    )


def pose(body: Body, stance: Stance) -> dict[str, NDArray[np.float64]]:
    """Returns the rotation (3, 3) of each bone that moves, along the rest pose's axes."""
    bones: dict[str, NDArray[np.float64]] = {}
    for side, phase in (("L", stance.phase), ("R", stance.phase + 0.5)):
        bones |= _leg(body, side, phase % 1, stance)
    twist = 5 * stance.stride * np.cos(2 * np.pi * stance.phase)
    for name, share in (("spine05", 0.2), ("spine04", 0.2), ("spine03", 0.2), ("spine02", 0.2), ("spine01", 0.2)):
        bones[name] = (
            turn_about("z", 2 * twist * share)
            @ turn_about("x", stance.lean * share)
            @ turn_about("y", -stance.sway * 0.8 * share)
        )
    bones["root"] = turn_about("z", -twist) @ turn_about("y", stance.sway * 0.6)
    for name, share in (("neck01", 0.25), ("neck02", 0.15), ("neck03", 0.2), ("head", 0.4)):
        bones[name] = turn_about("z", (stance.head_turn - twist) * share) @ turn_about(
            "x", (stance.head_tilt - stance.lean) * share
        )
    # An arm swings with the other side's leg.
    for side, phase, arm in (("L", stance.phase + 0.5, stance.left), ("R", stance.phase, stance.right)):
        bones |= _arm(body, side, _cycle(_HIP, phase % 1) - 10, arm, stance)
    return bones


def _leg(body: Body, side: str, phase: float, stance: Stance) -> dict[str, NDArray[np.float64]]:
    stride = stance.stride
    hip, knee = _cycle(_HIP, phase) * stride, _cycle(_KNEE, phase) * min(stride, 1) ** 0.7
    ankle = _cycle(_ANKLE, phase) * stride
    # The rest pose stands astride; walking feet come down nearly on one line.
    top, foot = body.head(f"upperleg01.{side}"), body.head(f"foot.{side}")
    astride = np.degrees(np.arctan2(foot[0] - top[0], top[2] - foot[2]))
    close = turn_about("y", astride * (0.62 + 0.28 * min(stride, 1)))
    return {
        f"upperleg01.{side}": turn_about("x", -hip) @ close,
        f"lowerleg01.{side}": turn_about("x", knee),
        f"foot.{side}": turn_about("x", -ankle) @ turn_about("y", -astride * 0.5),
    }


def _arm(body: Body, side: str, swing: float, arm: Arm, stance: Stance) -> dict[str, NDArray[np.float64]]:
    sign = 1.0 if side == "L" else -1.0
    shoulder, elbow, wrist = (body.head(f"{bone}.{side}") for bone in ("upperarm01", "lowerarm01", "wrist"))
    upper, fore = elbow - shoulder, wrist - elbow
    held_off = np.degrees(np.arctan2(abs(upper[0]), -upper[2]))
    hinge = np.cross(upper, fore)
    hinge /= np.linalg.norm(hinge)
    bent = np.degrees(np.arccos(np.dot(upper, fore) / np.linalg.norm(upper) / np.linalg.norm(fore)))
    # forwards, sideways, elbow, turn of the upper arm inwards; in degrees
    forwards, sideways, flexed, inwards = {
        "swing": (0.75 * swing * stance.stride, 9.0, 18 + 0.3 * max(swing, 0) * stance.stride, 5.0),
        "hang": (2.0, 9.0, 14.0, 8.0),
        "pocket": (-16.0, 17.0, 44.0, 12.0),
        "phone": (22.0, 10.0, 98.0, 30.0),
        "strap": (10.0, 12.0, 128.0, 26.0),
        "carry": (0.25 * swing * stance.stride, 11.0, 8.0, 0.0),
        "ear": (52.0, 34.0, 142.0, 8.0),
    }[arm]
    lowered = turn_about("y", sign * (held_off - sideways))
    shrug = turn_about("y", sign * 6.0)
    inward = Rotation.from_rotvec(np.radians(sign * inwards) * (upper / np.linalg.norm(upper))).as_matrix()
    fold = Rotation.from_rotvec(np.radians(flexed - bent) * hinge).as_matrix()
    palm = Rotation.from_rotvec(np.radians(sign * 25) * (fore / np.linalg.norm(fore))).as_matrix()
    bones = {
        f"clavicle.{side}": shrug,
        f"upperarm01.{side}": turn_about("x", -forwards) @ shrug.T @ lowered @ inward,
        f"lowerarm01.{side}": fold,
        f"wrist.{side}": palm,
    }
    curl = Rotation.from_rotvec(np.radians(55 if arm in ("carry", "phone", "strap", "ear") else 22) * hinge).as_matrix()
    for finger in range(2, 6):
        for bone in (1, 2, 3):
            bones[f"finger{finger}-{bone}.{side}"] = curl
    return bones


def _cycle(angles: NDArray[np.int64], phase: float) -> float:
    """A smooth periodic curve through ten values."""
    terms = np.fft.rfft(angles)
    turns = np.exp(2j * np.pi * phase * np.arange(len(terms)))
    weights = np.full(len(terms), 2.0)
    weights[0] = weights[-1] = 1
    return float((weights * (terms * turns)).real.sum() / len(angles))


def turn_about(axis: str, degrees: float) -> NDArray[np.float64]:
    """Returns the rotation (3, 3) about an axis."""
    rotation: NDArray[np.float64] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    return rotation
