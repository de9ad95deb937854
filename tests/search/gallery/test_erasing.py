"""A person's pictures are found as far as the evidence reaches, and gone with all that shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reseen import Embeddings, Gallery, ReseenError
from reseen.descriptors.calibration import Calibration, Curve
from reseen.errors import ReseenWarning
from reseen.search.gallery.check import check
from reseen.search.gallery.deleting import deletion, receipt
from reseen.search.gallery.deleting.receipt import Receipt
from reseen.search.gallery.erasing import erase, pictures_of
from reseen.search.gallery.finding import index
from reseen.search.gallery.finding.filters import Criteria
from tests.search.gallery.persons import kill_while_deleting, persons, png

HERE = np.full(16, 30.0)
CALIBRATION = Calibration(
    model="m1", method="isotonic", source="nobody", persons=9, pairs=99, expected=4, error=0.01,
    curve=Curve(distances=(1, 2), ratios=(12, -12)),
)  # fmt: skip


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    """A hundred persons, and four pictures of somebody whom nobody is like."""
    near = np.random.default_rng(5).normal(scale=0.05, size=(4, 16))
    somebody = replace(persons(4, seed=7, prefix="somebody"), features=HERE + near)
    with Gallery.open(tmp_path / "g") as gallery:
        gallery.add(persons(100), pictures=[png(row) for row in range(100)], source="hall")
        gallery.add(somebody, pictures=[png(500 + row) for row in range(4)], source="yard")
        yield gallery


def test_a_person_is_erased_with_a_receipt(gallery: Gallery) -> None:
    gallery.calibration = CALIBRATION
    found = pictures_of(gallery, HERE)
    assert sorted(match.path for match in found) == [f"somebody/{row:06}.jpg" for row in range(4)]
    assert len(gallery) == 104, "looking deletes nothing"
    made = erase(gallery, found)
    assert len(gallery) == 100
    assert (made.rows, made.tables, made.found, made.looked_for) == (4, {"persons-m1": 4}, 0, 4)
    files = [file for file in gallery.folder.rglob("*") if file.is_file()]
    assert made.files == len(files)
    assert made.bytes == sum(file.stat().st_size for file in files) > 50_000
    content = json.loads(json.dumps(made.as_dict()))
    assert content["rows"] == 4
    assert "backups" in content["beyond"]
    assert "4 of persons-m1" in made.lines()[0]
    assert list(pictures_of(gallery, HERE)) == []
    with pytest.raises(ReseenError, match="nothing to erase"):
        erase(gallery, pictures_of(gallery, HERE))


def test_what_stands_just_below_the_line_stays_and_is_counted(gallery: Gallery) -> None:
    """Of 106, 4 are expected, so even odds need 25.5 : 1; e^3 : 1 leaves 44 %, and e^2 : 1 leaves 22 %."""
    steps = {9.0: "sure", 10.0: "near", 11.0: "far"}
    rows = replace(persons(3, seed=8, prefix="step"), features=HERE + np.eye(3, 16) * np.array(list(steps))[:, None])
    rows = replace(rows, paths=list(steps.values()))
    gallery.delete(paths="crops/000099.jpg")  # 106 are left
    gallery.add(rows)
    curve = Curve(distances=(9, 10, 11), ratios=(9, 3, 2))
    gallery.calibration = CALIBRATION.model_copy(update={"curve": curve})
    found = pictures_of(gallery, HERE)
    assert found[-1].path == "sure"
    assert found.near is not None
    assert [match.path for match in found.near] == ["near"]
    assert found.rest[0].probability == pytest.approx(1 / (1 + np.exp(-3) * (106 - 4) / 4))
    within = pictures_of(gallery, HERE, within=8)
    assert [match.path for match in within.near or ()] == ["sure", "near"], "whatever the line, they may be theirs"
    made = erase(gallery, found)
    assert (made.rows, made.near, made.as_dict()["near"]) == (5, 1, 1)
    assert "does not recognise stay" in made.as_dict()["unrecognised"]
    assert "1 of those that stay are the person's with a probability of 25% or more" in made.lines()[-1]
    assert gallery.search(HERE)[0].path == "near"


def test_the_scan_can_find_something(gallery: Gallery) -> None:
    """What a deletion would leave behind is seen: here nothing has been deleted."""
    needles = receipt.needles(gallery.store, "source = 'yard'")
    none = Receipt("", "", 0, {})
    seen = receipt.scanned(none, gallery.store.files, needles)
    assert (seen.looked_for, seen.found > 0) == (4, True)
    (gallery.folder / "left-behind").write_bytes(b"x" * 70 + needles[2][-1])
    assert receipt.scanned(none, gallery.store.files, needles).found == seen.found + 1


def test_within_a_distance_no_calibration_is_needed(gallery: Gallery) -> None:
    with pytest.raises(ReseenError, match="nobody knows where the evidence ends"):
        pictures_of(gallery, HERE)
    found = pictures_of(gallery, HERE, within=2.0)
    assert (len(found), found.near) == (4, None)
    assert "nobody knows" in erase(gallery, found).lines()[-1]
    with pytest.raises(ReseenError, match="within is a distance"):
        pictures_of(gallery, HERE, within=-1)


def test_every_row_is_compared_however_many_there_are(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery.calibration = CALIBRATION
    monkeypatch.setattr(index, "EXACT_ROWS", 50)
    assert not gallery.search(HERE).exact
    for found in (pictures_of(gallery, HERE, within=2.0), pictures_of(gallery, HERE)):
        assert (len(found), found.compared, found.exact) == (4, 104, True)


def test_pictures_drawn_of_somebody_go_with_them(gallery: Gallery, tmp_path: Path) -> None:
    drawn, other, changed = (tmp_path / name for name in ("drawn.png", "other.png", "changed.png"))
    for file, query in ((drawn, HERE), (other, np.zeros(16)), (changed, HERE)):
        file.write_bytes(png(900))
        gallery.remember(file, gallery.search(query, top=2))
    changed.write_bytes(b"somebody's own by now")
    made = erase(gallery, pictures_of(gallery, HERE, within=2.0))
    assert made.exports == (str(drawn),)
    assert (drawn.exists(), other.exists(), changed.exists()) == (False, True, True)
    assert any(str(drawn) in line for line in made.lines())
    noted = json.loads((gallery.folder / "exports.json").read_text())
    assert [each["path"] for each in noted] == [str(other)]
    gallery.delete(paths=gallery.search(np.zeros(16))[0].path)
    assert not other.exists()


def test_a_picture_that_cannot_be_deleted_keeps_no_row(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies in a folder that is read-only by now; whoever runs the tests as root could delete it all the same."""
    stuck, missing, later = (tmp_path / name for name in ("stuck.png", "missing.png", "later.png"))
    for file, query in ((stuck, HERE), (missing, HERE), (later, np.zeros(16))):
        file.write_bytes(png(900))
        gallery.remember(file, gallery.search(query, top=2))
    missing.unlink()

    unlink = Path.unlink

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path.parent == tmp_path:
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refused)
        made = erase(gallery, pictures_of(gallery, HERE, within=2.0))
        assert (made.rows, made.found, len(gallery)) == (4, 0, 100)
        assert (made.exports, made.missing) == ((), (str(missing),))
        assert made.undeleted == (f"{stuck} (Permission denied)",)
        assert [sum(str(path) in line for line in made.lines()) for path in (stuck, missing)] == [1, 1]
        assert check(gallery) == [f"{stuck} shows who was deleted: delete it"]
        with pytest.warns(ReseenWarning, match=r"cannot be deleted: .*stuck\.png"):
            assert gallery.delete(paths=gallery.search(HERE)[0].path) == 1
        assert gallery.remove(Criteria(cameras=99).filter()).undeleted == (f"{stuck} (Permission denied)",)
    assert stuck.exists()
    assert gallery.remove(Criteria(cameras=99).filter()).exports == (str(stuck),), "also one that takes no row"
    made = gallery.remove(Criteria(paths=gallery.search(np.zeros(16))[1].path).filter())
    assert made.exports == (str(later),)
    assert check(gallery) == []
    assert not stuck.exists()


