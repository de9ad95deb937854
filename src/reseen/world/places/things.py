"""What stands about in a place: street furniture, bicycles, cars, plants, shelves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from reseen.world.optics.mesh import Colour
from reseen.world.places.builder import Builder, Row, box, cylinder, leaves, ring, rod
from reseen.world.places.textures import FOLIAGE, PLANKS, SHELF, SIGN, STRIPES, Surface

METAL: Sequence[Colour] = ((0.42, 0.43, 0.44), (0.25, 0.26, 0.27), (0.6, 0.6, 0.58), (0.15, 0.2, 0.18))
PAINT: Sequence[Colour] = (
    (0.12, 0.12, 0.13),
    (0.75, 0.75, 0.74),
    (0.5, 0.52, 0.54),
    (0.2, 0.24, 0.32),
    (0.42, 0.17, 0.15),
    (0.3, 0.31, 0.3),
    (0.62, 0.58, 0.5),
    (0.18, 0.27, 0.38),
    (0.2, 0.3, 0.24),
)


def _placer(x: float, y: float, turn: float) -> Callable[[float, float, float], tuple[float, float, float]]:
    """Returns a function from an object's own coordinates to the world's."""
    cos, sin = math.cos(turn), math.sin(turn)
    return lambda a, b, z: (x + cos * a - sin * b, y + sin * a + cos * b, z)


def bicycle(b: Builder, x: float, y: float, turn: float) -> None:
    """Adds a bicycle that points along its turn."""
    rng, at = b.rng, _placer(x, y, turn)
    tyre, frame = b.plain((0.07, 0.07, 0.075)), b.plain(b.one(PAINT), gloss=0.05)
    steel, seat = b.plain(b.tint((0.5, 0.5, 0.5)), gloss=0.1), b.plain((0.06, 0.06, 0.06))
    wheel = float(rng.uniform(0.29, 0.34))
    rows: list[Row] = []
    for along in (-0.52, 0.52):
        hub = at(along, 0, wheel)
        rows.append(ring(tyre, hub, turn, (wheel - 0.045, wheel)))
        spoke = float(rng.uniform(0, math.pi))
        for angle in (spoke, spoke + 1.05, spoke + 2.1):
            reach, rise = math.cos(angle) * (wheel - 0.03), math.sin(angle) * (wheel - 0.03)
            rows.append(rod(steel, at(along - reach, 0, wheel - rise), at(along + reach, 0, wheel + rise), 0.004))
    pedal, saddle, head = (-0.05, 0, 0.3), (-0.22, 0, 0.82), (0.38, 0, 0.88)
    thick = 0.018
    rows += [
        rod(frame, at(*pedal), at(*saddle), thick),
        rod(frame, at(*pedal), at(0.36, 0, 0.68), thick),
        rod(frame, at(-0.17, 0, 0.66), at(*head), thick)
        if rng.random() < 0.5
        else rod(frame, at(-0.1, 0, 0.42), at(0.35, 0, 0.74), thick),
        rod(frame, at(-0.52, 0, wheel), at(*pedal), 0.012),
        rod(frame, at(-0.52, 0, wheel), at(-0.19, 0, 0.7), 0.012),
        rod(frame, at(0.52, 0, wheel), at(*head), 0.015),
        rod(steel, at(*head), at(0.34, 0, 1.0), 0.015),
        rod(steel, at(0.3, -0.27, 1.02), at(0.3, 0.27, 1.02), 0.014),
        rod(seat, at(-0.33, 0, 0.86), at(-0.12, 0, 0.87), 0.05),
        rod(tyre, at(-0.05, -0.12, 0.3), at(-0.05, 0.12, 0.3), 0.03),
    ]
    if rng.random() < 0.55:
        rows.append(
            box(b.plain(b.one(METAL)), at(0.56, 0, 0)[:2], (0.75, 0.98), (0.15, 0.17), turn=turn, top=(1.2, 1.1))
        )
    if rng.random() < 0.6:
        rows.append(box(steel, at(-0.55, 0, 0)[:2], (0.7, 0.73), (0.2, 0.06), turn=turn))
    b.add(*rows)


def car(b: Builder, x: float, y: float, turn: float) -> None:
    """Adds a parked car that points along its turn."""
    rng, at = b.rng, _placer(x, y, turn)
    coat, glass = b.plain(b.one(PAINT, 0.05), gloss=0.08, stains=0.03), b.plain((0.09, 0.1, 0.11), gloss=0.07)
    dark, rim = b.plain((0.05, 0.05, 0.05)), b.plain((0.45, 0.45, 0.46), gloss=0.1)
    lamp, red = b.plain((0.8, 0.8, 0.76), gloss=0.2), b.plain((0.5, 0.06, 0.05), gloss=0.1)
    long, wide, tall = rng.uniform(1.95, 2.3), rng.uniform(0.84, 0.91), rng.uniform(1.42, 1.7)
    waist, narrow, short = 0.6 * tall, 0.8 * 0.93 * wide, 0.64 * 0.66 * long
    cabin = at(-0.2, 0, 0)[:2]
    rows = [
        box(dark, (x, y), (0.12, 0.3), (0.94 * long, 0.9 * wide), turn=turn),
        box(coat, (x, y), (0.26, 0.55), (0.97 * long, wide), turn=turn, top=(1.03, 1.0)),
        box(coat, (x, y), (0.55, waist), (long, wide), turn=turn, top=(0.93, 0.93)),
        box(glass, cabin, (waist, tall), (0.66 * long, 0.91 * wide), turn=turn, top=(0.64, 0.8)),
        box(coat, cabin, (tall - 0.05, tall + 0.02), (short + 0.05, narrow), turn=turn, top=(0.9, 0.9)),
    ]
    for side in (-1, 1):
        for along in (-0.62 * long, 0.64 * long):
            hub = at(along, side * (wide + 0.012), 0.31)
            rows.append(ring(dark, hub, turn, (0.19, 0.33)))
            rows.append(ring(rim, hub, turn, (0.0, 0.19)))
        for begin, end in ((-0.66 * long, -short), (-0.05 * long, -0.03 * long), (0.66 * long, short)):  # pillars
            foot, head = at(begin - 0.2, side * 0.9 * wide, waist), at(end - 0.2, side * (narrow - 0.02), tall - 0.04)
            rows.append(rod(coat, foot, head, 0.04))
        rows.append(box(lamp, at(long - 0.06, side * 0.68 * wide, 0)[:2], (0.55, 0.68), (0.07, 0.16), turn=turn))
        rows.append(box(red, at(0.05 - long, side * 0.76 * wide, 0)[:2], (0.6, 0.76), (0.06, 0.1), turn=turn))
    plate = b.plain((0.75, 0.75, 0.72))
    rows.append(box(plate, at(long, 0, 0)[:2], (0.4, 0.5), (0.02, 0.24), turn=turn))
    b.add(*rows)


def bench(b: Builder, x: float, y: float, turn: float) -> None:
    """Adds a bench that faces across its turn."""
    at = _placer(x, y, turn)
    wood = b.plain(b.one(((0.45, 0.33, 0.22), (0.36, 0.27, 0.2), (0.5, 0.48, 0.44), (0.2, 0.3, 0.24))))
    iron = b.plain(b.one(METAL))
    half = float(b.rng.uniform(0.7, 0.95))
    rows = [box(wood, at(0, 0.13 * k, 0)[:2], (0.42, 0.46), (half, 0.055), turn=turn) for k in (-1, 0, 1)]
    for along in (-half + 0.15, half - 0.15):
        rows += [
            rod(iron, at(along, -0.15, 0), at(along, -0.15, 0.43), 0.025),
            rod(iron, at(along, 0.17, 0), at(along, 0.24, 0.85), 0.025),
        ]
    if b.rng.random() < 0.75:
        rows += [
            box(wood, at(0, 0.2 + 0.03 * k, 0)[:2], (0.56 + 0.15 * k, 0.66 + 0.15 * k), (half, 0.02), turn=turn)
            for k in (0, 1)
        ]
    b.add(*rows)


def bollard(b: Builder, x: float, y: float, kind: int) -> None:
    """Adds a bollard of one of three kinds: iron, stone, banded."""
    if kind == 0:
        b.add(cylinder(b.plain(b.one(METAL[:2])), (x, y), (0, 0.9), 0.06))
    elif kind == 1:
        stone = b.plain(b.tint((0.55, 0.54, 0.52)), stains=0.25)
        b.add(cylinder(stone, (x, y), (0, 0.5), 0.17), leaves(stone, (x, y, 0.5), (0.17, 0.17, 0.12), -1.0))
    else:
        bands = Surface(
            STRIPES,
            b.one(((0.58, 0.2, 0.17), (0.2, 0.2, 0.2), (0.62, 0.5, 0.16))),
            (0.75, 0.75, 0.72),
            size=(1, 0.36),
            share=0.45,
            seed=b.seed(),
        )
        b.add(cylinder(b.paint(bands), (x, y), (0, 0.8), 0.055))


def post(b: Builder, x: float, y: float, kind: int) -> None:
    """Adds a street lamp, a traffic sign or a concrete mast."""
    metal = b.plain(b.one(METAL))
    if kind == 0:
        far = float(b.rng.choice([-1.2, 1.2]))
        b.add(
            cylinder(metal, (x, y), (0, 0.9), 0.1),
            rod(metal, (x, y, 0), (x, y, 6), 0.06),
            rod(metal, (x, y, 6), (x + far, y, 6.2), 0.04),
            box(metal, (x + far, y), (6.1, 6.22), (0.3, 0.12)),
        )
    elif kind == 1:
        face = b.paint(
            Surface(SIGN, b.one(((0.2, 0.28, 0.48), (0.75, 0.75, 0.72), (0.55, 0.2, 0.18))),
                    (0.85, 0.85, 0.82), (0.2, 0.2, 0.2), size=(0.3, 0.3), share=0.6, seed=b.seed())
        )  # fmt: skip
        b.add(rod(metal, (x, y, 0), (x, y, 2.9), 0.035), box(face, (x, y - 0.04), (2.25, 2.85), (0.3, 0.015)))
    else:
        concrete = b.plain(b.tint((0.5, 0.49, 0.46)), stains=0.25)
        b.add(cylinder(concrete, (x, y), (0, 7.5), float(b.rng.uniform(0.11, 0.17))))


def bin_(b: Builder, x: float, y: float) -> None:
    """Adds a litter bin."""
    body = b.plain(b.one(((0.16, 0.33, 0.24), (0.35, 0.36, 0.37), (0.2, 0.25, 0.4), (0.38, 0.28, 0.2))))
    lid = b.plain(b.tint((0.12, 0.12, 0.12)))
    if b.rng.random() < 0.5:
        b.add(cylinder(body, (x, y), (0, 0.8), 0.24), cylinder(lid, (x, y), (0.8, 0.86), 0.26))
        return
    half = float(b.rng.uniform(0.24, 0.4))
    b.add(
        box(body, (x, y), (0.06, 0.92), (half, 0.3), top=(1.08, 1.08)),
        box(lid, (x, y), (0.92, 1.02), (half * 1.12, 0.35), top=(0.9, 0.8)),
    )


GREEN: Sequence[Colour] = ((0.22, 0.29, 0.17), (0.27, 0.33, 0.2), (0.19, 0.25, 0.17), (0.31, 0.34, 0.22))


def foliage(b: Builder) -> int:
    """Adds a foliage material."""
    green = b.one(GREEN, 0.02)
    light = (green[0] + 0.12, green[1] + 0.12, green[2] + 0.05)
    return b.paint(Surface(FOLIAGE, green, light, (0.06, 0.08, 0.05), grain=0.4, stains=0.1, seed=b.seed()))


def planter(b: Builder, x: float, y: float, *, long: float = 0.5) -> None:
    """Adds a tub with a shrub."""
    tub = b.plain(b.one(((0.55, 0.53, 0.5), (0.42, 0.3, 0.24), (0.3, 0.3, 0.31))), stains=0.2)
    green = foliage(b)
    rows = [box(tub, (x, y), (0, 0.5), (long, 0.38), top=(1.05, 1.08)), box(green, (x, y), (0.5, 0.6), (long, 0.36))]
    for along in np.arange(-long + 0.2, long, 0.38):
        tall = float(b.rng.uniform(0.3, 0.5))
        rows.append(leaves(green, (x + along, y, 0.5 + 0.6 * tall), (0.36, 0.36, tall), 0.36))
    b.add(*rows)


def tree(b: Builder, x: float, y: float) -> None:
    """Adds a tree whose crown begins above people's heads."""
    rng = b.rng
    bark, green = b.plain(b.tint((0.3, 0.25, 0.2), 0.03), stains=0.3), foliage(b)
    clear, thick = float(rng.uniform(2.6, 3.4)), float(rng.uniform(0.09, 0.2))
    rows = [
        rod(bark, (x, y, -0.2), (x + rng.normal(0, 0.1), y + rng.normal(0, 0.1), clear + 1.2), thick),
    ]
    wide = float(rng.uniform(1.2, 1.9))
    for angle in np.arange(0, 6.28, 1.05):
        away, high = rng.uniform(0.6, 1.1) * wide, clear + rng.uniform(0.7, 2.2)
        end = x + away * math.cos(angle), y + away * math.sin(angle), high
        rows.append(rod(bark, (x, y, clear * 0.9), end, 0.3 * thick))
        size = rng.uniform(0.6, 0.9, 3) * wide
        rows.append(leaves(green, end, (size[0], size[1], 0.75 * size[2]), 0.42))
    rows.append(leaves(green, (x, y, clear + 2.4), (wide, wide, 1.3), 0.42))
    b.add(*rows)


