"""Procedural surfaces: what colour a material has at a place, in world coordinates and without aliasing.

Everything is a function of (u, v) in metres on the surface and of the pixel's footprint there: a joint narrower than
the footprint counts with the share it covers, and noise finer than the footprint fades out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from reseen.world.optics.mesh import Colour

PLAIN, BLOCKS, ASPHALT, GRASS, FOLIAGE, FACADE, SHOP, SHELF, PLANKS, SIGN, STRIPES = range(11)

Numbers = NDArray[np.float64]
Shade = tuple[float, float, float, float]
"""Linear albedo and gloss."""


@dataclass(frozen=True, slots=True)
class Surface:
    """A material of the fixed world.

    Attributes:
        texture: One of the constants above.
        first: Main colour, sRGB: the stone, the wall, the leaf.
        second: Another: the other stone, the window's frame, the dry leaf.
        third: The third: the joint, the glass, the bare soil.
        size: Length and height of the texture's cell in metres.
        line: Width of joints and frames in metres.
        share: Share of cells in the second colour, of a window in its cell, of a stripe in its period.
        bond: Shift of every other row, as a fraction of a cell.
        grain: Strength of the fine variation.
        stains: Strength of the coarse variation.
        gloss: Share of light mirrored, 0 for matt.
        glow: Light given off, as a factor on the colour.
        seed: Seed of its noise.
    """

    texture: int
    first: Colour
    second: Colour = (0.5, 0.5, 0.5)
    third: Colour = (0.2, 0.2, 0.2)
    size: tuple[float, float] = (1.0, 1.0)
    line: float = 0.01
    share: float = 0.0
    bond: float = 0.0
    grain: float = 0.1
    stains: float = 0.15
    gloss: float = 0.0
    glow: float = 0.0
    seed: int = 0

    def row(self) -> list[float]:
        """Returns the numbers that `albedo` reads; colours become linear."""
        colours = [linear(value) for colour in (self.first, self.second, self.third) for value in colour]
        rest = [*self.size, self.line, self.share, self.bond, self.grain, self.stains, self.gloss, self.glow]
        return [float(self.texture), *colours, *rest, float(self.seed)]


def linear(value: float) -> float:
    """Returns the linear value of an sRGB one."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


@njit(cache=True, error_model="numpy")
def chance(x: int, y: int, seed: int) -> float:
    """Returns an evenly spread number in [0, 1) that belongs to a cell."""
    h = (x * 374761393 + y * 668265263 + seed * 982451653 + 12345) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 1103515245) & 0xFFFFFFFF
    return float((h ^ (h >> 15)) & 0xFFFFFF) / 16777216.0


@njit(cache=True, error_model="numpy")
def noise(x: float, y: float, seed: int) -> float:
    """Returns smooth noise in [0, 1] with a period of about 1."""
    column, row = math.floor(x), math.floor(y)
    p, q = x - column, y - row
    p, q = p * p * (3 - 2 * p), q * q * (3 - 2 * q)
    upper = chance(column, row, seed) * (1 - p) + chance(column + 1, row, seed) * p
    lower = chance(column, row + 1, seed) * (1 - p) + chance(column + 1, row + 1, seed) * p
    return upper * (1 - q) + lower * q


@njit(cache=True, error_model="numpy")
def noise3(x: float, y: float, z: float) -> float:
    """Returns smooth noise in space in [0, 1] with a period of about 1."""
    layer = math.floor(z)
    r = z - layer
    r = r * r * (3 - 2 * r)
    return noise(x, y, 7 * layer) * (1 - r) + noise(x, y, 7 * layer + 7) * r


@njit(cache=True, error_model="numpy")
def ripple(x: float, y: float, frequency: float, footprint: float, seed: int) -> float:
    """Returns noise in [-1, 1] that fades where its period comes near the footprint."""
    fade = min(1.0, 1.6 - 2 * footprint * frequency)
    if fade <= 0:
        return 0.0
    return (2 * noise(x * frequency, y * frequency, seed) - 1) * fade


