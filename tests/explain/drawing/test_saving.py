"""Pictures are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from reseen.errors import ReseenError
from reseen.explain import save_figure, save_picture


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.pdf", "new/folder/A.PNG"])
def test_figure(tmp_path: Path, name: str) -> None:
    save_figure(Figure(figsize=(1, 1)), tmp_path / name)
    assert (tmp_path / name).stat().st_size > 100
    assert list((tmp_path / name).parent.iterdir()) == [tmp_path / name]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "new/folder/a.png"])
def test_picture(tmp_path: Path, name: str) -> None:
    save_picture(Image.new("RGB", (8, 4), (250, 0, 0)), tmp_path / name)
    with Image.open(tmp_path / name) as picture:
        assert picture.size == (8, 4)
        red, green, _ = picture.convert("RGB").getpixel((3, 2))  # type: ignore[misc]
    assert red > 200 > 60 > green
    assert list((tmp_path / name).parent.iterdir()) == [tmp_path / name]


@pytest.mark.parametrize("name", ["a", "a.xyz", "a.yaml"])
def test_unknown_format_leaves_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReseenError, match=r"use one of \.png"):
        save_figure(Figure(), tmp_path / name)
    with pytest.raises(ReseenError, match=r"use one of \.png"):
        save_picture(Image.new("RGB", (8, 4)), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_failure_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def full_disk(self: object, target: Path, **_: object) -> None:
        Path(target).write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(Figure, "savefig", full_disk)
    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(ReseenError, match=r"cannot write .*a\.png: no space left"):
        save_figure(Figure(), path)
    with pytest.raises(ReseenError, match=r"cannot write .*a\.png: no space left"):
        save_picture(Image.new("RGB", (8, 4)), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
