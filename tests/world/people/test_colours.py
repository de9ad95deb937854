"""Colours are called what they are drawn as, also in the shade; skin and hair are natural."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.world.optics.mesh import Colour
from reseen.world.people.colours import (
    LOWER_COLOURS,
    UPPER_COLOURS,
    blend,
    colour_class,
    distance,
    draw_colour,
    draw_complexion,
    draw_thing,
)

CLOTHES = [(name, False) for name in UPPER_COLOURS] + [(name, True) for name in LOWER_COLOURS]
BLACK: Colour = (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("name", "lower"), CLOTHES)
def test_colours_are_called_what_they_are_drawn_as(name: str, lower: bool) -> None:
    rng = np.random.default_rng(3)
    names = LOWER_COLOURS if lower else UPPER_COLOURS
    drawn = [draw_colour(rng, name, lower=lower) for _ in range(400)]
    assert {colour_class(colour, names) for colour in drawn} == {name}
    assert 0 <= np.min(drawn) <= np.max(drawn) <= 1
    assert len(set(drawn)) == 400
    lightness = np.array([distance(colour, BLACK) for colour in drawn])
    assert lightness.std() > 0.02  # a spread, not one tin of paint


@pytest.mark.parametrize(("name", "lower"), CLOTHES)
def test_a_third_less_light_hardly_ever_changes_the_name(name: str, lower: bool) -> None:
    rng = np.random.default_rng(4)
    names = LOWER_COLOURS if lower else UPPER_COLOURS
    shaded = [blend(draw_colour(rng, name, lower=lower), BLACK, 1 / 3) for _ in range(300)]
    assert np.mean([colour_class(colour, names) == name for colour in shaded]) > 0.95


@pytest.mark.parametrize(
    ("code", "upper", "lower"),
    [
        ("101010", "black", "black"),
        ("252a35", "black", "black"),
        ("f5f5f0", "white", "white"),
        ("808080", "gray", "gray"),
        ("a0a4a8", "gray", "gray"),
        ("c01818", "red", "pink"),
        ("701020", "red", "pink"),
        ("ffb6c1", "red", "pink"),
        ("ff69b4", "red", "pink"),
        ("800080", "purple", "purple"),
        ("b9a5dc", "purple", "purple"),
        ("1f2f60", "blue", "blue"),
        ("4a6484", "blue", "blue"),
        ("a8cbee", "blue", "blue"),
        ("0000c0", "blue", "blue"),
        ("556b2f", "green", "green"),
        ("40e0d0", "green", "green"),
        ("0b4a20", "green", "green"),
        ("f0d820", "yellow", "yellow"),
        ("ffa020", "yellow", "yellow"),
        ("d8c9a0", "yellow", "yellow"),
        ("5c4030", "red", "brown"),
        ("8b4513", "red", "brown"),
        ("8a7a5a", "yellow", "brown"),
    ],
)
def test_well_known_colours_have_their_names(code: str, upper: str, lower: str) -> None:
    rgb = [int(code[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    assert colour_class(rgb, UPPER_COLOURS) == upper
    assert colour_class(rgb, LOWER_COLOURS) == lower


def test_distance_and_blend() -> None:
    white: Colour = (1.0, 1.0, 1.0)
    assert distance(BLACK, white) == pytest.approx(1, abs=1e-4)
    assert blend(BLACK, white, 0.0) == pytest.approx(BLACK)
    assert blend(BLACK, white, 0.5) == pytest.approx([0.735] * 3, abs=1e-3)  # half the light, not half the number


def test_skin_is_natural_and_hair_goes_with_it() -> None:
    rng = np.random.default_rng(5)
    people = [draw_complexion(rng) for _ in range(2000)]
    red, green, blue = np.array([skin for skin, _ in people]).T
    assert np.all((red > green) & (green > blue))
    light = np.array([distance(skin, BLACK) for skin, _ in people])
    assert light.min() < 0.40
    assert light.max() > 0.84
    hair = np.array([distance(colour, BLACK) for _, colour in people])
    assert np.mean(hair < 0.37) > 0.7  # black and dark brown
    dark = light < 0.5
    assert np.mean(hair[dark] < 0.37) > np.mean(hair[light > 0.8] < 0.37)
    old = [draw_complexion(rng, old=True)[1] for _ in range(500)]
    assert np.mean([np.ptp(colour) < 0.1 and distance(colour, BLACK) > 0.5 for colour in old]) == pytest.approx(
        0.8, abs=0.06
    )


def test_shoes_are_mostly_black_white_grey_or_brown() -> None:
    rng = np.random.default_rng(6)
    names = [colour_class(draw_thing(rng, "trainers"), LOWER_COLOURS) for _ in range(500)]
    assert np.mean([name in ("black", "white", "gray", "brown") for name in names]) == pytest.approx(0.8, abs=0.06)
