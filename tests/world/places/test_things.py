"""Street furniture stands on the ground, where it was put, as large as such things are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from reseen.world.places import things
from reseen.world.places.builder import Builder

Add = Callable[[Builder, float, float], None]
THINGS: dict[str, tuple[Add, float, float]] = {
    "bicycle": (partial(things.bicycle, turn=0.7), 2.2, 1.2),
    "car": (partial(things.car, turn=0.7), 5.2, 1.8),
    "bench": (partial(things.bench, turn=0.7), 2.2, 1.1),
    **{f"bollard {kind}": (partial(things.bollard, kind=kind), 0.8, 1.3) for kind in range(3)},
    "bin": (things.bin_, 1.0, 1.4),
    "planter": (things.planter, 2.0, 2.0),
    "bush": (partial(things.bush, size=0.5), 2.5, 2.0),
    "board": (partial(things.board, turn=0.7), 2.5, 3.0),
    "shelf": (partial(things.shelf, half=1.0, turn=0.7, high=2.0), 2.8, 2.2),
    "counter": (partial(things.counter, half=1.0, turn=0.7), 2.8, 1.6),
    "machine": (partial(things.machine, turn=0.7), 2.0, 2.3),
}
"""How it is added, and the most it may measure across and upwards in metres."""


@pytest.mark.parametrize("name", THINGS)
def test_a_thing_stands_where_it_was_put(name: str) -> None:
    add, across, high = THINGS[name]
    for seed in range(12):
        b = Builder(np.random.default_rng(seed))
        add(b, 3.0, 8.0)
        b.ground(b.plain((0.5, 0.5, 0.5)))
        fixed = b.fixed()
        low, top = fixed.groups[:, :3].min(axis=0), fixed.groups[:, 3:6].max(axis=0)
        assert -0.4 < low[2] < 0.15, "it neither floats nor hides in the ground"
        assert 0.25 < top[2] < high
        assert (low[:2] < (3, 8)).all()
        assert (top[:2] > (3, 8)).all()
        assert (top[:2] - low[:2]).max() < across
        assert fixed.solids[:, 1].max() < len(fixed.materials)


def test_a_turn_turns_all_of_it() -> None:
    """A car's length lies along x, and along y after a quarter turn."""
    spans = []
    for turn in (0.0, np.pi / 2):
        b = Builder(np.random.default_rng(1))
        things.car(b, 0.0, 0.0, turn)
        b.ground(b.plain((0.5, 0.5, 0.5)))
        groups = b.fixed().groups
        spans.append((groups[:, 3:5].max(axis=0) - groups[:, :2].min(axis=0)).tolist())
    assert spans[0][0] > 3.5 > 2.2 > spans[0][1]
    assert spans[1] == pytest.approx(spans[0][::-1])