def bush(b: Builder, x: float, y: float, size: float) -> None:
    """Adds a bush of a few clouds of leaves."""
    green = foliage(b)
    rows = []
    for _ in range(4):
        dx, dy, high = b.rng.normal(0, 0.4 * size), b.rng.normal(0, 0.3 * size), b.rng.uniform(0.6, 1.1) * size
        rows.append(leaves(green, (x + dx, y + dy, 0.45 * high), (0.65 * size, 0.65 * size, 0.65 * high), 0.3))
    b.add(*rows)


def hedge(b: Builder, x: float, y: float, half: float, turn: float, high: float, thick: float = 0.4) -> None:
    """Adds a clipped hedge along its turn."""
    at, green = _placer(x, y, turn), foliage(b)
    rows = [box(green, (x, y), (0, high), (half, thick), turn=turn, top=(0.99, 0.92))]
    b.add(*rows)
    # Clouds along the upper edges keep the outline from being ruled; few to an object, so that rays skip most.
    step = 0.55
    along = np.arange(-half + 0.2, half, step)
    for begin in range(0, len(along), 8):
        tufts = []
        for place in along[begin : begin + 8]:
            for side in (-0.6, 0.6):
                centre = at(place, side * thick, high - 0.1)
                tufts.append(leaves(green, centre, (0.36, 0.5 * thick, float(b.rng.uniform(0.13, 0.22))), 0.3))
        b.add(*tufts, shadow=False)


