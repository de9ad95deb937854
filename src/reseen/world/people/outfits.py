"""Draws clothes, hair and hats that fit a person's labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, TypeVar

import numpy as np

from reseen.world.optics.mesh import PatternKind
from reseen.world.people import colours
from reseen.world.people.pedestrian import Cloth

_Choice = TypeVar("_Choice", bound=str)

Labels = Mapping[str, str]
"""Class name by attribute name; an unknown colour is missing."""

_PATTERNS: Mapping[PatternKind, float] = {
    "plain": 0.60,
    "logo": 0.14,
    "stripes": 0.06,
    "pinstripes": 0.04,
    "checks": 0.06,
    "print": 0.05,
    "block": 0.03,
    "gradient": 0.02,
}
_LOWER_PATTERNS: Mapping[PatternKind, float] = {
    "plain": 0.90,
    "pinstripes": 0.02,
    "checks": 0.025,
    "print": 0.015,
    "gradient": 0.04,
}
_MIXED_PATTERNS: Mapping[PatternKind, float] = {"stripes": 0.45, "checks": 0.35, "print": 0.2}
_PERIODS: Mapping[PatternKind, tuple[float, float]] = {
    "plain": (0.1, 0.1),
    "logo": (0.10, 0.24),
    "stripes": (0.04, 0.12),
    "pinstripes": (0.025, 0.05),
    "checks": (0.05, 0.14),
    "print": (0.04, 0.11),
    "block": (0.1, 0.1),
    "gradient": (0.1, 0.1),
}
"""Range of a pattern's period in metres."""
_BLENDED: Mapping[PatternKind, float] = {
    "stripes": 0.5,
    "pinstripes": 0.28,
    "checks": 0.5,
    "print": 0.4,
    "gradient": 0.5,
}
"""How much of the second colour a low resolution mixes in: still the main colour's name has to be right."""

HEMS = {
    "shirt": (0.10, 0.22),
    "blouse": (0.08, 0.22),
    "hoodie": (0.12, 0.22),
    "jacket": (0.08, 0.24),
    "coat": (0.34, 0.52),
}
"""Range of where garments end below the waist in metres."""


def draw_upper_kind(rng: np.random.Generator, labels: Labels) -> Literal["shirt", "jacket", "hoodie", "coat", "blouse"]:
    """Returns a kind of upper garment: nothing thick has short sleeves, and nothing long hides short legs."""
    female, young = labels["gender"] == "female", labels["age"] in ("child", "teenager")
    if labels["sleeve"] == "short":
        return "blouse" if rng.random() < (0.35 if female else 0.12) else "shirt"
    # A coat would hide short trousers and skirts.
    coats = 0.0 if labels["lower_length"] == "short" else 0.25 if female else 0.15
    if labels["lower_type"] == "dress":
        return pick(rng, {"shirt": 0.4, "blouse": 0.3, "jacket": 0.3, "coat": coats})
    hoodies = 0.25 if young else 0.08
    return pick(
        rng, {"shirt": 0.25, "blouse": 0.15 if female else 0.08, "jacket": 0.30, "hoodie": hoodies, "coat": coats}
    )


def draw_cloth(rng: np.random.Generator, name: str | None, *, lower: bool) -> Cloth:
    """Returns cloth of the named colour, or of two colours where there is no name."""
    if name is None:
        shown = colours.LOWER_COLOURS if lower else colours.UPPER_COLOURS
        pattern = pick(rng, _MIXED_PATTERNS)
        while True:
            first, second = (shown[int(rng.integers(len(shown)))] for _ in range(2))
            main, other = (colours.draw_colour(rng, each, lower=lower) for each in (first, second))
            if first != second and colours.distance(main, other) > 0.3:
                return Cloth(main, pattern, other, rng.uniform(*_PERIODS[pattern]))
    pattern = pick(rng, _LOWER_PATTERNS if lower else _PATTERNS)
    scale = rng.uniform(*_PERIODS[pattern])
    plain = Cloth(colours.draw_colour(rng, name, lower=lower), pattern, colours.draw_thing(rng, "second"), scale)
    return _with_second(rng, plain, name, lower=lower)


