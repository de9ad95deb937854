"""Six kinds of places a surveillance camera looks at, each put together anew from a generator.

The camera stands at x = 0, y = 0 and looks towards larger y, up to 58 degrees to either side; the far side of a place
(a facade, a hedge, a wall) runs along x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from reseen.data.rendered import things
from reseen.data.rendered.cameras import Camera
from reseen.data.rendered.mesh import Colour
from reseen.data.rendered.textures import ASPHALT, BLOCKS, FACADE, GRASS, PLANKS, SHOP, SIGN, STRIPES, Surface
from reseen.data.rendered.things import Builder, box, cylinder, rod

_PAVING: Sequence[Colour] = (
    (0.52, 0.5, 0.47),
    (0.45, 0.44, 0.43),
    (0.58, 0.55, 0.5),
    (0.5, 0.42, 0.38),
    (0.4, 0.39, 0.39),
)
_WALLS: Sequence[Colour] = (
    (0.68, 0.65, 0.58),
    (0.55, 0.53, 0.5),
    (0.5, 0.36, 0.3),
    (0.72, 0.71, 0.69),
    (0.44, 0.3, 0.26),
    (0.6, 0.56, 0.46),
    (0.42, 0.44, 0.46),
)
_CLEAR = 3.2
"""Metres about the camera in which nothing stands that would fill its frame."""


class Sight:
    """What the camera has in view, to put things where they are seen.

    Args:
        camera: The camera.
        rng: Source of all variation.
    """

    def __init__(self, camera: Camera, rng: np.random.Generator) -> None:
        self._camera, self._rng = camera, rng
        self._taken: list[tuple[float, float, float]] = []

    def spots(
        self, count: int, near: float, far: float, *, apart: float = 1.5, low: float = -99, high: float = 99
    ) -> Iterator[tuple[float, float]]:
        """Yields up to ``count`` places in view, not too close to each other, with y between low and high."""
        half = math.atan(self._camera.width / 2 / self._camera.focal) * 1.05
        for _ in range(40 * count):
            angle = self._camera.yaw + self._rng.uniform(-half, half)
            away = self._rng.uniform(near, far)
            x, y = -math.sin(angle) * away, math.cos(angle) * away
            free = all(math.hypot(x - a, y - b) > max(apart, c) for a, b, c in self._taken)
            if low <= y <= high and free and away > _CLEAR:
                self._taken.append((x, y, apart))
                count -= 1
                yield x, y
            if count <= 0:
                return

    @property
    def middle(self) -> float:
        """y of the ground in the middle of the frame."""
        away = min((self._camera.position[2] - 0.9) / math.tan(self._camera.pitch), 16.0)
        return math.cos(self._camera.yaw) * away

    def centre(self, y: float) -> float:
        """Returns x where the camera's axis crosses a line along x."""
        return -math.tan(self._camera.yaw) * y


def street(b: Builder, camera: Camera) -> None:
    """A pavement with kerb, road, parked cars, and shops across."""
    rng, sight = b.rng, Sight(camera, b.rng)
    kerb, road = sight.middle + float(rng.uniform(0.8, 4)), float(rng.uniform(6, 9))
    far = kerb + road
    front = far + float(rng.uniform(2.5, 4.5))
    _crossing(b, sight, kerb, road)
    _paint_road(b, kerb, road)
    stone = b.paint(
        Surface(BLOCKS, b.tint((0.6, 0.59, 0.57)), (0.55, 0.55, 0.53), (0.3, 0.3, 0.3), size=(1, 9), line=0.012,
                stains=0.3, seed=b.seed())
    )  # fmt: skip
    dark = b.plain((0.2, 0.2, 0.2))
    for edge, outward in ((kerb, 1), (far, -1)):
        b.ground(stone, (0, edge - 0.09 * outward), (1e3, 0.09))
        b.ground(dark, (0, edge + 0.04 * outward), (1e3, 0.05))
    asphalt = _asphalt(b)
    b.ground(asphalt, (0, (kerb + far) / 2), (1e3, road / 2), walk=False)
    if rng.random() < 0.4:  # a guiding strip, as on Chinese pavements
        strip = Surface(BLOCKS, b.tint((0.62, 0.52, 0.25)), third=(0.4, 0.35, 0.2), size=(0.3, 0.3), seed=b.seed())
        b.ground(b.paint(strip), (0, kerb - float(rng.uniform(1.5, 3))), (1e3, 0.15))
    b.ground(_paving(b))
    _row_of_houses(b, front, shops=True)
    for x, y in sight.spots(int(rng.integers(2, 5)), 8, 26, apart=5.2, low=kerb + 0.9, high=kerb + 1.3):
        things.car(b, x, y, math.pi * rng.integers(2) + rng.normal(0, 0.02))
    for x, y in sight.spots(int(rng.integers(1, 4)), 8, 32, apart=5.2, low=far - 1.5, high=far - 1.0):
        things.car(b, x, y, math.pi * rng.integers(2) + rng.normal(0, 0.02))
    _along_kerb(b, sight, kerb)
    for x, y in sight.spots(3, 10, 30, low=far + 0.4, high=far + 1.2):
        rng.choice([things.tree, things.planter, things.bin_])(b, x, y)
    _things_in_the_way(b, sight, high=kerb - 0.5)


