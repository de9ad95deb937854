"""What stands under each match, and which frame it gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from reseen.data.attributes import AttributeSchema, binary
from reseen.data.person import PersonImage
from reseen.errors import ReseenError
from reseen.explain.drawing.ranked_list import RankedResult
from reseen.search import Match, parse_where
from reseen.search import picture as module
from reseen.search.picture import matches_picture
from tests.data.trees import paint

SCHEMA = AttributeSchema("own", (binary("hat"),))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, list[RankedResult], str]]:
    """What was to be drawn."""
    calls: list[tuple[Any, list[RankedResult], str]] = []
    draw = module.ranked_list_picture

    def remember(query: Any, results: list[RankedResult], *, title: str) -> Image.Image:
        calls.append((query, results, title))
        return draw(query, results, title=title)

    monkeypatch.setattr(module, "ranked_list_picture", remember)
    return calls


def match(path: Path, pid: int, distance: float | None = None, probability: float | None = None) -> Match:
    return Match(1, 0, str(path), distance, probability, 3, pid, {"hat": ("yes", 0.9)})


def test_a_search_by_picture_frames_right_and_wrong(tmp_path: Path, drawn: list[Any]) -> None:
    paths = [paint(tmp_path / f"{name}.png", (20, 40)) for name in "qabc"]
    matches = [match(paths[1], 7, 0.5), match(paths[2], 8, 1.25), match(paths[3], -1, 2.0)]
    picture = matches_picture(matches, PersonImage(paths[0], 7, 1), schema=SCHEMA, query_pid=7)
    ((query, results, title),) = drawn
    assert [result.verdict for result in results] == [True, False, None]
    assert [result.lines for result in results] == [
        ["distance 0.500", "camera 3", "hat 90%"],
        ["distance 1.250", "camera 3", "hat 90%"],
        ["distance 2.000", "camera 3", "hat 90%"],
    ]
    for result, path in zip(results, paths[1:], strict=True):
        assert result.picture.getpixel((0, 0)) == Image.open(path).getpixel((0, 0)), "each match's own picture"
    assert query.getpixel((0, 0)) == Image.open(paths[0]).getpixel((0, 0))
    assert title == ""
    assert picture.width > 20


def test_a_search_by_attributes_says_how_well_they_fit(tmp_path: Path, drawn: list[Any]) -> None:
    where = parse_where("hat=yes", SCHEMA)
    matches_picture([match(paint(tmp_path / "a.png"), 7, None, 0.876)], None, schema=SCHEMA, where=where)
    ((query, (result,), title),) = drawn
    assert query is None
    assert (result.lines[0], result.verdict) == ("fits 88%", None)
    assert title == "where hat=yes"


def test_without_a_schema_nothing_is_said_of_attributes(tmp_path: Path, drawn: list[Any]) -> None:
    matches_picture([match(paint(tmp_path / "a.png"), 7, 1.0)], None)
    assert drawn[0][1][0].lines == ["distance 1.000", "camera 3"]


def test_a_picture_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=r"gone\.png"):
        matches_picture([match(tmp_path / "gone.png", 7, 1.0)], None)


def test_the_title_says_that_others_were_given(tmp_path: Path, drawn: list[Any]) -> None:
    found = [match(paint(tmp_path / "a.png"), 7, 1.0)]
    matches_picture(found, None, unlike=1)
    matches_picture(found, None, schema=SCHEMA, where=parse_where("hat=yes", SCHEMA), unlike=2)
    assert [title for _, _, title in drawn] == ["unlike 1 other picture", "where hat=yes, unlike 2 other pictures"]
