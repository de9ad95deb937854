"""What places share: what a camera has in view, kinds of ground and walls, and groups of things."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from reseen.world.optics.cameras import Camera
from reseen.world.optics.mesh import Colour
from reseen.world.places import things
from reseen.world.places.builder import Builder, box, cylinder, ring, rod
from reseen.world.places.textures import ASPHALT, BLOCKS, FACADE, GRASS, PLANKS, SHOP, SIGN, STRIPES, Surface

PAVING: Sequence[Colour] = (
    (0.52, 0.5, 0.47),
    (0.45, 0.44, 0.43),
    (0.58, 0.55, 0.5),
    (0.5, 0.42, 0.38),
    (0.4, 0.39, 0.39),
)
WALLS: Sequence[Colour] = (
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
        """Distance along y to the ground in the middle of the frame."""
        away = min((self._camera.position[2] - 0.9) / math.tan(self._camera.pitch), 16.0)
        return math.cos(self._camera.yaw) * away

    def centre(self, y: float) -> float:
        """Returns x where the camera's axis crosses a line along x."""
        return -math.tan(self._camera.yaw) * y


def paving(b: Builder) -> int:
    """Adds a paving of stones of one of four sizes and returns its number."""
    rng = b.rng
    colour = b.one(PAVING)
    kind = rng.integers(4)
    size = ((0.2, 0.1), (0.3, 0.3), (0.6, 0.3), (0.8, 0.8))[kind]
    return b.paint(
        Surface(BLOCKS, colour, b.one((colour, (0.5, 0.36, 0.31), (0.36, 0.36, 0.37)), 0.03),
                b.tint((0.24, 0.23, 0.22), 0.03), size=size, line=float(rng.uniform(0.008, 0.022)),
                share=float(rng.choice([0.0, 0.15, 0.4])), bond=0.5 if kind != 3 else 0.0,
                grain=float(rng.uniform(0.12, 0.28)), stains=float(rng.uniform(0.15, 0.4)), seed=b.seed())
    )  # fmt: skip


def asphalt(b: Builder, *, warm: bool = False) -> int:
    """Adds an asphalt, or a warm one for garden paths, and returns its number."""
    grey = b.tint((0.44, 0.4, 0.35) if warm else (0.34, 0.34, 0.345), 0.04)
    patch = (grey[0] * 0.82, grey[1] * 0.82, grey[2] * 0.83)
    return b.paint(Surface(ASPHALT, grey, patch, (0.12, 0.12, 0.12), grain=0.24, stains=0.3, seed=b.seed()))


def lawn(b: Builder) -> int:
    """Adds a grass and returns its number."""
    green = b.one(((0.32, 0.37, 0.23), (0.38, 0.4, 0.27), (0.28, 0.33, 0.21)), 0.02)
    dry = (green[0] + 0.12, green[1] + 0.08, green[2] + 0.04)
    return b.paint(Surface(GRASS, green, dry, b.tint((0.42, 0.36, 0.27)), grain=0.28, stains=0.2, seed=b.seed()))


def facade(b: Builder, colour: Colour) -> Surface:
    """Returns a wall with a window in each cell."""
    rng = b.rng
    return Surface(
        FACADE, colour, b.one(((0.8, 0.8, 0.78), (0.3, 0.3, 0.31), (0.55, 0.5, 0.45))), (0.16, 0.18, 0.2),
        size=(float(rng.uniform(1.8, 3.6)), float(rng.uniform(2.9, 3.5))), line=0.06,
        share=float(rng.uniform(0.45, 0.8)), bond=float(rng.choice([0.0, 0.075, 0.3])),
        grain=0.1, stains=0.15, seed=b.seed(),
    )  # fmt: skip


def shop_front(b: Builder) -> Surface:
    """Returns a wall of glass panes with signs above them."""
    return Surface(
        SHOP, b.one(WALLS), b.one(((0.75, 0.75, 0.73), (0.2, 0.2, 0.21), (0.45, 0.42, 0.38))), (0.12, 0.13, 0.14),
        size=(float(b.rng.uniform(1.2, 2.4)), float(b.rng.uniform(2.6, 3.2))), line=0.09, gloss=0.16, seed=b.seed(),
    )  # fmt: skip


