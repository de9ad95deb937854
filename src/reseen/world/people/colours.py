"""Colours of cloth, skin, hair, shoes and bags, and the name that an annotator gives to a colour.

All is done in OKLab (Ottosson 2020), whose hues stay the same from light to dark better than CIELAB's. Ranges are of
lightness L, saturation s = chroma / L and hue h in degrees: shade scales L and chroma alike and leaves s and h alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.world.optics.mesh import Colour

UPPER_COLOURS = MARKET1501_SCHEMA["upper_color"].classes
LOWER_COLOURS = MARKET1501_SCHEMA["lower_color"].classes

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_CONES, _FROM_LAB = np.linalg.inv(_TO_CONES), np.linalg.inv(_TO_LAB)


@dataclass(frozen=True, slots=True)
class _Tone:
    """A family of colours: its share among others and its ranges (low, high)."""

    share: float
    lightness: tuple[float, float]
    saturation: tuple[float, float]
    hue: tuple[float, float] = (0, 360)


_NAVY = _Tone(0.25, (0.30, 0.40), (0.20, 0.34), (258, 274))
_OLIVE = _Tone(0.25, (0.38, 0.50), (0.11, 0.20), (117, 138))
_FOREST = _Tone(0.25, (0.36, 0.48), (0.13, 0.26), (145, 165))
_TEAL = _Tone(0.08, (0.45, 0.60), (0.14, 0.20), (175, 196))
_MUSTARD = _Tone(0.25, (0.76, 0.82), (0.14, 0.20), (78, 94))
_SUNNY = _Tone(0.30, (0.84, 0.92), (0.12, 0.20), (92, 106))
_PINK = _Tone(0.28, (0.72, 0.86), (0.08, 0.20), (-9, 15))
_CORAL = _Tone(0.10, (0.60, 0.72), (0.18, 0.28), (17, 33))
_RED = _Tone(0.35, (0.44, 0.56), (0.24, 0.40), (16, 31))

_UPPER: Mapping[str, tuple[_Tone, ...]] = {
    "black": (_Tone(0.6, (0.14, 0.29), (0, 0.05)), _Tone(0.4, (0.17, 0.30), (0.03, 0.09), (230, 290))),
    "white": (_Tone(0.6, (0.89, 0.98), (0, 0.018)), _Tone(0.4, (0.88, 0.96), (0, 0.032), (70, 110))),
    "gray": (_Tone(0.5, (0.54, 0.70), (0, 0.028)), _Tone(0.5, (0.44, 0.56), (0, 0.032))),
    "red": (
        _RED,
        _Tone(0.20, (0.32, 0.42), (0.22, 0.36), (8, 24)),  # wine
        _PINK,
        _Tone(0.07, (0.58, 0.68), (0.25, 0.36), (-9, 8)),  # hot pink
        _CORAL,
    ),
    "purple": (
        _Tone(0.4, (0.34, 0.50), (0.15, 0.32), (294, 315)),  # violet
        _Tone(0.3, (0.33, 0.46), (0.17, 0.30), (315, 338)),  # plum
        _Tone(0.2, (0.64, 0.80), (0.09, 0.17), (294, 318)),  # lavender
        _Tone(0.1, (0.46, 0.58), (0.22, 0.36), (326, 339)),  # magenta
    ),
    "blue": (
        _NAVY,
        _Tone(0.25, (0.42, 0.56), (0.20, 0.34), (252, 268)),  # royal
        _Tone(0.25, (0.45, 0.62), (0.11, 0.20), (240, 265)),  # faded
        _Tone(0.25, (0.70, 0.85), (0.08, 0.15), (228, 258)),  # sky
    ),
    "green": (
        _OLIVE,
        _FOREST,
        _TEAL,
        _Tone(0.17, (0.56, 0.74), (0.14, 0.26), (134, 152)),  # grass
        _Tone(0.10, (0.78, 0.88), (0.15, 0.22), (118, 130)),  # lime
        _Tone(0.15, (0.72, 0.88), (0.08, 0.14), (150, 185)),  # mint
    ),
    "yellow": (
        _SUNNY,
        _MUSTARD,
        _Tone(0.2, (0.90, 0.96), (0.08, 0.12), (90, 106)),  # pale
        _Tone(0.2, (0.72, 0.80), (0.17, 0.24), (62, 78)),  # orange
    ),
}
_LOWER: Mapping[str, tuple[_Tone, ...]] = {
    **_UPPER,
    "blue": (
        _Tone(0.35, (0.31, 0.42), (0.12, 0.22), (254, 270)),  # dark denim
        _Tone(0.35, (0.44, 0.60), (0.10, 0.17), (248, 264)),  # denim
        _Tone(0.17, (0.62, 0.77), (0.075, 0.12), (240, 260)),  # washed denim
        _Tone(0.13, (0.30, 0.46), (0.18, 0.30), (254, 272)),
    ),
    "green": (_OLIVE, _Tone(0.2, (0.36, 0.48), (0.10, 0.22), (140, 165)), _TEAL),
    "pink": (
        _PINK,
        _Tone(0.12, (0.55, 0.66), (0.10, 0.18), (-6, 14)),  # dusty pink
        _CORAL,
        _Tone(0.12, (0.45, 0.56), (0.25, 0.38), (16, 29)),  # red: Market-1501's trousers have no red of their own
    ),
    "brown": (
        _Tone(0.4, (0.35, 0.48), (0.12, 0.23), (48, 72)),
        _Tone(0.4, (0.50, 0.62), (0.08, 0.13), (68, 88)),  # khaki
        _Tone(0.2, (0.52, 0.61), (0.12, 0.17), (58, 75)),  # tan
    ),
    "yellow": (_Tone(0.5, (0.80, 0.90), (0.08, 0.12), (78, 98)), _MUSTARD, _SUNNY),  # first: beige
}

_BLACK_HAIR = _Tone(1, (0.16, 0.27), (0.0, 0.12), (30, 70))
_DARK_HAIR = _Tone(1, (0.26, 0.36), (0.08, 0.18), (40, 62))
_BROWN_HAIR = _Tone(1, (0.36, 0.52), (0.12, 0.20), (48, 66))
_BLOND_HAIR = _Tone(1, (0.62, 0.82), (0.08, 0.15), (74, 90))
_RED_HAIR = _Tone(1, (0.42, 0.54), (0.20, 0.28), (42, 54))
_GREY_HAIR = _Tone(1, (0.52, 0.90), (0.0, 0.025))
_DYED_HAIR = _Tone(1, (0.40, 0.62), (0.16, 0.34))

_HAIRS = (_BLACK_HAIR, _DARK_HAIR, _BROWN_HAIR, _BLOND_HAIR, _RED_HAIR, _DYED_HAIR)
_COMPLEXIONS = (
    # The skin's tone and the shares of the hairs above that go with it.
    (_Tone(0.45, (0.72, 0.84), (0.065, 0.095), (55, 72)), (0.62, 0.25, 0.09, 0.015, 0.005, 0.02)),  # East Asian
    (_Tone(0.25, (0.76, 0.88), (0.045, 0.080), (38, 60)), (0.10, 0.30, 0.33, 0.20, 0.05, 0.02)),  # European
    (_Tone(0.17, (0.50, 0.70), (0.090, 0.135), (50, 66)), (0.70, 0.25, 0.04, 0.0, 0.0, 0.01)),  # South Asian
    (_Tone(0.13, (0.32, 0.52), (0.100, 0.150), (42, 60)), (0.85, 0.12, 0.01, 0.005, 0.0, 0.015)),  # African
)
_OLD_AND_GREY = 0.8

Thing = Literal["trainers", "leather", "boots", "sandals", "hat", "backpack", "bag", "handbag", "inner", "second"]
"""What has a colour that no attribute tells: shoes by kind, hats, bags, an inner shirt, a pattern's other colour."""

