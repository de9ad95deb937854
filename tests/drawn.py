"""Pedestrians drawn by code: pictures with ids and attributes for tests and docs, made from nobody's photographs.

Who someone is (clothes, hair, bags, build) depends on the pid alone; how they are seen (pose, view, light,
background) depends on camera and seed, so that telling persons apart across cameras is a real, small task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.io import savemat

from reseen.data.attributes import MARKET1501_SCHEMA

Color = tuple[int, int, int]
Point = tuple[float, float]

_FABRICS: Mapping[str, Color] = {
    "black": (34, 34, 38),
    "white": (236, 236, 232),
    "red": (196, 36, 40),
    "pink": (240, 140, 176),
    "purple": (124, 58, 158),
    "yellow": (236, 198, 44),
    "gray": (132, 134, 138),
    "blue": (38, 84, 190),
    "green": (40, 142, 70),
    "brown": (120, 76, 40),
}
# Orders of their own, so that nobody changes clothes when a schema lists its classes differently.
_UPPER_COLORS = ("black", "white", "red", "purple", "yellow", "gray", "blue", "green")
_LOWER_COLORS = ("black", "white", "pink", "purple", "yellow", "gray", "blue", "green", "brown")
_SKINS: Sequence[Color] = ((246, 212, 184), (222, 176, 140), (176, 124, 88), (116, 78, 56))
_HAIRS: Sequence[Color] = ((28, 24, 24), (74, 48, 32), (150, 104, 56), (92, 40, 24))
_WALLS: Sequence[Color] = ((150, 168, 150), (176, 160, 142), (140, 152, 176), (168, 172, 168), (120, 140, 120))
_GROUNDS: Sequence[Color] = ((124, 120, 116), (150, 142, 130), (108, 112, 118), (134, 128, 112), (96, 98, 96))
_LIGHTS: Sequence[tuple[float, float, float]] = (
    (1.0, 1.0, 1.0),
    (0.84, 0.86, 0.92),
    (1.08, 1.04, 0.96),
    (0.92, 0.96, 0.9),
    (0.78, 0.78, 0.82),
)
_SUPERSAMPLING = 4


@cache
def attributes_of(pid: int) -> Mapping[str, str]:
    """Returns the class name of each Market-1501 attribute; colour pairs repeat only every 72 pids."""
    rng = np.random.default_rng([15, pid])
    female = bool(rng.random() < 0.5)
    dress = female and bool(rng.random() < 0.45)
    carried = rng.permutation(["backpack", "bag", "handbag", "none", "none"])[0]
    return MappingProxyType(
        {
            "gender": "female" if female else "male",
            "age": str(rng.choice(["child", "teenager", "adult", "old"], p=[0.1, 0.25, 0.5, 0.15])),
            "hair": "long" if rng.random() < (0.75 if female else 0.1) else "short",
            "sleeve": "long" if rng.random() < 0.45 else "short",
            "lower_length": "short" if rng.random() < (0.6 if dress else 0.35) else "long",
            "lower_type": "dress" if dress else "trousers",
            "hat": "yes" if rng.random() < 0.25 else "no",
            "backpack": "yes" if carried == "backpack" else "no",
            "bag": "yes" if carried == "bag" else "no",
            "handbag": "yes" if carried == "handbag" else "no",
            "upper_color": _UPPER_COLORS[pid % len(_UPPER_COLORS)],
            "lower_color": _LOWER_COLORS[4 * pid % len(_LOWER_COLORS)],
        }
    )


def labels_of(pid: int) -> dict[str, int]:
    """Returns the class index of each attribute, as `PersonImage.attributes` holds them."""
    return {name: MARKET1501_SCHEMA[name].index(value) for name, value in attributes_of(pid).items()}


def draw_person(
    seed: int | np.random.Generator, pid: int, camid: int, size: tuple[int, int] = (128, 64)
) -> Image.Image:
    """Draws one crop of a person as a camera sees it.

    Args:
        seed: Decides pose, view, noise and small shifts; a generator is drawn from as it is.
        pid: Decides the whole appearance, see `attributes_of`.
        camid: Decides background and light.
        size: Height and width in pixels.
    """
    rng = np.random.default_rng([seed, max(pid, 0), camid]) if isinstance(seed, int) else seed
    pen = _Pen(_background(rng, camid, size))
    pen.shift = (float(rng.uniform(-2.5, 2.5)), float(rng.uniform(-1.5, 1.5)))
    _Pedestrian(pen, pid, rng).draw()
    return _photograph(pen.picture, camid, size, rng)


def draw_background(seed: int, camid: int, size: tuple[int, int] = (128, 64)) -> Image.Image:
    """Draws a crop without a person (a distractor): wall, ground and a lamp post or tree."""
    rng = np.random.default_rng([seed, camid])
    pen = _Pen(_background(rng, camid, size))
    x = float(rng.uniform(18, 46))
    if rng.random() < 0.5:
        pen.limb([(x, 4), (x, 122)], (5, 6), (70, 74, 78))
        pen.ellipse((x, 8), (8, 5), (222, 220, 190))
    else:
        pen.limb([(x, 50), (x, 122)], (7, 9), (92, 66, 44))
        pen.ellipse((x, 34), (19, 28), (58, 104, 52))
    return _photograph(pen.picture, camid, size, rng)


class _Pen:
    """Draws in the coordinates of a 64 by 128 picture, whatever the picture's true size."""

    def __init__(self, picture: Image.Image) -> None:
        self.picture = picture
        self.shift: Point = (0.0, 0.0)
        self._draw = ImageDraw.Draw(picture)
        self._scale = (picture.width / 64, picture.height / 128)

    def polygon(self, points: Sequence[Point], color: Color) -> None:
        self._draw.polygon([self._place(point) for point in points], fill=color)

    def ellipse(self, center: Point, radii: Point, color: Color) -> None:
        (x, y), (rx, ry) = center, radii
        self._draw.ellipse((*self._place((x - rx, y - ry)), *self._place((x + rx, y + ry))), fill=color)

    def limb(self, joints: Sequence[Point], widths: Sequence[float], color: Color) -> None:
        """Draws a rounded, tapering stroke through the joints, ``widths`` pixels wide at its two ends."""
        corners = np.array(joints)
        length = float(np.abs(np.diff(corners, axis=0)).sum())
        along = np.linspace(0, len(joints) - 1, 2 + round(4 * length / min(widths)))
        xs = np.interp(along, range(len(joints)), corners[:, 0])
        ys = np.interp(along, range(len(joints)), corners[:, 1])
        for x, y, width in zip(xs, ys, np.linspace(widths[0], widths[-1], len(along)), strict=True):
            self.ellipse((float(x), float(y)), (float(width) / 2, float(width) / 2), color)

    def _place(self, point: Point) -> Point:
        return (point[0] + self.shift[0]) * self._scale[0], (point[1] + self.shift[1]) * self._scale[1]


