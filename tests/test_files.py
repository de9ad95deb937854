"""A file is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.errors import ReseenError
from reseen.files import locked, replacing, replacing_folder


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "new" / "report.txt"
    with replacing(file) as partial:
        partial.write_text("first")
    with replacing(file) as partial:
        partial.write_text("second")
        assert file.read_text() == "first"
    assert file.read_text() == "second"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_nothing_half_written_is_left(tmp_path: Path, error: type[BaseException]) -> None:
    file = tmp_path / "report.txt"
    file.write_text("first")

    def write() -> None:
        with replacing(file) as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["first"]


def test_private_files_are_readable_by_nobody_else_from_the_first_byte(tmp_path: Path) -> None:
    with replacing(tmp_path / "pixels.npy", private=True) as partial:
        assert partial.stat().st_mode & 0o777 == 0o600
        partial.write_text("x")
    assert (tmp_path / "pixels.npy").stat().st_mode & 0o777 == 0o600


def test_two_writers_of_a_folder_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "last"
    with replacing_folder(folder) as one:
        (one / "file").write_text("first")
        with monkeypatch.context() as patch:
            patch.setattr("reseen.files.os.getpid", lambda: 7)
            with replacing_folder(folder) as another:
                (another / "file").write_text("second")
        assert (folder / "file").read_text() == "second"
        assert (one / "file").read_text() == "first"
    assert [path.read_text() for path in tmp_path.rglob("file")] == ["first"]


def write_folder(folder: Path, text: str) -> None:
    with replacing_folder(folder) as partial:
        (partial / "file").write_text(text)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_folder_outlasts_who_replaces_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """The new one cannot take its place, or its writer is killed just before that; the next one puts it back."""
    folder, rename = tmp_path / "last", Path.replace
    write_folder(folder, "first")

    def stopped(path: Path, to: Path) -> Path:
        if path.name.endswith(".partial"):
            raise error
        return rename(path, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stopped)
        with pytest.raises(error):
            write_folder(folder, "second")
    monkeypatch.setattr("reseen.files.os.getpid", lambda: 7)
    with pytest.raises(ValueError, match="no third one"), replacing_folder(folder):
        raise ValueError("no third one")
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("file")} == {Path("last/file")}
    assert (folder / "file").read_text() == "first"
    write_folder(folder, "fourth")
    assert [path.read_text() for path in tmp_path.rglob("file")] == ["fourth"]


def test_an_old_folder_that_cannot_be_deleted_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS keeps a file that a server has open."""
    folder = tmp_path / "last"
    write_folder(folder, "first")
    with monkeypatch.context() as patch:
        patch.setattr("reseen.files.shutil.rmtree", lambda path, ignore_errors: None)
        write_folder(folder, "second")
    assert sorted(path.read_text() for path in tmp_path.rglob("file")) == ["first", "second"]
    assert (folder / "file").read_text() == "second"
    monkeypatch.setattr("reseen.files.os.getpid", lambda: 7)
    write_folder(folder, "third")
    assert [path.read_text() for path in tmp_path.rglob("file")] == ["third"]


def somebody_is_there() -> None:
    raise ReseenError("somebody is there")


def test_a_folder_is_one_writers_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    with locked(folder, somebody_is_there) as held:
        assert held
        with pytest.raises(ReseenError, match="somebody is there"), locked(folder, somebody_is_there):
            pytest.fail("two are in")
        assert folder.is_dir(), "who is turned away leaves everything as it is"
        (folder / "part").touch()
    with locked(folder, somebody_is_there):
        (folder / "part").unlink()
    assert not folder.exists(), "an empty one is not left behind"
