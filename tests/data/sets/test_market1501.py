"""Market-1501 from folders and zips, with every trap of the published files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import pytest

from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.sets import market1501
from reseen.data.skeleton import COCO18
from reseen.errors import ReseenError, ReseenWarning
from tests.data.trees import paint, paint_all, zipped
from tests.drawn import labels_of

TRAIN = ["0002_c1s1_000451_03.jpg", "0007_c6s3_000001_01.jpg"]
QUERY = ["0001_c1s1_001051_00.jpg", "1488_c1s6_023021_00.jpg.jpg"]
GALLERY = [
    "-1_c1s1_000401_03.jpg",
    "0000_c3s1_000151_01.jpg",
    "0001_c2s1_000301_00.jpg",
    "1488_c2s3_065527_00.jpg.jpg",
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "Market-1501-v15.09.15"
    for folder, names in [("bounding_box_train", TRAIN), ("query", QUERY), ("bounding_box_test", GALLERY)]:
        paint_all(root / folder, names)
    (root / "bounding_box_train" / "Thumbs.db").write_bytes(b"litter")
    return root


def names(images: object) -> list[str]:
    return [image.path.name for image in images]  # type: ignore[attr-defined]


def test_folder(tree: Path) -> None:
    split = market1501.load(tree)
    assert names(split.train) == TRAIN
    assert names(split.query) == QUERY  # two suffixes count as one image
    assert names(split.gallery) == GALLERY
    assert [(image.pid, image.camid) for image in split.gallery] == [(-1, 1), (0, 3), (1, 2), (1488, 2)]
    assert split.train[0].open().size == (4, 8)
    assert split.schema is None
    assert split.protocol.kind == "cross_camera"
    assert "research" in split.terms


def test_folder_above(tree: Path) -> None:
    assert names(market1501.load(tree.parent).train) == TRAIN


@pytest.mark.parametrize("together", [True, False])
def test_zips(tree: Path, tmp_path: Path, together: bool) -> None:
    zips = tmp_path / "zips"
    zips.mkdir()
    if together:
        root = zipped(tree, zips / "market.zip")
    else:
        root = zips
        for name in ("query", "bounding_box_test"):
            (tmp_path / "test" / tree.name).mkdir(parents=True, exist_ok=True)
            (tree / name).rename(tmp_path / "test" / tree.name / name)
        zipped(tree, zips / "market1501-train.zip")
        zipped(tmp_path / "test" / tree.name, zips / "market1501-test.zip")
    split = market1501.load(root)
    assert (names(split.train), names(split.query), names(split.gallery)) == (TRAIN, QUERY, GALLERY)
    assert split.query[1].open().size == (4, 8)


@pytest.mark.parametrize("where", ["in", "annotations", "beside", "named"])
def test_attributes_are_found_and_go_by_person(market_drawn: Path, tmp_path: Path, where: str) -> None:
    root = tmp_path / "market"
    root.mkdir()
    for part in ("bounding_box_train", "query", "bounding_box_test"):
        (root / part).symlink_to(market_drawn / part)
    folder = {
        "in": root,
        "annotations": root / "annotations",
        "beside": tmp_path / "annotations",
        "named": tmp_path / "x",
    }[where]
    folder.mkdir(exist_ok=True)
    target = folder / "market_attribute.mat"
    target.write_bytes((market_drawn / "market_attribute.mat").read_bytes())
    split = market1501.load(root, attributes=target if where == "named" else None)
    assert split.schema is MARKET1501_SCHEMA
    for image in (*split.train, *split.query, *split.gallery):
        assert dict(image.attributes) == (labels_of(image.pid) if image.pid > 0 else {})


def test_distractors_enlarge_the_gallery_as_wrong_answers(tree: Path, tmp_path: Path) -> None:
    extra = paint_all(tmp_path / "distractors", ["0000_c4s2_000001_01.jpg", "more/nameless.jpg"])
    for root in (extra, zipped(extra, tmp_path / "distractors.zip")):
        split = market1501.load(tree, distractors=root)
        assert [(image.pid, image.camid) for image in split.gallery[4:]] == [(0, 4), (0, -1)]
        assert split.gallery[5].open().size == (4, 8)
        assert any("2 distractors" in note for note in split.notes)


def test_joints_are_rows_in_file_order(tree: Path) -> None:
    for part, count in [("train", 2), ("query", 2), ("gallery", 4)]:
        rows = np.stack([np.arange(28) + 100 * row + 1 for row in range(count)])
        with h5py.File(tree / f"market1501_14point_{part}.mat", "w") as file:
            file["pp"] = rows
    split = market1501.load(tree, keypoints=True)
    points = split.gallery[3].keypoints
    assert points is not None
    assert points.shape == (18, 3)
    assert points[COCO18.joints.index("right_shoulder")].tolist() == [302, 316, 1]  # MATLAB's first pixel is 1
    assert split.gallery == market1501.load(tree).gallery


@pytest.mark.parametrize("shape", [(3, 28), (2, 27)])
def test_joints_of_other_images_are_refused(tree: Path, shape: tuple[int, int]) -> None:
    for part in ("train", "query", "gallery"):
        with h5py.File(tree / f"market1501_14point_{part}.mat", "w") as file:
            file["pp"] = np.ones(shape)
    with pytest.raises(ReseenError, match="14point_train"):
        market1501.load(tree, keypoints=True)


def test_joints_that_are_not_there_are_named(tree: Path) -> None:
    with pytest.raises(ReseenError, match=r"no market1501_14point_train\.mat"):
        market1501.load(tree, keypoints=True)


def test_a_missing_folder_is_named(tree: Path) -> None:
    (tree / "query").rename(tree / "queries")
    with pytest.raises(ReseenError, match=r"no complete Market-1501 in .*: query/ missing; expected bounding_box"):
        market1501.load(tree)
    split = market1501.load(tree, allow_missing=True)
    assert split.query == ()
    assert any("query/ is missing" in note for note in split.notes)


def test_a_zip_may_hold_the_test_part_only(tree: Path, tmp_path: Path) -> None:
    (tree / "bounding_box_train").rename(tmp_path / "elsewhere")
    split = market1501.load(zipped(tree, tmp_path / "test.zip"))
    assert (len(split.train), len(split.query), len(split.gallery)) == (0, 2, 4)
    assert split.notes == ("Market-1501: bounding_box_train/ is missing",)


def test_nothing_at_all_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=r"no Market-1501 in .* expected bounding_box_train/, query/, bounding_box"):
        market1501.load(tmp_path)


def test_dukemtmc_in_the_same_folder_is_not_mistaken(tree: Path) -> None:
    paint(tree.parent / "A-Duke" / "bounding_box_train" / "0001_c2_f0046182.jpg")
    assert names(market1501.load(tree.parent).train) == TRAIN


def test_strange_names_are_left_out_aloud(tree: Path) -> None:
    paint(tree / "query" / "holiday.jpg")
    with pytest.warns(ReseenWarning, match="left out 1 images whose names"):
        assert names(market1501.load(tree).query) == QUERY


@pytest.mark.shared
def test_published_zips(shared: Path) -> None:
    split = market1501.load(shared / "data", keypoints=True)
    assert (len(split.train), len(split.query), len(split.gallery)) == (12936, 3368, 19732)
    assert len({image.pid for image in split.train}) == 751
    assert Counter(min(image.pid, 1) for image in split.gallery) == {-1: 3819, 0: 2798, 1: 13115}
    assert [sum(name.endswith(".jpg.jpg") for name in names(part)) for part in (split.query, split.gallery)] == [6, 18]
    assert {image.camid for image in split.train} == {1, 2, 3, 4, 5, 6}
    for images in split.parts().values():
        assert names(images) == sorted(names(images))
        assert all(bool(image.attributes) == (image.pid > 0) for image in images)
        points = np.stack([image.keypoints for image in images])
        assert points.shape[1:] == (18, 3)
        assert points.min() >= 0
        x, y = (points[..., i].mean(0) for i in (0, 1))
        right, left, neck, hip, ankle = (
            COCO18.joints.index(f) for f in ("right_shoulder", "left_shoulder", "neck", "right_hip", "right_ankle")
        )
        assert x[right] < x[left]  # more people walk towards the cameras than away
        assert y[neck] < y[right] < y[hip] < y[ankle]
        assert (points[..., 0].max(), points[..., 1].max()) == (63, 127)
