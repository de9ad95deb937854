"""A contact sheet: everybody who was found, with their crops."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from reseen.data.spread import spread
from reseen.explain.drawing.ranked_list import RankedResult, ranked_list_picture, tiled
from reseen.ingest.into_gallery import Person

_MOST = 60
_TILE = (160, 80)
_WIDE = 12
"""Crops side by side, about."""


def shown_of(people: Sequence[Person]) -> Sequence[Person]:
    """Returns whom a sheet of some people shows: if they are many, some of them, evenly spread."""
    return spread(people, _MOST)


def sheet_of(people: Sequence[Person]) -> Image.Image:
    """Draws people, or some of them (`shown_of`): a tile each, with number, time and crops."""
    shown = shown_of(people)
    most = max(len(person.crops) for person in shown)
    return tiled([_tile(person, most) for person in shown], max(1, _WIDE // most))


def _tile(person: Person, columns: int) -> Image.Image:
    results = [
        RankedResult(_letterboxed(crop.picture), [*_time(crop.seconds), f"{crop.confidence:.0%} sure"])
        for crop in person.crops
    ]
    times = [*_time(person.first), *_time(person.last)]
    title = f"track {person.number}, {' to '.join(times)}" if times else f"picture {person.number}"
    return ranked_list_picture(None, results, title=title, columns=columns, size=_TILE)


def _letterboxed(picture: bytes) -> Image.Image:
    """Returns a crop in the tile's shape, not stretched."""
    height, width = _TILE
    canvas = Image.new("RGB", (2 * width, 2 * height), (255, 255, 255))
    with Image.open(io.BytesIO(picture)) as crop:
        scale = min(canvas.width / crop.width, canvas.height / crop.height)
        size = (max(1, round(crop.width * scale)), max(1, round(crop.height * scale)))
        resized = crop.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    canvas.paste(resized, ((canvas.width - resized.width) // 2, (canvas.height - resized.height) // 2))
    return canvas


def _time(seconds: float) -> list[str]:
    """Returns minutes and seconds, or nothing if nobody knows."""
    return [f"{int(seconds) // 60}:{seconds % 60:04.1f}"] if np.isfinite(seconds) else []
