"""What is drawn to wear fits the labels it is drawn for."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.world.people.colours import LOWER_COLOURS, UPPER_COLOURS, colour_class, distance
from reseen.world.people.outfits import (
    HEMS,
    around,
    draw_cloth,
    draw_hair,
    draw_hat,
    draw_lower_length,
    draw_sleeve,
    draw_upper_kind,
    pick,
    recolour,
)

DRAWS = 200
LABELS = {
    "gender": "female",
    "age": "adult",
    "hair": "short",
    "sleeve": "long",
    "lower_length": "long",
    "lower_type": "pants",
    "hat": "yes",
}


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_pick_goes_by_shares_that_need_not_sum_to_one(rng: np.random.Generator) -> None:
    picked = [pick(rng, {"often": 3.0, "never": 0.0, "rare": 1.0}) for _ in range(2000)]
    assert picked.count("often") / 2000 == pytest.approx(0.75, abs=0.03)
    assert "never" not in picked


def test_around_is_clipped(rng: np.random.Generator) -> None:
    drawn = [around(rng, 0.5, 1.0, 0.2, 0.9) for _ in range(DRAWS)]
    assert (min(drawn), max(drawn)) == (0.2, 0.9)


def test_sleeves_and_legs_are_as_long_as_their_labels(rng: np.random.Generator) -> None:
    for _ in range(DRAWS):
        assert 0.8 <= draw_sleeve(rng, True, sleeveless=0.5) <= 1
        assert 0 <= draw_sleeve(rng, False, sleeveless=0.5) <= 0.55
        assert all(0.85 <= draw_lower_length(rng, False, skirt) <= 1 for skirt in (False, True))
        assert all(0.2 <= draw_lower_length(rng, True, skirt) <= 0.55 for skirt in (False, True))


def test_nothing_thick_has_short_sleeves_and_no_coat_hides_short_legs(rng: np.random.Generator) -> None:
    short = {draw_upper_kind(rng, LABELS | {"sleeve": "short"}) for _ in range(DRAWS)}
    assert short == {"shirt", "blouse"}
    bare = {draw_upper_kind(rng, LABELS | {"lower_length": "short"}) for _ in range(DRAWS)}
    assert bare == {"shirt", "blouse", "jacket", "hoodie"}
    assert {draw_upper_kind(rng, LABELS) for _ in range(DRAWS)} == set(HEMS)


@pytest.mark.parametrize("gender", ["male", "female"])
def test_hair_is_as_long_as_its_label(rng: np.random.Generator, gender: str) -> None:
    labels = LABELS | {"gender": gender}
    assert {draw_hair(rng, labels | {"hair": "long"}) for _ in range(DRAWS)} == {"ponytail", "long", "bob"}
    short = {draw_hair(rng, labels) for _ in range(DRAWS)}
    assert short == ({"short", "bun"} if gender == "female" else {"short", "bald"})


def test_beanies_go_with_long_sleeves_and_sun_hats_with_short_ones(rng: np.random.Generator) -> None:
    assert draw_hat(rng, LABELS | {"hat": "no"}) is None
    assert {draw_hat(rng, LABELS) for _ in range(DRAWS)} == {"beanie", "cap"}
    assert {draw_hat(rng, LABELS | {"sleeve": "short"}) for _ in range(DRAWS)} == {"sun", "cap"}


@pytest.mark.parametrize(("lower", "name"), [(False, "purple"), (True, "brown")])
def test_cloth_has_its_colour_and_keeps_its_pattern_when_that_changes(
    rng: np.random.Generator, lower: bool, name: str
) -> None:
    names = LOWER_COLOURS if lower else UPPER_COLOURS
    for _ in range(40):
        cloth = draw_cloth(rng, name, lower=lower)
        assert colour_class(cloth.colour, names) == name
        other = recolour(rng, cloth, "blue", lower=lower)
        assert colour_class(other.colour, names) == "blue"
        assert other.scale == cloth.scale
        assert other.pattern in (cloth.pattern, "plain")


def test_cloth_without_a_name_has_two_colours_that_differ(rng: np.random.Generator) -> None:
    for _ in range(40):
        cloth = draw_cloth(rng, None, lower=False)
        assert cloth.pattern in ("stripes", "checks", "print")
        assert distance(cloth.colour, cloth.second) > 0.3
