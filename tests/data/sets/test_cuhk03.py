"""CUHK03 from a made ``cuhk-03.mat`` (MATLAB's references in HDF5) and from folders of images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy.io import loadmat, savemat

from reseen.data.sets import cuhk03
from reseen.errors import ReseenError
from tests.data.trees import paint_all, zipped

PERSONS = (3, 2)  # in each of two camera pairs
KEYS = [
    (pair, person, view, image)
    for pair, count in enumerate(PERSONS, 1)
    for person in range(1, count + 1)
    for view, image in ((1, 1), (1, 2), (2, 6))
]
PIDS = {(1, 1): 1, (1, 2): 2, (1, 3): 3, (2, 1): 4, (2, 2): 5}


def name(key: Sequence[int]) -> str:
    return "{}_{:03d}_{}_{:02d}.png".format(*key)


def color(key: Sequence[int]) -> list[int]:
    pair, person, view, image = key
    return [10 * pair + person, 100 * view, image]


def write_mat(path: Path) -> Path:
    """Writes what MATLAB writes: cells transposed, pictures as (channel, width, height), empty cells as vectors."""
    with h5py.File(path, "w") as file:
        for boxes in ("labeled", "detected"):
            pairs = []
            for pair, count in enumerate(PERSONS, 1):
                cells = np.empty((10, count), dtype=h5py.ref_dtype)
                for person in range(1, count + 1):
                    for image in range(1, 11):
                        key = (pair, person, 1 if image <= 5 else 2, image)
                        where = f"#refs#/{boxes}-{name(key)}"
                        if key in KEYS:
                            picture = np.zeros((5, 3, 3), dtype=np.uint8) + np.array(color(key), dtype=np.uint8)
                            picture[0, 0] = 255  # the upper left corner, so that a turned picture is noticed
                            picture[4, 0] = 0
                            file[where] = picture.T
                        else:
                            file[where] = np.zeros(2, dtype=np.uint64)
                        cells[image - 1, person - 1] = file[where].ref
                file[f"#refs#/{boxes}{pair}"] = cells
                pairs.append(file[f"#refs#/{boxes}{pair}"].ref)
            file[boxes] = np.array([pairs], dtype=h5py.ref_dtype)
        sets = [[(1, 2), (2, 1)], [(1, 1), (1, 3)]]
        references = []
        for number, persons in enumerate(sets):
            file[f"#refs#/set{number}"] = np.array(persons, dtype=float).T
            references.append(file[f"#refs#/set{number}"].ref)
        file["testsets"] = np.array([references], dtype=h5py.ref_dtype)
    return path


def write_config(folder: Path, boxes: str = "labeled") -> Path:
    path = folder / f"cuhk03_new_protocol_config_{boxes}.mat"
    savemat(
        path,
        {
            "filelist": np.array([[name(key)] for key in KEYS], dtype=object),
            "camId": np.array([[key[2]] for key in KEYS], dtype=np.uint8),
            "labels": np.array([[PIDS[key[:2]]] for key in KEYS], dtype=np.uint16),
            "train_idx": np.array([[1], [2], [3], [4], [5], [6]]),  # persons 1 and 2, counted from 1
            "query_idx": np.array([[7], [9], [10], [12]]),
            "gallery_idx": np.array([[8], [11], [13], [14], [15]]),
        },
    )
    return path


@pytest.fixture
def mat(tmp_path: Path) -> Path:
    (tmp_path / "cuhk03_release").mkdir()
    return write_mat(tmp_path / "cuhk03_release" / "cuhk-03.mat")


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_classic_test_set_names_pair_and_person(mat: Path, tmp_path: Path, form: str) -> None:
    root = mat.parent if form == "folder" else zipped(mat.parent, tmp_path / "cuhk03_release.zip")
    split = cuhk03.load(root, protocol="classic", boxes="detected")
    assert {image.pid for image in split.query} == {2, 4}
    assert {image.pid for image in split.train} == {1, 3, 5}
    assert (len(split.train), len(split.query)) == (9, 6)
    assert split.gallery == split.query
    assert (split.protocol.kind, split.protocol.draws) == ("single_gallery_shot", 100)
    assert [image.camid for image in split.query] == [1, 1, 2, 1, 1, 2]


def test_classic_second_set(mat: Path) -> None:
    split = cuhk03.load(mat.parent, protocol="classic", fold=1)
    assert {image.pid for image in split.query} == {1, 3}
    with pytest.raises(ReseenError, match="there is no fold 2; choose 0 to 1"):
        cuhk03.load(mat.parent, protocol="classic", fold=2)


def test_both_kinds_of_boxes_can_be_taught(mat: Path) -> None:
    """The test stays as it is, and a person is one person in boxes of either kind."""
    own, both = (
        cuhk03.load(mat.parent, protocol="classic", boxes="detected", taught_boxes=taught)
        for taught in ("same", "both")
    )
    assert both.query == own.query
    assert both.train[: len(own.train)] == own.train
    added = both.train[len(own.train) :]
    assert [(image.pid, image.camid) for image in added] == [(image.pid, image.camid) for image in own.train]
    assert all("labeled" in image.name and "detected" not in image.name for image in added)
    assert len({image.name for image in both.train}) == 2 * len(own.train)


def test_pictures_stand_upright(mat: Path) -> None:
    image = cuhk03.load(mat.parent, protocol="classic").query[0]
    pixels = np.asarray(image.open())
    assert pixels.shape == (5, 3, 3)
    assert pixels[1, 1].tolist() == color((1, 2, 1, 1))
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[4, 0].tolist() == [0, 0, 0]
    assert "cuhk-03.mat" in image.name


@pytest.mark.parametrize("form", ["mat", "folder", "zip", "other suffix"])
def test_new_protocol(mat: Path, tmp_path: Path, form: str) -> None:
    root = mat.parent
    if form != "mat":
        suffix = ".webp" if form == "other suffix" else ".png"
        root = tmp_path / "pictures"
        paint_all(root / "images_labeled", [name(key).replace(".png", suffix) for key in KEYS])
    config = write_config(tmp_path)
    if form == "zip":
        root = zipped(root, tmp_path / "pictures.zip")
    split = cuhk03.load(root, config=config)
    assert [(image.pid, image.camid) for image in split.train] == [(1, 1), (1, 1), (1, 2), (2, 1), (2, 1), (2, 2)]
    assert [(image.pid, image.camid) for image in split.query] == [(3, 1), (3, 2), (4, 1), (4, 2)]
    assert [(image.pid, image.camid) for image in split.gallery] == [(3, 1), (4, 1), (5, 1), (5, 1), (5, 2)]
    assert split.protocol.kind == "cross_camera"
    if form == "mat":
        assert np.asarray(split.query[1].open())[2, 2].tolist() == color((1, 3, 2, 6))
    else:
        assert split.query[1].path.stem == "1_003_2_06"


def test_config_is_found_beside(mat: Path, tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    write_config(tmp_path / "annotations", "detected")
    assert len(cuhk03.load(mat.parent, boxes="detected").train) == 6


def test_missing_images_are_named(tmp_path: Path) -> None:
    paint_all(tmp_path / "images_labeled", [name(key) for key in KEYS[1:]])
    write_config(tmp_path)
    with pytest.raises(ReseenError, match="lacks 1 of 15 images of CUHK03, first: 1_001_1_01"):
        cuhk03.load(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "no cuhk03_new_protocol_config_labeled.mat"),
        ({"protocol": "classic"}, r"no cuhk-03.mat"),
        ({"protocol": "old"}, "choose new or classic"),
        ({"fold": 999}, "new protocol has one split: leave out fold 999, or choose protocol classic"),
        ({"boxes": "drawn"}, "choose labeled or detected"),
        ({"taught_boxes": "both"}, "choose same, or both with protocol classic"),
    ],
)
def test_what_is_missing_or_misspelt_is_named(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    paint_all(tmp_path / "images_labeled", [name(KEYS[0])])
    with pytest.raises(ReseenError, match=message):
        cuhk03.load(tmp_path, **options)  # type: ignore[arg-type]


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cuhk-03.mat").write_bytes(b"nothing")
    with pytest.raises(ReseenError, match=r"is not the cuhk-03\.mat"):
        cuhk03.load(tmp_path, protocol="classic")


@pytest.mark.shared
@pytest.mark.parametrize(("boxes", "counts"), [("labeled", (7368, 1400, 5328)), ("detected", (7365, 1400, 5332))])
def test_published_protocol(shared: Path, tmp_path: Path, boxes: str, counts: tuple[int, int, int]) -> None:
    config = shared / "data" / "annotations" / f"cuhk03_new_protocol_config_{boxes}.mat"
    folder = tmp_path / f"images_{boxes}"
    folder.mkdir()
    for file in loadmat(config, squeeze_me=True)["filelist"]:
        (folder / str(file)).touch()
    split = cuhk03.load(tmp_path, boxes=boxes, config=config)  # type: ignore[arg-type]
    assert tuple(map(len, split.parts().values())) == counts
    trained, tested = {image.pid for image in split.train}, {image.pid for image in split.query}
    assert (len(trained), len(tested)) == (767, 700)
    assert not trained & tested
    assert {(image.pid, image.camid) for image in split.query} == {(pid, camid) for pid in tested for camid in (1, 2)}
