"""PETA on a made tree of its layout: words, rows, the given splits, and a split that shares no person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from reseen.data.annotations.peta_labels import SELECTED, SUBSETS, read_list
from reseen.data.attributes import Attribute
from reseen.data.images.source import Entry
from reseen.data.person import Split
from reseen.data.sets import peta
from reseen.errors import ReseenError, ReseenWarning
from tests.data.trees import paint_all, zipped

FILES = {
    "3DPeS": ["10_953_FRAME_134_RGB.webp", "10_960_FRAME_1_RGB.webp", "7_1_FRAME_2_RGB.webp"],
    "MIT": ["00012_male_back.jpg", "00013_female_fore.jpg"],
    "VIPeR": ["003_0_1.webp", "003_90_2.webp", "004_0_1.webp", "004_45_2.webp", "005_0_1.webp"],
}
"""In the order of the rows."""
WORDS = {
    ("3DPeS", "10"): ["personalMale", "upperBodyRed"],
    ("3DPeS", "7"): ["personalLess30"],
    ("MIT", "12"): ["personalMale", "footwearSneakers"],  # 00012 in the file name
    ("MIT", "00013"): ["hairLong"],
    ("VIPeR", "003"): ["accessoryHat", "lowerBodyBlue"],
    ("VIPeR", "004"): ["lowerBodyJeans"],
    ("VIPeR", "005"): ["personalMale"],
}
COLUMNS = (*SELECTED, "upperBodyRed", "lowerBodyBlue")
SPLITS = [([1, 4, 6, 8], [2], [3, 5, 7, 9, 10]), ([10, 9], [8], [1, 2])]


def row_words() -> list[list[str]]:
    """Returns the words of each row, as a reader of the tree would find them."""
    persons = {(subset, person.lstrip("0")): words for (subset, person), words in WORDS.items()}
    return [persons[subset, name.split("_")[0].lstrip("0")] for subset, names in FILES.items() for name in names]


def write_mat(path: Path, *, names: bool = True, broken: int = 0) -> None:
    """Writes ``PETA.mat``; ``broken`` rows get the opposite labels."""
    subsets = [SUBSETS.index(subset) + 1 for subset, files in FILES.items() for _ in files]
    labels = np.array(
        [[name in [word.removesuffix("s") if "Sneaker" in word else word for word in words] for name in COLUMNS]
         for words in row_words()]
    )  # fmt: skip
    labels[:broken] = ~labels[:broken]
    if not names:
        labels = labels[:, : len(SELECTED)]
    count = len(labels)
    ids = np.stack([np.arange(count) + 1, np.arange(count) + 1, np.array(subsets), np.ones(count)], axis=1)
    partitions = np.empty((len(SPLITS), 1), dtype=object)
    for number, (train, val, test) in enumerate(SPLITS):
        partitions[number, 0] = {name: np.array([[row] for row in rows]) for name, rows in
                                 [("train", train), ("val", val), ("test", test)]}  # fmt: skip
    content: dict[str, object] = {
        "data": np.concatenate([ids, labels], axis=1),
        "selected_attribute": np.arange(5, 40),
        "partion_attribute": partitions,
    }
    if names:
        content["attribute"] = np.array([[name] for name in COLUMNS], dtype=object)
    savemat(path, {"peta": content})


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "PETA"
    for subset, names in FILES.items():
        paint_all(root / subset / "archive", names)
        lines = [f"{person} {' '.join(words)}\n" for (own, person), words in WORDS.items() if own == subset]
        place = root / subset if subset == "MIT" else root / subset / "archive"
        (place / "Label.txt").write_text("".join(lines))
    write_mat(root / "PETA.mat")
    return root


COLOURS = ("Black", "Blue", "Brown", "Green", "Grey", "Orange", "Pink", "Purple", "Red", "White", "Yellow")


def stems(images: object) -> list[str]:
    return [image.path.stem for image in images]  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", ["folder", "zip", "above"])
def test_given_splits_count_rows_from_one(tree: Path, tmp_path: Path, form: str) -> None:
    root = {"folder": tree, "above": tmp_path}.get(form) or zipped(tree, tmp_path / "peta.zip")
    split = peta.load(root)
    order = [Path(name).stem for names in FILES.values() for name in names]
    assert stems(split.train) == [order[row - 1] for row in (1, 2, 4, 6, 8)]  # training and validation
    assert stems(split.gallery) == [order[row - 1] for row in (3, 5, 7, 9, 10)]
    assert split.query == ()
    assert stems(peta.load(root, fold=1).gallery) == order[:2]
    assert split.gallery[0].open().size == (4, 8)
    assert split.schema is not None
    assert split.schema.names == SELECTED


def test_labels_are_the_words_of_the_person(tree: Path) -> None:
    split = peta.load(tree)
    labels = {image.path.stem: image.attributes for image in (*split.train, *split.gallery)}
    mit = labels["00012_male_back"]
    assert {name for name, value in mit.items() if value} == {"personalMale", "footwearSneaker"}
    assert mit["hairLong"] == 0
    assert labels["10_953_FRAME_134_RGB"] == labels["10_960_FRAME_1_RGB"]


def test_all_words_keep_colours_binary(tree: Path) -> None:
    split = peta.load(tree, attributes="all")
    assert split.schema is not None
    assert split.schema.names == COLUMNS
    assert all(attribute.kind == "binary" for attribute in split.schema)
    assert sum(image.attributes["upperBodyRed"] for image in (*split.train, *split.gallery)) == 2


def test_they_can_be_told_as_market1501s(tree: Path) -> None:
    split = peta.load(tree, attributes="market1501")
    labels = {image.path.stem: image.attributes for image in (*split.train, *split.gallery)}
    assert split.schema is not None
    red = split.schema["upper_color"].index("red")
    assert labels["10_953_FRAME_134_RGB"] == {"gender": 0, "hat": 0, "backpack": 0, "upper_color": red}
    assert labels["003_0_1"]["hat"] == 1


def test_colours_can_be_grouped_several_at_once(tree: Path) -> None:
    split = peta.load(tree, attributes="grouped")
    assert split.schema is not None
    assert split.schema.names == (*SELECTED, "upper_color", "lower_color")
    assert split.schema["upper_color"] == Attribute("upper_color", ("red",), "multi_label")
    labels = {image.path.stem: image.attributes for image in (*split.train, *split.gallery)}
    assert [labels[stem]["upper_color"] for stem in ("10_953_FRAME_134_RGB", "003_0_1")] == [1, 0]
    assert [labels[stem]["lower_color"] for stem in ("10_953_FRAME_134_RGB", "003_0_1")] == [0, 1]
    assert labels["00012_male_back"]["personalMale"] == 1


@pytest.mark.parametrize("names", [True, False])
def test_without_label_files_the_rows_speak(tree: Path, names: bool) -> None:
    expected = peta.load(tree)
    for path in tree.rglob("Label.txt"):
        path.unlink()
    write_mat(tree / "PETA.mat", names=names)
    split = peta.load(tree)
    assert [image.attributes for image in split.train] == [image.attributes for image in expected.train]


def test_persons_shared_between_training_and_test_are_counted(tree: Path) -> None:
    notes = peta.load(tree).notes
    assert "2 of 5 test persons also occur in training" in notes  # 003 and 004
    assert peta.MEMORY in notes
    assert peta.MEMORY not in peta.load(tree, fold=1).notes, "there nobody does"


@pytest.mark.parametrize("fold", range(10))
def test_disjoint_split_shares_no_person_and_needs_no_mat(tree: Path, fold: int) -> None:
    (tree / "PETA.mat").unlink()
    split = peta.load(tree, split="disjoint", fold=fold)
    trained, tested = {image.pid for image in split.train}, {image.pid for image in split.gallery}
    assert not trained & tested
    assert (len(trained), len(tested)) == (4, 3)
    assert len(split.train) + len(split.gallery) == 10
    assert not any("also occur" in note for note in split.notes)


def test_list_files_name_images_whatever_their_suffix(tree: Path) -> None:
    for path in (tree / "PETA.mat", *tree.rglob("Label.txt")):
        path.unlink()
    labels = ["1"] + ["0"] * 34
    lines = {
        "PETA_train_list.txt": ["VIPeR/archive/003_0_1.bmp", "MIT/archive/00012_male_back.jpg"],
        "PETA_test_list.txt": ["3DPeS/archive/7_1_FRAME_2_RGB.bmp"],
    }
    (tree.parent / "annotations").mkdir()
    for name, paths in lines.items():
        (tree.parent / "annotations" / name).write_text(
            "".join(f"PETA_dataset/{path} {' '.join(labels)} \n" for path in paths)
        )
    split = peta.load(tree, split="list")
    assert set(stems(split.train)) == {"003_0_1", "00012_male_back"}
    assert stems(split.gallery) == ["7_1_FRAME_2_RGB"]
    assert split.train[0].attributes["personalLess30"] == 1
    assert sum(split.train[0].attributes.values()) == 1
    (tree / "VIPeR" / "archive" / "003_0_1.webp").unlink()
    with pytest.raises(
        ReseenError, match=r"1 images in PETA_train_list\.txt are not there, first: VIPeR/archive/003_0_1$"
    ):
        peta.load(tree, split="list")


def test_rows_in_another_order_are_refused(tree: Path) -> None:
    write_mat(tree / "PETA.mat", broken=3)
    with pytest.raises(ReseenError, match=r"disagree on 3 of 10 images, first: .*10_953_FRAME_134_RGB"):
        peta.load(tree)


def test_a_single_disagreement_is_a_warning(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reseen.data.annotations.peta_labels._TOLERATED", 0.1)
    write_mat(tree / "PETA.mat", broken=1)
    with pytest.warns(ReseenWarning, match="disagree on 1 images"):
        assert peta.load(tree).train[0].attributes["personalMale"] == 1


def test_missing_images_are_refused_before_rows_shift(tree: Path) -> None:
    (tree / "MIT" / "archive" / "00012_male_back.jpg").unlink()
    with pytest.raises(ReseenError, match=r"PETA.mat describes 10 images, but 9 are there"):
        peta.load(tree)


def test_missing_subsets_are_named(tree: Path) -> None:
    assert any("CAVIAR4REID" in note and "VIPeR" not in note for note in peta.load(tree).notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "half"}, "choose random, list or disjoint"),
        ({"attributes": "some"}, "choose one of: selected, all, grouped, market1501"),
        ({"fold": 5}, "choose 0 to 4"),
        ({"split": "list", "fold": 1}, "choose 0 to 0"),
        ({"split": "list"}, r"no PETA_train_list\.txt"),
    ],
)
def test_wrong_options_name_the_right_ones(tree: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        peta.load(tree, **options)  # type: ignore[arg-type]


def test_random_splits_need_the_mat(tree: Path, tmp_path: Path) -> None:
    (tree / "PETA.mat").unlink()
    with pytest.raises(ReseenError, match=r"no PETA\.mat in or beside"):
        peta.load(tree)
    with pytest.raises(ReseenError, match=r"no PETA in .* 3DPeS/archive/"):
        peta.load(tree / "MIT" / "archive")


@pytest.mark.shared
def test_published_lists(shared: Path) -> None:
    train, test = (
        read_list(Entry(shared / "data" / "annotations" / f"PETA_{part}_list.txt")) for part in ("train", "test")
    )
    assert (len(train), len(test), len(train | test)) == (11400, 7600, 19000)
    assert {subset for subset, _ in train} == set(range(10))
    # MIT's file names say who is male, which shows that the columns are in SELECTED's order.
    mit = [(stem, words) for (subset, stem), words in (train | test).items() if SUBSETS[subset] == "MIT"]
    agree = [("female" not in stem) == ("personalMale" in words) for stem, words in mit if "male" in stem]
    assert np.mean(agree) > 0.9


@pytest.fixture(scope="module")
def every(shared: Path) -> Split:
    """The real archive with all its attributes."""
    return peta.load(shared / "data" / "peta.zip", attributes="all")


@pytest.mark.shared
def test_all_attributes_of_the_real_archive_are_those_of_its_mat(every: Split) -> None:
    """``Label.txt`` knows 108 words, ``PETA.mat`` 105, as the papers: 61 and four times 11 colours."""
    assert every.schema is not None
    assert len(every.schema) == 105
    assert not {"accessoryFaceMask", "accessoryShawl", "lowerBodyLogo"} & set(every.schema.names)
    colours = [name for name in every.schema.names if name.endswith(COLOURS)]
    assert len(colours) == 4 * len(COLOURS)
    assert (len(every.train), len(every.gallery)) == (11_400, 7_600)


@pytest.mark.shared
def test_grouped_attributes_of_the_real_archive_are_all_of_them_in_another_form(every: Split, shared: Path) -> None:
    """61 binary attributes and 4 colours; 2,105 images show two to four colours on the upper body."""
    grouped = peta.load(shared / "data" / "peta.zip", attributes="grouped")
    assert every.schema is not None
    assert grouped.schema is not None
    assert [attribute.kind for attribute in grouped.schema] == ["binary"] * 61 + ["multi_label"] * 4
    apart = grouped.schema.as_binary()
    words = [_word(name) for name in apart.names]
    assert sorted(words) == sorted(every.schema.names)
    columns = [every.schema.names.index(word) for word in words]
    for part, images in grouped.parts().items():
        expected = every.schema.encode([image.attributes for image in every.parts()[part]])
        found = grouped.schema.encode([image.attributes for image in images])
        np.testing.assert_array_equal(found, expected[:, columns])
    images = (*grouped.train, *grouped.gallery)
    counts = np.bincount([image.attributes["upper_color"].bit_count() for image in images])
    assert counts.tolist() == [10, 16_885, 1_989, 115, 1]


def _word(name: str) -> str:
    """Returns how ``PETA.mat`` calls a column."""
    thing, sign, color = name.partition(":")
    body = {"upper_color": "upperBody", "lower_color": "lowerBody", "footwear_color": "footwear", "hair_color": "hair"}
    return body[thing] + color.capitalize().replace("Gray", "Grey") if sign else name
