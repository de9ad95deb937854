"""Opening by name, and recognising what lies in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.data import DATASETS, loader_options, open_split, recognise
from reseen.errors import ReseenError
from tests.data.trees import paint_all, zipped

LAYOUTS = {
    "rendered": ["pedestrians/bounding_box_train/0001_c1s1_001051_00.jpg", "pedestrians/rendered.json"],
    "market1501": ["Market/query/0001_c1s1_001051_00.jpg"],
    "dukemtmc": ["Duke/bounding_box_test/0002_c1_f0044158.jpg"],
    "cuhk03": ["cuhk03/images_detected/1_001_1_01.png"],
    "cuhk01": [f"campus/000100{image}.png" for image in (1, 2, 3, 4)],
    "viper": ["VIPeR/cam_a/000_45.webp", "VIPeR/cam_b/000_90.webp"],
    "peta": ["PETA/MIT/archive/00001_male_back.jpg"],
    "table": ["photos/holiday.jpg"],
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("form", ["folder", "zip", "above"])
def test_recognise(tmp_path: Path, name: str, form: str) -> None:
    paint_all(tmp_path / "above", [path for path in LAYOUTS[name] if not path.endswith(".json")])
    for path in LAYOUTS[name]:
        (tmp_path / "above" / path).touch()
    folder = next((tmp_path / "above").iterdir())
    root = {"folder": folder, "above": tmp_path / "above"}.get(form) or zipped(folder, tmp_path / "data.zip")
    assert recognise(root) == name


def test_every_data_set_is_recognised_in_this_test() -> None:
    assert LAYOUTS.keys() == DATASETS.keys()


def test_a_table_is_recognised_by_its_suffix(tmp_path: Path) -> None:
    assert recognise(tmp_path / "people.CSV") == "table"


def test_nothing_is_recognised_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=r"no data set and no images .* in"):
        recognise(tmp_path)


def test_options_reach_the_loader(market_drawn: Path) -> None:
    assert open_split("market1501", str(market_drawn), allow_missing=True).name == "market1501"
    assert loader_options("viper") == ("fold", "attributes")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("market", {}, "unknown data set 'market', did you mean 'market1501'"),
        ("xyz", {}, r"unknown data set 'xyz'; there are: rendered, market1501, .*table"),
        ("viper", {"folds": 1}, "viper has no option 'folds', did you mean 'fold'"),
        ("market1501", {"attributes": 7}, "market1501: option attributes is 7: .*path"),
        ("market1501", {"distractors": 7}, "market1501: option distractors is 7: .*path"),
        ("market1501", {"keypoints": "maybe"}, "option keypoints is 'maybe': .*boolean"),
        ("viper", {"fold": "first"}, "viper: option fold is 'first': .*integer"),
        ("cuhk03", {"protocol": "old"}, "option protocol is 'old': .*'new' or 'classic'"),
        ("market1501", {"root": "x"}, None),
    ],
)
def test_misspelt_names_and_options(tmp_path: Path, name: str, options: dict[str, object], message: str | None) -> None:
    with pytest.raises(TypeError if message is None else ReseenError, match=message):
        open_split(name, tmp_path, **options)
