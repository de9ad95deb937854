"""CUHK01: camera from the image number, persons split by the loader's own seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.data import recognise
from reseen.data.sets import cuhk01
from reseen.errors import ReseenError
from tests.data.trees import paint_all, zipped


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    names = [f"{person:04d}{image:03d}.png" for person in range(1, 8) for image in range(1, 5)]
    return paint_all(tmp_path / "campus", names)


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_images_one_and_two_are_camera_a(tree: Path, tmp_path: Path, form: str) -> None:
    split = cuhk01.load(tree if form == "folder" else zipped(tree, tmp_path / "CUHK01.zip"))
    assert all(image.path.stem[-1] in ("1", "2") and image.camid == 1 for image in split.query)
    assert all(image.path.stem[-1] in ("3", "4") and image.camid == 2 for image in split.gallery)
    assert len({image.pid for image in split.train}) == 3
    assert len({image.pid for image in split.query}) == 4
    assert (len(split.train), len(split.query), len(split.gallery)) == (12, 8, 8)


def test_split_of_the_full_size(tmp_path: Path) -> None:
    (tmp_path / "campus").mkdir()
    for person in range(1, 972):
        for image in range(1, 5):
            (tmp_path / "campus" / f"{person:04d}{image:03d}.png").touch()
    folds = [cuhk01.load(tmp_path, fold=fold) for fold in (0, 1)]
    for split in folds:
        trained, tested = {image.pid for image in split.train}, {image.pid for image in split.query}
        assert (len(trained), len(tested)) == (485, 486)
        assert not trained & tested
    assert folds[0].query != folds[1].query
    assert cuhk01.load(tmp_path, fold=1).query == folds[1].query


def test_other_names_are_not_cuhk01(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="no CUHK01"):
        cuhk01.load(paint_all(tmp_path / "campus", ["0001001.png", "holiday.png"]))


@pytest.mark.parametrize(
    "names",
    [
        [f"{number:07d}.jpg" for number in range(1, 60)],
        [f"{person:04d}{image:03d}.png" for person in range(1, 9) for image in (1, 2)],
        [f"{person:04d}{image:03d}.png" for person in range(1, 9) for image in range(2, 6)],
    ],
    ids=["counted", "two a person", "other numbers"],
)
def test_seven_digits_alone_are_not_cuhk01(tmp_path: Path, names: list[str]) -> None:
    assert recognise(paint_all(tmp_path / "pictures", names)) == "table"
