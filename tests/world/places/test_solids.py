import math

import numpy as np
import pytest

from reseen.world.places.builder import box, cylinder, leaves, ring, rod
from reseen.world.places.solids import FAR, bounds, clearance, face, meet


def table(row):
    return np.array([row + [0.0] * (16 - len(row))])


def towards(target, origin):
    way = np.subtract(target, origin)
    return tuple((way / np.linalg.norm(way)).tolist())


BOX = table(box(0, (0, 5), (0, 2), (1, 0.5)))
LEAN = table(box(0, (0, 5), (0, 2), (1, 1), top=(1.0, 0.5)))
TURNED = table(box(0, (0, 5), (0, 2), (2, 0.5), turn=math.pi / 2))
ROD = table(rod(0, (0, 5, 0), (0, 5, 2), 0.1))
RING = table(ring(0, (0, 5, 1), 0.0, (0.5, 0.6)))
CYLINDER = table(cylinder(0, (0, 5), (0, 2), 0.5))
BALL = table(leaves(0, (0, 5, 1), (1, 1, 1), -1.0))


@pytest.mark.parametrize(
    ("solid", "x", "z", "distance"),
    [
        (BOX, 0, 1, 4.5),
        (BOX, 1.1, 1, FAR),
        (BOX, 0, 2.1, FAR),
        (LEAN, 0, 1, 4.25),
        (TURNED, 0, 1, 3),
        (TURNED, 0.6, 1, FAR),
        (ROD, 0, 1, 4.9),
        (ROD, 0.11, 1, FAR),
        (ROD, 0, 2.05, 5 - math.sqrt(0.01 - 0.0025)),
        (RING, 0.55, 1, 5),
        (RING, 0, 1, FAR),
        (CYLINDER, 0, 1, 4.5),
        (CYLINDER, 0.3, 1, 4.6),
        (BALL, 0, 1, 4),
        (BALL, 0, 2.1, FAR),
    ],
)
def test_a_level_ray_meets_solids_where_reckoned_by_hand(solid, x, z, distance):
    assert meet(solid, 0, (float(x), 0.0, float(z)), (0.0, 1.0, 0.0))[0] == pytest.approx(distance)


@pytest.mark.parametrize("solid", [BOX, LEAN, TURNED, ROD, CYLINDER, BALL])
def test_normals_point_outwards_and_points_lie_within_bounds(solid):
    rng = np.random.default_rng(0)
    low, high = bounds(solid[0])
    hits = 0
    for _ in range(100):
        origin = tuple((rng.normal(0, 1, 3) * (3, 3, 1) + (0, 5, 8)).tolist())
        way = towards(rng.uniform(low, high), origin)
        distance, side = meet(solid, 0, origin, way)
        if distance == FAR:
            continue
        hits += 1
        point = np.add(origin, np.multiply(distance, way))
        assert (point > low - 1e-6).all()
        assert (point < high + 1e-6).all()
        normal = face(solid, 0, side, tuple(point.tolist()))[0]
        assert np.linalg.norm(normal) == pytest.approx(1)
        if solid is not BALL:  # leaves face all ways
            assert np.dot(normal, way) < 0
    assert hits > 20


@pytest.mark.parametrize(
    ("solid", "x", "y", "away"),
    [
        (BOX, 0, 4, 0.5),
        (BOX, 4, 9.5, 5),
        (BOX, 0, 5, -0.5),
        (TURNED, 0, 2, 1),
        (ROD, 1, 5, 0.9),
        (RING, 2, 5, 1.37),
        (CYLINDER, 2, 5, 1.5),
        (BALL, 3, 5, 2),
    ],
)
def test_clearance_is_the_distance_on_the_ground(solid, x, y, away):
    assert clearance(solid, 0, float(x), float(y), 1.95) == pytest.approx(away)


def test_what_hangs_above_leaves_room():
    assert clearance(table(box(0, (0, 5), (2.2, 3), (1, 1))), 0, 0.0, 5.0, 1.95) == FAR
    assert clearance(table(leaves(0, (0, 5, 4), (1, 1, 1))), 0, 0.0, 5.0, 1.95) == FAR