@njit(cache=True, error_model="numpy")
def _cover(x: float, low: float, high: float, footprint: float) -> float:
    """Returns the share of a footprint about x that lies between low and high."""
    f = max(footprint, 1e-5)
    return max(0.0, min(x + f / 2, high) - max(x - f / 2, low)) / f


@njit(cache=True, error_model="numpy")
def _lines(x: float, period: float, width: float, footprint: float) -> float:
    """Returns the share of a footprint about x that lies on lines centred on the multiples of a period."""
    f = max(footprint, 1e-5)
    low, high = (x - f / 2 + width / 2) / period, (x + f / 2 + width / 2) / period
    whole = math.floor(high) - math.floor(low)
    part = min((high - math.floor(high)) * period, width) - min((low - math.floor(low)) * period, width)
    return float((whole * width + part) / f)


@njit(cache=True, error_model="numpy")
def _mix(a: Shade, b: Shade, t: float) -> Shade:
    return a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2]), a[3] + t * (b[3] - a[3])


@njit(cache=True, error_model="numpy")
def _scale(a: Shade, t: float) -> Shade:
    return a[0] * t, a[1] * t, a[2] * t, a[3]


@njit(cache=True, error_model="numpy")
def _blocks(m: Numbers, u: float, v: float, fu: float, fv: float, a: Shade, b: Shade, c: Shade) -> Shade:
    seed = int(m[19])
    row = math.floor(v / m[11])
    shifted = u / m[10] + m[14] * (row & 1)
    column = math.floor(shifted)
    fade = min(1.0, max(0.0, 1.5 - max(fu / m[10], fv / m[11])))
    second = 1.0 if chance(column, row, seed) < m[13] else 0.0
    stone = _mix(a, b, second * fade + m[13] * (1 - fade))
    stone = _scale(stone, 1 + m[15] * fade * (2 * chance(column, row, seed + 1) - 1))
    stone = _scale(stone, 1 + 0.5 * m[15] * ripple(u, v, 37.0, max(fu, fv), seed + 2))
    joint = _lines(shifted * m[10], m[10], m[12], fu)
    along = _lines(v, m[11], m[12], fv)
    return _mix(stone, c, joint + along - joint * along)


@njit(cache=True, error_model="numpy")
def _window(m: Numbers, u: float, v: float, fu: float, fv: float, seed: int, wall: Shade, b: Shade, c: Shade) -> Shade:
    """Draws one window per cell; plinth and sills belong to it."""
    column, row = math.floor(u / m[10]), math.floor(v / m[11])
    x, y = u - column * m[10], v - row * m[11]
    half = m[13] * m[10] / 2
    left, right = m[10] / 2 - half, m[10] / 2 + half
    low, high = 0.3 * m[11], 0.85 * m[11]
    sill = _cover(x, left - 0.1, right + 0.1, fu) * _cover(y, low - 0.09, low, fv)
    wall = _mix(wall, _scale(b, 1.1), 0.8 * sill)
    under = _cover(x, left, right, fu) * _cover(y, low - 0.5, low - 0.09, fv)
    wall = _scale(wall, 1 - 0.15 * under * noise(u * 6, v * 0.7, seed + 5))
    kind = chance(column, row, seed + 3)
    inner = _scale(c, 0.5 + 1.2 * noise(u * 0.9, v * 1.3, seed + 4))
    inner = _mix(inner, c, 0.4)
    glass = inner[0], inner[1], inner[2], 0.22
    if kind < 0.35:  # a blind or curtain, part of the way down
        drop = high - (high - low) * (0.25 + 0.75 * chance(column, row, seed + 6))
        cloth = 0.28 + 0.2 * chance(column, row, seed + 7)
        glass = _mix(glass, (cloth, cloth * 0.97, cloth * 0.9, 0.08), _cover(y, drop, high, fv))
    frame = 1.0 - _cover(x, left + m[12], right - m[12], fu) * _cover(y, low + m[12], high - m[12], fv)
    frame = max(frame, _cover(abs(x - m[10] / 2), -1, m[12] / 2, fu))
    inside = _cover(x, left, right, fu) * _cover(y, low, high, fv)
    # The reveal throws a narrow shadow on the upper edge of the pane.
    pane = _scale(_mix(glass, b, min(1.0, frame)), 1 - 0.5 * _cover(y, high - 0.12, high, fv))
    return _mix(wall, pane, inside)


