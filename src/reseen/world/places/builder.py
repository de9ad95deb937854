"""Puts together the tables of what stands in a place: materials, patches of ground, and objects made of solids."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reseen.world.optics.mesh import Colour
from reseen.world.places.fixed import Fixed
from reseen.world.places.solids import BOX, CYLINDER, LEAVES, RING, ROD, bounds
from reseen.world.places.textures import PLAIN, Surface

Row = list[float]
_ROW = 16


class Builder:
    """Collects what stands in a world.

    Args:
        rng: Source of all variation.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self._solids: list[Row] = []
        self._groups: list[Row] = []
        self._grounds: list[Row] = []
        self._materials: list[Row] = []

    def paint(self, surface: Surface) -> int:
        """Adds a material and returns its number."""
        self._materials.append(surface.row())
        return len(self._materials) - 1

    def plain(self, colour: Colour, *, gloss: float = 0.0, glow: float = 0.0, stains: float = 0.1) -> int:
        """Adds a material of one colour and returns its number."""
        return self.paint(Surface(PLAIN, colour, gloss=gloss, glow=glow, grain=0.06, stains=stains, seed=self.seed()))

    def seed(self) -> int:
        """Returns a seed for a texture."""
        return int(self.rng.integers(1, 10_000))

    def add(self, *solids: Row, shadow: bool = True) -> None:
        """Adds one object made of solids."""
        first = len(self._solids)
        self._solids += [row + [0.0] * (_ROW - len(row)) for row in solids]
        corners = np.array([bounds(np.array(row)) for row in self._solids[first:]])
        low, high = corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)
        self._groups.append([*low.tolist(), *high.tolist(), first, len(self._solids), float(shadow)])

    def ground(
        self,
        material: int,
        centre: tuple[float, float] = (0.0, 0.0),
        half: tuple[float, float] = (1e4, 1e4),
        *,
        turn: float = 0.0,
        ragged: float = 0.0,
        walk: bool = True,
    ) -> None:
        """Adds a patch of ground beneath those added before; the last must reach everywhere."""
        self._grounds.append([*centre, *half, math.cos(turn), math.sin(turn), material, ragged, float(walk)])

    def fixed(self) -> Fixed:
        """Returns the tables."""
        return Fixed(*(np.array(rows) for rows in (self._solids, self._groups, self._grounds, self._materials)))

    def tint(self, colour: Colour, spread: float = 0.04) -> Colour:
        """Returns a colour a little beside another."""
        grey = self.rng.normal(0, spread)
        red, green, blue = (
            float(np.clip(value + grey + self.rng.normal(0, spread / 3), 0.01, 0.97)) for value in colour
        )
        return red, green, blue

    def one(self, colours: Sequence[Colour], spread: float = 0.04) -> Colour:
        """Returns a colour near one of several."""
        return self.tint(colours[int(self.rng.integers(len(colours)))], spread)


def box(
    material: int,
    centre: tuple[float, float],
    heights: tuple[float, float],
    half: tuple[float, float],
    *,
    turn: float = 0.0,
    top: tuple[float, float] = (1.0, 1.0),
) -> Row:
    """Returns an upright box; ``top`` is the share of its half sizes left at the top."""
    return [BOX, material, *centre, *heights, *half, math.cos(turn), math.sin(turn), *top]


def rod(material: int, a: Sequence[float], b: Sequence[float], radius: float) -> Row:
    """Returns a rod with round ends."""
    return [ROD, material, *a, *b, radius]


def cylinder(material: int, centre: tuple[float, float], heights: tuple[float, float], radius: float) -> Row:
    """Returns an upright cylinder."""
    return [CYLINDER, material, *centre, *heights, radius]


def leaves(material: int, centre: Sequence[float], radii: Sequence[float], holes: float = 0.3) -> Row:
    """Returns a cloud of leaves."""
    return [LEAVES, material, *centre, *radii, holes]


def ring(material: int, centre: Sequence[float], turn: float, radii: tuple[float, float]) -> Row:
    """Returns a flat upright ring along a turn, from its inner to its outer radius."""
    return [RING, material, *centre, math.cos(turn), math.sin(turn), *radii]