class _Pedestrian:
    """One person in one pose, drawn from the back layer to the front."""

    def __init__(self, pen: _Pen, pid: int, rng: np.random.Generator) -> None:
        self.pen = pen
        self.looks = attributes_of(pid)
        body = np.random.default_rng([7, pid])
        self.skin = _SKINS[int(body.integers(len(_SKINS)))]
        old = self.looks["age"] == "old"
        self.hair = (196, 196, 198) if old else _HAIRS[int(body.integers(len(_HAIRS)))]
        self.accent = list(_FABRICS.values())[int(body.integers(len(_FABRICS)))]
        self.printed = bool(body.random() < 0.4)
        self.top = {"child": 26.0, "teenager": 14.0, "old": 12.0}.get(self.looks["age"], 8.0)
        self.girth = float(body.uniform(0.88, 1.14)) * (0.9 if self.looks["gender"] == "female" else 1.0)
        self.upper, self.lower = _FABRICS[self.looks["upper_color"]], _FABRICS[self.looks["lower_color"]]
        self.view = str(rng.choice(["front", "back", "left", "right"]))
        self.stride = float(rng.uniform(-1, 1))
        self.height = 121 - self.top
        self.hand: Point = (32, 64)

    def at(self, share: float) -> float:
        """Returns the y of a share of the body's height, 0 = crown, 1 = sole."""
        return self.top + share * self.height

    @property
    def side(self) -> int:
        """-1 facing left, 1 facing right, 0 facing the camera or away from it."""
        return {"left": -1, "right": 1}.get(self.view, 0)

    def draw(self) -> None:
        self.pen.ellipse((32, 121), (17, 3), (72, 70, 68))
        if self.side and self.looks["backpack"] == "yes":
            self._pack((32 - 11 * self.side * self.girth, self.at(0.33)), (6, 12))
        if self.side:
            self._arm(-1)
        elif self.looks["hair"] == "long" and self.view == "front":
            self.pen.ellipse((32, self.at(0.13)), (8.5, 12), self.hair)
        self._legs()
        self._torso()
        self._head()
        for which in (1,) if self.side else (-1, 1):
            self._arm(which)
        self._bags()

    def _legs(self) -> None:
        hip, knee, sole = self.at(0.52), self.at(0.75), self.at(0.985)
        spread = 9 * self.stride if self.side else 2.0 * self.stride
        short, dress = self.looks["lower_length"] == "short", self.looks["lower_type"] == "dress"
        for which in (-1, 1):
            x = 32 + (0.6 if self.side else 5.2) * which * self.girth
            foot = x + which * spread
            bend = (x + foot) / 2 + (2.0 * self.side if self.side else 0)
            # Lifting one foot shows the stride when it points at the camera.
            lift = 0.0 if self.side else max(0.0, which * self.stride) * 4
            shade = 0.82 if which == -1 and self.side else 1.0
            bare = short or dress
            cloth = _shaded(self.lower, shade)
            skin = _shaded(self.skin, shade)
            self.pen.limb([(x, hip), (bend, knee), (foot, sole - lift - 3)], (10, 5.5), skin if bare else cloth)
            if short and not dress:
                self.pen.limb([(x, hip), (bend, knee)], (11.5 * self.girth, 10), cloth)
            elif not bare:
                self.pen.limb([(x, hip), (bend, knee), (foot, sole - lift - 4)], (11 * self.girth, 6.5), cloth)
            self.pen.ellipse((foot + 2.2 * self.side, sole - lift - 1), (4.4, 2.6), _shaded((46, 42, 44), shade))
        if dress:
            hem, flare = self.at(0.7 if short else 0.88), 12.5 if short else 13.5
            waist = 8 * self.girth
            self.pen.polygon(
                [(32 - waist, hip - 7), (32 + waist, hip - 7), (32 + flare, hem), (32 - flare, hem)], self.lower
            )

    def _torso(self) -> None:
        neck, waist = self.at(0.165), self.at(0.54)
        shoulders = (8.2 if self.side else 12.4) * self.girth
        hips = (7.4 if self.side else 9.6) * self.girth
        self.pen.limb([(32, self.at(0.12)), (32, neck + 2)], (6, 6), self.skin)
        outline = [
            (32 - shoulders, neck + 5),
            (32 - shoulders * 0.55, neck),
            (32 + shoulders * 0.55, neck),
            (32 + shoulders, neck + 5),
            (32 + hips, waist),
            (32 - hips, waist),
        ]
        self.pen.polygon(outline, self.upper)
        if self.view == "front":
            self.pen.polygon([(29, neck - 0.5), (35, neck - 0.5), (32, neck + 5)], self.skin)
        if self.printed and self.view != "back":
            y = self.at(0.33)
            self.pen.polygon([(32 - 4, y - 4), (32 + 4, y - 4), (32 + 4, y + 4), (32 - 4, y + 4)], self.accent)
        if self.looks["lower_type"] == "trousers":
            self.pen.limb([(32 - hips + 1, waist), (32 + hips - 1, waist)], (2.4, 2.4), _shaded(self.lower, 0.6))

    def _head(self) -> None:
        center = (32.0 + 1.5 * self.side, self.at(0.075))
        rx, ry = 6.0, 7.6
        long = self.looks["hair"] == "long"
        self.pen.ellipse(center, (rx, ry), self.skin)
        x, y = center
        if self.view == "back":
            self.pen.ellipse((x, y - 0.6), (rx + 0.5, ry), self.hair)
            if long:
                self.pen.limb([(x, y), (x, self.at(0.26))], (2 * rx + 1, 10), self.hair)
        else:
            back = -3.2 * self.side
            self.pen.ellipse((x + back * 0.6, y - 3.4), (rx + 0.6, ry - 3), self.hair)
            if self.side:
                self.pen.ellipse((x + back, y - 1), (rx - 1.6, ry - 1), self.hair)
            if long:
                for edge in (back * 1.5,) if self.side else (-rx, rx):
                    self.pen.limb([(x + edge, y - 2), (x + edge * 1.1, self.at(0.22))], (4, 5), self.hair)
            self._face(x, y)
        if self.looks["hat"] == "yes":
            self.pen.ellipse((x, y - 5), (rx + 1.2, 4.4), self.accent)
            brim = x + 4 * self.side
            self.pen.limb([(brim - 7, y - 3), (brim + 7, y - 3)], (2.2, 2.2), _shaded(self.accent, 0.75))

    def _face(self, x: float, y: float) -> None:
        for eye in (4.2 * self.side,) if self.side else (-2.4, 2.4):
            self.pen.ellipse((x + eye * 0.9, y + 0.4), (0.9, 0.9), (40, 30, 30))
        mouth = x + 3.2 * self.side
        self.pen.limb([(mouth - 1.2, y + 4), (mouth + 1.2, y + 4)], (1, 1), _shaded(self.skin, 0.62))

    def _arm(self, which: int) -> None:
        shade = 0.82 if self.side and which == -1 else 0.93
        shoulder = (32 + (0.0 if self.side else which * 11.6 * self.girth), self.at(0.21))
        swing = -which * self.stride * 8 if self.side else which * 2.5
        elbow = (shoulder[0] + swing * 0.5 - 1.5 * self.side, self.at(0.37))
        hand = (shoulder[0] + swing + 1.5 * self.side, self.at(0.51))
        self.pen.limb([shoulder, elbow, hand], (6.6, 4.4), _shaded(self.skin, shade))
        end = [elbow, (hand[0], hand[1] - 3)] if self.looks["sleeve"] == "long" else [_between(shoulder, elbow, 0.7)]
        self.pen.limb([shoulder, *end], (7.6, 6.2), _shaded(self.upper, shade))
        if which == 1:
            self.hand = hand

    def _bags(self) -> None:
        color = _shaded(self.accent, 0.85) if self.accent not in (self.upper, self.lower) else (150, 96, 48)
        if self.looks["backpack"] == "yes":
            if self.view == "back":
                self._pack((32, self.at(0.33)), (9, 13))
            elif self.view == "front":
                for x in (25.5, 38.5):
                    self.pen.limb([(x, self.at(0.18)), (x, self.at(0.4))], (3, 3), (30, 60, 60))
        if self.looks["bag"] == "yes":
            far = 42 if not self.side else 32 - 4 * self.side
            self.pen.limb([(25, self.at(0.18)), (far, self.at(0.5))], (2, 2), _shaded(color, 0.6))
            self._box((far, self.at(0.54)), (6, 6), color)
        if self.looks["handbag"] == "yes":
            x, y = self.hand
            self.pen.limb([(x - 3, y + 6), (x, y), (x + 3, y + 6)], (1.4, 1.4), _shaded(color, 0.6))
            self._box((x, y + 11), (6.5, 5.5), color)

    def _pack(self, center: Point, radii: Point) -> None:
        self.pen.ellipse(center, radii, (30, 84, 84))
        self.pen.ellipse((center[0], center[1] + radii[1] * 0.4), (radii[0] * 0.6, radii[1] * 0.4), (20, 60, 60))

    def _box(self, center: Point, radii: Point, color: Color) -> None:
        (x, y), (rx, ry) = center, radii
        self.pen.polygon([(x - rx, y - ry), (x + rx, y - ry), (x + rx, y + ry), (x - rx, y + ry)], color)


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _shaded(color: Color, factor: float) -> Color:
    red, green, blue = (min(255, round(channel * factor)) for channel in color)
    return red, green, blue