def row_of_houses(b: Builder, front: float, *, shops: bool) -> None:
    """Adds houses side by side along x, most with shops if asked for."""
    x = -70.0
    while x < 70:
        half = float(b.rng.uniform(5, 9))
        deep = front + float(b.rng.choice([0.0, 0.0, 0.3]))
        high = float(b.rng.uniform(8, 15))
        ground = shop_front(b) if shops and b.rng.random() < 0.75 else facade(b, b.one(WALLS))
        b.add(box(b.paint(ground), (x + half, deep + 5), (0, 3.9), (half, 5)))
        b.add(box(b.paint(facade(b, b.one(WALLS))), (x + half, deep + 5.02), (3.9, high), (half, 5)))
        x += 2 * half


def large_building(b: Builder, front: float) -> None:
    """Adds one long building with glass doors, with or without pillars and steps."""
    rng = b.rng
    colour = b.one(WALLS)
    low = float(rng.uniform(3.4, 4.4))
    b.add(box(b.paint(shop_front(b)), (0, front + 6), (0, low), (60, 6)))
    b.add(box(b.paint(facade(b, colour)), (0, front + 5.5), (low, low + float(rng.uniform(6, 14))), (60, 6)))
    pillar = b.plain(colour, stains=0.2)
    if rng.random() < 0.6:
        for x in np.arange(-9, 10) * float(rng.uniform(4, 6)):
            b.add(box(pillar, (float(x), front - 0.3), (0, low), (0.25, 0.25)))
    step = b.plain(b.tint((0.55, 0.54, 0.52)), stains=0.2)
    if rng.random() < 0.5:
        for k in range(3):
            b.add(box(step, (0, front), (0.13 * k, 0.13 * k + 0.13), (60, 1.6 - 0.4 * k)))


def paint_road(b: Builder, kerb: float, road: float) -> None:
    """Adds a road's lines."""
    paint = b.plain(b.tint((0.68, 0.68, 0.65)), stains=0.5)
    if b.rng.random() < 0.8:
        for x in np.arange(-60, 60, 6.0):
            b.ground(paint, (float(x), kerb + road / 2), (1.5, 0.07), walk=False)
    if b.rng.random() < 0.5:
        b.ground(paint, (0, kerb + 2.3), (1e3, 0.06), walk=False)


def crossing(b: Builder, sight: Sight, kerb: float, road: float) -> None:
    """Adds a zebra crossing, or none."""
    if b.rng.random() < 0.45:
        bars = Surface(
            STRIPES, b.tint((0.34, 0.34, 0.35)), (0.7, 0.7, 0.67), size=(1, 0.9), share=0.5, stains=0.35, seed=b.seed()
        )
        x = sight.centre(kerb) + float(b.rng.normal(0, 3))
        b.ground(b.paint(bars), (x, kerb + road / 2), (road / 2 - 0.15, 2.0), turn=math.pi / 2)


def along_kerb(b: Builder, sight: Sight, kerb: float) -> None:
    """Adds what stands along a kerb."""
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


def bicycle_row(b: Builder, sight: Sight, camera: Camera, *, low: float = 1.5, high: float) -> None:
    """Adds bicycles side by side in a rack, none of them with y below ``low`` or above ``high``."""
    rng = b.rng
    for x, y in sight.spots(1, 7, 20, apart=3.5, low=low, high=high):
        line = float(rng.choice([0.0, 0.0, math.pi / 2])) + camera.yaw * float(rng.random() < 0.2)
        count, gap = int(rng.integers(5, 14)), float(rng.uniform(0.45, 0.65))
        for number in range(count):
            along = (number - (count - 1) / 2) * gap
            lean = float(rng.normal(0, 0.06))
            a, c = x + along * math.cos(line), y + along * math.sin(line)
            if low <= c <= high and rng.random() < 0.9:
                things.bicycle(b, a, c, line + math.pi / 2 + lean + math.pi * float(rng.integers(2)))


def things_in_the_way(b: Builder, sight: Sight, *, high: float, count: int = 3) -> None:
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


