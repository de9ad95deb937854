"""MATLAB's cells of cells in HDF5: which picture is whose."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from reseen.data.annotations.cuhk03_mat import read_images, read_test_sets
from reseen.errors import ReseenError


def write(path: Path, *, rows: int = 10) -> Path:
    """One camera pair of two persons: the first one has images 1 and 6, the second one image 10."""
    with h5py.File(path, "w") as file:
        cells = np.empty((rows, 2), dtype=h5py.ref_dtype)
        for image in range(1, rows + 1):
            for person in (1, 2):
                name = f"#refs#/{person}-{image}"
                there = (person, image) in {(1, 1), (1, 6), (2, 10)}
                file[name] = np.zeros((3, 2, 4) if there else 2, np.uint8)
                cells[image - 1, person - 1] = file[name].ref
        file["#refs#/pair"] = cells
        file["labeled"] = np.array([[file["#refs#/pair"].ref]], dtype=h5py.ref_dtype)
        file["#refs#/set"] = np.array([[1.0, 1.0], [1.0, 2.0]])  # (2, persons): pairs, then persons in them
        file["testsets"] = np.array([[file["#refs#/set"].ref]], dtype=h5py.ref_dtype)
    return path


def test_pictures_by_pair_person_view_and_image(tmp_path: Path) -> None:
    found = read_images(write(tmp_path / "a.mat"), "labeled")
    assert {key: path.name for key, path in found.items()} == {
        (1, 1, 1, 1): "1-1",
        (1, 1, 2, 6): "1-6",  # images 6 to 10 are of the second view
        (1, 2, 2, 10): "2-10",
    }


def test_test_sets_name_pair_and_person(tmp_path: Path) -> None:
    assert read_test_sets(write(tmp_path / "a.mat")) == [frozenset({(1, 1), (1, 2)})]


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=r"camera pair 1 is \(9, 2\) instead of \(10, persons\)"):
        read_images(write(tmp_path / "nine.mat", rows=9), "labeled")
    (tmp_path / "text.mat").write_text("text")
    for read in (lambda: read_images(tmp_path / "nine.mat", "detected"), lambda: read_test_sets(tmp_path / "text.mat")):
        with pytest.raises(ReseenError, match=r"\.mat is not the cuhk-03\.mat of the CUHK03 release"):
            read()