def recolour(rng: np.random.Generator, cloth: Cloth, name: str, *, lower: bool) -> Cloth:
    """Returns the cloth in another colour, with the same pattern and, where it can stay, second colour."""
    return _with_second(rng, replace(cloth, colour=colours.draw_colour(rng, name, lower=lower)), name, lower=lower)


def _with_second(rng: np.random.Generator, cloth: Cloth, name: str, *, lower: bool) -> Cloth:
    """Returns the cloth with a second colour that shows but does not make another colour of it."""
    if cloth.pattern == "plain":
        return cloth
    names = colours.LOWER_COLOURS if lower else colours.UPPER_COLOURS
    share = _BLENDED.get(cloth.pattern, 0.0)
    second = cloth.second
    for attempt in range(40):
        fits = colours.colour_class(colours.blend(cloth.colour, second, share), names) == name
        if cloth.pattern == "stripes":  # as wide as the main colour's
            fits = fits and colours.colour_class(second, names) == name
        if fits and colours.distance(cloth.colour, second) > (0.08 if share else 0.2):
            return replace(cloth, second=second)
        own = share > 0 and attempt % 2
        second = colours.draw_colour(rng, name, lower=lower) if own else colours.draw_thing(rng, "second")
    return replace(cloth, pattern="plain")


def draw_sleeve(rng: np.random.Generator, long: bool, *, sleeveless: float) -> float:
    """Returns the sleeve as a fraction of the arm: 0.8 or more if long, else 0.55 or less."""
    if long:
        return float(rng.uniform(0.88, 1.0) if rng.random() < 0.85 else rng.uniform(0.80, 0.88))
    return float(rng.uniform(0.0, 0.08) if rng.random() < sleeveless else rng.uniform(0.25, 0.52))


def draw_lower_length(rng: np.random.Generator, short: bool, skirt: bool) -> float:
    """Returns the lower garment as a fraction of the leg: 0.85 or more if long, else 0.55 or less."""
    if skirt:
        return float(rng.uniform(0.27, 0.50) if short else rng.uniform(0.85, 0.97))
    if short:
        return float(rng.uniform(0.30, 0.55))
    return float(rng.uniform(0.94, 1.0) if rng.random() < 0.9 else rng.uniform(0.86, 0.94))


def draw_hair(rng: np.random.Generator, labels: Labels) -> Literal["bald", "short", "bun", "bob", "ponytail", "long"]:
    """Returns a hairstyle as long as its label says."""
    female = labels["gender"] == "female"
    if labels["hair"] == "long":
        return pick(rng, {"ponytail": 0.40, "long": 0.40, "bob": 0.20 if female else 0.05})
    if female:
        return pick(rng, {"short": 0.45, "bun": 0.55})
    bald = {"old": 0.25, "adult": 0.08}.get(labels["age"], 0.01)
    return pick(rng, {"short": 1 - bald, "bald": bald})


def draw_hat(rng: np.random.Generator, labels: Labels) -> Literal["cap", "beanie", "sun"] | None:
    """Returns a kind of hat, beanies with long sleeves only, or None."""
    if labels["hat"] == "no":
        return None
    if labels["sleeve"] == "long":
        return "beanie" if rng.random() < 0.4 else "cap"
    suns = 0.45 if labels["gender"] == "female" else 0.15
    return "sun" if rng.random() < suns else "cap"


def draw_shoe_kind(rng: np.random.Generator, labels: Labels) -> Literal["trainers", "leather", "boots", "sandals"]:
    """Returns what shoes go with the clothes."""
    female, warm = labels["gender"] == "female", labels["lower_length"] == "short"
    return pick(
        rng,
        {
            "trainers": 0.55 if labels["age"] in ("child", "teenager") else 0.35,
            "leather": 0.08 if warm else 0.28,
            "boots": 0.10 if labels["sleeve"] == "long" else 0.02,
            "sandals": (0.30 if female else 0.15) * (1 if warm else 0.4),
        },
    )


def pick(rng: np.random.Generator, shares: Mapping[_Choice, float]) -> _Choice:
    """Returns a key by its share; the shares need not sum to 1."""
    return [*shares][colours.choose(rng, shares.values())]


def around(rng: np.random.Generator, mean: float, spread: float, least: float, most: float) -> float:
    """Returns a number drawn from a normal distribution, clipped."""
    return float(np.clip(rng.normal(mean, spread), least, most))
