"""DukeMTMC-reID's layout, on painted pictures: the data set itself was withdrawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.data.attributes import DUKE_SCHEMA
from reseen.data.sets import dukemtmc
from reseen.errors import ReseenError
from tests.data.annotations.test_lin_attributes import DUKE_FIELDS, person, write
from tests.data.trees import paint_all, zipped


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "DukeMTMC-reID"
    paint_all(root / "bounding_box_train", ["0001_c2_f0046182.jpg", "0001_c8_f0000001.jpg"])
    paint_all(root / "query", ["0005_c2_f0046985.jpg"])
    paint_all(root / "bounding_box_test", ["0002_c1_f0044158.jpg", "0005_c5_f0046985.jpg"])
    write(
        root / "duke_attribute.mat",
        "duke_attribute",
        train={"0001": person(DUKE_FIELDS, upbrown=2)},
        test={"0005": person(DUKE_FIELDS, boots=2), "0002": person(DUKE_FIELDS)},
    )
    return root


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_layout_and_attributes(tree: Path, tmp_path: Path, form: str) -> None:
    split = dukemtmc.load(tree if form == "folder" else zipped(tree, tmp_path / "duke.zip"))
    assert [(image.pid, image.camid) for image in split.train] == [(1, 2), (1, 8)]
    assert [(image.pid, image.camid) for image in split.gallery] == [(2, 1), (5, 5)]
    assert split.schema is DUKE_SCHEMA
    assert split.train[0].attributes["upper_color"] == DUKE_SCHEMA["upper_color"].index("brown")
    assert split.query[0].attributes["boots"] == 1
    assert split.query[0].open().size == (4, 8)


def test_terms_say_that_it_was_withdrawn(tree: Path) -> None:
    assert "withdrawn by its authors" in dukemtmc.load(tree).terms


def test_market_is_not_taken_for_it(market_drawn: Path) -> None:
    with pytest.raises(ReseenError, match="no DukeMTMC-reID"):
        dukemtmc.load(market_drawn)
