"""Small data-set trees for the loaders' tests: one-colour pictures, and the files beside them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from PIL import Image


def paint(path: Path, size: tuple[int, int] = (4, 8)) -> Path:
    """Writes a picture whose colour follows from its path in the tree, in the format of its suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number = zlib.crc32("/".join(path.parts[-3:]).encode())
    Image.new("RGB", size, (number & 255, number >> 8 & 255, number >> 16 & 255)).save(path)
    return path


def paint_all(folder: Path, names: Iterable[str]) -> Path:
    """Paints pictures and returns their folder."""
    for name in names:
        paint(folder / name)
    return folder


def zipped(folder: Path, target: Path) -> Path:
    """Zips a folder under its own name, as data sets are published, and returns the zip."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return target


def write_viper(root: Path, persons: int) -> Path:
    """Paints VIPeR's layout, one picture of each person in each camera, and returns its folder."""
    paint_all(root / "cam_a", [f"{person:03d}_0.png" for person in range(persons)])
    paint_all(root / "cam_b", [f"{person:03d}_90.png" for person in range(persons)])
    return root