def room(b: Builder, sight: Sight, front: float, high: float) -> None:
    """Adds a floor, walls and a lit ceiling."""
    rng = b.rng
    colour = b.one(((0.66, 0.64, 0.6), (0.55, 0.52, 0.48), (0.72, 0.71, 0.69), (0.45, 0.44, 0.43), (0.6, 0.52, 0.42)))
    side = float(rng.choice([0.3, 0.45, 0.6, 0.8]))
    floor = Surface(
        BLOCKS, colour, b.one((colour, (0.4, 0.38, 0.36)), 0.03), b.tint((0.4, 0.38, 0.35)), size=(side, side),
        line=0.006, share=float(rng.choice([0.0, 0.0, 0.15, 0.5])), grain=0.04, stains=0.08,
        gloss=float(rng.uniform(0.03, 0.12)), seed=b.seed(),
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
    b.add(
        box(b.plain((0.75, 0.75, 0.74)), (middle, front / 2), (high, high + 0.2), (half + 20, front + 20)), shadow=False
    )
    tube = b.plain((0.9, 0.9, 0.88), glow=2.5)
    for x in np.arange(middle - half + 1, middle + half, 2.4):
        for y in np.arange(2, front, 2.6):
            b.add(box(tube, (float(x), float(y)), (high - 0.04, high), (0.6, 0.12)), shadow=False)


def door(b: Builder, x: float, front: float, half: float = 0.9) -> None:
    """Adds a door to a wall."""
    wood = b.one(((0.32, 0.22, 0.16), (0.25, 0.3, 0.33), (0.5, 0.5, 0.5), (0.14, 0.14, 0.15)))
    leaf = b.paint(
        Surface(PLANKS, wood, third=(0.08, 0.08, 0.08), size=(1, 0.7), line=0.015, grain=0.08, seed=b.seed())
    )
    frame = b.plain(b.one(things.METAL))
    b.add(
        box(leaf, (x, front), (0, 2.1), (half, 0.03)),
        *(box(frame, (x + side * half, front), (0, 2.15), (0.06, 0.07)) for side in (-1, 1)),
        box(frame, (x, front), (2.1, 2.2), (half + 0.06, 0.07)),
    )


def poster(b: Builder, x: float, front: float, half: float = 0.5) -> None:
    """Adds a poster to a wall."""
    sign = Surface(
        SIGN,
        b.one(things.PAINT, 0.08),
        b.one(things.PAINT, 0.1),
        b.one(WALLS),
        size=(0.3, 0.22),
        share=0.6,
        seed=b.seed(),
    )
    high = 1.0 + float(b.rng.uniform(-0.2, 0.5))
    b.add(box(b.paint(sign), (x, front), (high, high + 1.6 * half), (half, 0.03)))


def aircon(b: Builder, x: float, front: float) -> None:
    """Adds an air conditioner's box to a wall."""
    white, dark = b.plain(b.tint((0.7, 0.7, 0.67)), stains=0.2), b.plain((0.2, 0.2, 0.2))
    high = float(b.rng.uniform(0.1, 2.6))
    b.add(
        box(white, (x, front - 0.2), (high, high + 0.6), (0.42, 0.17)),
        ring(dark, (x - 0.12, front - 0.375, high + 0.3), 0.0, (0.0, 0.23)),
    )


def ropes(b: Builder, x: float, y: float, turn: float) -> None:
    """Adds posts with a belt between them."""
    metal, belt = (
        b.plain(b.tint((0.5, 0.5, 0.5)), gloss=0.08),
        b.plain(b.one(((0.5, 0.1, 0.1), (0.1, 0.15, 0.4), (0.1, 0.1, 0.1)))),
    )
    cos, sin = math.cos(turn), math.sin(turn)
    rows = [box(belt, (x, y), (0.84, 0.9), (1.6, 0.008), turn=turn)]
    for along in (-1.6, 0.0, 1.6):
        a, c = x + cos * along, y + sin * along
        rows += [rod(metal, (a, c, 0), (a, c, 0.95), 0.03), cylinder(metal, (a, c), (0, 0.03), 0.17)]
    b.add(*rows)


def low_bush(b: Builder, x: float, y: float) -> None:
    """Adds a bush below head height."""
    things.bush(b, x, y, float(b.rng.uniform(0.6, 1.2)))


def lamp(b: Builder, x: float, y: float) -> None:
    """Adds a street lamp."""
    things.post(b, x, y, 0)


def turned_bench(turn: float) -> Callable[[Builder, float, float], None]:
    """Returns what adds a bench with a given turn."""
    return lambda b, x, y: things.bench(b, x, y, turn)


def off_path(place: tuple[float, float], x: float, y: float, turn: float, half: float) -> bool:
    """Whether a place lies further than half a width from a straight path through a point."""
    return abs(-math.sin(turn) * (place[0] - x) + math.cos(turn) * (place[1] - y)) > half