def railing(b: Builder, x: float, y: float, half: float, turn: float, *, bars: bool) -> None:
    """Adds a railing along its turn, with upright bars or two rails."""
    at, metal = _placer(x, y, turn), b.plain(b.one((*METAL, (0.65, 0.65, 0.62), (0.2, 0.35, 0.25))))
    rows = [rod(metal, at(-half, 0, high), at(half, 0, high), 0.025) for high in ((0.12, 1.0) if bars else (0.5, 1.0))]
    for along in np.arange(-half, half + 0.01, 2 * half / max(1, round(2 * half / 1.6))):
        rows.append(rod(metal, at(along, 0, 0), at(along, 0, 1.0), 0.03))
    if bars:
        rows += [rod(metal, at(along, 0, 0.12), at(along, 0, 1.0), 0.01) for along in np.arange(-half, half, 0.14)]
    b.add(*rows)


def board(b: Builder, x: float, y: float, turn: float) -> None:
    """Adds an upright information board on two feet."""
    at = _placer(x, y, turn)
    sign = Surface(
        SIGN, b.one(((0.7, 0.7, 0.66), (0.5, 0.52, 0.55), (0.28, 0.33, 0.42), (0.5, 0.36, 0.3))),
        b.one(PAINT), b.one(PAINT), size=(0.47, 0.34), share=0.5, gloss=0.03, stains=0.25, seed=b.seed(),
    )  # fmt: skip
    metal, half = b.plain(b.one(METAL)), float(b.rng.uniform(0.4, 0.8))
    high = float(b.rng.uniform(1.3, 1.9))
    b.add(
        box(b.paint(sign), (x, y), (0.45, high), (half, 0.04), turn=turn),
        *(
            box(metal, at(side * (half + 0.03), 0, 0)[:2], (0, high + 0.05), (0.04, 0.05), turn=turn)
            for side in (-1, 1)
        ),
    )


