"""Labels beside the images: others' tools find what they know, and what is written reads back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat

from reseen.data.annotations.lin_attributes import read_lin_attributes
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.images.source import Entry
from reseen.data.sets.rendered.labels import read_keypoints
from reseen.world.labels import decode_joints, encode_attributes, encode_keypoints, encode_mask

PERSON = {attribute.name: len(attribute.classes) - 1 for attribute in MARKET1501_SCHEMA}
OTHER = dict.fromkeys(PERSON, 0)


def joints(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.c_[rng.uniform(-9, 70, 18), rng.uniform(-9, 140, 18), rng.integers(0, 3, 18)].astype(np.float32)


def test_attributes_read_back(tmp_path: Path) -> None:
    file = tmp_path / "market_attribute.mat"
    file.write_bytes(encode_attributes({"test": {12: PERSON}, "train": {3: OTHER, 1: PERSON}}))
    assert read_lin_attributes(Entry(file), MARKET1501_SCHEMA) == {12: PERSON, 3: OTHER, 1: PERSON}


def test_an_empty_test_part_and_unknown_labels_read_back(tmp_path: Path) -> None:
    file = tmp_path / "market_attribute.mat"
    known = {name: value for name, value in PERSON.items() if name not in ("age", "upper_color")}
    file.write_bytes(encode_attributes({"test": {}, "train": {3: known}}))
    assert read_lin_attributes(Entry(file), MARKET1501_SCHEMA) == {3: known}


@pytest.mark.shared
def test_the_file_is_built_like_lins_own(shared: Path, tmp_path: Path) -> None:
    """Down to kinds, shapes and the order of its fields."""
    theirs = loadmat(shared / "data" / "annotations" / "market_attribute.mat")["market_attribute"]
    (tmp_path / "ours.mat").write_bytes(encode_attributes({"test": {12: PERSON}, "train": {3: OTHER, 1: PERSON}}))
    ours = loadmat(tmp_path / "ours.mat")["market_attribute"]
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    for part, persons in (("test", 1), ("train", 2)):
        one, other = ours[0, 0][part], theirs[0, 0][part]
        assert one.shape == other.shape
        assert one.dtype.names == other.dtype.names
        for field in one.dtype.names:
            assert one[0, 0][field].shape == (1, persons)
            assert one[0, 0][field].dtype == other[0, 0][field].dtype
    index = ours[0, 0]["train"][0, 0]["image_index"]
    assert [cell.item() for cell in index[0]] == ["0001", "0003"]


def test_mask_keeps_parts_and_joints(tmp_path: Path) -> None:
    parts = (np.arange(128 * 64) % 12).reshape(128, 64).astype(np.uint8)
    file = tmp_path / "mask.png"
    file.write_bytes(encode_mask(parts, joints(0)))
    with Image.open(file) as picture:
        assert picture.mode == "P"
        np.testing.assert_array_equal(np.asarray(picture), parts)
        assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) == 12
    np.testing.assert_allclose(decode_joints(file), joints(0), atol=0.005)


def test_joints_read_back(tmp_path: Path) -> None:
    masks = []
    for seed in range(3):
        (tmp_path / f"{seed}.png").write_bytes(encode_mask(np.zeros((8, 4), np.uint8), joints(seed)))
        masks.append((f"query/{seed}.jpg", tmp_path / f"{seed}.png"))
    file = tmp_path / "keypoints.parquet"
    file.write_bytes(encode_keypoints(masks))
    found = read_keypoints(Entry(file))
    assert list(found) == ["query/0.jpg", "query/1.jpg", "query/2.jpg"]
    for seed, points in enumerate(found.values()):
        assert points.dtype == np.float32
        np.testing.assert_allclose(points, joints(seed), atol=0.005)