def _background(rng: np.random.Generator, camid: int, size: tuple[int, int]) -> Image.Image:
    height, width = size[0] * _SUPERSAMPLING, size[1] * _SUPERSAMPLING
    pen = _Pen(Image.new("RGB", (width, height), _WALLS[camid % len(_WALLS)]))
    horizon = 52 + 10 * (camid % 3) + float(rng.uniform(-4, 4))
    wall, ground = _WALLS[camid % len(_WALLS)], _GROUNDS[camid % len(_GROUNDS)]
    for x in np.arange(float(rng.uniform(-24, 0)), 64, 24):
        pen.polygon([(x, 0), (x + 11, 0), (x + 11, horizon), (x, horizon)], _shaded(wall, 0.9))
    pen.polygon([(0, horizon), (64, horizon), (64, 128), (0, 128)], ground)
    for y in np.geomspace(4, 128 - horizon, 6):
        pen.limb([(0, horizon + y), (64, horizon + y - 2)], (0.8, 0.8), _shaded(ground, 0.88))
    return pen.picture


def _photograph(picture: Image.Image, camid: int, size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """Applies the camera's light, a little blur and sensor noise, at the final size."""
    small = picture.resize((size[1], size[0]), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.4))
    light = np.array(_LIGHTS[camid % len(_LIGHTS)]) * rng.uniform(0.92, 1.08)
    pixels = np.asarray(small, dtype=np.float64) * light + rng.normal(0, 3.5, (size[0], size[1], 1))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def write_market(root: Path, persons: int = 8, cameras: int = 3, images_per_camera: int = 2, seed: int = 0) -> Path:
    """Writes a small data set in Market-1501's layout and returns its root.

    ``persons`` persons for training and as many others for the test. Every test person is a query once in
    each camera and ``images_per_camera`` times in the gallery, which also holds one junk image and one
    distractor a camera. Lin et al.'s labels lie in ``market_attribute.mat`` in the root.
    """
    root = Path(root)
    train, test = range(1, persons + 1), range(persons + 1, 2 * persons + 1)
    for pid in train:
        _write_person(root / "bounding_box_train", pid, range(images_per_camera), cameras, seed)
    for pid in test:
        _write_person(root / "bounding_box_test", pid, range(images_per_camera), cameras, seed)
        _write_person(root / "query", pid, [images_per_camera], cameras, seed)
    for camid in range(1, cameras + 1):
        gallery = root / "bounding_box_test"
        junk = draw_person(seed + 1, test[0], camid, (256, 128)).crop((0, 0, 128, 120)).resize((64, 128))
        _save(junk, gallery / f"-1_c{camid}s1_{900000 + camid:06d}_00.jpg")
        _save(draw_background(seed, camid), gallery / f"0000_c{camid}s1_{800000 + camid:06d}_00.jpg")
    savemat(root / "market_attribute.mat", {"market_attribute": {"test": _lin(test), "train": _lin(train)}})
    return root