def campus(b: Builder, camera: Camera) -> None:
    """A paved square before a large building: grass strips, trees, rows of bicycles, glass doors."""
    rng, sight = b.rng, Sight(camera, b.rng)
    front = sight.middle + float(rng.uniform(4.5, 11))
    bands = b.paint(
        Surface(BLOCKS, b.one(_PAVING), b.one(_PAVING), (0.32, 0.31, 0.3), size=(0.3, 0.3), share=0.2, seed=b.seed())
    )
    spacing = float(rng.uniform(3.5, 7))
    for number in range(1, 6):
        if rng.random() < 0.6:
            b.ground(bands, (0, number * spacing - 2), (1e3, float(rng.uniform(0.15, 0.5))))
    lawn, border = _lawn(b), b.plain(b.tint((0.6, 0.58, 0.55)), stains=0.25)
    strip = front - float(rng.uniform(3.5, 6))
    begin = sight.centre(strip) + float(rng.normal(0, 4))
    half = float(rng.uniform(3, 9))
    for side in (-1, 1):
        centre = begin + side * (half + float(rng.uniform(1.2, 2.5)))
        b.ground(lawn, (centre, strip), (half, 1.1), walk=False)
        b.ground(border, (centre, strip), (half + 0.12, 1.22), walk=False)
        if rng.random() < 0.6:
            things.hedge(b, centre, strip + 0.5, half - 0.3, 0.0, float(rng.uniform(0.45, 0.8)))
        for x in np.arange(centre - half + 1, centre + half, float(rng.uniform(3.5, 6))):
            (things.tree if rng.random() < 0.7 else _low_bush)(b, float(x), strip - 0.4)
    b.ground(_paving(b))
    _large_building(b, front)
    for _ in range(int(rng.integers(1, 4))):
        _bicycle_row(b, sight, camera)
    kind = int(rng.integers(3))
    for x, y in sight.spots(int(rng.integers(1, 4)), 6, 15, high=strip - 2):
        things.post(b, x, y, int(rng.integers(3)))
    line, gap = float(rng.uniform(0.5, 0.9)) * strip, float(rng.uniform(1.3, 2.2))
    if rng.random() < 0.6:
        for x in np.arange(-6, 6) * gap + sight.centre(line):
            things.bollard(b, float(x), line, kind)
    _things_in_the_way(b, sight, high=strip - 1.5)


