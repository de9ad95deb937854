"""The table for the terminal: fits its width, shows what was asked for, hides what says nothing."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from reseen.data.attributes import AttributeSchema, binary, multi_class
from reseen.search import Match, caption, matches_table, parse_where, short_path
from reseen.search.clock import clock
from reseen.search.table import shown_attributes

SCHEMA = AttributeSchema(
    "small",
    (
        binary("hat"),
        binary("gender", ("male", "female")),
        multi_class("upper_color", "black", "red", "blue", "green"),
        multi_class("age", "child", "adult", "old"),
    ),
)
ATTRIBUTES = {"hat": ("no", 0.99), "gender": ("male", 0.9), "upper_color": ("red", 0.95), "age": ("adult", 0.5)}


def match(rank: int = 1, pid: int = 4, distance: float | None = 0.8312, **attributes: tuple[str, float]) -> Match:
    path = "/data/Market-1501-v15.09.15/bounding_box_test/0004_c2s1_000551_00.jpg"
    return Match(rank, rank - 1, path, distance, 0.4567, 2, pid, ATTRIBUTES | attributes)


def printed(width: int, **options: object) -> list[str]:
    output = io.StringIO()
    matches = [match(rank, pid=rank) for rank in range(1, 11)]
    Console(file=output, width=width).print(matches_table(matches, schema=SCHEMA, **options))  # type: ignore[arg-type]
    return output.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100])
def test_a_match_is_one_line_at_usual_widths(width: int) -> None:
    lines = [line for line in printed(width, query_pid=4) if "0004_c2s1" in line]
    assert len(lines) == 10
    for rank, line in enumerate(lines, start=1):
        assert line.split()[:4] == [str(rank), "…/0004_c2s1_000551_00.jpg", "0.831", "2"]
        assert ("✓" in line) == (rank == 4)
        assert ("✗" in line) == (rank != 4)
        assert "red 95%" in line
        assert len(line) <= width


def test_the_line_below_the_evidence_widens_no_column() -> None:
    output = io.StringIO()
    matches = [replace(match(rank, pid=rank), probability=0.99 if rank < 3 else 0.001) for rank in range(1, 11)]
    Console(file=output, width=80).print(matches_table(matches, schema=SCHEMA, query_pid=4))
    lines = [line for line in output.getvalue().splitlines() if "%" in line or "▼" in line]
    assert [place for place, line in enumerate(lines) if line.split()[0] == "▼"] == [2]
    assert len(lines) == 11
    assert all("0004_c2s1" in line and "red 95%" in line and "male 90%" in line for line in lines if "▼" not in line)


def test_without_a_known_person_nothing_is_called_right() -> None:
    assert not any("✓" in line or "✗" in line for line in printed(80))


def test_attributes_alone_show_a_probability() -> None:
    output = io.StringIO()
    Console(file=output, width=100).print(matches_table([match(distance=None)], schema=SCHEMA))
    assert "fits" in output.getvalue()
    assert "45.7%" in output.getvalue()


def test_file_names_are_no_markup() -> None:
    output = io.StringIO()
    odd = Match(1, 0, "[red]odd[/red].jpg", 0.5, None, 1, 1)
    Console(file=output, width=100).print(matches_table([odd]))
    assert "[red]odd[/red].jpg" in output.getvalue()


@pytest.mark.parametrize(
    ("where", "count", "names"),
    [
        # p log(classes): color .95*1.39 = 1.32, gender .9*.69 = .62, age .5*1.10 = .55; hat=no says nothing
        (None, 1, ["upper_color"]),
        (None, 3, ["upper_color", "gender", "age"]),
        (None, 9, ["upper_color", "gender", "age"]),
        ("hat=no", 2, ["hat", "upper_color"]),
        ("hat=no and age=adult", 1, ["hat", "age"]),
    ],
)
def test_shown_attributes(where: str | None, count: int, names: list[str]) -> None:
    assert shown_attributes([match()], SCHEMA, parse_where(where, SCHEMA) if where else None, count) == names


def test_caption_reads_as_words() -> None:
    wanted = parse_where("hat=no and upper_color=red", SCHEMA)
    assert caption(match(), SCHEMA, where=wanted) == ["no hat 99%", "upper color red 95%", "gender male 90%"]
    assert caption(match(hat=("yes", 0.7)), SCHEMA, where=wanted)[0] == "hat 70%"


@pytest.mark.parametrize(
    ("path", "width", "short"),
    [
        ("a/b.jpg", 10, "a/b.jpg"),
        ("0123456789", 10, "0123456789"),
        ("folder/name.jpg", 10, "…/name.jpg"),
        ("some/folder/name.jpg", 18, "…/folder/name.jpg"),
        ("a_very_long_name.jpg", 10, "…_name.jpg"),
        ("market.zip:query/1.jpg", 15, "…:query/1.jpg"),
        ("/v/door.mp4#t=62.400&xywh=104,95,60,250&confidence=0.88", 28, "door.mp4#t=62.400"),
        ("/v/entrance_2026_may.mp4#t=62.400&xywh=104,95,60,250&confidence=0.88", 20, "entra…y.mp4#t=62.400"),
        ("v.zip:in/crowd.jpg#xywh=-4,95,60,250&confidence=0.88", 28, "crowd.jpg#xywh=-4,95,60,250"),
        ("C:\\v\\a.jpg#xywh=4,95,60,250&confidence=1.00", 28, "a.jpg#xywh=4,95,60,250"),
    ],
)
def test_short_path(path: str, width: int, short: str) -> None:
    assert short_path(path, width) == short
    assert len(short) <= width


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (0, "0:00:00"),
        (3723.4, "1:02:03"),
        (1777624200, "2026-05-01 08:30:00Z"),
        (1777624200000, "second 1777624200000"),
    ],
)
def test_clock(seconds: float | None, said: str) -> None:
    assert clock(seconds) == said


def test_times_are_shown_where_one_is_known() -> None:
    assert not any("time" in line for line in printed(80))
    output = io.StringIO()
    both = [replace(match(1), seconds=1777624200), match(2)]
    Console(file=output, width=80).print(matches_table(both, schema=SCHEMA))
    head, _, first, second, *_ = (line for line in output.getvalue().splitlines() if line.strip())
    assert head.split() == ["#", "file", "distance", "cam", "time", "upper", "color"]
    assert first.split()[3:] == ["2", "2026-05-01", "08:30:00Z", "red", "95%"]
    assert second.split()[3:] == ["2", "red", "95%"]