@njit(cache=True, error_model="numpy")
def _facade(m: Numbers, u: float, v: float, fu: float, fv: float, a: Shade, b: Shade, c: Shade) -> Shade:
    seed = int(m[19])
    wall = _scale(a, 1 + m[15] * (ripple(u, v, 9.0, max(fu, fv), seed) + ripple(u, v * 0.15, 2.5, fu, seed + 1)) * 0.5)
    if m[14] > 0:  # brick or cladding courses
        course = math.floor(v / m[14])
        stone = math.floor(u / (3 * m[14]) + 0.5 * (course & 1))
        fade = max(0.0, min(1.0, 1.5 - fv / m[14]))
        wall = _scale(wall, 1 + 1.6 * m[15] * fade * (2 * chance(stone, course, seed + 8) - 1))
        joint = _cover(v - course * m[14], -1, 0.012, fv)
        x = u - (stone - 0.5 * (course & 1)) * 3 * m[14]
        joint = max(joint, _cover(x, -1, 0.012, fu))
        wall = _mix(wall, _mix(_scale(a, 0.6), (0.3, 0.29, 0.27, 0.0), 0.4), 0.8 * joint)
    wall = _scale(wall, 1 - 0.3 * _cover(v, -1, 0.45, fv))  # plinth
    return _window(m, u, v, fu, fv, seed, wall, b, c)


@njit(cache=True, error_model="numpy")
def _shop(m: Numbers, u: float, v: float, fu: float, fv: float, a: Shade, b: Shade, c: Shade) -> Shade:
    """Draws glass panes and doors, a sign band above them, and a wall above that."""
    seed = int(m[19])
    column = math.floor(u / m[10])
    x = u - column * m[10]
    top = m[11]
    if v > top + 0.75:
        return _scale(a, 1 + m[15] * ripple(u, v, 5.0, max(fu, fv), seed))
    if v > top:
        sign = math.floor(u / (3.0 * m[10]))
        hue = 6.28 * chance(sign, 1, seed)
        dull = 0.12 + 0.2 * chance(sign, 2, seed)
        board = (
            dull * (1 + 0.5 * math.cos(hue)),
            dull * (1 + 0.4 * math.cos(hue + 2.1)),
            dull * (1 + 0.5 * math.cos(hue + 4.2)),
            0.03,
        )
        letter = math.floor(u / 0.28)
        lit = 0.75 if chance(letter, sign, seed + 9) > 0.35 else 0.0
        spread = _cover(u - letter * 0.28, 0.05, 0.23, fu) * _cover(v - top, 0.22, 0.56, fv)
        ragged = 1.0 if noise(u * 14, v * 14, seed) > 0.42 else 0.35
        board = _mix(board, (0.65, 0.62, 0.55, 0.0), lit * spread * ragged)
        return _scale(board, 1 - 0.4 * _cover(v, top, top + 0.06, fv))
    deep = noise(u * 0.7, v * 0.9, seed + 2)
    inner = _scale(c, 0.35 + 1.3 * deep * deep)
    # Behind the glass: dim shelves and lamps.
    level = _cover(v - 0.45 * math.floor(v / 0.45), 0.0, 0.06, fv) * (0.5 if chance(column, 5, seed) < 0.5 else 0.0)
    inner = _mix(inner, (0.2, 0.19, 0.17, 0.0), level)
    if chance(column, 6, seed) < 0.5:
        inner = _mix(inner, (0.5, 0.48, 0.42, 0.0), 0.6 * _cover(v, top - 0.5, top - 0.42, fv))
    glass = inner[0], inner[1], inner[2], m[17]
    low = 0.08 if chance(column, 7, seed) < 0.4 else 0.45
    frame = 1 - _cover(x, m[12] / 2, m[10] - m[12] / 2, fu) * _cover(v, low, top - m[12], fv)
    frame = max(frame, 0.9 * _cover(abs(v - 2.1), -1, m[12] / 2, fv))
    poster = chance(column, 11, seed)
    if poster < 0.25:
        left = (0.15 + 1.2 * poster) * m[10]
        spread = _cover(x, left, left + 0.5, fu) * _cover(v, 1.1, 1.8, fv)
        tint = 0.25 + 0.35 * chance(column, 12, seed)
        glass = _mix(glass, (tint, tint * (0.5 + 2 * poster), tint * (0.4 + poster), 0.05), spread)
    return _mix(glass, b, min(1.0, frame))