def wall(b: Builder, camera: Camera) -> None:
    """A path close to a wall with windows, doors, pipes and what people leave there."""
    rng, sight = b.rng, Sight(camera, b.rng)
    front = sight.middle + float(rng.uniform(1.5, 4.5))
    gutter = b.plain(b.tint((0.35, 0.35, 0.34)), stains=0.3)
    if rng.random() < 0.5:
        b.ground(gutter, (0, front - 0.35), (1e3, 0.2))
    if rng.random() < 0.45:
        b.ground(_paving(b), (0, front - 1), (1e3, float(rng.uniform(1.5, 3))))
        b.ground(_asphalt(b))
    else:
        b.ground(_paving(b))
    kind = rng.random()
    colour = b.one(_WALLS)
    if kind < 0.35:
        brick = Surface(BLOCKS, b.one(_WALLS[2:5:2]), b.tint((0.42, 0.27, 0.22)), (0.55, 0.53, 0.5), size=(0.25, 0.075),
                        line=0.012, share=0.3, bond=0.5, grain=0.22, stains=0.2, seed=b.seed())  # fmt: skip
        material = b.paint(brick)
    elif kind < 0.6:
        side = float(rng.choice([0.1, 0.2, 0.45]))
        tiles = Surface(BLOCKS, colour, b.tint(colour), (0.4, 0.39, 0.37), size=(1.6 * side, side), line=0.008, share=0.2,
                        grain=0.07, gloss=0.03, stains=0.15, seed=b.seed())  # fmt: skip
        material = b.paint(tiles)
    else:
        material = b.paint(_facade(b, colour))
    b.add(box(material, (0, front + 4), (0, 9), (60, 4)))
    for x, _ in sight.spots(int(rng.integers(1, 3)), front, 2 * front, apart=2.5, low=front - 2):
        _door(b, x, front, float(rng.uniform(0.5, 1.1)))
    pipe = b.plain(b.one(things.METAL))
    for x in np.arange(-4, 5) * float(rng.uniform(5, 8)) + rng.uniform(-2, 2):
        b.add(rod(pipe, (x, front - 0.08, 0.1), (x, front - 0.08, 9), 0.055))
    for x, _ in sight.spots(int(rng.integers(0, 4)), front, 2 * front, apart=2, low=front - 2):
        _poster(b, x, front)
    for x, y in sight.spots(int(rng.integers(2, 7)), front - 1, 2 * front, apart=0.9, low=front - 0.75, high=front - 0.4):
        pick = rng.random()
        if pick < 0.45:
            things.bicycle(b, x, y, math.pi * rng.integers(2) + rng.normal(0, 0.08))
        elif pick < 0.7:
            things.bin_(b, x, y)
        elif pick < 0.85:
            things.planter(b, x, y)
        else:
            _aircon(b, x, front)
    if rng.random() < 0.6:
        _bicycle_row(b, sight, camera)
    if rng.random() < 0.5:
        row = float(rng.uniform(0.45, 0.7)) * front
        things.railing(b, sight.centre(row) + rng.normal(0, 2), row, float(rng.uniform(1, 3)), 0.0, bars=rng.random() < 0.5)
    _things_in_the_way(b, sight, high=front - 1.5)


def park(b: Builder, camera: Camera) -> None:
    """A path through grass, with hedges, trees and benches."""
    rng, sight = b.rng, Sight(camera, b.rng)
    middle, half = sight.middle + float(rng.uniform(-0.5, 1.5)), float(rng.uniform(1.8, 3.2))
    turn = float(rng.uniform(-0.45, 0.45))
    path = _paving(b) if rng.random() < 0.5 else _asphalt(b, warm=True)
    edge = b.plain(b.tint((0.5, 0.49, 0.46)), stains=0.3)
    x = sight.centre(middle)
    bent = float(rng.choice([0.0, 0.35]))
    second = turn + float(rng.uniform(0.7, 1.5))
    for material, wider in ((path, 0.0), (edge, 0.1)):
        b.ground(material, (x, middle), (1e3, half + wider), turn=turn, ragged=bent)
        b.ground(material, (x + 1, middle), (1e3, 0.7 * half + wider), turn=second, ragged=bent)
    b.ground(_lawn(b), walk=False)
    cos, sin = math.cos(turn), math.sin(turn)

    def beside(along: float, off: float) -> tuple[float, float]:
        return x + cos * along - sin * off, middle + sin * along + cos * off

    if rng.random() < 0.65:
        length = float(rng.uniform(2, 6))
        for begin in np.arange(-3, 3) * (2 * length + 1.6) + rng.uniform(-1, 1):
            where = beside(begin, half + 0.8)
            if _off_path(where, x + 1, middle, second, 0.7 * half + length * 0.9):
                things.hedge(b, *where, length, turn, float(rng.uniform(0.6, 1.5)), 0.35)
    kinds: Sequence[Callable[[Builder, float, float], None]] = (things.tree, _low_bush, things.tree, things.planter)
    for a, c in sight.spots(12, 6, 30, apart=2.4):
        off = -sin * (a - x) + cos * (c - middle)
        if abs(off) > half + 0.7 and _off_path((a, c), x + 1, middle, second, 0.7 * half + 0.9):
            kinds[rng.integers(len(kinds))](b, a, c)
    for along in rng.uniform(-9, 9, int(rng.integers(1, 4))):
        where = beside(float(along), half - 0.15 if rng.random() < 0.5 else half + 0.35)
        if _off_path(where, x + 1, middle, second, 0.7 * half + 0.5):
            rng.choice([_turned_bench(turn), things.bin_, _lamp])(b, *where)
    # Behind everything a belt of trees and a building or two.
    for number in range(16):
        angle = camera.yaw + (number - 7.5) / 8
        away = float(rng.uniform(24, 34))
        things.bush(b, -math.sin(angle) * away, math.cos(angle) * away, float(rng.uniform(2.5, 4.5)))
    house = b.paint(_facade(b, b.one(_WALLS)))
    b.add(box(house, (sight.centre(48) + rng.normal(0, 8), 52), (0, 16), (18, 6)))
    _things_in_the_way(b, sight, high=middle + half, count=2)


