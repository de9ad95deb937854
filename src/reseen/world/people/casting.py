"""Draws the persons of the rendered world: attributes about as often as in Market-1501, everything else to fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.errors import ReseenError
from reseen.world.people import colours, outfits
from reseen.world.people.outfits import Labels, around, pick
from reseen.world.people.pedestrian import Pedestrian

TWINS = 0.15
"""Share of persons who are near twins of the one before."""

_MALE = 0.563
_AGES = {"child": 0.011, "teenager": 0.806, "adult": 0.175, "old": 0.009}
_YES = {
    "male": {"hair": 0.006, "dress": 0.0, "hat": 0.06, "backpack": 0.30, "bag": 0.155, "handbag": 0.06},
    "female": {"hair": 0.785, "dress": 0.297, "hat": 0.06, "backpack": 0.21, "bag": 0.364, "handbag": 0.17},
}
_LONG_SLEEVES = 0.25
_SHORTS = {"male": {"short": 0.55, "long": 0.27}, "female": {"short": 0.47, "long": 0.24}}
"""Share of short trousers by sleeve."""
_SHORT_SKIRTS = 0.87
_DRESSES = 0.35
"""Share of skirts that are a dress: cut from the same cloth as the upper garment."""
_BAG_BESIDES_BACKPACK = 0.06

_UNKNOWN = "unknown"
_UPPER = {
    "male": (0.160, 0.300, 0.092, 0.018, 0.140, 0.076, 0.067, 0.067, 0.08),
    "female": (0.150, 0.290, 0.122, 0.060, 0.120, 0.052, 0.069, 0.064, 0.08),
}
_LOWER = {
    "male": (0.390, 0.068, 0.009, 0.178, 0.196, 0.026, 0.083, 0.010, 0.006, 0.04),
    "female": (0.370, 0.076, 0.060, 0.152, 0.172, 0.021, 0.074, 0.012, 0.014, 0.06),
}
"""Shares of the schema's colours and, last, of garments of several colours, which Market-1501 calls unknown.

