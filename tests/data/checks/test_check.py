"""``data check``: figures, fingerprint, and every problem by name."""

from __future__ import annotations

import io
import json
import shutil
import warnings
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from reseen.data.checks.check import CheckReport, check
from reseen.errors import ReseenError
from tests.data.trees import paint, paint_all, zipped


@pytest.fixture
def market(market_drawn: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(market_drawn, tmp_path / "market"))


def problems(report: CheckReport) -> dict[str, tuple[str, ...]]:
    return {problem.kind: problem.items for problem in report.problems}


def test_a_sound_data_set(market: Path) -> None:
    steps: list[tuple[int, int]] = []
    report = check(market, progress=lambda done, total: steps.append((done, total)))
    assert report.ok
    assert report.dataset == "market1501"
    assert [(part.part, part.images, part.persons, part.cameras) for part in report.parts] == [
        ("train", 48, 8, 3),
        ("query", 24, 8, 3),
        ("gallery", 54, 8, 3),  # with 3 junk images and 3 distractors, who are nobody
    ]
    assert all(part.mean_known == 1.0 for part in report.parts)
    assert steps[-1] == (126, 126)


def test_folder_copy_and_zip_have_one_fingerprint(market: Path, tmp_path: Path) -> None:
    first = check(market).fingerprint
    assert check(zipped(market, tmp_path / "market.zip")).fingerprint == first
    path = next((market / "query").iterdir())
    path.write_bytes(path.read_bytes() + b"\0")
    assert check(market).fingerprint != first


def test_corrupt_images_are_all_named(market: Path) -> None:
    bad = sorted((market / "query").iterdir())[:7]
    for path in bad:
        path.write_bytes(path.read_bytes()[:300])
    report = check(market)
    assert problems(report) == {"unreadable": tuple(map(str, bad))}
    assert str(report.problems[0]).startswith(f"7 images cannot be read: {bad[0]}, ")
    assert str(report.problems[0]).endswith("and 2 more")


def test_a_damaged_zip_member_is_named(market: Path, tmp_path: Path) -> None:
    path = zipped(market, tmp_path / "market.zip")
    with zipfile.ZipFile(path) as archive:
        member = next(info for info in archive.infolist() if "query/" in info.filename and info.file_size)
    content = bytearray(path.read_bytes())
    content[member.header_offset + 200] ^= 255
    path.write_bytes(content)
    assert problems(check(path)) == {"unreadable": (f"{path}:{member.filename}",)}


def test_missing_folder(market: Path) -> None:
    shutil.rmtree(market / "query")
    report = check(market)
    assert [str(problem) for problem in report.problems] == ["query/ is missing"]


def test_person_in_both_splits_and_the_same_picture_twice(market: Path) -> None:
    source = sorted((market / "bounding_box_train").iterdir())[0]
    shutil.copy(source, market / "bounding_box_test" / source.name)
    found = problems(check(market))
    assert found["person in both"] == ("1",)
    assert found["image in both"] == (f"{market / 'bounding_box_test' / source.name} = {source}",)
    assert "duplicate image" not in found  # it is one person's


def test_one_picture_of_two_persons(market: Path) -> None:
    source = sorted((market / "bounding_box_train").glob("0001_*"))[0]
    target = sorted((market / "bounding_box_train").glob("0002_*"))[0]
    shutil.copy(source, target)
    assert problems(check(market)) == {"duplicate image": (f"{source} = {target}",)}


def test_copies_of_one_person_in_one_part_are_counted(market: Path) -> None:
    """They are no mistake: the exit code stays 0."""
    assert not any("several names" in note for note in check(market).notes)
    first, second = sorted((market / "bounding_box_train").glob("*"))[:2]
    for source, copies in ((first, 2), (second, 1)):
        for number in range(copies):
            shutil.copy(source, source.with_name(f"{source.name[:-6]}{70 + number}.jpg"))
    report = check(market)
    assert report.ok
    assert "2 pictures lie here under several names: 3 copies, byte for byte" in report.notes