def hall(b: Builder, camera: Camera) -> None:
    """A station or school hall with columns, benches and doors."""
    rng, sight = b.rng, Sight(camera, b.rng)
    front, high = sight.middle + float(rng.uniform(3, 9)), max(3.4, camera.position[2] + 0.6)
    _room(b, sight, front, high)
    column = b.plain(b.one(_WALLS), gloss=0.03)
    apart, row = float(rng.uniform(4, 6.5)), float(rng.uniform(0.5, 0.85)) * front
    thick = float(rng.uniform(0.2, 0.4))
    for x in np.arange(-4, 5) * apart + sight.centre(row) + rng.uniform(-1, 1):
        if rng.random() < 0.5:
            b.add(cylinder(column, (float(x), row), (0, high), thick))
        else:
            b.add(box(column, (float(x), row), (0, high), (thick, thick)))
    for x, _ in sight.spots(3, front, 2 * front, apart=2.5, low=front - 4):
        (_door if rng.random() < 0.4 else _poster)(b, x, front, *(() if rng.random() < 0.5 else (0.9,)))
    for x, y in sight.spots(int(rng.integers(3, 7)), 5.5, front, apart=2.0, high=front - 1.2):
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
            _ropes(b, x, y, float(rng.uniform(0, 3)))
    for x, y in sight.spots(2, front - 1, 2 * front, apart=2.0, low=front - 0.6, high=front - 0.4):
        things.machine(b, x, y, 0.0)


def shop(b: Builder, camera: Camera) -> None:
    """A supermarket: shelves, stands, a till."""
    rng, sight = b.rng, Sight(camera, b.rng)
    front, high = sight.middle + float(rng.uniform(4, 8)), max(3.0, camera.position[2] + 0.4)
    _room(b, sight, front, high)
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
    for x, y in sight.spots(int(rng.integers(2, 5)), 5, 11, apart=2.2, high=front - 6):
        pick = rng.random()
        if pick < 0.5:
            things.stand(b, x, y, float(rng.choice([0, math.pi / 2])))
        elif pick < 0.75:
            things.counter(b, x, y, float(rng.uniform(0.7, 1.3)), float(rng.choice([0, math.pi / 2])))
        else:
            things.board(b, x, y, float(rng.uniform(-0.4, 0.4)))


KINDS: Sequence[Callable[[Builder, Camera], None]] = (street, campus, wall, park, hall, shop)
INDOORS = (hall, shop)


def _paving(b: Builder) -> int:
    rng = b.rng
    colour = b.one(_PAVING)
    kind = rng.integers(4)
    size = ((0.2, 0.1), (0.3, 0.3), (0.6, 0.3), (0.8, 0.8))[kind]
    return b.paint(
        Surface(BLOCKS, colour, b.one((colour, (0.5, 0.36, 0.31), (0.36, 0.36, 0.37)), 0.03),
                b.tint((0.3, 0.29, 0.27), 0.03), size=size, line=float(rng.uniform(0.006, 0.014)),
                share=float(rng.choice([0.0, 0.12, 0.35])), bond=0.5 if kind != 3 else 0.0, grain=float(rng.uniform(0.08, 0.2)),
                stains=float(rng.uniform(0.12, 0.3)), seed=b.seed())
    )  # fmt: skip


def _asphalt(b: Builder, *, warm: bool = False) -> int:
    grey = b.tint((0.44, 0.4, 0.35) if warm else (0.34, 0.34, 0.345), 0.04)
    patch = (grey[0] * 0.82, grey[1] * 0.82, grey[2] * 0.83)
    return b.paint(Surface(ASPHALT, grey, patch, (0.12, 0.12, 0.12), grain=0.16, stains=0.2, seed=b.seed()))


