import numpy as np
import pytest

from reseen.data.sets.rendered.labels import Part
from reseen.world.optics.mesh import Material
from reseen.world.optics.shading import cast_shadows, material_table, shade, shade_ground

# A square plate of 2 m by 2 m, 1 m above the ground.
PLATE = np.array([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]], np.float32)
FACES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
OVERHEAD = np.array([0, 0, 1], np.float32)


def lit(places: list[tuple[float, float, float]], sun: np.ndarray, sun_share: float) -> np.ndarray:
    """What is left of the light at places of the ground near the plate."""
    shadows = cast_shadows(PLATE, FACES, sun, 0.0)
    radiance = np.ones((1, len(places), 3), np.float32)
    shade_ground(
        np.array([places], np.float32),
        np.ones((1, len(places)), np.bool_),
        np.full((1, len(places)), sun_share, np.float32),
        shadows.axes,
        shadows.origin,
        shadows.scale,
        shadows.sky,
        shadows.sun,
        radiance,
    )
    return radiance[0, :, 0]


def test_the_sun_overhead_leaves_a_shadow_below_and_none_beside():
    below, beside = lit([(0, 0, 0), (1.5, 0, 0)], OVERHEAD, 1.0)
    assert below == pytest.approx(0, abs=1e-6)
    assert beside == pytest.approx(1, abs=1e-6)


def test_a_low_sun_moves_the_shadow_to_the_far_side():
    sun = np.array([1, 0, 1], np.float32) / np.sqrt(2)  # at 45 degrees the shadow moves by the plate's height
    near, far = lit([(1.5, 0, 0), (-1.5, 0, 0)], sun, 1.0)
    assert near == pytest.approx(1, abs=1e-6)
    assert far == pytest.approx(0, abs=1e-6)


def test_the_sky_is_shut_out_more_the_further_below():
    deep, edge, away = lit([(0, 0, 0.9), (1.2, 0, 0), (30, 0, 0)], OVERHEAD, 0.0)
    assert deep < 0.15
    assert deep < edge < away
    assert away == pytest.approx(1, abs=1e-6)


def shaded(material: Material, rest: np.ndarray, sun: float = 0.0) -> tuple[np.ndarray, int]:
    """Radiance and part of one pixel that sees a plate from above, with a rest position of our choice."""
    shadows = cast_shadows(PLATE, FACES, OVERHEAD, 0.0)
    radiance, parts = np.zeros((1, 1, 3), np.float32), np.zeros((1, 1), np.uint8)
    even = np.ones(3, np.float32)
    shade(
        np.zeros((1, 1), np.int32),
        np.full((1, 1, 3), 1 / 3, np.float32),
        FACES,
        np.zeros(2, np.int32),
        material_table((material,)),
        np.broadcast_to(rest, (4, 3)).astype(np.float32),
        PLATE,
        np.broadcast_to(OVERHEAD, (4, 3)).copy(),
        np.zeros(2, np.int32),
        np.array([[0.4, 0.1]], np.float32),
        np.array([0, 0, 5], np.float32),
        OVERHEAD,
        even * np.float32(sun),
        even,
        even,
        shadows.axes,
        shadows.origin,
        shadows.scale,
        shadows.sky,
        shadows.sun,
        radiance,
        parts,
    )
    return radiance[0, 0], int(parts[0, 0])


def test_an_open_plate_under_an_even_sky_shows_its_own_colour():
    radiance, part = shaded(Material(Part.UPPER, (0.5, 0.5, 0.5), gloss=0.0), np.zeros(3))
    assert part == Part.UPPER
    # sRGB 0.5 is 0.214 in linear light; cloth varies by a tenth.
    assert (radiance > 0.18).all()
    assert (radiance < 0.236).all()
    assert np.ptp(radiance) < 1e-6
    in_sun, _ = shaded(Material(Part.UPPER, (0.5, 0.5, 0.5), gloss=0.0), np.zeros(3), sun=1.0)
    assert in_sun - radiance == pytest.approx(0.214, rel=0.11)


@pytest.mark.parametrize(
    ("pattern", "first", "second"),
    [
        ("stripes", (0, 0, 0.075), (0, 0, 0.025)),
        ("pinstripes", (0.05, 0, 0), (0.01, 0, 0)),
        ("block", (0, 0, 0.2), (0, 0, 0.45)),
        ("gradient", (0, 0, 0.5), (0, 0, -0.2)),
    ],
)
def test_patterns_lie_where_they_should(pattern: str, first: tuple[float, ...], second: tuple[float, ...]):
    material = Material(Part.UPPER, (1.0, 0, 0), pattern, (0, 1.0, 0), scale=0.1, gloss=0.0)  # type: ignore[arg-type]
    red, green = shaded(material, np.array(first))[0], shaded(material, np.array(second))[0]
    assert red[0] > 0.6 > 0.1 > red[1]
    assert green[1] > green[0]


def test_an_open_jacket_shows_the_inner_colour_in_front_only():
    material = Material(Part.UPPER, (1.0, 0, 0), opening=0.05, inner=(0, 0, 1.0), gloss=0.0)
    assert shaded(material, np.array([0.0, -0.1, 0.3]))[0].argmax() == 2
    assert shaded(material, np.array([0.2, -0.1, 0.3]))[0].argmax() == 0
    assert shaded(material, np.array([0.0, 0.1, 0.3]))[0].argmax() == 0
