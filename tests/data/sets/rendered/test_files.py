"""Names of rendered images: they tell who, where and when, and only whole images count."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.data.sets.rendered.files import Taken, finished, seconds_of


def test_a_name_tells_who_where_and_when() -> None:
    """61.25 seconds at 25 frames a second are 1,531.25 frames."""
    assert Taken(pid=2, camid=11, number=3).stem(61.25) == "0002_c11s1_001531_03"
    assert seconds_of("0002_c11s1_001531_03.jpg") == pytest.approx(61.24)


@pytest.mark.parametrize("name", ["0002_c11s1_001531_03.png", "mine.jpg", "-1_c1s1_000001_00.jpg"])
def test_other_names_tell_no_time(name: str) -> None:
    assert seconds_of(name) is None


def test_an_image_is_finished_with_its_mask(tmp_path: Path) -> None:
    for name in (
        "query/0001_c2s1_000005_00.jpg",
        "parts/query/0001_c2s1_000005_00.png",
        "query/0001_c1s1_000005_00.jpg",  # no mask
        "parts/query/0003_c1s1_000005_00.png",  # no image
        "query/mine.jpg",
        "parts/query/mine.png",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert finished(tmp_path) == {Taken(1, 2, 0): Path("query/0001_c2s1_000005_00.jpg")}