def shelf(b: Builder, x: float, y: float, half: float, turn: float, high: float) -> None:
    """Adds a double shelf along its turn."""
    frame = b.one(((0.75, 0.75, 0.73), (0.35, 0.35, 0.36), (0.55, 0.45, 0.33)))
    goods = Surface(
        SHELF,
        frame,
        b.tint((0.6, 0.6, 0.58)),
        (0.1, 0.1, 0.1),
        size=(1.0, float(b.rng.uniform(0.3, 0.45))),
        seed=b.seed(),
    )
    plain = b.plain(frame)
    b.add(
        box(b.paint(goods), (x, y), (0.0, high), (half, 0.42), turn=turn),
        box(plain, (x, y), (high, high + 0.04), (half + 0.02, 0.44), turn=turn),
        box(plain, (x, y), (0.0, 0.12), (half + 0.03, 0.46), turn=turn),
    )


def counter(b: Builder, x: float, y: float, half: float, turn: float) -> None:
    """Adds a counter with a till on it."""
    at = _placer(x, y, turn)
    body = b.plain(b.one(((0.6, 0.58, 0.54), (0.42, 0.32, 0.24), (0.3, 0.36, 0.42), (0.5, 0.2, 0.18))))
    top, dark = b.plain(b.tint((0.5, 0.47, 0.43)), gloss=0.06), b.plain((0.1, 0.1, 0.11), gloss=0.05)
    b.add(
        box(body, (x, y), (0, 0.98), (half, 0.3), turn=turn),
        box(top, (x, y), (0.98, 1.03), (half + 0.04, 0.36), turn=turn),
        box(dark, at(0.3 * half, 0, 0)[:2], (1.03, 1.36), (0.17, 0.12), turn=turn, top=(0.9, 0.5)),
    )


