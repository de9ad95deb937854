"""A user's own images: folders, folders of persons, CSV and Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reseen.data.attributes import MARKET1501_SCHEMA, binary
from reseen.data.names import concealed
from reseen.data.person import PersonImage
from reseen.data.sets import table
from reseen.errors import ReseenError, ReseenWarning
from tests.data.trees import paint_all, zipped


def ids(images: Sequence[PersonImage]) -> list[tuple[str, int, int]]:
    return [(image.path.name, image.pid, image.camid) for image in images]  # type: ignore[union-attr]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_plain_folder_is_a_gallery_of_nobody_known(tmp_path: Path, form: str) -> None:
    folder = paint_all(tmp_path / "pictures", ["b.jpg", "a.png"])
    split = table.load(folder if form == "folder" else zipped(folder, tmp_path / "pictures.zip"))
    assert ids(split.gallery) == [("a.png", -1, -1), ("b.jpg", -1, -1)]
    assert (split.train, split.query, split.schema) == ((), (), None)
    assert split.notes == (
        "2 images without a person id (pid -1)",
        "no camera ids: every image counts as its own camera",
    )
    assert split.gallery[0].open().size == (4, 8)


def test_market_names_in_a_plain_folder_are_understood(tmp_path: Path) -> None:
    names = ["-1_c1s1_1.jpg", "0000_c1s1_2.jpg", "0012_c3s1_3.jpg", "c4_9.jpg", "selfie.jpg"]
    split = table.load(paint_all(tmp_path / "p", names))
    assert [image[1:] for image in ids(split.gallery)] == [(-1, 1), (0, 1), (12, 3), (-1, 4), (-1, -1)]
    assert "1 images named like Market-1501's distractors (pid 0)" in split.notes


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_folder_a_person(tmp_path: Path, form: str) -> None:
    root = paint_all(tmp_path / "people", ["bob/c2_1.jpg", "bob/x.jpg", "anna/old/c7_1.jpg"])
    split = table.load(root if form == "folder" else zipped(root, tmp_path / "people.zip"), part="train")
    assert ids(split.train) == [("c7_1.jpg", 1, 7), ("c2_1.jpg", 2, 2), ("x.jpg", 2, -1)]
    assert [image.person_name for image in split.train] == [concealed(name) for name in ("anna", "bob", "bob")]


def test_a_zip_among_the_images_is_not_a_person(tmp_path: Path) -> None:
    folder = paint_all(tmp_path / "p", ["a.jpg", "bob/b.jpg"])
    zipped(folder / "bob", folder / "backup.zip")
    assert [image.path.name for image in table.load(folder).gallery] == ["a.jpg", "b.jpg"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("folders", "pids"),
    [(["7", "12"], [12, 7]), (["0", "1"], [2, 1]), (["-1", "anna"], [-1, 1]), (["007", "8"], [7, 8])],
)
def test_person_folders_with_numbers(tmp_path: Path, folders: list[str], pids: list[int]) -> None:
    split = table.load(paint_all(tmp_path / "p", [f"{name}/1.jpg" for name in folders]))
    assert [image.pid for image in split.gallery] == pids


def test_folders_named_like_parts_are_parts(tmp_path: Path) -> None:
    names = ["train/anna/1.jpg", "query/bob/1.jpg", "test/bob/2.jpg", "test/carl/1.jpg"]
    split = table.load(paint_all(tmp_path / "p", names))
    assert [image.pid for image in split.train] == [1]
    assert [image.pid for image in split.query] == [2]
    assert [image.pid for image in split.gallery] == [2, 3]


def test_csv_with_everything(tmp_path: Path) -> None:
    paint_all(tmp_path / "images", ["1.jpg", "2.jpg", "3.jpg"])
    path = write(
        tmp_path / "people.csv",
        "image,pid,camid,split,coat\n"
        "images/1.jpg,0004,2,train,long\n"
        "images/2.jpg,9,1,query,\n"
        "images/3.jpg,9,2,gallery,short\n",
    )
    split = table.load(path)
    assert ids(split.train) == [("1.jpg", 4, 2)]
    assert ids(split.query) == [("2.jpg", 9, 1)]
    assert ids(split.gallery) == [("3.jpg", 9, 2)]
    assert split.schema is not None
    assert split.schema["coat"].classes == ("long", "short")
    assert [dict(image.attributes) for image in (*split.train, *split.query, *split.gallery)] == [
        {"coat": 0}, {}, {"coat": 1},
    ]  # fmt: skip
    assert split.gallery[0].open().size == (4, 8)
    assert split.notes == ()


def test_when_and_where_pictures_were_taken_are_no_attributes(tmp_path: Path) -> None:
    paint_all(tmp_path, ["1.jpg", "2.jpg", "3.jpg"])
    lines = ["image,Seconds,track,source,hat", "1.jpg,3600.5,7,tour.mp4,yes", "2.jpg,,,,no", "3.jpg,0,8,door.mp4,no"]
    split = table.load(write(tmp_path / "own.csv", "\n".join(lines)))
    assert split.schema is not None
    assert split.schema.names == ("hat",)
    told = [(image.seconds, image.track, image.source) for image in split.gallery]
    assert told == [(3600.5, 7, "tour.mp4"), (None, None, ""), (0, 8, "door.mp4")]
    for column, cell, message in [
        ("seconds", "noon", "row 1 has seconds 'noon': write a number"),
        ("seconds", "inf", "row 1 has seconds 'inf'"),
        ("track", "1.5", "row 1 has track 1.5: tracks have whole numbers"),
    ]:
        with pytest.raises(ReseenError, match=message):
            table.load(write(tmp_path / "own.csv", f"image,{column}\n1.jpg,{cell}\n"))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_separators_and_case_of_columns(tmp_path: Path, separator: str) -> None:
    text = "\ufeffImage,PID\n1.jpg,anna\n2.jpg,zoe\n".replace(",", separator)
    assert [image.pid for image in table.load(write(tmp_path / "t.csv", text)).gallery] == [1, 2]


def test_without_cameras_they_are_unknown(tmp_path: Path) -> None:
    split = table.load(write(tmp_path / "t.csv", "image,pid\na.jpg,1\nb.jpg,1\nc.jpg,2\n"))
    assert [image.camid for image in split.gallery] == [-1, -1, -1]
    assert "no camera ids: every image counts as its own camera" in split.notes


def test_numbers_of_cameras_stay_the_users_own(tmp_path: Path) -> None:
    cells = ["0", "2", "10", "-1", "", "door", "02"]
    rows = "".join(f"{row}.jpg,{cell}\n" for row, cell in enumerate(cells))
    split = table.load(write(tmp_path / "t.csv", "image,camid\n" + rows))
    assert [image.camid for image in split.gallery] == [0, 2, 10, -1, -1, 11, 2]
    assert [image.camera_name for image in split.gallery] == ["", "", "", "", "", "door", ""]
    assert "cameras with names get numbers of our own: 1" in split.notes
    assert "no camera ids: each of the 2 images without one counts as its own camera" in split.notes


@pytest.mark.parametrize("part", ["train", "query", "gallery"])
@pytest.mark.parametrize(
    ("persons", "pids"),
    [
        (["0", "1", "0"], [2, 1, 2]),
        (["-2", "5", "-2"], [6, 5, 6]),
        (["4", "ann", ""], [4, 5, -1]),
        (["-1", "7", "007"], [-1, 7, 7]),
        (["9" * 20, "95", "9" * 20], [96, 95, 96]),
        (["9" * 5000, "95", "9" * 5000], [96, 95, 96]),
        (["9" * 18, "7", "9" * 18], [10**18 - 1, 7, 10**18 - 1]),
    ],
    ids=["zero", "minus two", "names", "unknown", "too long", "far too long", "long"],
)
def test_any_text_or_number_is_a_persons_id(tmp_path: Path, persons: list[str], pids: list[int], part: str) -> None:
    rows = "".join(f"{row}.jpg,{person},{part}\n" for row, person in enumerate(persons))
    split = table.load(write(tmp_path / "t.csv", "image,pid,split\n" + rows))
    assert [image.pid for image in split.parts()[part]] == pids
    named = [image.person_name for image in split.parts()[part]]
    own = [pid == -1 or str(pid) == person.lstrip("0") for pid, person in zip(pids, persons, strict=True)]
    assert named == ["" if kept else concealed(person) for kept, person in zip(own, persons, strict=True)]
    assert any(note.startswith("persons with names") for note in split.notes) == (not all(own))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("cells", "pids"),
    [
        (["-1.0", "7.0", "nan", "12.0"], [-1, 7, -1, 12]),
        (["ann", "NaN", "Nan", "nan"], [2, -1, 1, -1]),
        (["3.0", "3.1", "3.0", ""], [1, 2, 1, -1]),  # no column of integers: groups and persons, it may be
    ],
    ids=["numbers", "names", "versions"],
)
def test_what_pandas_makes_of_missing_cells_is_nobody(
    tmp_path: Path, cells: list[str], pids: list[int], suffix: str
) -> None:
    columns = {"image": [f"{row}.jpg" for row in range(len(cells))], "pid": cells, "hat": ["1.0", "0.0", "nan", "1.0"]}
    path = tmp_path / f"people.{suffix}"
    if suffix == "csv":
        write(path, "image,pid,hat\n" + "".join(",".join(row) + "\n" for row in zip(*columns.values(), strict=True)))
    else:
        pq.write_table(pa.table(columns), path)
    split = table.load(path)
    assert [image.pid for image in split.gallery] == pids
    assert split.schema is not None
    assert split.schema["hat"].classes == ("0", "1")
    assert [image.attributes.get("hat") for image in split.gallery] == [1, 0, None, 1]


def test_long_numbers_of_cameras_are_names_too(tmp_path: Path) -> None:
    rows = f"a.jpg,1,{'8' * 20}\nb.jpg,1,{'7' * 20}\nc.jpg,1,\n"
    split = table.load(write(tmp_path / "t.csv", "image,pid,camid\n" + rows))
    assert [image.camid for image in split.gallery] == [2, 1, -1]


def test_named_cameras_are_numbered_and_keep_their_names(tmp_path: Path) -> None:
    split = table.load(write(tmp_path / "t.csv", "image,pid,camid\na.jpg,1,roof\nb.jpg,1,door\n"))
    assert [(image.camid, image.camera_name) for image in split.gallery] == [(2, "roof"), (1, "door")]


def test_a_known_schema_is_taken_where_all_values_fit(tmp_path: Path) -> None:
    text = "image,backpack,gender,upper_color\na.jpg,yes,Female,red\nb.jpg,no,unknown,\n"
    split = table.load(write(tmp_path / "t.csv", text))
    assert split.schema is not None
    assert split.schema.name == "market1501"
    assert split.schema.names == ("gender", "backpack", "upper_color")
    assert split.schema["upper_color"] == MARKET1501_SCHEMA["upper_color"]
    assert dict(split.gallery[0].attributes) == {"gender": 1, "backpack": 1, "upper_color": 2}
    assert dict(split.gallery[1].attributes) == {"backpack": 0}


def test_one_value_that_does_not_fit_makes_a_schema_of_its_own(tmp_path: Path) -> None:
    split = table.load(write(tmp_path / "t.csv", "image,gender,upper_color\na.jpg,female,red\nb.jpg,male,pink\n"))
    assert split.schema is not None
    assert split.schema.name == "table"
    assert split.schema["upper_color"].classes == ("pink", "red")


def test_captions_and_empty_columns_are_no_attributes(tmp_path: Path) -> None:
    rows = "".join(f"{row}.jpg,caption {row},\n" for row in range(51))
    with pytest.warns(ReseenWarning) as caught:
        split = table.load(write(tmp_path / "t.csv", f"image,text,nothing\n{rows}"))
    assert split.schema is None
    assert [str(warning.message).split(":")[0] for warning in caught] == [
        "left out column 'text'",
        "left out column 'nothing'",
    ]


def test_parquet_types(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    columns = {
        "image": ["a.jpg", "b.jpg"],
        "pid": [3.0, None],
        "camid": [1, 2],
        "hat": [True, None],
        "size": [1.0, 2.5],
    }
    pq.write_table(pa.table(columns), path)
    split = table.load(path)
    assert ids(split.gallery) == [("a.jpg", 3, 1), ("b.jpg", -1, 2)]
    assert split.schema is not None
    assert list(split.schema) == [binary("hat"), binary("size", ("1", "2.5"))]
    assert [dict(image.attributes) for image in split.gallery] == [{"hat": 1, "size": 0}, {"size": 1}]


def test_a_column_with_one_value_tells_nobody_apart(tmp_path: Path) -> None:
    with pytest.warns(ReseenWarning, match="left out column 'coat': it has only the value 'long', too few for"):
        split = table.load(write(tmp_path / "t.csv", "image,coat,hat\na.jpg,long,no\nb.jpg,long,no\n"))
    assert split.schema is not None
    assert list(split.schema) == [binary("hat")]
    with pytest.warns(ReseenWarning, match="'coat'"):
        assert table.load(write(tmp_path / "u.csv", "image,coat\na.jpg,long\n")).schema is None


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_images_may_lie_elsewhere(tmp_path: Path, form: str) -> None:
    folder = paint_all(tmp_path / "pictures", ["x/1.png"])
    root = folder if form == "folder" else zipped(folder, tmp_path / "pictures.zip")
    name = "x/1.png" if form == "folder" else "pictures/x/1.png"
    path = write(tmp_path / "t.csv", f"image,pid\n{name},1\n")
    assert table.load(path, images=root).gallery[0].open().size == (4, 8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("image,pid\n", "has no rows"),
        ("picture,pid\na.jpg,1\n", "has no column 'image'; it has: picture, pid"),
        ("image,pid\n,1\n", "row 1 names no image"),
        ("image,pid,split\na.jpg,1,train\nb.jpg,1,valid\n", "row 2 has split 'valid'"),
        ("image,pid\na.jpg,1,2\n", "row 1 has 3 values instead of 2"),
        ("image,pid,PID\na.jpg,1,2\n", "two columns named 'pid'"),
    ],
)
def test_tables_that_make_no_sense(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        table.load(write(tmp_path / "t.csv", text))


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_unreadable_tables(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReseenError, match="cannot read table"):
        table.load(tmp_path / name)
    (tmp_path / name).write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(ReseenError, match="cannot read table"):
        table.load(tmp_path / name)


def test_wrong_use_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=r"no images .* in"):
        table.load(tmp_path)
    with pytest.raises(ReseenError, match="choose train, query or gallery"):
        table.load(tmp_path, part="test")  # type: ignore[arg-type]
    with pytest.raises(ReseenError, match="option images goes with a table"):
        table.load(tmp_path, images=tmp_path)


MARS = r"(?P<pid>\d{4})C(?P<camid>\d)T(?P<seconds>\d{4})F"


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_pattern_reads_names(tmp_path: Path, form: str) -> None:
    names = ["0781C1T0001F001.jpg", "sub/0781C2T0007F002.jpg", "0002C2T0003F001.jpg", "selfie.jpg"]
    root = paint_all(tmp_path / "p", names)
    split = table.load(root if form == "folder" else zipped(root, tmp_path / "p.zip"), pattern=MARS)
    assert sorted((pid, camid) for _, pid, camid in ids(split.gallery)) == [(-1, -1), (2, 2), (781, 1), (781, 2)]
    assert {image.pid: image.seconds for image in split.gallery}[2] == 3.0
    assert "1 images without a person id (pid -1)" in split.notes


def test_a_pattern_keeps_parts(tmp_path: Path) -> None:
    split = table.load(
        paint_all(tmp_path / "p", ["train/5C1T0001F1.jpg", "query/6C1T0001F1.jpg"]), pattern=r"(?P<pid>\d)C"
    )
    assert ([image.pid for image in split.train], [image.pid for image in split.query]) == ([5], [6])


def test_a_pattern_that_fits_nothing_names_a_file(tmp_path: Path) -> None:
    root = paint_all(tmp_path / "p", ["a.jpg", "b.jpg"])
    with pytest.raises(ReseenError, match=r"fits none of 2 image names, such as a\.jpg"):
        table.load(root, pattern=MARS)
    with pytest.raises(ReseenError, match=r"group seconds of the pattern is 'a' in a\.jpg: no number"):
        table.load(root, pattern="(?P<pid>)(?P<seconds>[ab])")


def test_a_pattern_does_not_go_with_a_table(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="option pattern goes with a folder"):
        table.load(write(tmp_path / "t.csv", "image\n1.jpg\n"), pattern=MARS)