def _lawn(b: Builder) -> int:
    green = b.one(((0.32, 0.37, 0.23), (0.38, 0.4, 0.27), (0.28, 0.33, 0.21)), 0.02)
    dry = (green[0] + 0.12, green[1] + 0.08, green[2] + 0.04)
    return b.paint(Surface(GRASS, green, dry, b.tint((0.42, 0.36, 0.27)), grain=0.28, stains=0.2, seed=b.seed()))


def _facade(b: Builder, colour: Colour) -> Surface:
    rng = b.rng
    return Surface(
        FACADE, colour, b.one(((0.8, 0.8, 0.78), (0.3, 0.3, 0.31), (0.55, 0.5, 0.45))), (0.16, 0.18, 0.2),
        size=(float(rng.uniform(1.8, 3.6)), float(rng.uniform(2.9, 3.5))), line=0.06, share=float(rng.uniform(0.45, 0.8)),
        bond=float(rng.choice([0.0, 0.075, 0.3])), grain=0.1, stains=0.15, seed=b.seed(),
    )  # fmt: skip


def _shop_front(b: Builder) -> Surface:
    return Surface(
        SHOP, b.one(_WALLS), b.one(((0.75, 0.75, 0.73), (0.2, 0.2, 0.21), (0.45, 0.42, 0.38))), (0.12, 0.13, 0.14),
        size=(float(b.rng.uniform(1.2, 2.4)), float(b.rng.uniform(2.6, 3.2))), line=0.09, gloss=0.16, seed=b.seed(),
    )  # fmt: skip


def _row_of_houses(b: Builder, front: float, *, shops: bool) -> None:
    x = -70.0
    while x < 70:
        half = float(b.rng.uniform(5, 9))
        deep = front + float(b.rng.choice([0.0, 0.0, 0.3]))
        high = float(b.rng.uniform(8, 15))
        ground = _shop_front(b) if shops and b.rng.random() < 0.75 else _facade(b, b.one(_WALLS))
        b.add(box(b.paint(ground), (x + half, deep + 5), (0, 3.9), (half, 5)))
        b.add(box(b.paint(_facade(b, b.one(_WALLS))), (x + half, deep + 5.02), (3.9, high), (half, 5)))
        x += 2 * half


def _large_building(b: Builder, front: float) -> None:
    rng = b.rng
    colour = b.one(_WALLS)
    low = float(rng.uniform(3.4, 4.4))
    b.add(box(b.paint(_shop_front(b)), (0, front + 6), (0, low), (60, 6)))
    b.add(box(b.paint(_facade(b, colour)), (0, front + 5.5), (low, low + float(rng.uniform(6, 14))), (60, 6)))
    pillar = b.plain(colour, stains=0.2)
    if rng.random() < 0.6:
        for x in np.arange(-9, 10) * float(rng.uniform(4, 6)):
            b.add(box(pillar, (float(x), front - 0.3), (0, low), (0.25, 0.25)))
    step = b.plain(b.tint((0.55, 0.54, 0.52)), stains=0.2)
    if rng.random() < 0.5:
        for k in range(3):
            b.add(box(step, (0, front), (0.13 * k, 0.13 * k + 0.13), (60, 1.6 - 0.4 * k)))


def _paint_road(b: Builder, kerb: float, road: float) -> None:
    paint = b.plain(b.tint((0.68, 0.68, 0.65)), stains=0.5)
    if b.rng.random() < 0.8:
        for x in np.arange(-60, 60, 6.0):
            b.ground(paint, (float(x), kerb + road / 2), (1.5, 0.07), walk=False)
    if b.rng.random() < 0.5:
        b.ground(paint, (0, kerb + 2.3), (1e3, 0.06), walk=False)


def _crossing(b: Builder, sight: Sight, kerb: float, road: float) -> None:
    if b.rng.random() < 0.45:
        bars = Surface(STRIPES, b.tint((0.34, 0.34, 0.35)), (0.7, 0.7, 0.67), size=(1, 0.9), share=0.5, stains=0.35, seed=b.seed())
        x = sight.centre(kerb) + float(b.rng.normal(0, 3))
        b.ground(b.paint(bars), (x, kerb + road / 2), (road / 2 - 0.15, 2.0), turn=math.pi / 2)


