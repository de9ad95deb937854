"""MATLAB files as they are published, and what is none."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from reseen.data.annotations.matlab import read_mat
from reseen.data.images.source import Entry
from reseen.errors import ReseenError


@pytest.fixture
def mat(tmp_path: Path) -> Path:
    savemat(tmp_path / "a.mat", {"table": {"names": np.array(["x", "y"], dtype=object), "values": [[1, 2]]}, "n": 3})
    return tmp_path / "a.mat"


def test_variables_come_by_name(mat: Path) -> None:
    content = read_mat(Entry(mat))
    assert set(content) == {"table", "n"}, "and none of MATLAB's own"
    assert content["n"].shape == (1, 1)
    assert content["table"]["values"][0, 0].tolist() == [[1, 2]]


def test_simple_ones_are_objects_without_axes_of_length_one(mat: Path) -> None:
    content = read_mat(Entry(mat), simple=True)
    assert content["n"] == 3
    assert content["table"].values.tolist() == [1, 2]
    assert list(content["table"].names) == ["x", "y"]


def test_it_may_lie_in_a_zip(mat: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(mat, "in/a.mat")
    assert read_mat(Entry(Path("in/a.mat"), tmp_path / "a.zip"), simple=True)["n"] == 3


@pytest.mark.parametrize("keep", [0, 5, 200])
def test_a_damaged_file_is_named(mat: Path, keep: int) -> None:
    mat.write_bytes(mat.read_bytes()[:keep])
    with pytest.raises(ReseenError, match=r"cannot read .*a\.mat: .*; download or unpack it again"):
        read_mat(Entry(mat))