@njit(cache=True, error_model="numpy")
def _shelf(m: Numbers, u: float, v: float, fu: float, fv: float, a: Shade, b: Shade, c: Shade) -> Shade:
    """Draws bays of shelves with packets on them."""
    seed = int(m[19])
    level = math.floor(v / m[11])
    y = v - level * m[11]
    bay = math.floor(u / m[10])
    x = u - bay * m[10]
    # Packets of one kind stand beside each other; each kind has its own width.
    kind = math.floor(x / (0.22 + 0.35 * chance(bay, level, seed)))
    wide = 0.06 + 0.14 * chance(bay * 31 + kind, level, seed + 1)
    packet = math.floor(x / wide)
    high = m[11] * (0.45 + 0.42 * chance(bay * 31 + kind, level, seed + 2))
    light = 0.06 + 0.4 * chance(bay * 31 + kind, level, seed + 5) ** 1.5
    vivid = 1 - 0.75 * chance(bay * 31 + kind, level, seed + 4) ** 1.5
    dull = 0.5 * (1 + vivid)
    hue = chance(bay * 31 + kind, level, seed + 3)
    if hue < 0.4:  # red to yellow, the colours of most packets
        goods = light, light * (vivid + (dull - vivid) * hue * 2), light * vivid * 0.9, 0.02
    elif hue < 0.6:
        goods = light * vivid * 0.8, light * dull, light, 0.02
    elif hue < 0.75:
        goods = light * vivid, light, light * vivid * 0.9, 0.02
    else:
        goods = light, light * 0.96, light * 0.88, 0.02
    label = _cover(x - packet * wide, 0.2 * wide, 0.8 * wide, fu) * _cover(y, 0.35 * high, 0.65 * high, fv)
    tone = 0.1 + 0.6 * chance(bay * 31 + kind, level, seed + 6)
    goods = _mix(goods, (tone, tone, tone * 0.95, 0.0), 0.7 * label)
    gap = _cover(x - packet * wide, -1, 0.012, fu)
    goods = _scale(goods, 1 - 0.7 * min(1.0, gap))
    shade = _mix(c, goods, _cover(y, -1, high, fv) * (0.0 if chance(packet, level * 7 + bay, seed + 8) < 0.08 else 1.0))
    shade = _scale(shade, 1 - 0.5 * _cover(y, m[11] - 0.14, m[11] - 0.02, fv))
    board = _cover(y, -1, 0.045, fv)
    upright = _cover(x, -1, 0.03, fu) + _cover(x, m[10] - 0.03, 99, fu)
    return _mix(_mix(shade, b, board), a, min(1.0, upright))