def _write_person(folder: Path, pid: int, shots: Sequence[int], cameras: int, seed: int) -> None:
    for camid in range(1, cameras + 1):
        for shot in shots:
            frame = 100 * pid + 10 * camid + shot
            name = f"{pid:04d}_c{camid}s1_{frame:06d}_{shot + 1:02d}.jpg"
            _save(draw_person(1000 * seed + shot, pid, camid), folder / name)


def _save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=92)


def _lin(pids: Sequence[int]) -> dict[str, np.ndarray]:
    """Returns Lin et al.'s struct: (1, N) uint8 a field, values from 1, a colour is one no/yes field each."""
    plain = {"sleeve": "up", "lower_length": "down", "lower_type": "clothes"}
    fields: dict[str, np.ndarray] = {}
    for attribute in MARKET1501_SCHEMA:
        values = np.array([[labels_of(pid)[attribute.name] for pid in pids]])
        if attribute.name.endswith("_color"):
            prefix = {"upper_color": "up", "lower_color": "down"}[attribute.name]
            for index, color in enumerate(attribute.classes):
                fields[prefix + color] = (1 + (values == index)).astype(np.uint8)
        else:
            fields[plain.get(attribute.name, attribute.name)] = (values + 1).astype(np.uint8)
    fields["image_index"] = np.array([[f"{pid:04d}" for pid in pids]], dtype=object)
    return fields