def _along_kerb(b: Builder, sight: Sight, kerb: float) -> None:
    rng = b.rng
    pick = rng.random()
    x = sight.centre(kerb)
    if pick < 0.35:
        kind, gap = int(rng.integers(3)), float(rng.uniform(1.4, 2.4))
        for number in range(-7, 8):
            things.bollard(b, x + number * gap, kerb - 0.5, kind)
    elif pick < 0.6:
        for number in range(-1, 2):
            bars = bool(rng.random() < 0.5)
            things.railing(b, x + number * 6.5, kerb - 0.35, 2.2, 0.0, bars=bars)
    for a, y in sight.spots(int(rng.integers(2, 6)), 5, 25, apart=2.2, low=kerb - 1.1, high=kerb - 0.5):
        pick = rng.random()
        if pick < 0.35:
            things.post(b, a, y, int(rng.integers(3)))
        elif pick < 0.6:
            things.tree(b, a, y)
        elif pick < 0.8:
            things.bin_(b, a, y)
        else:
            things.bicycle(b, a, y, rng.normal(0, 0.1))


def _bicycle_row(b: Builder, sight: Sight, camera: Camera) -> None:
    """Adds bicycles side by side in a rack."""
    rng = b.rng
    for x, y in sight.spots(1, 6, 15, apart=4.0):
        line = float(rng.choice([0.0, 0.0, math.pi / 2])) + camera.yaw * float(rng.random() < 0.2)
        count, gap = int(rng.integers(4, 10)), float(rng.uniform(0.45, 0.65))
        for number in range(count):
            along = (number - (count - 1) / 2) * gap
            lean = float(rng.normal(0, 0.06))
            a, c = x + along * math.cos(line), y + along * math.sin(line)
            if c > 1.5 and rng.random() < 0.9:
                things.bicycle(b, a, c, line + math.pi / 2 + lean + math.pi * float(rng.integers(2)))


def _things_in_the_way(b: Builder, sight: Sight, *, high: float, count: int = 3) -> None:
    """Adds a few single things where people walk, which hide legs now and then."""
    rng = b.rng
    for x, y in sight.spots(count, 5, 12, apart=2.2, low=2.5, high=high):
        pick = rng.random()
        if pick < 0.2:
            things.bollard(b, x, y, int(rng.integers(3)))
        elif pick < 0.35:
            things.post(b, x, y, int(rng.integers(3)))
        elif pick < 0.5:
            things.bin_(b, x, y)
        elif pick < 0.65:
            things.bench(b, x, y, float(rng.uniform(0, 6.3)))
        elif pick < 0.8:
            things.planter(b, x, y, long=float(rng.uniform(0.4, 1.0)))
        elif pick < 0.9:
            things.bicycle(b, x, y, float(rng.uniform(0, 6.3)))
        else:
            things.board(b, x, y, float(rng.uniform(-0.5, 0.5)))


def _room(b: Builder, sight: Sight, front: float, high: float) -> None:
    """Adds a floor, walls and a lit ceiling."""
    rng = b.rng
    colour = b.one(((0.66, 0.64, 0.6), (0.55, 0.52, 0.48), (0.72, 0.71, 0.69), (0.45, 0.44, 0.43), (0.6, 0.52, 0.42)))
    side = float(rng.choice([0.3, 0.45, 0.6, 0.8]))
    floor = Surface(
        BLOCKS, colour, b.one((colour, (0.4, 0.38, 0.36)), 0.03), b.tint((0.4, 0.38, 0.35)), size=(side, side), line=0.006,
        share=float(rng.choice([0.0, 0.0, 0.15, 0.5])), grain=0.04, stains=0.08, gloss=float(rng.uniform(0.03, 0.12)), seed=b.seed(),
    )  # fmt: skip
    b.ground(b.paint(floor))
    # The camera hangs inside; the wall it looks along is the further one.
    left, right = (sorted((0.0, sight.centre(front))) + rng.uniform(4, 9, 2) * (-1, 1)).tolist()
    middle, half = (left + right) / 2, (right - left) / 2
    upper = b.plain(b.one(((0.75, 0.74, 0.7), (0.68, 0.66, 0.6), (0.6, 0.63, 0.64), (0.7, 0.6, 0.5))), stains=0.06)
    lower = b.plain(b.one(((0.45, 0.42, 0.38), (0.35, 0.4, 0.42), (0.6, 0.58, 0.54))), gloss=0.03)
    for place, halves in (
        ((middle, front + 0.5), (half + 1, 0.5)),
        ((middle - half - 0.5, front / 2), (0.5, front)),
        ((middle + half + 0.5, front / 2), (0.5, front)),
    ):
        b.add(box(upper, place, (0, high), halves), shadow=False)
        b.add(box(lower, place, (0, 1.1), (halves[0] + 0.01, halves[1] + 0.01)), shadow=False)
    b.add(box(b.plain((0.75, 0.75, 0.74)), (middle, front / 2), (high, high + 0.2), (half + 20, front + 20)), shadow=False)
    tube = b.plain((0.9, 0.9, 0.88), glow=2.5)
    for x in np.arange(middle - half + 1, middle + half, 2.4):
        for y in np.arange(2, front, 2.6):
            b.add(box(tube, (float(x), float(y)), (high - 0.04, high), (0.6, 0.12)), shadow=False)


