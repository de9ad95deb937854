"""Embeddings check their shapes, choose rows, and survive a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reseen import Embeddings
from reseen.errors import ReseenError


def make(count: int = 4) -> Embeddings:
    generator = np.random.default_rng(0)
    return Embeddings(
        generator.normal(size=(count, 3)),
        np.arange(count) - 1,
        np.arange(count) % 2,
        {"hat": generator.random((count, 2)), "color": generator.random((count, 5))},
        [f"{row}.jpg" for row in range(count)],
    )


def test_types_are_settled() -> None:
    embeddings = Embeddings(np.ones((2, 3)), [1, 2], np.array([1, 2], np.uint8))  # type: ignore[arg-type]
    assert embeddings.features.dtype == np.float32
    assert embeddings.pids.dtype == embeddings.camids.dtype == np.int64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": np.ones(3)}, r"features must have shape \(N, D\)"),
        ({"features": np.array([[np.nan], [1.0]])}, "1 of 2 feature rows hold NaN"),
        ({"pids": np.arange(3)}, r"pids must have shape \(2,\)"),
        ({"camids": np.ones((2, 1))}, r"camids must have shape \(2,\)"),
        ({"attributes": {"hat": np.ones((3, 2))}}, r"attribute 'hat' must have shape \(2, classes\)"),
        ({"paths": ["a"]}, "1 paths for 2 feature rows"),
    ],
)
def test_shapes_that_do_not_fit(arguments: dict[str, Any], message: str) -> None:
    whole = {"features": np.ones((2, 1)), "pids": np.arange(2), "camids": np.arange(2)} | arguments
    with pytest.raises(ReseenError, match=message):
        Embeddings(**whole)


@pytest.mark.parametrize("rows", [slice(1, 3), [1, 2], np.array([False, True, True, False])])
def test_rows_are_chosen_from_everything(rows: Any) -> None:
    whole, part = make(), make()[rows]
    np.testing.assert_array_equal(part.features, whole.features[1:3])
    assert part.attributes is not None
    assert whole.attributes is not None
    np.testing.assert_array_equal(part.attributes["color"], whole.attributes["color"][1:3])
    assert part.paths == ("1.jpg", "2.jpg")
    assert part.pids.tolist() == [0, 1]


def test_a_file_gives_back_the_same(tmp_path: Path) -> None:
    before = make()
    before.save(tmp_path / "new" / "e.parquet")
    after = Embeddings.load(tmp_path / "new" / "e.parquet")
    np.testing.assert_array_equal(after.features, before.features)
    np.testing.assert_array_equal(after.pids, before.pids)
    assert after.paths == before.paths
    assert before.attributes is not None
    assert after.attributes is not None
    assert list(after.attributes) == ["hat", "color"]
    np.testing.assert_array_equal(after.attributes["color"], before.attributes["color"])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["e.parquet"]


def test_rows_survive_a_file_when_they_are_a_slice(tmp_path: Path) -> None:
    part = make()[2:]
    part.save(tmp_path / "e.parquet")
    np.testing.assert_array_equal(Embeddings.load(tmp_path / "e.parquet").features, part.features)


def test_only_our_files_are_ours(tmp_path: Path) -> None:
    make().save(tmp_path / "ours.parquet")
    pq.write_table(pa.table({"image": ["a.jpg"]}), tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("text")
    assert Embeddings.is_one(tmp_path / "ours.parquet")
    for name in ("other", "text", "missing"):
        assert not Embeddings.is_one(tmp_path / f"{name}.parquet")
        with pytest.raises(ReseenError, match="is not a file of embeddings"):
            Embeddings.load(tmp_path / f"{name}.parquet")