def test_a_picture_on_a_disk_that_is_out_is_deleted_when_its_turn_comes(gallery: Gallery, tmp_path: Path) -> None:
    disk, drawn = tmp_path / "disk", tmp_path / "disk" / "drawn.png"
    disk.mkdir()
    drawn.write_bytes(png(900))
    shown = gallery.search(HERE, top=2)
    gallery.remember(drawn, shown)
    disk.rename(tmp_path / "out")
    gallery.delete(paths=gallery.search(np.zeros(16))[0].path)
    (tmp_path / "out").rename(disk)
    assert drawn.exists()
    gallery.delete(paths=shown[0].path)
    assert not drawn.exists()


def test_a_killed_deletion_deletes_what_was_drawn_when_it_is_finished(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = tmp_path / "drawn.png"
    drawn.write_bytes(png(900))
    shown = gallery.search(HERE, top=2)
    gallery.remember(drawn, shown)
    kill_while_deleting(gallery, shown[0].path, monkeypatch)
    Gallery.open(gallery.folder).close()
    assert not drawn.exists()


def test_a_damaged_note_of_exports_is_told_before_anything_is_deleted(gallery: Gallery) -> None:
    (gallery.folder / "exports.json").write_text("{")
    with pytest.raises(ReseenError, match=r"exports\.json is damaged"):
        gallery.delete(sources="yard")
    assert len(gallery) == 104


def test_a_deleted_source_asks_before_it_comes_back(gallery: Gallery) -> None:
    """Also with pictures that were never there, such as a video's after it was cut anew."""
    gallery.delete(sources=["yard"])
    new = persons(2, seed=9, prefix="new")
    with pytest.raises(ReseenError, match=r"everything from yard was deleted from .*: add them with again=True"):
        gallery.add(new, source="yard")
    assert gallery.add(new[:1], source="hall") == 1
    assert gallery.add(new, source="yard", again=True) == 1
    assert gallery.add(persons(3, seed=10, prefix="newer"), source="yard") == 3
    gallery.delete(sources="yard", cameras=0)  # not the whole of it
    assert deletion.source_id("yard") not in deletion.buried(gallery.store)


def test_rows_of_zeros_are_no_needle(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "zeros") as gallery:
        gallery.add(Embeddings(np.zeros((2, 16)), [0, 1], [0, 1]))
        made = gallery.remove(deletion_of(0), scan=True)
    assert (made.rows, made.found) == (1, 0)


def deletion_of(camera: int) -> object:
    from reseen.search.gallery.finding.filters import Criteria

    return Criteria(cameras=camera).filter()
