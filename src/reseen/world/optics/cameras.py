"""Where a camera stands and where a point of the world falls in its frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.world.optics.sensor import Sensor, draw_sensor

_STREAM = 1
"""Keeps the cameras' random numbers apart from those that other parts draw from the same seed."""

_FRAMES = ((1280, 720), (1024, 768), (960, 720), (800, 600), (704, 576))


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera with square pixels; its optical axis meets the middle of the frame.

    Attributes:
        camid: Camera id, from 1.
        position: Place of the lens in the world, metres.
        yaw: Turn about the vertical, radians: 0 looks along y, positive turns to the left, towards -x.
        pitch: How far it looks down, radians.
        roll: Turn about the optical axis, radians: positive lets the right side of the camera sink.
        focal: Focal length in pixels.
        width: Width of the frame in pixels.
        height: Height of the frame in pixels.
        sensor: What it makes of the light.
    """

    camid: int
    position: tuple[float, float, float]
    yaw: float
    pitch: float
    roll: float
    focal: float
    width: int
    height: int
    sensor: Sensor

    @property
    def rotation(self) -> NDArray[np.float64]:
        """Rotation (3, 3) from the world's axes to x right, y down, z forward."""
        sin, cos = math.sin(self.yaw), math.cos(self.yaw)
        right = np.array([cos, sin, 0.0])
        ahead = np.array([-sin, cos, 0.0])
        up = np.array([0.0, 0.0, 1.0])
        forward = math.cos(self.pitch) * ahead - math.sin(self.pitch) * up
        down = -math.sin(self.pitch) * ahead - math.cos(self.pitch) * up
        sin, cos = math.sin(self.roll), math.cos(self.roll)
        return np.stack([cos * right + sin * down, cos * down - sin * right, forward])

    def project(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Returns where points of the world fall in the frame.

        Args:
            points: (N, 3) in metres.

        Returns:
            (N, 3) u to the right and v down in pixels (pixel centres at .5), and depth along the optical axis in
            metres. A point behind the camera has a depth of at most 0, and then u and v mean nothing.
        """
        x, y, depth = self.rotation @ (np.asarray(points, np.float64) - self.position).T
        away = np.where(depth > 0, depth, 1.0)
        return np.stack(
            [self.focal * x / away + self.width / 2, self.focal * y / away + self.height / 2, depth], axis=1
        )


def draw_camera(seed: int, camid: int) -> Camera:
    """Draws a surveillance camera: from chin height up, looking along or down, persons about 70 to 500 pixels high.

    Args:
        seed: Seed of the data set.
        camid: Camera id, from 1.
    """
    rng = np.random.default_rng([seed, _STREAM, camid])
    width, height = _FRAMES[rng.choice(len(_FRAMES), p=(0.3, 0.25, 0.2, 0.15, 0.1))]
    # Most hang about as high as heads or a little above, and look far: behind people there is what stands about, and
    # not bare ground.
    above = rng.uniform(1.5, 3) if rng.random() < 0.65 else rng.uniform(2.4, 6)
    nearest = max(6.0, (above - 0.9) / math.tan(math.radians(38)))
    ahead = nearest + rng.uniform(0, 9)  # distance along the ground to the person in the middle of the frame
    pitch = max(math.atan2(above - 0.9, ahead), math.radians(2))
    person = rng.uniform(130, 270) * height / 768 + 10  # pixels
    focal = person / 1.75 * math.hypot(ahead, above - 0.9)
    narrow, wide = (width / 2 / math.tan(math.radians(angle) / 2) for angle in (25, 65))
    return Camera(
        camid=camid,
        position=(0.0, 0.0, above),
        yaw=float(rng.uniform(-1, 1) * math.radians(58)),
        pitch=float(pitch),
        roll=float(rng.normal(0, math.radians(1.2))),
        focal=float(np.clip(focal, wide, narrow)),
        width=width,
        height=height,
        sensor=draw_sensor(rng),
    )
