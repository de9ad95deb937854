"""The drawn data set is what loaders and training take it for: Market-1501's layout, learnable, repeatable."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat

from reseen.data.attributes import MARKET1501_SCHEMA
from tests.drawn import attributes_of, draw_background, draw_person, labels_of, write_market

NAME = re.compile(r"(-1|\d{4})_c(\d)s\d_\d{6}_\d{2}\.jpg")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"), persons=4, cameras=2, images_per_camera=2)


@pytest.mark.parametrize(
    ("folder", "counts"),
    [
        ("bounding_box_train", {"0001": 4, "0002": 4, "0003": 4, "0004": 4}),
        ("query", {"0005": 2, "0006": 2, "0007": 2, "0008": 2}),
        ("bounding_box_test", {"0005": 4, "0006": 4, "0007": 4, "0008": 4, "-1": 2, "0000": 2}),
    ],
)
def test_market_layout(root: Path, folder: str, counts: dict[str, int]) -> None:
    found: dict[str, int] = {}
    for path in (root / folder).iterdir():
        name = NAME.fullmatch(path.name)
        assert name, path.name
        found[name[1]] = found.get(name[1], 0) + 1
        with Image.open(path) as picture:
            assert picture.size == (64, 128)
    assert found == counts


def test_labels_are_in_lins_format(root: Path) -> None:
    annotations = loadmat(root / "market_attribute.mat")["market_attribute"][0, 0]
    for split, pids in (("train", range(1, 5)), ("test", range(5, 9))):
        table = annotations[split][0, 0]
        assert [str(cell[0]) for cell in table["image_index"][0]] == [f"{pid:04d}" for pid in pids]
        for column, pid in enumerate(pids):
            looks = attributes_of(pid)
            assert table["gender"][0, column] == {"male": 1, "female": 2}[looks["gender"]]
            assert table["up"][0, column] == {"long": 1, "short": 2}[looks["sleeve"]]
            assert table["clothes"][0, column] == {"dress": 1, "trousers": 2}[looks["lower_type"]]
            for color in MARKET1501_SCHEMA["upper_color"].classes:
                assert table[f"up{color}"][0, column] == 1 + (looks["upper_color"] == color)
        assert table["age"].dtype == np.uint8
        assert len(table.dtype.names) == 28


def test_no_two_of_72_persons_wear_the_same_colors() -> None:
    assert len({(attributes_of(pid)["upper_color"], attributes_of(pid)["lower_color"]) for pid in range(72)}) == 72


def test_every_attribute_takes_every_value() -> None:
    for attribute in MARKET1501_SCHEMA:
        assert {labels_of(pid)[attribute.name] for pid in range(1, 73)} == set(range(len(attribute.classes)))


@pytest.mark.parametrize(("pid", "strong", "weak"), [(3, 2, 1), (6, 2, 0), (15, 1, 0), (2, 0, 2)])
def test_torso_shows_its_color_under_every_camera(pid: int, strong: int, weak: int) -> None:
    """3 is purple, 6 blue, 15 green, 2 red: one channel beats another on a good part of the torso."""
    for camid in range(1, 7):
        torso = np.asarray(draw_person(0, pid, camid), dtype=float)[40:68, 26:38]
        assert (torso[..., strong] > torso[..., weak] + 25).mean() > 0.25


def test_pictures_repeat_and_differ() -> None:
    first = np.asarray(draw_person(0, 1, 1))
    assert np.array_equal(first, np.asarray(draw_person(0, 1, 1)))
    for other in (draw_person(1, 1, 1), draw_person(0, 2, 1), draw_person(0, 1, 2), draw_background(0, 1)):
        assert np.abs(first.astype(int) - np.asarray(other)).mean() > 3


def test_size_is_height_and_width() -> None:
    assert draw_person(0, 1, 1, size=(96, 40)).size == (40, 96)
