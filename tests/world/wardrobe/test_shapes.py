"""Building blocks: closed, outside out, as large as asked for, and bound to the right bones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reseen.data.sets.rendered.labels import Part
from reseen.world.bodies.body import skeleton
from reseen.world.optics.mesh import Material
from reseen.world.wardrobe.shapes import (
    blend,
    fan,
    follow_torso,
    grid_faces,
    hull_loop,
    one_material,
    rigid,
    rounded_box,
    section,
    shade,
    torso_edges,
    torso_vertices,
    tube,
    turn_to,
)
from tests.world.wearers import body, volume


def litres(vertices: np.ndarray, faces: np.ndarray) -> float:
    binding = np.zeros((len(vertices), 4), np.int32), np.full((len(vertices), 4), 0.25, np.float32)
    return volume(one_material(vertices, faces, Material(Part.BAG, (0.5, 0.5, 0.5)), binding))


def test_colours_mix_and_darken() -> None:
    assert shade((0.2, 0.4, 0.8), 1.5) == pytest.approx((0.3, 0.6, 1.0))
    assert turn_to((0.0, 0.4, 1.0), (1.0, 0.4, 0.0), 0.25) == pytest.approx((0.25, 0.4, 0.75))


@pytest.mark.parametrize("closed", [True, False])
def test_a_grid_has_two_faces_a_cell(closed: bool) -> None:
    faces = grid_faces(3, 4, closed=closed)
    assert len(faces) == 2 * 2 * (4 if closed else 3)
    assert len(np.unique(faces)) == 12
    joined = np.ptp(faces % 4, axis=1) == 3  # from the last column to the first
    assert joined.any() == closed


def test_a_fan_closes_a_ring() -> None:
    assert fan([5, 6, 7], 9).tolist() == [[5, 6, 9], [6, 7, 9], [7, 5, 9]]


@pytest.mark.parametrize("end", [(0, 0, 2), (0, 2, 0), (2, 0, 0), (0, 0, -2)])
def test_a_tube_holds_what_its_radius_says(end: tuple[float, float, float]) -> None:
    """A prism on a regular 64-gon: area r² n / 2 sin(2 π / n), length 2 m."""
    path = np.linspace((0, 0, 0), end, 5)
    area = 0.1**2 * 64 / 2 * math.sin(2 * math.pi / 64)
    assert litres(*tube(path, np.full(5, 0.1), sides=64)) == pytest.approx(2000 * area, rel=1e-3)
    assert litres(*tube(path, np.full(5, 0.1), sides=64, flat=0.5)) == pytest.approx(1000 * area, rel=1e-3)


def test_a_rounded_box_is_a_little_less_than_a_box() -> None:
    vertices, faces = rounded_box((0.15, 0.1, 0.2), 0.03)
    np.testing.assert_allclose(np.abs(vertices).max(axis=0), (0.15, 0.1, 0.2))
    assert 0.85 * 24 < litres(vertices, faces) < 24
    assert litres(*rounded_box((0.15, 0.1, 0.2), 1e-6)) == pytest.approx(24, rel=1e-3)


def test_a_loop_runs_round_a_square_at_its_distance() -> None:
    """4 sides of 2 m and the quarter circles at the corners: 8 + 2 π 0.1 m, up to the circle's 16 sides."""
    points = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [0.2, 0.3]])
    loop = hull_loop(points, 0.1, 200)
    assert loop.shape == (200, 2)
    steps = np.linalg.norm(np.roll(loop, -1, axis=0) - loop, axis=1)
    assert steps.sum() == pytest.approx(8 + 2 * math.pi * 0.1, rel=0.01)
    assert np.linalg.norm(loop - np.clip(loop, -1, 1), axis=1) == pytest.approx(0.1, abs=0.005)
    x, y = loop.T
    assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0, "anti-clockwise"
    assert x[0] == pytest.approx(x.min())


def test_a_section_cuts_edges_where_the_plane_passes() -> None:
    vertices = np.array([[0, 0, 0], [0, 0, 4], [1, 0, 4]], np.float32)
    edges = np.array([[0, 1], [1, 2], [2, 0]], np.int32)
    found = section(vertices, edges, np.array([9.0, 9.0, 1.0]), np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(sorted(found.tolist()), [[0, 0, 1], [0.25, 0, 1]])


def test_bindings_follow_their_bones() -> None:
    head, root = rigid("head", 2), rigid("root", 2)
    assert head[0][:, 0].tolist() == [skeleton().index["head"]] * 2
    bones, weights = blend(head, root, np.array([0.0, 0.25]))
    by_bone = [dict(zip(own.tolist(), share.tolist(), strict=True)) for own, share in zip(bones, weights, strict=True)]
    assert by_bone[0][skeleton().index["head"]] == 1
    assert weights[1, :2].tolist() == [0.75, 0.25]
    assert bones[1, :2].tolist() == [skeleton().index["head"], skeleton().index["root"]]


def test_what_hangs_on_the_trunk_goes_with_it_and_not_with_the_legs() -> None:
    own = body("man")
    legs = [number for number, name in enumerate(skeleton().names) if "leg" in name]
    bones, weights = follow_torso(own, own.vertices[torso_vertices()][::50])
    assert weights.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (weights * np.isin(bones, legs)).sum() == 0
    assert torso_edges().max() < len(own.vertices)