def stand(b: Builder, x: float, y: float, turn: float) -> None:
    """Adds a low table heaped with goods."""
    goods = Surface(
        SIGN, b.one(PAINT, 0.06), b.one(PAINT, 0.08), b.one(PAINT, 0.08), size=(0.1, 0.09), share=0.85, seed=b.seed()
    )
    wood = Surface(
        PLANKS, b.tint((0.5, 0.38, 0.26)), third=(0.15, 0.1, 0.07), size=(1, 0.12), grain=0.15, seed=b.seed()
    )
    half = float(b.rng.uniform(0.45, 0.8))
    b.add(
        box(b.paint(wood), (x, y), (0, 0.7), (half, 0.45), turn=turn),
        box(b.paint(goods), (x, y), (0.7, 1.0), (half - 0.05, 0.4), turn=turn, top=(0.85, 0.6)),
    )


def machine(b: Builder, x: float, y: float, turn: float) -> None:
    """Adds a vending machine or an upright cooler."""
    coat = b.plain(b.one(((0.5, 0.12, 0.12), (0.15, 0.25, 0.45), (0.75, 0.75, 0.75), (0.14, 0.14, 0.15))), gloss=0.04)
    goods = Surface(
        SHELF, (0.7, 0.7, 0.7), (0.7, 0.7, 0.7), (0.2, 0.22, 0.24), size=(0.8, 0.3), glow=0.25, seed=b.seed()
    )
    at = _placer(x, y, turn)
    b.add(
        box(coat, (x, y), (0, 1.9), (0.45, 0.38), turn=turn),
        box(b.paint(goods), at(0, -0.385, 0)[:2], (0.5, 1.7), (0.36, 0.01), turn=turn),
    )