def test_one_file_that_a_table_names_twice(tmp_path: Path) -> None:
    """Under one name there is no copy, but what is trained on must not be searched in."""
    paint(tmp_path / "1.png")
    (tmp_path / "people.csv").write_text("image,pid,camid,split\n1.png,1,1,train\n1.png,1,2,gallery\n")
    report = check(tmp_path / "people.csv")
    assert problems(report)["image in both"] == (f"{tmp_path / '1.png'} = {tmp_path / '1.png'}",)
    assert not any("several names" in note for note in report.notes)


def test_query_without_match_in_another_camera(market: Path) -> None:
    for path in (market / "bounding_box_test").glob("0009_c[23]*"):
        path.unlink()
    report = check(market)
    [alone] = problems(report)["query without match"]  # those of cameras 2 and 3 still have camera 1
    assert "0009_c1" in alone
    assert "1 queries have no match" in str(report.problems[0])


def test_names_that_differ_in_suffix_only(market: Path) -> None:
    path = sorted((market / "query").iterdir())[0]
    shutil.copy(path, path.with_suffix(".jpg.jpg"))
    [name] = problems(check(market))["duplicate name"]
    assert name.endswith(path.stem)


def test_a_name_twice_in_a_zip(market: Path, tmp_path: Path) -> None:
    path = zipped(market, tmp_path / "market.zip")
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        name = next(name for name in archive.namelist() if "query/0" in name)
        archive.writestr(name, archive.read(name))
    assert problems(check(path))["duplicate name"] == (f"{path}:{name}",)


def test_own_table_with_a_file_that_is_not_there(tmp_path: Path) -> None:
    paint_all(tmp_path, ["1.png", "3.png", "4.png"])
    (tmp_path / "people.csv").write_text("image,pid,coat\n1.png,1,red\n2.png,2,\n3.png,3,blue\n4.png,4,\n")
    report = check(tmp_path / "people.csv")
    assert report.dataset == "table"
    assert problems(report) == {"unreadable": (str(tmp_path / "2.png"),)}
    assert report.parts[2].known == {"coat": 0.5}
    assert any("its own camera" in note for note in report.notes)


def test_table_and_json_say_the_same(market: Path) -> None:
    (market / "query" / "0009_c1s1_000001_01.jpg").write_bytes(b"broken")
    report = check(market)
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(report.table())
    text = console.export_text()
    assert report.fingerprint in text
    assert "100.0%" in text
    content = json.loads(report.to_json())
    assert content["parts"][1]["images"] == 25
    assert content["problems"][0] == {
        "kind": "unreadable",
        "message": "1 image cannot be read",
        "items": [str(market / "query" / "0009_c1s1_000001_01.jpg")],
    }


def test_options_go_to_the_loader(tmp_path: Path) -> None:
    for person in range(4):
        for camera in "ab":
            paint(tmp_path / f"cam_{camera}" / f"{person:03d}_0.png")
    assert check(tmp_path, fold=3).notes[0].startswith("VIPeR half 3")
    with pytest.raises(ReseenError, match="no option 'half'"):
        check(tmp_path, half=3)


def test_a_pattern_is_suggested_and_reads(tmp_path: Path) -> None:
    for name in ("0781C1T0001F001.png", "0781C2T0001F001.png"):
        paint(tmp_path / name)
    [note] = [note for note in check(tmp_path).notes if "pattern=" in note]
    assert note.startswith("names such as 0781C1T0001F001.png look like MARS")
    read = check(tmp_path, pattern=note.partition("pattern=")[2].removesuffix(" reads persons and cameras"))
    assert (read.parts[2].persons, read.parts[2].cameras) == (1, 2)
    assert not any("pattern=" in note for note in read.notes)


@pytest.mark.shared
def test_published_viper(shared: Path) -> None:
    report = check(shared / "data" / "viper.zip")
    assert report.ok
    assert [part.images for part in report.parts] == [632, 316, 316]


@pytest.mark.shared
def test_published_peta_has_notes_but_no_problems(shared: Path) -> None:
    """Its splits share persons: whoever published them knew, and nobody is searched for."""
    report = check(shared / "data" / "peta.zip")
    assert report.ok, report.problems
    assert any("test persons also occur in training" in note for note in report.notes)
