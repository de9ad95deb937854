"""Tables of what stands in a place: numbered as added, each object with its own box."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reseen.world.places.builder import Builder, box, cylinder, rod
from reseen.world.places.solids import BOX, CYLINDER


@pytest.fixture
def builder() -> Builder:
    return Builder(np.random.default_rng(0))


def test_an_object_is_the_box_about_its_solids(builder: Builder) -> None:
    grey = builder.plain((0.5, 0.5, 0.5))
    builder.add(box(grey, (0, 5), (0, 2), (1, 0.5)), cylinder(grey, (3, 5), (1, 4), 0.25))
    builder.add(rod(grey, (0, 0, 1), (0, 2, 1), 0.1), shadow=False)
    builder.ground(grey)
    fixed = builder.fixed()
    assert fixed.solids.shape == (3, 16)
    assert fixed.solids[:2, 0].tolist() == [BOX, CYLINDER]
    #                        low corner, high corner, first solid, one past the last, shadow
    np.testing.assert_allclose(fixed.groups[0], [-1, 4.5, 0, 3.25, 5.5, 4, 0, 2, 1])
    np.testing.assert_allclose(fixed.groups[1], [-0.1, -0.1, 0.9, 0.1, 2.1, 1.1, 2, 3, 0])


def test_materials_are_numbered_and_grounds_keep_their_order(builder: Builder) -> None:
    path, lawn = builder.plain((0.5, 0.5, 0.5)), builder.plain((0.2, 0.5, 0.2), gloss=0.3)
    assert (path, lawn) == (0, 1)
    builder.ground(path, (1, 2), (3, 4), turn=math.pi / 2)
    builder.ground(lawn, walk=False)
    fixed = builder.fixed()
    np.testing.assert_allclose(fixed.grounds[0], [1, 2, 3, 4, 0, 1, path, 0, 1], atol=1e-12)
    assert fixed.grounds[1].tolist() == [0, 0, 1e4, 1e4, 1, 0, lawn, 0, 0]
    assert len(fixed.materials) == 2


def test_a_tint_is_near_its_colour_and_a_colour(builder: Builder) -> None:
    tints = np.array([builder.tint((0.5, 0.02, 0.9), 0.04) for _ in range(500)])
    assert 0.01 <= tints.min() <= tints.max() <= 0.97
    assert tints[:, 0].mean() == pytest.approx(0.5, abs=0.01)
    assert 0.02 < tints[:, 0].std() < 0.06