Yellow and purple trousers (0.7 and 0.1 %) are made more common: nobody could learn them otherwise.
"""

_TWIN_CHANGES = {
    "upper_color": 2,
    "lower_color": 2,
    "hair": 1,
    "sleeve": 1,
    "lower_length": 2,
    "hat": 4,
    "backpack": 4,
    "bag": 3,
    "handbag": 4,
}
"""How often each attribute is tried as the one that tells near twins apart; rare ones more often."""


def draw_pedestrians(seed: int, count: int) -> tuple[Pedestrian, ...]:
    """Draws persons; a person depends on ``seed`` and the pid alone, not on ``count``.

    Attributes are about as frequent as Market-1501's, but some are more varied: a quarter of the persons wear long
    sleeves (Market-1501: 5.6 %; jackets, hoodies and coats exist with long sleeves only), half short trousers or
    skirts (63 %), 6 % hats (2.9 %). About 8 % of the upper garments are of two colours: theirs is unknown, its key is
    missing. A share `TWINS` of the persons are near twins, see `twin_of`.

    Args:
        seed: 0 or more.
        count: Number of persons; their pids are 1 to ``count``.

    Raises:
        ReseenError: If the seed is negative.
    """
    if seed < 0:
        raise ReseenError(f"seed {seed} is negative; give 0 or more")
    people: list[Pedestrian] = []
    for pid in range(1, count + 1):
        rng = _stream(seed, pid)
        people.append(_draw(rng, pid) if twin_of(seed, pid) is None else _twin(rng, pid, people[-1]))
    return tuple(people)


def twin_of(seed: int, pid: int) -> int | None:
    """Returns the pid of whom a person is a near twin, the same in all but one attribute, or None.

    It is the person before, who is never a twin: a twin's twin could turn out the same as the first.
    """
    if pid < 2 or _stream(seed, pid).random() >= TWINS / (1 - TWINS) or twin_of(seed, pid - 1) is not None:
        return None
    return pid - 1


def _stream(seed: int, pid: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([seed, pid]))


def _draw(rng: np.random.Generator, pid: int) -> Pedestrian:
    rng.random()  # the number that tells whether this is a twin
    gender = "male" if rng.random() < _MALE else "female"
    labels = _draw_labels(rng, gender, pick(rng, _AGES))
    female, old, long_sleeves = gender == "female", labels["age"] == "old", labels["sleeve"] == "long"
    short_legs, skirt = labels["lower_length"] == "short", labels["lower_type"] == "dress"
    upper_kind = outfits.draw_upper_kind(rng, labels)
    shoe_kind = outfits.draw_shoe_kind(rng, labels)
    skin, hair_colour = colours.draw_complexion(rng, old=old)
    upper = outfits.draw_cloth(rng, labels.get("upper_color"), lower=False)
    lower = outfits.draw_cloth(rng, labels.get("lower_color"), lower=True)
    if skirt and "upper_color" in labels and upper_kind in ("shirt", "blouse") and rng.random() < _DRESSES:
        lower = upper
        labels = {**labels, "lower_color": colours.colour_class(upper.colour, colours.LOWER_COLOURS)}
    return Pedestrian(
        pid=pid,
        attributes=_indices(labels),
        body=_draw_body(rng, labels),
        skin=skin,
        hair=outfits.draw_hair(rng, labels),
        hair_colour=hair_colour,
        upper=upper,
        upper_kind=upper_kind,
        inner=colours.draw_thing(rng, "inner"),
        sleeve=outfits.draw_sleeve(rng, long_sleeves, sleeveless=0.14 if female else 0.03),
        hem=rng.uniform(*outfits.HEMS[upper_kind]),
        lower=lower,
        lower_kind="skirt" if skirt else "trousers",
        lower_length=outfits.draw_lower_length(rng, short_legs, skirt),
        looseness=around(rng, (0.40 if female else 0.52) + 0.1 * short_legs, 0.17, 0.05, 0.95),
        shoes=colours.draw_thing(rng, shoe_kind),
        shoe_kind=shoe_kind,
        hat=outfits.draw_hat(rng, labels),
        hat_colour=colours.draw_thing(rng, "hat"),
        backpack=colours.draw_thing(rng, "backpack") if labels["backpack"] == "yes" else None,
        bag=colours.draw_thing(rng, "bag") if labels["bag"] == "yes" else None,
        handbag=colours.draw_thing(rng, "handbag") if labels["handbag"] == "yes" else None,
        glasses=rng.random() < 0.05,
        stride=around(rng, 1.0, 0.07, 0.8, 1.2),
        seed=int(rng.integers(2**31)),
    )


def _draw_labels(rng: np.random.Generator, gender: str, age: str) -> Labels:
    yes = _YES[gender]
    sleeve = "long" if rng.random() < _LONG_SLEEVES else "short"
    dress = rng.random() < yes["dress"]
    short_legs = rng.random() < (_SHORT_SKIRTS if dress else _SHORTS[gender][sleeve])
    backpack = rng.random() < yes["backpack"] * (0.3 if age == "old" else 1)
    # Bags are as frequent as they are said to be although most people with a backpack have none.
    alone = (yes["bag"] - yes["backpack"] * _BAG_BESIDES_BACKPACK) / (1 - yes["backpack"])
    labels = {
        "gender": gender,
        "age": age,
        "hair": "long" if rng.random() < yes["hair"] else "short",
        "sleeve": sleeve,
        "lower_length": "short" if short_legs else "long",
        "lower_type": "dress" if dress else "trousers",
        "hat": _no_yes(rng.random() < yes["hat"]),
        "backpack": _no_yes(backpack),
        "bag": _no_yes(rng.random() < (_BAG_BESIDES_BACKPACK if backpack else alone)),
        "handbag": _no_yes(rng.random() < yes["handbag"]),
        "upper_color": (*colours.UPPER_COLOURS, _UNKNOWN)[colours.choose(rng, _UPPER[gender])],
        "lower_color": (*colours.LOWER_COLOURS, _UNKNOWN)[colours.choose(rng, _LOWER[gender])],
    }
    return {name: value for name, value in labels.items() if value != _UNKNOWN}


def _indices(labels: Labels) -> dict[str, int]:
    return {name: MARKET1501_SCHEMA[name].index(value) for name, value in labels.items()}


def _twin(rng: np.random.Generator, pid: int, other: Pedestrian) -> Pedestrian:
    """Returns the other person with one attribute changed.

    The change is proposed by drawing labels anew, so that twins leave the frequencies as they are.
    """
    old = {name: MARKET1501_SCHEMA[name].classes[index] for name, index in other.attributes.items()}
    while True:
        new = _draw_labels(rng, old["gender"], old["age"])
        name = pick(rng, _TWIN_CHANGES)
        if name not in old or name not in new or old[name] == new[name] or not _can_change(other, name):
            continue
        labels = {**old, name: new[name]}
        changed = _change(rng, other, name, labels)
        return replace(changed, pid=pid, attributes=_indices(labels))


def _can_change(person: Pedestrian, name: str) -> bool:
    """Whether one attribute can change without making another garment necessary."""
    if name == "sleeve":
        return person.upper_kind in ("shirt", "blouse")
    if name == "lower_length":
        return person.upper_kind != "coat"
    return True


def _change(rng: np.random.Generator, person: Pedestrian, name: str, labels: Labels) -> Pedestrian:
    yes = labels[name] == "yes"
    match name:
        case "upper_color":
            return replace(person, upper=outfits.recolour(rng, person.upper, labels[name], lower=False))
        case "lower_color":
            return replace(person, lower=outfits.recolour(rng, person.lower, labels[name], lower=True))
        case "hair":
            return replace(person, hair=outfits.draw_hair(rng, labels))
        case "sleeve":
            return replace(person, sleeve=outfits.draw_sleeve(rng, labels[name] == "long", sleeveless=0))
        case "lower_length":
            short, skirt = labels[name] == "short", person.lower_kind == "skirt"
            return replace(person, lower_length=outfits.draw_lower_length(rng, short, skirt))
        case "hat":
            return replace(person, hat=outfits.draw_hat(rng, labels))
        case "backpack":
            return replace(person, backpack=colours.draw_thing(rng, "backpack") if yes else None)
        case "bag":
            return replace(person, bag=colours.draw_thing(rng, "bag") if yes else None)
        case _:
            return replace(person, handbag=colours.draw_thing(rng, "handbag") if yes else None)


def _draw_body(rng: np.random.Generator, labels: Labels) -> dict[str, float]:
    """Returns anny's phenotype of a body as tall and as heavy as real ones are."""
    female = labels["gender"] == "female"
    gender = float(rng.uniform(0.85, 1.0) if female else rng.uniform(0.0, 0.15))
    age = float(rng.uniform(*_PHENOTYPE_AGES[labels["age"]]))
    if labels["age"] == "child":
        stature = around(rng, float(np.interp(age, (0.25, 0.42), (1.22, 1.46))), 0.04, 1.15, 1.54)
    else:
        shrunk = 0.03 if labels["age"] == "old" else 0.0
        stature = (
            around(rng, 1.60 - shrunk, 0.06, 1.43, 1.77) if female else around(rng, 1.72 - shrunk, 0.07, 1.52, 1.92)
        )
    heavy = rng.random() < 0.12
    return {
        "gender": gender,
        "age": age,
        "height": _height(stature, gender, age),
        "weight": float(rng.uniform(0.68, 0.95)) if heavy else around(rng, 0.46, 0.13, 0.12, 0.75),
        "muscle": around(rng, 0.45 if female else 0.55, 0.14, 0.15, 0.9),
        "proportions": around(rng, 0.5, 0.16, 0.1, 0.9),
    }


_PHENOTYPE_AGES = {"child": (0.25, 0.42), "teenager": (0.60, 0.68), "adult": (0.68, 0.85), "old": (0.9, 1.0)}
_KNOTS = (0.25, 1 / 3, 2 / 3, 1.0)
_LEAST = {"male": (0.852, 0.991, 1.364, 1.334), "female": (0.781, 0.896, 1.224, 1.211)}
"""Stature in metres at these ages and the phenotype height 0, measured on anny's bodies."""
_RANGE = (0.823, 0.945, 1.0895, 1.0895)
"""How much more it is at height 1, for both genders; in between all of it is linear."""


def _height(stature: float, gender: float, age: float) -> float:
    """Returns the phenotype height of a body that is as tall as ``stature``, in metres."""
    male, female = (float(np.interp(age, _KNOTS, _LEAST[name])) for name in ("male", "female"))
    return (stature - (1 - gender) * male - gender * female) / float(np.interp(age, _KNOTS, _RANGE))


def _no_yes(yes: bool) -> str:
    return "yes" if yes else "no"