_THINGS: Mapping[Thing, Mapping[str, float]] = {
    "trainers": {"white": 38, "black": 26, "gray": 14, "blue": 7, "red": 7, "green": 3, "brown": 2, "yellow": 3},
    "leather": {"black": 58, "brown": 38, "white": 4},
    "boots": {"black": 58, "brown": 34, "gray": 8},
    "sandals": {"brown": 36, "black": 34, "white": 14, "pink": 8, "blue": 8},
    "hat": {"black": 26, "white": 20, "blue": 16, "red": 14, "gray": 10, "green": 5, "yellow": 5, "pink": 4},
    "backpack": {"black": 38, "blue": 17, "gray": 14, "red": 11, "green": 6, "purple": 5, "brown": 5, "yellow": 4},
    "bag": {"black": 36, "brown": 22, "gray": 10, "white": 8, "red": 8, "blue": 8, "green": 4, "yellow": 4},
    "handbag": {"white": 22, "black": 24, "brown": 18, "red": 12, "pink": 7, "yellow": 7, "blue": 6, "green": 4},
    "inner": {"white": 45, "black": 18, "gray": 15, "blue": 8, "red": 6, "green": 4, "yellow": 4},
    "second": {"white": 30, "black": 20, "gray": 10, "blue": 13, "red": 11, "yellow": 7, "green": 6, "purple": 3},
}


