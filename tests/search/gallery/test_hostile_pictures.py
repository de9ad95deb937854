"""Pictures, archives and disks that mean no good: nothing is written elsewhere, and nothing that was kept is lost."""

from __future__ import annotations

import errno
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reseen import Embeddings, Gallery, ReseenError
from reseen.embedding import open_place
from reseen.search.gallery.deleting import deletion
from reseen.search.gallery.keeping.store import Store
from reseen.search.gallery.reindex import reindex
from tests.search.gallery.persons import persons, png
from tests.search.gallery.test_reindex import Brightness

PEOPLE = persons(40)


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.open(tmp_path / "g") as gallery:
        gallery.add(PEOPLE, pictures=[png(row) for row in range(40)])
        yield gallery


def bomb(folder: Path) -> str:
    """A small archive whose only picture unpacks to 200 MB."""
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.jpg", "w") as file:
        for _ in range(200):
            file.write(bytes(1 << 20))
    assert (folder / "bomb.zip").stat().st_size < 1 << 20
    return f"{folder / 'bomb.zip'}:a.jpg"


def truncated_archive(folder: Path) -> str:
    with zipfile.ZipFile(folder / "half.zip", "w") as archive:
        archive.writestr("a.png", png(1))
    content = (folder / "half.zip").read_bytes()
    (folder / "half.zip").write_bytes(content[: len(content) // 2])
    return f"{folder / 'half.zip'}:a.png"


def missing_member(folder: Path) -> str:
    with zipfile.ZipFile(folder / "other.zip", "w") as archive:
        archive.writestr("b.png", png(1))
    return f"{folder / 'other.zip'}:../../etc/passwd"


def a_folder(folder: Path) -> str:
    (folder / "pictures.jpg").mkdir()
    return str(folder / "pictures.jpg")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (bomb, "it has more than 64 MiB"),
        (truncated_archive, r"half\.zip"),
        (missing_member, r"other\.zip"),
        (a_folder, "there is no picture"),
    ],
)
def test_a_picture_that_cannot_be_kept_is_told(
    gallery: Gallery, tmp_path: Path, make: Callable[[Path], str], says: str
) -> None:
    row = replace(persons(1, seed=3), paths=[make(tmp_path)])
    with pytest.raises(ReseenError, match=says) as error:
        gallery.add(row, copy=True)
    assert "\n" not in str(error.value)
    assert len(gallery) == 40


def test_members_that_point_out_of_an_archive_stay_in_it(gallery: Gallery, tmp_path: Path) -> None:
    packed = tmp_path / "in" / "pictures.zip"
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../escaped.png", png(600))
        archive.writestr("/absolute.png", png(601))
        archive.writestr("plain.png", png(602))
    before = {file for file in tmp_path.rglob("*") if gallery.folder not in file.parents}
    images = open_place(packed).images
    made = Embeddings(np.ones((len(images), 16)), [0] * len(images), [0] * len(images), paths=[i.name for i in images])
    rows = replace(PEOPLE[np.arange(len(images))], paths=made.paths)
    assert gallery.add(rows, copy=True) == len(images) >= 1
    kept = {gallery.picture(match).read() for match in gallery.search(rows.features, top=99) if "zip" in match.path}
    assert kept <= {png(600), png(601), png(602)}
    assert {file for file in tmp_path.rglob("*") if gallery.folder not in file.parents} == before
    assert not Path("/absolute.png").exists()


def test_a_truncated_picture_is_lost_only_if_that_is_allowed(gallery: Gallery) -> None:
    broken = replace(persons(1, seed=3), paths=["broken.png"])
    gallery.add(broken, pictures=[png(50)[: len(png(50)) // 2]])
    with pytest.raises(ReseenError, match=r"1 pictures .* cannot be read, such as broken\.png"):
        reindex(gallery, Brightness())
    match = gallery.search(broken.features[0])[0]
    with pytest.raises(ReseenError, match="cannot decode image"):
        gallery.picture(match).open()
    assert reindex(gallery, Brightness(), max_lost=1) == 1
    assert len(gallery) == 40


def test_a_text_is_no_file_of_descriptors(tmp_path: Path) -> None:
    PEOPLE.save(tmp_path / "whole.parquet")
    content = (tmp_path / "whole.parquet").read_bytes()
    (tmp_path / "half.parquet").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.parquet").write_text("x,y\n")
    for name in ("half.parquet", "text.parquet"):
        with pytest.raises(ReseenError, match=name) as error:
            open_place(tmp_path / name)
        assert "\n" not in str(error.value)


def test_a_disk_that_fills_up_during_a_deletion_does_not_bring_anybody_back(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(store: Store, name: str, gone: set[str]) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(deletion, "_rewrite", full)
        with pytest.raises(ReseenError, match="No space left on device"):
            gallery.delete(paths="crops/000007.jpg")
        assert len(gallery) == 39, "it is not found any more, though its bytes are still there"
    assert any(png(7) in file.read_bytes() for file in gallery.folder.rglob("*.lance") if file.is_file())
    with Gallery.open(gallery.folder) as reopened:
        assert len(reopened) == 39
    assert not any(png(7) in file.read_bytes() for file in gallery.folder.rglob("*") if file.is_file())
