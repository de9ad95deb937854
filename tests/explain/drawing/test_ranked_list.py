"""The ranked list: order, frames, and signs that do not need colour."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from reseen.explain.drawing.ranked_list import (
    NEUTRAL,
    RIGHT,
    WRONG,
    RankedResult,
    _cut,
    _font,
    ranked_list_picture,
    tiled,
)

SIZE = (40, 20)
STEP = 20 + 2 * 5 + 12
"""Picture, two frames, gap."""
FIRST = 16 + STEP + 24
"""x of rank 1 beside a query: border, the query's cell, the room for the line."""
TOP = 16 + 26
"""y of the frames: border and heading."""


def plain(color: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", (10, 30), color)


def pixel(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    return tuple(np.asarray(picture)[y, x])


VERDICTS: list[bool | None] = [False, True, None, True]
COLORS = [(1, 2, 3), (40, 50, 60), (70, 80, 90), (200, 210, 220)]
RESULTS = [RankedResult(plain(color), ("0.5",), verdict) for color, verdict in zip(COLORS, VERDICTS, strict=True)]


def test_frames_tell_right_from_wrong_in_order_of_rank() -> None:
    drawn = ranked_list_picture(plain((9, 9, 9)), RESULTS, size=SIZE)
    for index, (color, verdict) in enumerate(zip(COLORS, VERDICTS, strict=True)):
        frame = {True: RIGHT, False: WRONG, None: NEUTRAL}[verdict]
        x = FIRST + index * STEP
        for corner in ((x, TOP), (x + 29, TOP), (x, TOP + 49), (x + 29, TOP + 49), (x + 2, TOP + 25)):
            assert pixel(drawn, *corner) == frame
        assert pixel(drawn, x + 15, TOP + 25) == color
        assert pixel(drawn, x + 30, TOP + 25) == (255, 255, 255)
    assert pixel(drawn, 16 + 15, TOP + 25) == (9, 9, 9)  # the query at the left


def test_right_is_green_and_wrong_is_red() -> None:
    assert RIGHT[1] > 2 * max(RIGHT[0], RIGHT[2])
    assert WRONG[0] > 2 * max(WRONG[1], WRONG[2])


def test_tick_and_cross_differ_without_color_and_unknown_has_neither() -> None:
    drawn = ranked_list_picture(plain((9, 9, 9)), RESULTS, size=SIZE)
    signs = []
    for index in range(4):
        right = FIRST + index * STEP + 30
        sign = np.asarray(drawn)[TOP - 23 : TOP - 3, right - 20 : right]
        signs.append((sign == 255).all(axis=2))
    wrong, good, unknown, again = signs
    assert (good == again).all()
    assert unknown[2:, 8:].all()  # blank beside the rank
    assert not wrong.all()
    assert (wrong[4:16, 4:16] != good[4:16, 4:16]).mean() > 0.2


@pytest.mark.parametrize(("count", "columns", "rows"), [(4, 10, 1), (4, 2, 2), (4, 3, 2), (1, 1, 1)])
def test_results_wrap(count: int, columns: int, rows: int) -> None:
    drawn = ranked_list_picture(plain((9, 9, 9)), RESULTS[:count], size=SIZE, columns=columns)
    cell = 26 + 40 + 10 + 6 + 17 + 12
    assert drawn.size == (FIRST + min(columns, count) * STEP - 12 + 16, 16 + rows * cell + 16 - 12)
    last_row, last_column = divmod(count - 1, columns)
    assert pixel(drawn, FIRST + last_column * STEP + 15, TOP + last_row * cell + 25) == COLORS[count - 1]


def test_captions_lie_below_their_picture_only() -> None:
    bare = ranked_list_picture(None, [RankedResult(plain((1, 2, 3))), RankedResult(plain((1, 2, 3)))], size=SIZE)
    named = ranked_list_picture(
        None, [RankedResult(plain((1, 2, 3)), ("a very long caption",)), RankedResult(plain((1, 2, 3)))], size=SIZE
    )
    below = np.asarray(named)[TOP + 56 : TOP + 56 + 17]
    assert (below[:, 16:46] < 128).any()
    assert (below[:, 47:] == 255).all()  # cut at the picture's width
    assert (np.asarray(bare)[TOP + 50 :] == 255).all()


def test_plain_tuples_and_nothing_found() -> None:
    assert ranked_list_picture(None, [(plain((5, 5, 5)), ["x"], True)], size=SIZE).width > 30
    assert ranked_list_picture(plain((5, 5, 5)), [], query_lines=["nothing found"], size=SIZE).height > 40


def test_title_has_room() -> None:
    title = "gender=female and upper_color in (white, red, yellow)"
    drawn = ranked_list_picture(None, RESULTS[:1], title=title, size=SIZE)
    assert drawn.width >= _font(17, bold=True).getlength(title) + 16
    assert (np.asarray(drawn)[:40, -16:] == 255).all()


@pytest.mark.parametrize(("text", "width"), [("short", 100), ("a text that is far too long for it", 80), ("x", 1)])
def test_cut(text: str, width: int) -> None:
    font = _font(12)
    cut = _cut(text, font, width)
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))
    assert font.getlength(cut) <= max(width, font.getlength("…"))


def test_tiled() -> None:
    colours = [(255, 0, 0), (0, 0, 255), (0, 255, 0)]
    grid = tiled([Image.new("RGB", (10, 4 - row), colour) for row, colour in enumerate(colours)], columns=2)
    assert grid.size == (10 + 24 + 10, 8)
    assert [pixel(grid, *place) for place in ((9, 3), (34, 2), (0, 5))] == colours
    assert pixel(grid, 33, 0) == pixel(grid, 34, 3) == pixel(grid, 43, 7) == (255, 255, 255)
    assert tiled([Image.new("RGB", (10, 4))], columns=2).size == (10, 4)


def test_a_rank_of_its_own_is_the_heading() -> None:
    tile = Image.new("RGB", (8, 16))
    own, first, second = (
        ranked_list_picture(None, results)
        for results in ([RankedResult(tile, rank=2)], [RankedResult(tile)], [RankedResult(tile)] * 2)
    )
    cell = 144 + 10 + 12
    heading = np.asarray(own)[16:42, 16 : 16 + 40]
    np.testing.assert_array_equal(heading, np.asarray(second)[16:42, 16 + cell : 16 + cell + 40])
    assert (heading != np.asarray(first)[16:42, 16 : 16 + 40]).any()