def draw_colour(rng: np.random.Generator, name: str, *, lower: bool = False) -> Colour:
    """Returns a colour of cloth that an annotator calls ``name``.

    Args:
        rng: Source of chance.
        name: One of Market-1501's colours.
        lower: Whether of trousers or a skirt (blue is mostly denim, and so on) instead of an upper garment.
    """
    tones = _LOWER if lower or name not in _UPPER else _UPPER
    return _draw(rng, tones[name])


def draw_thing(rng: np.random.Generator, thing: Thing) -> Colour:
    """Returns a usual colour of shoes, hats, bags and so on."""
    names, shares = zip(*_THINGS[thing].items(), strict=True)
    return draw_colour(rng, names[choose(rng, shares)])


def draw_complexion(rng: np.random.Generator, *, old: bool = False) -> tuple[Colour, Colour]:
    """Returns the colours of skin and hair, which go together.

    Args:
        rng: Source of chance.
        old: Whether the hair is mostly grey or white.
    """
    skin, shares = _COMPLEXIONS[choose(rng, [tone.share for tone, _ in _COMPLEXIONS])]
    grey = old and rng.random() < _OLD_AND_GREY
    hair = _GREY_HAIR if grey else _HAIRS[choose(rng, shares)]
    return _draw(rng, (skin,)), _draw(rng, (hair,))


def colour_class(colour: Collection[float], names: Collection[str]) -> str:
    """Returns what an annotator calls a colour.

    Orange counts as yellow or red, whichever is nearer; turquoise as green; pink and wine as red, or as pink where
    there is no red; beige as yellow and khaki as brown, or as yellow where there is no brown.

    Args:
        colour: sRGB, each 0 to 1.
        names: The choice: the classes of Market-1501's ``upper_color`` or ``lower_color``.
    """
    lightness, saturation, hue = _describe(colour)
    if lightness < 0.2 or (lightness < 0.365 and saturation < 0.11):
        return "black"
    if saturation < 0.055:
        return "gray" if lightness < 0.765 else "white"
    if (52 <= hue < 112 or (36 <= hue < 52 and saturation < 0.25)) and lightness < 0.66 and "brown" in names:
        return "brown"
    if hue < 52 or hue >= 345:
        return "red" if "red" in names else "pink"
    for end, name in ((112, "yellow"), (212, "green"), (285, "blue")):
        if hue < end:
            return name
    return "purple"


def distance(first: Colour, second: Colour) -> float:
    """Returns how far two colours are apart in OKLab; black and white are 1 apart, clearly different ones 0.2."""
    return float(np.linalg.norm(_to_lab(first) - _to_lab(second)))


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """Returns what two colours look like from afar, ``share`` of the surface being the second."""
    red, green, blue = _to_srgb((1 - share) * _to_linear(first) + share * _to_linear(second)).tolist()
    return red, green, blue


def _describe(colour: Collection[float]) -> tuple[float, float, float]:
    """Returns lightness, saturation and hue in [0, 360)."""
    lightness, a, b = _to_lab(colour).tolist()
    return lightness, float(np.hypot(a, b)) / max(lightness, 1e-6), float(np.degrees(np.arctan2(b, a)) % 360)


def _draw(rng: np.random.Generator, tones: tuple[_Tone, ...]) -> Colour:
    """Returns a colour of one of the families, chosen by their shares, mostly from the middle of its ranges."""
    tone = tones[choose(rng, [tone.share for tone in tones])]
    spread = rng.beta(1.7, 1.7, 3).tolist()
    ranges = (tone.lightness, tone.saturation, tone.hue)
    lightness, saturation, hue = (low + at * (high - low) for at, (low, high) in zip(spread, ranges, strict=True))
    while True:
        chroma, angle = lightness * saturation, np.radians(hue)
        cones = _FROM_LAB @ np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])
        linear = _FROM_CONES @ cones**3
        if linear.min() >= 0 and linear.max() <= 1:
            break
        saturation *= 0.97  # no screen shows it so strong
    red, green, blue = _to_srgb(linear).tolist()
    return red, green, blue


def _to_lab(colour: Collection[float]) -> NDArray[np.float64]:
    lab: NDArray[np.float64] = _TO_LAB @ np.cbrt(_TO_CONES @ _to_linear(colour))
    return lab


def _to_linear(colour: Collection[float]) -> NDArray[np.float64]:
    rgb = np.array([*colour])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _to_srgb(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def choose(rng: np.random.Generator, shares: Collection[float]) -> int:
    """Returns an index by shares that need not sum to 1; quicker than ``rng.choice``."""
    bounds = [*accumulate(shares)]
    return bisect_right(bounds, rng.random() * bounds[-1], hi=len(bounds) - 1)
