"""A stand-in for the rendered world that needs no bodies: coloured rectangles with labels, in no time."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.sets.rendered.config import RenderConfig

MODULE = "reseen.world.world"


@dataclass(frozen=True)
class FlatShot:
    pixels: NDArray[np.uint8]
    keypoints: NDArray[np.float32]
    parts: NDArray[np.uint8]
    seconds: float


class FlatWorld:
    """As `reseen.world.world.World`; counts its pictures and can be stopped at one of them."""

    made = 0
    stop_at: int | None = None

    def __init__(self, config: RenderConfig) -> None:
        self.seed, self.cameras, self.seen_by = config.seed, config.cameras, config.cameras_per_person
        self.pedestrians = tuple(
            SimpleNamespace(pid=pid, attributes=self._attributes(pid)) for pid in range(1, config.persons + 1)
        )

    def _attributes(self, pid: int) -> dict[str, int]:
        rng = np.random.default_rng([self.seed, pid])
        return {attribute.name: int(rng.integers(len(attribute.classes))) for attribute in MARKET1501_SCHEMA}

    def cameras_of(self, pid: int) -> tuple[int, ...]:
        return tuple(sorted(1 + (pid + turn) % self.cameras for turn in range(self.seen_by)))

    def shot(self, pid: int, camid: int, index: int, size: tuple[int, int]) -> FlatShot:
        if FlatWorld.made == FlatWorld.stop_at:
            raise KeyboardInterrupt
        FlatWorld.made += 1
        rng = np.random.default_rng([self.seed, pid, camid, index])
        height, width = size
        pixels = np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
        pixels[height // 4 : height // 2] = rng.integers(0, 256, 3)
        parts = np.zeros(size, np.uint8)
        parts[height // 4 : height // 2, width // 4 :] = rng.integers(1, 12)
        joints = np.c_[rng.uniform(-5, width, 18), rng.uniform(0, height, 18), rng.integers(0, 3, 18)]
        return FlatShot(pixels, joints.astype(np.float32), parts, 100.0 * pid + 10 * camid + 1.5 * index)


def put_in_place(patch: pytest.MonkeyPatch) -> type[FlatWorld]:
    """Makes the renderer take its pictures of the flat world; in this process only."""
    module = ModuleType(MODULE)
    module.World = FlatWorld  # type: ignore[attr-defined]
    patch.setitem(sys.modules, MODULE, module)
    patch.setattr(FlatWorld, "made", 0)
    patch.setattr(FlatWorld, "stop_at", None)
    patch.setattr("reseen.world.dataset._cores", lambda: 1)
    patch.setattr("reseen.world.bodies.body.is_prepared", lambda: True)  # it has no bodies
    return FlatWorld
