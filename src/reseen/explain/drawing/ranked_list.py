"""A ranked result list as a picture: the query, then what was found, framed right or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import matplotlib
from PIL import Image, ImageDraw, ImageFont

RIGHT, WRONG, NEUTRAL = (22, 136, 64), (206, 34, 38), (140, 149, 159)
"""Frame colours; a tick or a cross says the same to readers who cannot tell them apart."""

_INK, _GRAY, _PAPER = (27, 31, 36), (89, 99, 110), (255, 255, 255)
_FRAME, _GAP, _MARGIN = 5, 12, 16
_HEADER, _LINE = 26, 17
_GUTTER = 24


class RankedResult(NamedTuple):
    """One result: its picture, lines of text for below it, and whether it shows the query's person.

    Attributes:
        picture: The gallery image.
        lines: Such as the distance, the camera and attributes; cut to the picture's width.
        verdict: True for the right person, False for a wrong one, None if nobody knows.
        rank: Its rank, where the results shown are not the first ones without a gap.
    """

    picture: Image.Image
    lines: Sequence[str] = ()
    verdict: bool | None = None
    rank: int | None = None


def ranked_list_picture(
    query: Image.Image | None,
    results: Sequence[RankedResult | tuple[Image.Image, Sequence[str], bool | None]],
    *,
    query_lines: Sequence[str] = (),
    title: str = "",
    columns: int = 10,
    size: tuple[int, int] = (288, 144),
) -> Image.Image:
    """Draws the query at the left and the results in order of rank, ``columns`` in a row.

    Args:
        query: The query picture; None if the search was by attributes alone.
        results: Best first; the first one is rank 1.
        query_lines: Text below the query picture.
        title: Headline, such as the search in words.
        columns: Results in one row.
        size: Height and width every picture is brought to.

    Returns:
        RGB picture on white.
    """
    tiles = [RankedResult(*result) for result in results]
    height, width = size
    cell_width = width + 2 * _FRAME + _GAP
    most_lines = max([len(query_lines), *(len(tile.lines) for tile in tiles)])
    cell_height = _HEADER + height + 2 * _FRAME + 6 + most_lines * _LINE + _GAP
    rows = max(1, -(-len(tiles) // columns))
    shown = max(min(columns, len(tiles)), 0 if query else 1)
    left = _MARGIN + (cell_width + 2 * _GAP if query else 0)
    top = _MARGIN + (30 if title else 0)
    needed = _MARGIN + round(_font(17, bold=True).getlength(title)) + _MARGIN
    canvas = Image.new(
        "RGB",
        (max(left + shown * cell_width - _GAP + _MARGIN, needed), top + rows * cell_height + _MARGIN - _GAP),
        _PAPER,
    )
    draw = ImageDraw.Draw(canvas)
    if title:
        draw.text((_MARGIN, _MARGIN - 4), title, _INK, _font(17, bold=True))
    if query is not None:
        _draw_tile(canvas, (_MARGIN, top), "query", RankedResult(query, query_lines), size, _INK)
        line = left - _GAP - _GAP // 2
        draw.line((line, top, line, canvas.height - _MARGIN), (208, 215, 222), 1)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        corner = (left + column * cell_width, top + row * cell_height)
        color = {True: RIGHT, False: WRONG, None: NEUTRAL}[tile.verdict]
        _draw_tile(canvas, corner, str(tile.rank or index + 1), tile, size, color)
    return canvas


def tiled(pictures: Sequence[Image.Image], columns: int) -> Image.Image:
    """Puts pictures of about one size on white, as many side by side as there are columns, row by row."""
    width, height = (max(sizes) for sizes in zip(*(picture.size for picture in pictures), strict=True))
    columns = min(columns, len(pictures))
    canvas = Image.new("RGB", (columns * (width + _GUTTER) - _GUTTER, -(-len(pictures) // columns) * height), _PAPER)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        canvas.paste(picture, (column * (width + _GUTTER), row * height))
    return canvas


def _draw_tile(
    canvas: Image.Image,
    corner: tuple[int, int],
    heading: str,
    tile: RankedResult,
    size: tuple[int, int],
    color: tuple[int, int, int],
) -> None:
    draw = ImageDraw.Draw(canvas)
    (x, y), (height, width) = corner, size
    right, frame_top = x + width + 2 * _FRAME, y + _HEADER
    draw.text((x, y + 2), heading, _INK, _font(16, bold=True))
    if tile.verdict is not None:
        _draw_verdict(draw, (right - 20, y + 3), tile.verdict)
    draw.rectangle((x, frame_top, right - 1, frame_top + height + 2 * _FRAME - 1), color)
    picture = tile.picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    canvas.paste(picture, (x + _FRAME, frame_top + _FRAME))
    below = frame_top + height + 2 * _FRAME + 6
    for number, line in enumerate(tile.lines):
        font = _font(12)
        draw.text((x, below + number * _LINE), _cut(line, font, right - x), _GRAY if number else _INK, font)


def _draw_verdict(draw: ImageDraw.ImageDraw, corner: tuple[int, int], verdict: bool) -> None:
    """Draws a white tick on green or a white cross on red, 20 pixels wide."""
    x, y = corner
    draw.rounded_rectangle((x, y, x + 19, y + 19), 4, RIGHT if verdict else WRONG)
    if verdict:
        draw.line([(x + 4, y + 10), (x + 8, y + 14), (x + 15, y + 5)], _PAPER, 3, joint="curve")
    else:
        draw.line([(x + 5, y + 5), (x + 14, y + 14)], _PAPER, 3)
        draw.line([(x + 14, y + 5), (x + 5, y + 14)], _PAPER, 3)


def _cut(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"


@cache
def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Returns the font that comes with matplotlib, so that pictures look alike on every machine."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name, size)