@njit(cache=True, error_model="numpy")
def _ground(m: Numbers, u: float, v: float, f: float, a: Shade, b: Shade, c: Shade) -> Shade:
    """Draws asphalt, grass or foliage."""
    seed = int(m[19])
    coarse = 0.55 * noise(u * 0.45, v * 0.45, seed) + 0.3 * noise(u * 1.3, v * 1.3, seed + 1)
    coarse += 0.15 * noise(u * 4, v * 4, seed + 2)
    if m[0] == ASPHALT:
        shade = _mix(a, b, max(0.0, min(1.0, 4 * (coarse - 0.55))))
        shade = _scale(shade, 1 + m[15] * (ripple(u, v, 90.0, f, seed + 3) + ripple(u, v, 33.0, f, seed + 4)))
        crack = abs(noise(u * 0.5 + 0.2 * noise(u * 3, v * 3, 9), v * 0.5, seed + 5) - 0.5)
        inside = 1.0 if noise(u * 0.2, v * 0.2, seed + 6) > 0.55 else 0.0
        return _mix(shade, c, inside * 0.6 * min(1.0, 0.02 / max(f, 0.02)) * (1.0 if crack < 0.006 else 0.0))
    if m[0] == GRASS:
        shade = _mix(a, b, max(0.0, min(1.0, 2.2 * (coarse - 0.3))))
        bare = max(0.0, min(1.0, 9 * (0.35 * coarse + 0.65 * noise(u * 0.8, v * 0.8, seed + 7) - 0.72)))
        shade = _mix(shade, c, bare)
        blades = ripple(u, v, 45.0, f, seed + 3) + 0.8 * ripple(u, v, 19.0, f, seed + 4) + 0.6 * ripple(u, v, 7.0, f, 5)
        return _scale(shade, 1 + m[15] * blades)
    leaves = ripple(u, v, 30.0, f, seed + 3) + 0.9 * ripple(u, v, 13.0, f, seed + 4) + 0.7 * ripple(u, v, 5.0, f, 5)
    shade = _mix(a, b, max(0.0, min(1.0, coarse + 0.25 * leaves)))
    return _mix(_scale(shade, max(0.25, 1 + m[15] * leaves)), c, max(0.0, min(1.0, -1.1 * leaves - 0.75)))


@njit(cache=True, error_model="numpy")
def _small(m: Numbers, u: float, v: float, fu: float, fv: float, a: Shade, b: Shade, c: Shade) -> Shade:
    """Draws planks, a sign or stripes."""
    seed = int(m[19])
    if m[0] == PLANKS:
        plank = math.floor(v / m[11])
        shade = _scale(a, 1 + m[15] * (2 * chance(plank, 1, seed) - 1))
        shade = _scale(shade, 1 + m[15] * ripple(u * 0.15, v, 35.0, fv, seed + 1))
        return _mix(shade, c, _lines(v, m[11], m[12], fv))
    if m[0] == STRIPES:
        return _mix(a, b, _lines(v, m[11], m[13] * m[11], fv))
    column, row = math.floor(u / m[10]), math.floor(v / m[11])
    kind = chance(column, row, seed)
    shade = a
    if kind < m[13]:
        shade = b if kind < 0.6 * m[13] else c
    inside = _cover(u - column * m[10], 0.12 * m[10], 0.88 * m[10], fu)
    return _mix(a, shade, inside * _cover(v - row * m[11], 0.2 * m[11], 0.8 * m[11], fv))


@njit(cache=True, error_model="numpy")
def albedo(m: Numbers, u: float, v: float, fu: float, fv: float) -> Shade:
    """Returns a material's linear colour and gloss.

    Args:
        m: The material's row, see `Surface.row`.
        u: Place along the surface in metres.
        v: Place up the surface, or along the other axis of a flat one.
        fu: Footprint of the pixel along u in metres.
        fv: Footprint along v.
    """
    kind, seed = int(m[0]), int(m[19])
    a, b, c = (m[1], m[2], m[3], m[17]), (m[4], m[5], m[6], m[17]), (m[7], m[8], m[9], 0.0)
    if kind == BLOCKS:
        shade = _blocks(m, u, v, fu, fv, a, b, c)
    elif kind == FACADE:
        shade = _facade(m, u, v, fu, fv, (m[1], m[2], m[3], 0.0), (m[4], m[5], m[6], 0.0), c)
    elif kind == SHOP:
        shade = _shop(m, u, v, fu, fv, (m[1], m[2], m[3], 0.0), (m[4], m[5], m[6], 0.0), c)
    elif kind == SHELF:
        shade = _shelf(m, u, v, fu, fv, a, b, c)
    elif kind in (ASPHALT, GRASS, FOLIAGE):
        shade = _ground(m, u, v, max(fu, fv), a, b, c)
    elif kind == PLAIN:
        shade = _scale(a, 1 + m[15] * ripple(u, v, 25.0, max(fu, fv), seed + 1))
    else:
        shade = _small(m, u, v, fu, fv, a, b, c)
    dirt = 0.6 * noise(u * 0.35, v * 0.35, seed + 20) + 0.4 * noise(u * 1.7, v * 1.7, seed + 21)
    return _scale(shade, 1 + m[16] * (2 * dirt - 1))
