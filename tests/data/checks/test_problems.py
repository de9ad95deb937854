"""Each mistake on a split made by hand, where nothing else is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.data.checks.problems import Problem, count_copies, find_problems, read_contents
from reseen.data.person import PersonImage, Split
from tests.data.trees import paint


def split_of(root: Path, **changes: list[tuple[str, int, int]]) -> Split:
    """Two persons to train on and one who is searched for, each picture another; parts are name, pid and camera."""
    parts = {
        "train": [("t/a.png", 1, 1), ("t/b.png", 2, 1)],
        "query": [("q/c.png", 3, 1)],
        "gallery": [("g/d.png", 3, 2), ("g/e.png", -1, 1), ("g/f.png", 0, 1)],
    } | changes
    for name in {name for images in parts.values() for name, _, _ in images}:
        if not (root / name).exists():
            paint(root / name)
    made = {
        part: tuple(PersonImage(root / name, pid, camid) for name, pid, camid in images)
        for part, images in parts.items()
    }
    return Split("own", **made)


def found(split: Split) -> dict[str, list[str]]:
    problems = find_problems(split, read_contents(split, None))
    return {problem.kind: [item.rpartition("/")[2] for item in problem.items] for problem in problems}


def test_nothing_is_wrong_by_itself(tmp_path: Path) -> None:
    split = split_of(tmp_path)
    assert found(split) == {}
    assert count_copies(split, read_contents(split, None)) == ""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"train": [("t/a.png", 1, 1), ("t/A.png.png", 2, 1)]}, {"duplicate name": ["a"]}),
        ({"train": [("t/a.png", 1, 1), ("t/b.png", 3, 1)]}, {"person in both": ["3"]}),
        ({"query": [("q/c.png", 3, 2)]}, {"query without match": ["c.png"]}),  # its match is in its own camera
        ({"query": [("q/c.png", 3, -1)], "gallery": [("g/d.png", 3, -1)]}, {}),  # unknown cameras are never the same
        ({"query": [("q/c.png", 4, 1)]}, {"query without match": ["c.png"]}),
        ({"gallery": [("g/d.png", 3, 2), ("g/x.png", 0, 1)], "train": [("t/a.png", 0, 1)]}, {}),  # nobody is nobody
    ],
)
def test_each_mistake_is_found(
    tmp_path: Path, changes: dict[str, list[tuple[str, int, int]]], expected: dict[str, list[str]]
) -> None:
    assert found(split_of(tmp_path, **changes)) == expected


def test_copies_are_mistakes_of_two_persons_or_in_both_parts(tmp_path: Path) -> None:
    def copied(name: str, other: str) -> Split:
        split = split_of(tmp_path)
        (tmp_path / other).write_bytes((tmp_path / name).read_bytes())
        return split

    split = copied("t/a.png", "t/b.png")
    assert found(split) == {"duplicate image": ["b.png"]}
    assert count_copies(split, read_contents(split, None)) == "1 pictures lie here under several names: 1 copies, " + (
        "byte for byte"
    )
    paint(tmp_path / "t/b.png")
    assert set(found(copied("t/a.png", "g/e.png"))) == {"duplicate image", "image in both"}
    paint(tmp_path / "g/e.png")
    assert found(copied("q/c.png", "g/d.png")) == {}  # of one person, in one part of the data


def test_what_cannot_be_read_is_named_and_no_copy_of_anything(tmp_path: Path) -> None:
    split = split_of(tmp_path)
    for name in ("t/a.png", "g/d.png"):
        (tmp_path / name).write_bytes(b"no picture")
    (tmp_path / "q/c.png").unlink()
    assert {kind: sorted(items) for kind, items in found(split).items()} == {"unreadable": ["a.png", "c.png", "d.png"]}


def test_a_problem_names_its_first_five() -> None:
    assert str(Problem("x", "7 wrong", tuple("abcdefg"))) == "7 wrong: a, b, c, d, e and 2 more"
    assert str(Problem("x", "2 wrong", ("a", "b"))) == "2 wrong: a, b"
    assert str(Problem("x", "wrong")) == "wrong"
