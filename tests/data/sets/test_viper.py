"""VIPeR: ten halves that never change."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from reseen.data.annotations.peta_labels import SELECTED, SUBSETS, read_words
from reseen.data.images.source import open_folder
from reseen.data.sets import viper
from reseen.errors import ReseenError
from tests.data.trees import paint_all, zipped


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "VIPeR"
    paint_all(root / "cam_a", [f"{person:03d}_{angle}.webp" for person, angle in enumerate([45, 0, 90, 0, 0, 45])])
    paint_all(root / "cam_b", [f"{person:03d}_{angle}.bmp" for person, angle in enumerate([90, 90, 180, 90, 45, 90])])
    return root


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_one_half_trains_and_each_test_person_is_in_both_cameras(tree: Path, tmp_path: Path, form: str) -> None:
    split = viper.load(tree if form == "folder" else zipped(tree, tmp_path / "viper.zip"))
    assert (len(split.train), len(split.query), len(split.gallery)) == (6, 3, 3)
    assert {image.camid for image in split.query} == {1}
    assert {image.camid for image in split.gallery} == {2}
    tested = {image.pid for image in split.query}
    assert tested == {image.pid for image in split.gallery}
    assert tested | {image.pid for image in split.train} == {1, 2, 3, 4, 5, 6}  # 000 is a person, not a distractor
    assert split.protocol.kind == "two_way"
    assert split.gallery[0].open().size == (4, 8)


def test_halves_follow_from_the_fold_alone(tree: Path) -> None:
    np.random.seed(1)
    first = [viper.load(tree, fold=fold).query for fold in range(10)]
    state = np.random.get_state()[1].tolist()
    np.random.seed(2)
    assert [viper.load(tree, fold=fold).query for fold in range(10)] == first
    assert len(set(first)) > 5
    np.random.seed(1)
    assert np.random.get_state()[1].tolist() == state  # nothing was drawn from the global state


@pytest.mark.parametrize("fold", [-1, 10, "a"])
def test_no_such_fold(tree: Path, fold: int) -> None:
    with pytest.raises(ReseenError, match="choose 0 to 9"):
        viper.load(tree, fold=fold)


def test_one_camera_is_not_enough(tree: Path, tmp_path: Path) -> None:
    (tree / "cam_b" / "003_90.bmp").unlink()
    with pytest.raises(ReseenError, match="1 persons are seen by one camera only, first: 003"):
        viper.load(tree)
    (tree / "cam_b").rename(tmp_path / "b")
    with pytest.raises(ReseenError, match=r"expected cam_a/ and cam_b/"):
        viper.load(tree)


@pytest.mark.parametrize("place", ["beside", "inside", "zip"])
def test_labels_are_petas_by_the_persons_number(tree: Path, tmp_path: Path, place: str) -> None:
    with pytest.raises(ReseenError, match="there is no PETA in or beside"):
        viper.load(tree, attributes=True)
    peta = (tree if place == "inside" else tmp_path) / "PETA"
    archive = paint_all(peta / "VIPeR" / "archive", ["000_45_1.webp"])
    (archive / "Label.txt").write_text("000 personalMale upperBodyRed\n004 hairLong footwearSneakers\n")
    if place == "zip":
        zipped(peta, tmp_path / "peta.zip")
        shutil.rmtree(peta)
    split = viper.load(tree, attributes=True)
    assert split.schema == viper.SCHEMA
    assert len(split.schema) == 19
    labels = {(image.pid, image.camid): image.attributes for part in split.parts().values() for image in part}
    assert {name for name, value in labels[1, 1].items() if value} == {"personalMale"}
    assert {name for name, value in labels[5, 2].items() if value} == {"hairLong", "footwearSneaker"}
    assert labels[1, 2] == labels[1, 1]
    assert not labels[2, 1]  # unknown, and not without everything
    assert viper.load(tree).schema is None


@pytest.mark.shared
def test_published_labels_know_everybody(shared: Path) -> None:
    split = viper.load(shared / "data" / "viper.zip", attributes=True)
    counts = Counter(name for image in split.train for name, value in image.attributes.items() if value)
    assert all(len(image.attributes) == 19 for image in split.train + split.query + split.gallery)
    assert min(counts.values()) > 2 * 45  # pictures of some 50 of the 316 persons
    assert counts["hairLong"] < 632 / 2


@pytest.mark.shared
def test_attributes_are_those_of_more_than_fifty_training_persons(shared: Path) -> None:
    words = read_words(open_folder(shared / "data" / "peta.zip"))
    ours = {int(number) + 1: own for (subset, number), own in words.items() if SUBSETS[subset] == "VIPeR"}
    halves = [{image.pid for image in viper.load(shared / "data" / "viper.zip", fold=fold).train} for fold in range(10)]
    counts = Counter(word for half in halves for pid in half for word in ours[pid])
    assert {word for word in SELECTED if counts[word] > 10 * 50} == set(viper.SCHEMA.names)


@pytest.mark.shared
def test_published_zip(shared: Path) -> None:
    split = viper.load(shared / "data" / "viper.zip", fold=9)
    assert (len(split.train), len(split.query), len(split.gallery)) == (632, 316, 316)
    assert not {image.pid for image in split.train} & {image.pid for image in split.query}
    assert split.query[0].open().size == (48, 128)
