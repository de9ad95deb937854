"""Everything that stands still in a place, as tables, and what can be said about places on its ground."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from reseen.world.places.candidates import Ints
from reseen.world.places.solids import BOX, CYLINDER, FAR, LEAVES, Numbers, clearance
from reseen.world.places.textures import noise

NEAR, LOW = 1.2, 0.6
"""Metres around objects that begin below the second height in which the ground is darker."""


class Fixed(NamedTuple):
    """Everything that stands still, as tables.

    Attributes:
        solids: (P, 16), see `reseen.world.places.solids`.
        groups: (G, 9) objects: low corner, high corner, first solid, one past the last, and whether shadows are cast.
        grounds: (R, 9) patches of ground, the uppermost first: centre x, y, half sizes, cos and sin of the turn,
            material, raggedness of the border in metres, and whether people walk here.
        materials: (M, 20), see `reseen.world.places.textures.Surface`.
    """

    solids: Numbers
    groups: Numbers
    grounds: Numbers
    materials: Numbers


@njit(cache=True, error_model="numpy")
def openness(fixed: Fixed, candidates: Ints, x: float, y: float) -> float:
    """Returns how much of its light from above the ground keeps beside walls and under objects."""
    shut, g, p = 0.0, fixed.groups, fixed.solids
    for k in candidates:
        if x < g[k, 0] - NEAR or x > g[k, 3] + NEAR or y < g[k, 1] - NEAR or y > g[k, 4] + NEAR:
            continue
        for number in range(int(g[k, 6]), int(g[k, 7])):
            away = max(clearance(p, number, x, y, LOW), 0.0)
            if away > NEAR:
                continue
            kind = int(p[number, 0])
            high = p[number, 5] if kind in (BOX, CYLINDER) else 0.5
            strength = 0.55 if kind in (BOX, LEAVES) else 0.35
            shut = max(shut, strength * math.exp(-away / (0.06 + 0.3 * min(high, 1.2))))
    return 1 - shut


@njit(cache=True, error_model="numpy")
def ground_at(fixed: Fixed, x: float, y: float) -> tuple[int, float, float]:
    """Returns the uppermost patch of ground at a place, and the place along the patch's own axes."""
    g = fixed.grounds
    for k in range(len(g)):
        rx, ry = x - g[k, 0], y - g[k, 1]
        lx, ly = g[k, 4] * rx + g[k, 5] * ry, g[k, 4] * ry - g[k, 5] * rx
        shift = 0.0
        if g[k, 7] > 0:
            shift = g[k, 7] * (2 * noise(x * 0.31, y * 0.31, 0) + 0.1 * noise(x * 5, y * 5, 1) - 1.05)
        if abs(lx) - shift < g[k, 2] and abs(ly) - shift < g[k, 3]:
            return k, lx, ly
    return len(g) - 1, x, y


@njit(cache=True, error_model="numpy")
def clearances(fixed: Fixed, places: Numbers, height: float) -> Numbers:
    """Returns how far each place (N, 2) on the ground lies from everything below a height; below 0 inside."""
    result = np.full(len(places), FAR)
    for n in range(len(places)):
        x, y = places[n, 0], places[n, 1]
        for k in range(len(fixed.groups)):
            g = fixed.groups[k]
            if g[2] > height or x < g[0] - 1 or x > g[3] + 1 or y < g[1] - 1 or y > g[4] + 1:
                continue
            for number in range(int(g[6]), int(g[7])):
                result[n] = min(result[n], clearance(fixed.solids, number, x, y, height))
    return result
