"""The commands on a gallery, from its first picture to its last."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reseen import Gallery, checkpoint_files, models
from reseen.descriptors.calibration import Calibration, Curve
from reseen.models import checkpoint
from reseen.models.embedder import EmbedderConfig
from reseen.search.gallery import erasing
from tests.cli.calls import run
from tests.search.gallery.persons import persons, png


def save_model(folder: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    config = models.config_of({"system": "aanet", "backbone": "test_resnet", "num_identities": 4, "num_parts": 2})
    checkpoint.save(folder, models.build(config), EmbedderConfig(size=(64, 32), flip=False), card="# Drawn")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model") / "last", 0)


def said(*arguments: object) -> str:
    result = run("gallery", *arguments)
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return " ".join(result.stdout.split())


def test_from_the_first_picture_to_the_last(
    model: Path, market_drawn: Path, query: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures, hall, drawn = tmp_path / "pictures", tmp_path / "hall", tmp_path / "found.png"
    shutil.copytree(market_drawn / "bounding_box_test", pictures)
    count = len(list(pictures.glob("*.jpg")))

    assert f"added {count} of {count}" in said("add", hall, model, "--images", pictures, "--copy", "--source", "tour")
    assert f"added 0 of {count}" in said("add", hall, model, "--images", pictures)
    shutil.rmtree(pictures)  # they were copied
    assert f"{count} rows" in said("info", hall)
    assert f"{count} rows, no problems" in said("check", hall)

    listed = tmp_path / "found.json"
    call = ("search", hall, "--checkpoint", model, "--query", query, "--top", 3)
    found = said(*call, "--out", drawn, "--json", listed)
    assert len(re.findall(r"\.jpg", found)) == 3
    assert drawn.exists()
    told = json.loads(listed.read_text())
    assert [Path(each["path"]).name in found for each in told["matches"]] == [True] * 3
    assert {each["source"] for each in told["matches"]} == {"tour"}
    assert [each["path"] for each in json.loads((hall / "exports.json").read_text())] == [str(listed), str(drawn)]
    assert "is a folder; name a file" in str(run("gallery", *call, "--json", tmp_path).exception)
    assert "wrote" in said("search", hall, "--where", "gender=male", "--camera", 99, "--json", listed)
    assert json.loads(listed.read_text())["matches"] == []
    by_both = said("search", hall, "--where", "gender in (male, female)", "--camera", 2, "--top", 99)
    assert len(re.findall(r"c2s\d", by_both)) == len(re.findall(r"\.jpg", by_both)) > 0

    drawn.unlink()
    opened, opening = list[Path](), Gallery.open

    def counted(place: Path) -> Gallery:
        opened.append(place)
        return opening(place)

    with monkeypatch.context() as patch:
        patch.setattr(Gallery, "open", counted)
        result = run("search", model, "--gallery", hall, *call[4:], "--out", drawn, "--json", listed)
    assert result.exit_code == 0, result.output
    assert len(opened) == 1
    assert "rows compared one by one" in result.stderr
    assert drawn.exists()
    assert "left out" in json.loads(listed.read_text())["note"]
    assert "left out" in result.stderr  # the query's own camera

    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)  # the pictures need not be there any more
        gone = next(iter(sorted(market_drawn.glob("bounding_box_test/*_c1*.jpg")))).name
        assert "deleted 1 rows" in said("delete", hall, "--path", f"pictures/{gone}", "--yes")
    count -= 1

    refused = run("gallery", "delete", hall, "--camera", 2)
    assert refused.exit_code == 1
    assert f"{count} rows" in said("info", hall)
    assert re.search(rf"deleted \d+ rows; .* has (?!{count}\b)\d+", said("delete", hall, "--camera", 2, "--yes"))

    noted = json.loads((hall / "exports.json").read_text())
    assert [each["path"] for each in noted] in ([], [str(drawn), str(listed)])
    assert drawn.exists() == listed.exists() == bool(noted), "it goes with the first whom it shows"

    left = int(re.match(r"(\d+) rows", said("info", hall))[1])  # type: ignore[index]
    other = save_model(tmp_path / "other", 1)
    assert f"{left} rows" in said("reindex", hall, other)
    wrong = run("gallery", "search", hall, "--checkpoint", model, "--query", query)
    assert "cannot be compared" in str(wrong.exception)
    assert "retention 2 days deleted 0 rows" in said("retention", hall, "--days", 2, "--apply")
    assert f"deleted {left} rows" in said("delete", hall, "--source", "tour", "--yes")


def test_a_deletion_that_leaves_a_picture_ends_with_an_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall, drawn = tmp_path / "hall", tmp_path / "drawn.png"
    with Gallery.open(hall) as gallery:
        gallery.add(persons(5))
        drawn.write_bytes(b"a picture")
        gallery.remember(drawn, gallery.search(np.zeros(16)))
    unlink = Path.unlink

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path == drawn:
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refused)
        left = run("gallery", "delete", hall, "--camera", 2, "--yes")
    assert left.exit_code == 1
    assert "deleted 1 rows" in left.stdout
    assert f"cannot be deleted: {drawn} (Permission denied); delete it by hand" in " ".join(left.stdout.split())
    assert f"deleted with them, as it showed them: {drawn}" in said("delete", hall, "--camera", 3, "--yes")


def test_a_person_is_shown_and_erased(
    model: Path, market_drawn: Path, query: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall, shown, receipt = tmp_path / "hall", tmp_path / "shown.png", tmp_path / "receipt.json"
    said("add", hall, model, "--images", market_drawn / "bounding_box_test", "--copy")
    erase = ("erase", hall, "--checkpoint", model, "--like", query)
    call = (*erase, "--show", shown)
    unsure = run("gallery", *call)
    assert "give a distance (--within), or calibrate the model first (reseen calibrate" in str(unsure.exception)
    assert re.match(r"nobody within 1e-07; the nearest is at \d+\.\d+, so nothing was", said(*erase, "--within", 1e-7))
    before = int(re.match(r"(\d+) rows", said("info", hall))[1])  # type: ignore[index]

    first, second = map(float, re.findall(r"\d\.\d{3}", said(*("search", *erase[1:4], "--query", query, "--top", 2))))
    third = (second - first) / 3
    with Gallery.open(hall) as gallery:
        assert gallery.layout is not None
        gallery.calibration = Calibration(
            model=gallery.layout.like.model, method="platt", source="nobody", persons=9, pairs=99, expected=before,
            error=0.01, curve=Curve(distances=(first + third, second - third), ratios=(9, np.log(0.35 / 0.65))),
        )  # fmt: skip
    asked = run("gallery", *erase)
    assert f"Delete the 1 above the line of {before} rows for good?" in asked.stdout
    assert asked.stdout.split("rather not the same ")[1].count("35%") == min(10, before - 1)
    next(hall.glob("*.calibration.json")).unlink()

    refused = run("gallery", *call, "--within", 1e9)
    assert refused.exit_code == 1
    assert "Delete these" in refused.output
    assert shown.exists()
    assert f"{before} rows" in said("info", hall)

    with monkeypatch.context() as patch:
        patch.setattr(erasing, "MOST", 2)
        capped = run("gallery", *call, "--within", 1e9)
    assert f"{before} rows compared one by one" in capped.stderr
    assert "these are the nearest 2, and there may be more" in capped.stderr

    both = run("gallery", *call, "--within", 1e9, "--yes")
    assert "with --yes you are not: leave one out" in str(both.exception)

    told = said(*erase, "--within", 1e9, "--yes", "--receipt", receipt)
    assert f"deleted with them, as it showed them: {shown}" in told
    assert f"receipt: {before} rows deleted from {hall}" in told
    assert "found in 0" in told
    assert not shown.exists(), "it showed whom nobody may see any more"
    assert "pictures of the person that the model does not recognise stay" in told
    content = json.loads(receipt.read_text())
    assert content["near"] is None, "without a calibration nobody knows"
    assert (content["rows"], content["found"], content["exports"]) == (before, 0, [str(shown)])

    said("add", hall, model, "--images", market_drawn / "bounding_box_test", "--copy", "--again")
    (data,) = hall.glob("*.lance/data/*")
    shutil.copy(data, hall / "left-behind")
    failed = run("gallery", *erase, "--within", 1e9, "--yes", "--receipt", receipt)
    assert failed.exit_code == 1
    assert "the deletion has failed: something of these rows is still in 1 files" in failed.stderr
    assert json.loads(receipt.read_text())["found"] == 1


def test_who_names_what_is_not_there_is_told_what_is(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "g") as gallery:
        gallery.add(persons(8), source="tour", seconds=np.arange(8))
        gallery.add(persons(1, seed=1))
    for options in (("--source", "nix"), ("--camera", 9), ("--path", "nix"), ("--source", "tour", "--since", 90)):
        result = run("gallery", "delete", tmp_path / "g", *options, "--yes")
        there = "sources: tour (8 rows), unknown (1); times: 0:00:00 to 0:00:07; 1 rows have none"
        assert " ".join(result.stderr.split()).endswith(there)
        assert "has cameras: 0 (3 rows), 1 (1), 2 (1), 3 (1), 4 (1), 5 (1), 6 (1);" in " ".join(result.stderr.split())
        assert "deleted 0 rows" in result.stdout


def test_a_deletion_tells_what_went_with_it_and_what_has_no_time(tmp_path: Path) -> None:
    hall, first, last = tmp_path / "hall", tmp_path / "first.png", tmp_path / "last.png"
    with Gallery.open(hall) as gallery:
        people = persons(20)  # row i is of camera i % 7
        gallery.add(people, seconds=[row if row < 10 else np.nan for row in range(20)])
        for row, drawn in ((7, first), (19, last)):
            drawn.write_bytes(b"drawn by hand")
            gallery.remember(drawn, gallery.search(people.features[row], top=1))
    result = run("gallery", "delete", hall, "--camera", 0, "--until", 9, "--yes")
    assert "1 rows have no time, so that neither --since nor --until reaches them" in " ".join(result.stderr.split())
    assert result.stdout == f"deleted 2 rows; {hall} has 18\ndeleted with them, as it showed them: {first}\n"
    result = run("gallery", "delete", hall, "--camera", 1, "--yes")
    assert (result.stderr, result.stdout.count("showed")) == ("", 0)
    assert last.exists()
    asked = run("gallery", "retention", hall, "--days", 1e-9, "--apply")
    assert asked.stdout.startswith("retention 0.000000001 days\nDelete what is older, 15 of 15 rows, for good?")
    assert last.exists(), "nobody has said yes"
    assert f"deleted with them, as it showed them: {last}" in said("retention", hall, "--apply", "--yes")
    assert not first.exists()
    assert not last.exists()


def test_info_and_search_tell_cameras_sources_and_times(tmp_path: Path) -> None:
    hall = tmp_path / "hall"
    with Gallery.open(hall) as gallery:
        people = persons(30)  # row i is of camera i % 7
        gallery.add(people[:20], seconds=[3600 + row if row < 15 else np.nan for row in range(20)], source="tour")
        gallery.add(people[20:])
    told = said("info", hall)
    assert "cameras: 0 (5 rows), 1 (5), 2 (4), 3 (4), 4 (4), 5 (4), 6 (4) sources: tour (20 rows), unknown (10)" in told
    assert "times: 1:00:00 to 1:00:14; 15 rows have none" in told

    arguments = ["gallery", "search", hall, "--where", "hat in (yes, no)", "--camera", 1, "--top", 9]
    timed = run(*arguments, "--until", 9999)
    assert "3 rows have no time, so that neither --since nor --until finds them" in " ".join(timed.stderr.split())
    assert sorted(re.findall(r"1:00:\d\d", timed.stdout)) == ["1:00:01", "1:00:08"]
    assert "no time" not in run(*arguments).stderr
    said("delete", hall, "--camera", *" --camera ".join("0123456").split(), "--yes")
    assert "cameras" not in said("info", hall)


def test_names_of_persons_and_cameras(model: Path, query: Path, tmp_path: Path) -> None:
    hall = tmp_path / "hall"
    for number, name in enumerate(("anna/c2_1.png", "carl/c2_1.png")):
        file = tmp_path / f"tour{number}" / name
        file.parent.mkdir(parents=True)
        file.write_bytes(png(number))
    result = run("gallery", "add", hall, model, "--images", tmp_path / "tour0", "--camera", "door")
    assert "persons with names get numbers of our own: 1" in " ".join(result.stderr.split())
    said("add", hall, model, "--images", tmp_path / "tour1")
    assert "cameras: 2 (1 rows), 1000002 door (1) persons with names: 2" in said("info", hall)
    found = said("search", hall, "--where", "gender in (male, female)", "--camera", "door")
    assert ("anna" in found, "carl" in found) == (True, False)
    assert "there is no person 'ana'" in str(run("gallery", "delete", hall, "--person", "ana").exception)
    assert "deleted 1 rows" in said("delete", hall, "--person", "anna", "--yes")
    assert "deleted 0 rows" in said("delete", hall, "--camera", "unknown", "--yes")
    assert "deleted 1 rows" in said("delete", hall, "--person", "carl", "--camera", 2, "--yes")


def test_a_missing_picture_below_a_link_is_deleted_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "pictures").symlink_to(tmp_path / "store")
    with Gallery.open(tmp_path / "hall") as gallery:
        gallery.add(replace(persons(1), paths=[str(tmp_path / "store" / "a.jpg")]))
        gallery.add(persons(1, seed=1), source=str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    assert "deleted 1 rows" in said("delete", "hall", "--path", "pictures/a.jpg", "--yes")
    assert "deleted 1 rows" in said("delete", "hall", "--source", "pictures", "--yes")


def test_a_receipt_that_cannot_be_written_is_told_before_anything(model: Path, query: Path, tmp_path: Path) -> None:
    Gallery.open(tmp_path / "hall").close()
    result = run("gallery", "erase", tmp_path / "hall", "--checkpoint", model, "--like", query, "--receipt", tmp_path)
    assert "is a folder; name a file" in str(result.exception)


def test_a_gallery_that_nothing_could_be_added_to_is_not_left_behind(model: Path, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.jpg").write_bytes(b"no picture")
    before = tmp_path / "before"
    Gallery.open(before).close()
    for hall in (tmp_path / "new", before):
        result = run("gallery", "add", hall, model, "--images", tmp_path / "pictures")
        assert "a.jpg" in str(result.exception)
    assert not (tmp_path / "new").exists()
    assert (before / "gallery.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "{gallery}"], "nothing to search for"),
        (["search", "{gallery}", "--query", "x.jpg"], "name the gallery's model with --checkpoint"),
        (["search", "{gallery}", "--where", "hat=yes"], "the gallery is empty"),
        (["delete", "{gallery}"], "say what to delete: --camera"),
        (["retention", "{gallery}", "--days", "0"], "number of days above 0"),
        (["info", "{empty}"], "is no gallery; reseen gallery add makes one"),
    ],
)
def test_mistakes(arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_files, "BOX", tmp_path / "box")  # whatever comes with the package
    Gallery.open(tmp_path / "g").close()
    places = {"gallery": tmp_path / "g", "empty": tmp_path}
    result = run("gallery", *(word.format(**places) for word in arguments))
    assert result.exit_code != 0
    assert message in str(result.exception)


def test_check_names_problems(tmp_path: Path) -> None:
    Gallery.open(tmp_path / "g").add(persons(20))
    result = run("gallery", "check", tmp_path / "g")
    assert result.exit_code == 1
    assert "20 pictures are no longer where their paths lead" in " ".join(result.stdout.split())
