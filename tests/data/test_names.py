"""Patterns for file names: those that are known, those a user writes, and the one that is suggested."""

from __future__ import annotations

import re

import pytest

from reseen.data.names import COMMON, compile_pattern, suggest_pattern
from reseen.errors import ReseenError


@pytest.mark.parametrize(
    ("title", "name", "pid", "camid"),
    [
        ("Market-1501", "-1_c3s1_000451_03.jpg", "-1", "3"),
        ("MARS", "0781C1T0001F001.jpg", "0781", "1"),
        ("MARS", "00-1C6T0001F001.jpg", "-1", "6"),
        ("MSMT17", "0012_004_15_0303morning_0034_1.jpg", "0012", "15"),
        ("person1_cam2", "Person12_cam3_0.png", "12", "3"),
        ("pid_camid_…", "17_4_0001.jpg", "17", "4"),
    ],
)
def test_common_names(title: str, name: str, pid: str, camid: str) -> None:
    match = re.match(COMMON[title], name)
    assert match is not None
    assert (match["pid"], match["camid"]) == (pid, camid)
    twins = [name, name.replace(".", "9.")]
    assert suggest_pattern(twins) == (title, COMMON[title])


def test_names_that_never_come_back_suggest_nothing() -> None:
    assert suggest_pattern(["2024_01_a.jpg", "2025_01_a.jpg"]) is None
    assert suggest_pattern(["2024_01_a.jpg", "2024_02_a.jpg", *(f"selfie{n}.jpg" for n in range(5))]) is None
    assert suggest_pattern([]) is None


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(?P<pid>", "is no regular expression"),
        (r"(?P<camid>\d+)", "has no group pid"),
        (r"(\d+)_(\d+)", "has no group pid"),
        (r"(?P<pid>\d+)_(?P<camera>\d+)", "has a group 'camera'; groups are pid, camid, seconds"),
    ],
)
def test_patterns_that_make_no_sense(pattern: str, message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        compile_pattern(pattern)
