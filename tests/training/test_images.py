"""The training set: what is joined from several sources, and how it lies in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from reseen.data import open_split
from reseen.data.images.cache import cached_images
from reseen.data.person import NO_LABEL, UNKNOWN_PID
from reseen.errors import ReseenError
from reseen.training.images import TrainingImages, open_data
from reseen.training.recipe import DataSection
from reseen.world import RenderConfig, render
from tests.data.trees import paint_all
from tests.flat_world import FlatWorld


@pytest.fixture
def rendered_flat(flat_world: type[FlatWorld], tmp_path: Path) -> Path:
    render(tmp_path / "flat", RenderConfig(persons=4, images_per_camera=2, cameras=2, size=(64, 32)))
    return tmp_path / "flat"


def joined(root: Path, *extra: dict[str, object]) -> DataSection:
    return DataSection.model_validate({"name": "market1501", "root": root, "extra": extra})


def test_extra_images_are_added_with_numbers_of_their_own(market_drawn: Path, rendered_flat: Path) -> None:
    alone = open_split("market1501", market_drawn)
    other = open_split("rendered", rendered_flat)
    source = {"name": "rendered", "root": rendered_flat}
    split = open_data(joined(market_drawn, source, source))
    assert (split.query, split.gallery, split.schema) == (alone.query, alone.gallery, alone.schema)
    assert (split.name, split.terms, split.protocol) == (alone.name, alone.terms, alone.protocol)
    assert split.train[: len(alone.train)] == alone.train
    first, second = split.train[len(alone.train) :][:8], split.train[len(alone.train) + 8 :]
    taken = {image.pid for part in alone.parts().values() for image in part}
    numbers = [{image.pid for image in part} for part in (first, second)]
    assert [len(pids) for pids in numbers] == [2, 2]
    assert not numbers[0] & numbers[1]
    assert not (numbers[0] | numbers[1]) & taken
    assert {image.camid for image in first} == {4, 5}  # after the market's three
    assert {image.camid for image in second} == {6, 7}
    assert [image.path for image in first] == [image.path for image in other.train]
    assert [image.attributes for image in second] == [image.attributes for image in other.train]


def test_the_card_and_reports_learn_of_it(market_drawn: Path, rendered_flat: Path) -> None:
    split = open_data(joined(market_drawn, {"name": "rendered", "root": rendered_flat}))
    assert split.notes[-1].startswith(
        "training set enlarged by 8 images of 2 persons of rendered. Rendered by reseen: nobody's pictures"
    )


def test_all_become_classes(market_drawn: Path, rendered_flat: Path) -> None:
    split = open_data(joined(market_drawn, {"name": "rendered", "root": rendered_flat}))
    images = TrainingImages(cached_images(split.train, (64, 32)), split, split.schema)
    assert len(images) == 48 + 8
    assert sorted(set(images.labels.tolist())) == list(range(8 + 2))
    assert images.attributes is not None
    assert (images.attributes >= 0).all()


def test_labels_are_taken_over_by_name(market_drawn: Path, tmp_path: Path) -> None:
    """Another data set may order its classes differently, and have classes and attributes of its own."""
    paint_all(tmp_path, ["a.png", "b.png"])
    table = tmp_path / "people.csv"
    table.write_text(
        "image,pid,camid,split,gender,upper_color,mood\n"
        "a.png,1,1,train,female,red,sad\n"
        "b.png,2,1,train,male,orange,glad\n"
    )
    split = open_data(joined(market_drawn, {"name": "table", "root": table}))
    first, second = split.train[-2:]
    schema = split.schema
    assert schema is not None
    assert first.attributes == {"gender": 1, "upper_color": schema["upper_color"].index("red")}
    assert second.attributes == {"gender": 0}


def test_without_attributes_of_its_own_a_data_set_takes_none_over(rendered_flat: Path, tmp_path: Path) -> None:
    paint_all(tmp_path / "mine", ["train/1_c1.png", "gallery/2_c1.png"])
    data = {"name": "table", "root": tmp_path / "mine", "extra": [{"name": "rendered", "root": rendered_flat}]}
    split = open_data(DataSection.model_validate(data))
    assert split.schema is None
    assert all(not image.attributes for image in split.train)


def test_unknown_cameras_stay_unknown(market_drawn: Path, tmp_path: Path) -> None:
    paint_all(tmp_path, ["train/7_c1.png", "train/8.png", "query/9_c1.png"])
    split = open_data(joined(market_drawn, {"name": "table", "root": tmp_path}))
    assert [image.camid for image in split.train[-2:]] == [4, -1]


def test_mistakes_are_named(market_drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="no folder for data set 'viper'"):
        open_data(joined(market_drawn, {"name": "viper"}))
    paint_all(tmp_path, ["1_c1.png"])
    with pytest.raises(ReseenError, match=r"data\.extra: table has no training images to add"):
        open_data(joined(market_drawn, {"name": "table", "root": tmp_path}))


def test_unknown_persons_are_no_class(market_drawn: Path) -> None:
    split = open_split("market1501", market_drawn)
    train = split.train
    unknown = [replace(image, pid=UNKNOWN_PID) if row % 5 == 0 else image for row, image in enumerate(train)]
    images = TrainingImages(cached_images(unknown, (64, 32)), replace(split, train=tuple(unknown)), None)
    assert len(images.label_of) == 8
    assert [label == NO_LABEL for label in images.labels.tolist()] == [row % 5 == 0 for row in range(48)]


def test_joints_are_measured_in_the_decoded_pixels(rendered_flat: Path) -> None:
    """Pictures of 64 x 32 decoded at twice that."""
    split = open_split("rendered", rendered_flat, keypoints=True)
    train = split.train
    images = TrainingImages(cached_images(train, (128, 64)), split, None)
    assert images.keypoints is not None
    assert images.keypoints.shape == (8, 18, 3)
    for row, image in enumerate(train):
        assert image.keypoints is not None
        x, y, confidence = torch.from_numpy(image.keypoints).T
        torch.testing.assert_close(images.keypoints[row], torch.stack([2 * x + 0.5, 2 * y + 0.5, confidence], 1))
    without = open_split("rendered", rendered_flat)
    assert TrainingImages(cached_images(without.train, (128, 64)), without, None).keypoints is None