def _door(b: Builder, x: float, front: float, half: float = 0.9) -> None:
    wood = b.one(((0.32, 0.22, 0.16), (0.25, 0.3, 0.33), (0.5, 0.5, 0.5), (0.14, 0.14, 0.15)))
    leaf = b.paint(Surface(PLANKS, wood, third=(0.08, 0.08, 0.08), size=(1, 0.7), line=0.015, grain=0.08, seed=b.seed()))
    frame = b.plain(b.one(things.METAL))
    b.add(
        box(leaf, (x, front), (0, 2.1), (half, 0.03)),
        *(box(frame, (x + side * half, front), (0, 2.15), (0.06, 0.07)) for side in (-1, 1)),
        box(frame, (x, front), (2.1, 2.2), (half + 0.06, 0.07)),
    )


def _poster(b: Builder, x: float, front: float, half: float = 0.5) -> None:
    sign = Surface(SIGN, b.one(things.PAINT, 0.08), b.one(things.PAINT, 0.1), b.one(_WALLS), size=(0.3, 0.22), share=0.6, seed=b.seed())
    high = 1.0 + float(b.rng.uniform(-0.2, 0.5))
    b.add(box(b.paint(sign), (x, front), (high, high + 1.6 * half), (half, 0.03)))


def _aircon(b: Builder, x: float, front: float) -> None:
    white, dark = b.plain(b.tint((0.7, 0.7, 0.67)), stains=0.2), b.plain((0.2, 0.2, 0.2))
    high = float(b.rng.uniform(0.1, 2.6))
    b.add(
        box(white, (x, front - 0.2), (high, high + 0.6), (0.42, 0.17)),
        [things.RING, dark, x - 0.12, front - 0.375, high + 0.3, 1.0, 0.0, 0.0, 0.23],
    )


def _ropes(b: Builder, x: float, y: float, turn: float) -> None:
    """Adds posts with a belt between them."""
    metal, belt = b.plain(b.tint((0.5, 0.5, 0.5)), gloss=0.08), b.plain(b.one(((0.5, 0.1, 0.1), (0.1, 0.15, 0.4), (0.1, 0.1, 0.1))))
    cos, sin = math.cos(turn), math.sin(turn)
    rows = [box(belt, (x, y), (0.84, 0.9), (1.6, 0.008), turn=turn)]
    for along in (-1.6, 0.0, 1.6):
        a, c = x + cos * along, y + sin * along
        rows += [rod(metal, (a, c, 0), (a, c, 0.95), 0.03), cylinder(metal, (a, c), (0, 0.03), 0.17)]
    b.add(*rows)


def _low_bush(b: Builder, x: float, y: float) -> None:
    things.bush(b, x, y, float(b.rng.uniform(0.6, 1.2)))


def _lamp(b: Builder, x: float, y: float) -> None:
    things.post(b, x, y, 0)


def _turned_bench(turn: float) -> Callable[[Builder, float, float], None]:
    return lambda b, x, y: things.bench(b, x, y, turn)


def _off_path(place: tuple[float, float], x: float, y: float, turn: float, half: float) -> bool:
    return abs(-math.sin(turn) * (place[0] - x) + math.cos(turn) * (place[1] - y)) > half
