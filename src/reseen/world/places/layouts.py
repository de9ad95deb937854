"""Six kinds of places a surveillance camera looks at, each put together anew from a generator.

The camera stands at x = 0, y = 0 and looks towards larger y, up to 58 degrees to either side; the far side of a place
(a facade, a hedge, a wall) runs along x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from reseen.world.optics.cameras import Camera
from reseen.world.places import things
from reseen.world.places.builder import Builder, box, cylinder, rod
from reseen.world.places.surroundings import (
    PAVING,
    WALLS,
    Sight,
    aircon,
    along_kerb,
    asphalt,
    bicycle_row,
    crossing,
    door,
    facade,
    lamp,
    large_building,
    lawn,
    low_bush,
    off_path,
    paint_road,
    paving,
    poster,
    room,
    ropes,
    row_of_houses,
    things_in_the_way,
    turned_bench,
)
from reseen.world.places.textures import BLOCKS, Surface

_MIXED: Sequence[Callable[[Builder, float, float], None]] = (things.tree, things.planter, things.bin_)


def street(b: Builder, camera: Camera) -> None:
    """A pavement with kerb, road, parked cars, and shops across."""
    rng, sight = b.rng, Sight(camera, b.rng)
    kerb, road = sight.middle + float(rng.uniform(0.8, 4)), float(rng.uniform(6, 9))
    far = kerb + road
    front = far + float(rng.uniform(2.5, 4.5))
    crossing(b, sight, kerb, road)
    paint_road(b, kerb, road)
    stone = b.paint(
        Surface(BLOCKS, b.tint((0.6, 0.59, 0.57)), (0.55, 0.55, 0.53), (0.3, 0.3, 0.3), size=(1, 9), line=0.012,
                stains=0.3, seed=b.seed())
    )  # fmt: skip
    dark = b.plain((0.2, 0.2, 0.2))
    for edge, outward in ((kerb, 1), (far, -1)):
        b.ground(stone, (0, edge - 0.09 * outward), (1e3, 0.09))
        b.ground(dark, (0, edge + 0.04 * outward), (1e3, 0.05))
    b.ground(asphalt(b), (0, (kerb + far) / 2), (1e3, road / 2), walk=False)
    if rng.random() < 0.4:  # a guiding strip, as on Chinese pavements
        strip = Surface(BLOCKS, b.tint((0.62, 0.52, 0.25)), third=(0.4, 0.35, 0.2), size=(0.3, 0.3), seed=b.seed())
        b.ground(b.paint(strip), (0, kerb - float(rng.uniform(1.5, 3))), (1e3, 0.15))
    b.ground(paving(b))
    row_of_houses(b, front, shops=True)
    for x, y in sight.spots(int(rng.integers(2, 7)), 8, 30, apart=5.2, low=kerb + 0.9, high=kerb + 1.3):
        things.car(b, x, y, math.pi * rng.integers(2) + rng.normal(0, 0.02))
    for x, y in sight.spots(int(rng.integers(1, 6)), 8, 36, apart=5.2, low=far - 1.5, high=far - 1.0):
        things.car(b, x, y, math.pi * rng.integers(2) + rng.normal(0, 0.02))
    along_kerb(b, sight, kerb)
    for _ in range(int(rng.integers(0, 3))):
        bicycle_row(b, sight, camera, high=kerb - 1.2)
    if rng.random() < 0.5:
        bicycle_row(b, sight, camera, low=far + 1, high=front - 1)
    for x, _ in sight.spots(int(rng.integers(2, 7)), front, 2 * front, apart=1.3, low=front - 2):
        poster(b, x, front, float(rng.uniform(0.3, 0.8)))
    for x, y in sight.spots(3, 10, 30, low=far + 0.4, high=far + 1.2):
        _MIXED[int(rng.integers(len(_MIXED)))](b, x, y)
    things_in_the_way(b, sight, high=kerb - 0.5)


def campus(b: Builder, camera: Camera) -> None:
    """A paved square before a large building: grass strips, trees, rows of bicycles, glass doors."""
    rng, sight = b.rng, Sight(camera, b.rng)
    front = sight.middle + float(rng.uniform(4.5, 11))
    bands = b.paint(
        Surface(BLOCKS, b.one(PAVING), b.one(PAVING), (0.32, 0.31, 0.3), size=(0.3, 0.3), share=0.2, seed=b.seed())
    )
    spacing = float(rng.uniform(3.5, 7))
    for number in range(1, 6):
        if rng.random() < 0.6:
            b.ground(bands, (0, number * spacing - 2), (1e3, float(rng.uniform(0.15, 0.5))))
    grass, border = lawn(b), b.plain(b.tint((0.6, 0.58, 0.55)), stains=0.25)
    strip = front - float(rng.uniform(3.5, 6))
    begin = sight.centre(strip) + float(rng.normal(0, 4))
    half = float(rng.uniform(3, 9))
    for side in (-1, 1):
        centre = begin + side * (half + float(rng.uniform(1.2, 2.5)))
        b.ground(grass, (centre, strip), (half, 1.1), walk=False)
        b.ground(border, (centre, strip), (half + 0.12, 1.22), walk=False)
        if rng.random() < 0.6:
            things.hedge(b, centre, strip + 0.5, half - 0.3, 0.0, float(rng.uniform(0.45, 0.8)))
        for x in np.arange(centre - half + 1, centre + half, float(rng.uniform(3.5, 6))):
            if math.hypot(float(x), strip) > 6:
                (things.tree if rng.random() < 0.7 else low_bush)(b, float(x), strip - 0.4)
    b.ground(paving(b))
    large_building(b, front)
    for _ in range(int(rng.integers(3, 7))):
        bicycle_row(b, sight, camera, high=front - 1)
    for x, _ in sight.spots(int(rng.integers(0, 5)), front, 2 * front, apart=1.3, low=front - 2):
        poster(b, x, front, float(rng.uniform(0.3, 0.8)))
    kind = int(rng.integers(3))
    for x, y in sight.spots(int(rng.integers(1, 4)), 6, 15, high=strip - 2):
        things.post(b, x, y, int(rng.integers(3)))
    line, gap = float(rng.uniform(0.5, 0.9)) * strip, float(rng.uniform(1.3, 2.2))
    if rng.random() < 0.6:
        for x in np.arange(-6, 6) * gap + sight.centre(line):
            things.bollard(b, float(x), line, kind)
    things_in_the_way(b, sight, high=strip - 1.5)


def wall(b: Builder, camera: Camera) -> None:
    """A path close to a wall with windows, doors, pipes and what people leave there."""
    rng, sight = b.rng, Sight(camera, b.rng)
    front = sight.middle + float(rng.uniform(1.5, 4.5))
    gutter = b.plain(b.tint((0.35, 0.35, 0.34)), stains=0.3)
    if rng.random() < 0.5:
        b.ground(gutter, (0, front - 0.35), (1e3, 0.2))
    if rng.random() < 0.45:
        b.ground(paving(b), (0, front - 1), (1e3, float(rng.uniform(1.5, 3))))
        b.ground(asphalt(b))
    else:
        b.ground(paving(b))
    kind = rng.random()
    colour = b.one(WALLS)
    if kind < 0.35:
        brick = Surface(BLOCKS, b.one(WALLS[2:5:2]), b.tint((0.42, 0.27, 0.22)), (0.55, 0.53, 0.5), size=(0.25, 0.075),
                        line=0.012, share=0.3, bond=0.5, grain=0.22, stains=0.2, seed=b.seed())  # fmt: skip
        material = b.paint(brick)
    elif kind < 0.6:
        side = float(rng.choice([0.1, 0.2, 0.45]))
        tiles = Surface(BLOCKS, colour, b.tint(colour), (0.4, 0.39, 0.37), size=(1.6 * side, side), line=0.008,
                        share=0.2, grain=0.07, gloss=0.03, stains=0.15, seed=b.seed())  # fmt: skip
        material = b.paint(tiles)
    else:
        material = b.paint(facade(b, colour))
    b.add(box(material, (0, front + 4), (0, 9), (60, 4)))
    for x, _ in sight.spots(int(rng.integers(1, 3)), front, 2 * front, apart=2.5, low=front - 2):
        door(b, x, front, float(rng.uniform(0.5, 1.1)))
    pipe = b.plain(b.one(things.METAL))
    for x in np.arange(-4, 5) * float(rng.uniform(5, 8)) + rng.uniform(-2, 2):
        b.add(rod(pipe, (x, front - 0.08, 0.1), (x, front - 0.08, 9), 0.055))
    for x, _ in sight.spots(int(rng.integers(1, 7)), front, 2 * front, apart=1.2, low=front - 2):
        poster(b, x, front, float(rng.uniform(0.3, 0.7)))
    for x, y in sight.spots(
        int(rng.integers(4, 12)), front - 1, 2 * front, apart=0.9, low=front - 0.75, high=front - 0.4
    ):
        pick = rng.random()
        if pick < 0.45:
            things.bicycle(b, x, y, math.pi * rng.integers(2) + rng.normal(0, 0.08))
        elif pick < 0.7:
            things.bin_(b, x, y)
        elif pick < 0.85:
            things.planter(b, x, y)
        else:
            aircon(b, x, front)
    if rng.random() < 0.6:
        bicycle_row(b, sight, camera, high=front - 1)
    if rng.random() < 0.5:
        row = float(rng.uniform(0.45, 0.7)) * front
        things.railing(
            b, sight.centre(row) + rng.normal(0, 2), row, float(rng.uniform(1, 3)), 0.0, bars=rng.random() < 0.5
        )
    things_in_the_way(b, sight, high=front - 1.5)


def park(b: Builder, camera: Camera) -> None:
    """A path through grass, with hedges, trees and benches."""
    rng, sight = b.rng, Sight(camera, b.rng)
    middle, half = sight.middle + float(rng.uniform(-0.5, 1.5)), float(rng.uniform(1.8, 3.2))
    turn = float(rng.uniform(-0.45, 0.45))
    path = paving(b) if rng.random() < 0.5 else asphalt(b, warm=True)
    edge = b.plain(b.tint((0.5, 0.49, 0.46)), stains=0.3)
    x = sight.centre(middle)
    bent = float(rng.choice([0.0, 0.35]))
    second = turn + float(rng.uniform(0.7, 1.5))
    for material, wider in ((path, 0.0), (edge, 0.1)):
        b.ground(material, (x, middle), (1e3, half + wider), turn=turn, ragged=bent)
        b.ground(material, (x + 1, middle), (1e3, 0.7 * half + wider), turn=second, ragged=bent)
    b.ground(lawn(b), walk=False)
    cos, sin = math.cos(turn), math.sin(turn)

    def beside(along: float, off: float) -> tuple[float, float]:
        return x + cos * along - sin * off, middle + sin * along + cos * off

    if rng.random() < 0.65:
        length = float(rng.uniform(2, 6))
        for begin in np.arange(-3, 3) * (2 * length + 1.6) + rng.uniform(-1, 1):
            where = beside(begin, half + 0.8)
            if off_path(where, x + 1, middle, second, 0.7 * half + length * 0.9):
                things.hedge(b, *where, length, turn, float(rng.uniform(0.6, 1.5)), 0.35)
    kinds: Sequence[Callable[[Builder, float, float], None]] = (things.tree, low_bush, things.tree, things.planter)
    for a, c in sight.spots(20, 6, 30, apart=1.8):
        off = -sin * (a - x) + cos * (c - middle)
        if abs(off) > half + 0.7 and off_path((a, c), x + 1, middle, second, 0.7 * half + 0.9):
            kinds[int(rng.integers(len(kinds)))](b, a, c)
    for along in rng.uniform(-9, 9, int(rng.integers(1, 4))):
        where = beside(float(along), half - 0.15 if rng.random() < 0.5 else half + 0.35)
        if off_path(where, x + 1, middle, second, 0.7 * half + 0.5):
            (turned_bench(turn), things.bin_, lamp)[int(rng.integers(3))](b, *where)
    # Behind everything a belt of trees and a building or two.
    for number in range(16):
        angle = camera.yaw + (number - 7.5) / 8
        away = float(rng.uniform(24, 34))
        things.bush(b, -math.sin(angle) * away, math.cos(angle) * away, float(rng.uniform(2.5, 4.5)))
    house = b.paint(facade(b, b.one(WALLS)))
    b.add(box(house, (sight.centre(48) + rng.normal(0, 8), 52), (0, 16), (18, 6)))
    things_in_the_way(b, sight, high=middle + half, count=2)


def hall(b: Builder, camera: Camera) -> None:
    """A station or school hall with columns, benches and doors."""
    rng, sight = b.rng, Sight(camera, b.rng)
    front, high = sight.middle + float(rng.uniform(3, 9)), max(3.4, camera.position[2] + 0.6)
    room(b, sight, front, high)
    column = b.plain(b.one(WALLS), gloss=0.03)
    apart, row = float(rng.uniform(4, 6.5)), float(rng.uniform(0.5, 0.85)) * front
    thick = float(rng.uniform(0.2, 0.4))
    for x in np.arange(-4, 5) * apart + sight.centre(row) + rng.uniform(-1, 1):
        if rng.random() < 0.5:
            b.add(cylinder(column, (float(x), row), (0, high), thick))
        else:
            b.add(box(column, (float(x), row), (0, high), (thick, thick)))
    for x, _ in sight.spots(int(rng.integers(4, 9)), front, 2 * front, apart=1.4, low=front - 4):
        (door if rng.random() < 0.4 else poster)(b, x, front, *(() if rng.random() < 0.5 else (0.9,)))
    for x, y in sight.spots(int(rng.integers(4, 10)), 5.5, front, apart=1.6, high=front - 1.2):
        pick = rng.random()
        if pick < 0.3:
            things.bench(b, x, y, math.pi / 2 * rng.integers(4))
        elif pick < 0.5:
            things.planter(b, x, y)
        elif pick < 0.7:
            things.board(b, x, y, float(rng.uniform(-0.6, 0.6)))
        elif pick < 0.85:
            things.bin_(b, x, y)
        else:
            ropes(b, x, y, float(rng.uniform(0, 3)))
    for x, y in sight.spots(2, front - 1, 2 * front, apart=2.0, low=front - 0.6, high=front - 0.4):
        things.machine(b, x, y, 0.0)


def shop(b: Builder, camera: Camera) -> None:
    """A supermarket: shelves, stands, a till."""
    rng, sight = b.rng, Sight(camera, b.rng)
    front, high = sight.middle + float(rng.uniform(4, 8)), max(3.0, camera.position[2] + 0.4)
    room(b, sight, front, high)
    tall = float(rng.uniform(1.3, 2.0))
    along = rng.random() < 0.5
    turn = 0.0 if along else math.pi / 2
    apart = float(rng.uniform(2.8, 3.8))
    things.shelf(b, 0, front - 0.45, 20, 0.0, 2.0)
    if along:
        for number, y in enumerate(np.arange(front - 3.2, 6.5, -apart)):
            shift = float(rng.normal(0, 2)) + (number % 2) * 2
            things.shelf(b, sight.centre(y) + shift, float(y), float(rng.uniform(1.5, 3)), turn, tall)
    else:
        reach = float(rng.uniform(1.2, 2.5))
        for x in np.arange(-4, 5) * apart + sight.centre(front - 4):
            things.shelf(b, float(x), front - 2.8 - reach, reach, turn, tall)
    for x, y in sight.spots(int(rng.integers(3, 8)), 5, 14, apart=2.4, high=front - 3):
        pick = rng.random()
        if pick < 0.5:
            things.stand(b, x, y, float(rng.choice([0, math.pi / 2])))
        elif pick < 0.75:
            things.counter(b, x, y, float(rng.uniform(0.7, 1.3)), float(rng.choice([0, math.pi / 2])))
        else:
            things.board(b, x, y, float(rng.uniform(-0.4, 0.4)))


Layout = Callable[[Builder, Camera], None]
KINDS: Sequence[Layout] = (street, campus, wall, park, hall, shop)
INDOORS = (hall, shop)
