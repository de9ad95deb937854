"""Embeddings check their shapes, choose rows, and survive a file."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reseen import Embeddings
from reseen.data.attributes import AttributeSchema, binary, multi_class
from reseen.descriptors.distance import Euclidean, Mahalanobis
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


SCHEMA = AttributeSchema("drawn", (binary("hat"), multi_class("color", "red", "blue", "green", "black", "white")))


def test_a_file_tells_what_its_attributes_are(tmp_path: Path) -> None:
    """Class names are in no digest: the same weights with others would pass as the same model."""
    before = replace(make(), model="one", schema=SCHEMA)
    before.save(tmp_path / "e.parquet")
    after = Embeddings.load(tmp_path / "e.parquet")
    assert after.schema == SCHEMA
    before.check_comparable(after[:1])
    before.check_comparable(replace(after, schema=None))
    other = replace(after, schema=AttributeSchema("drawn", (binary("hat", ("yes", "no")), SCHEMA["color"])))
    with pytest.raises(ReseenError, match=r"that tell hat \(no, yes\) and hat \(yes, no\) cannot be compared"):
        before.check_comparable(other)
    with pytest.raises(ReseenError, match="cannot be compared"):
        Embeddings.join([before, replace(after, schema=AttributeSchema("drawn", tuple(SCHEMA)[::-1]))])
    with pytest.raises(ReseenError, match="attribute 'color' has 5 probabilities for 2 classes"):
        replace(before, schema=AttributeSchema("drawn", (binary("hat"), binary("color"))))


def test_a_file_that_does_not_tell_them_is_refused(tmp_path: Path) -> None:
    make().save(tmp_path / "e.parquet")
    table = pq.read_table(tmp_path / "e.parquet")
    content = json.loads(table.schema.metadata[b"reseen"])
    del content["schema"]
    metadata = {**table.schema.metadata, b"reseen": json.dumps(content)}
    pq.write_table(table.replace_schema_metadata(metadata), tmp_path / "e.parquet")
    with pytest.raises(ReseenError, match=r"is not a file of embeddings .*'schema'"):
        Embeddings.load(tmp_path / "e.parquet")


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


def named() -> Embeddings:
    """Two images, descriptors of three named features: columns 0, 1-2 and 3."""
    features = np.arange(8, dtype=np.float32).reshape(2, 4)
    parts = {"global": 1, "part/0": 2, "part/1": 1}
    return Embeddings(features, np.array([1, 2]), np.array([1, 1]), model="abc", parts=parts)


@pytest.mark.parametrize(
    ("names", "columns"),
    [(["global"], [0]), (["part"], [1, 2, 3]), (["part/1", "global"], [3, 0]), (["part", "part/0"], [1, 2, 3])],
)
def test_features_are_chosen_by_name(names: list[str], columns: list[int]) -> None:
    chosen = named().feature(*names)
    np.testing.assert_array_equal(chosen.features, named().features[:, columns])
    assert sum(chosen.parts.values()) == len(columns)
    assert chosen.model == "abc"


def test_a_feature_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ReseenError, match="no feature 'par'; there are: global, part/0, part/1"):
        named().feature("par")


def test_parts_have_to_make_up_the_descriptor() -> None:
    with pytest.raises(ReseenError, match="parts are 3 wide in all, features 4"):
        replace(named(), parts={"global": 3})


def test_a_file_keeps_model_and_parts(tmp_path: Path) -> None:
    named().save(tmp_path / "e.parquet")
    loaded = Embeddings.load(tmp_path / "e.parquet")
    assert (loaded.model, dict(loaded.parts)) == ("abc", {"global": 1, "part/0": 2, "part/1": 1})


def test_times_tracks_and_sources_are_kept_row_by_row(tmp_path: Path) -> None:
    plain = make(3)
    seen = replace(plain, seconds=[0.5, np.nan, 7], tracks=[4, 4, np.nan], sources=["a.mp4", "", "b.mp4"])
    both = Embeddings.join([seen[[2, 0]], plain[:1]])
    both.save(tmp_path / "e.parquet")
    for each in (both, Embeddings.load(tmp_path / "e.parquet")):
        np.testing.assert_array_equal(each.seconds, [7, 0.5, np.nan])
        np.testing.assert_array_equal(each.tracks, [np.nan, 4, np.nan])
        assert list(each.sources or ()) == ["b.mp4", "a.mp4", ""]
    assert (plain.seconds, plain.tracks, plain.sources) == (None, None, None)
    plain.save(tmp_path / "plain.parquet")
    assert Embeddings.load(tmp_path / "plain.parquet").seconds is None
    with pytest.raises(ReseenError, match=r"seconds must have shape \(3,\) like features, got \(2,\)"):
        replace(plain, seconds=[1, 2])
    with pytest.raises(ReseenError, match="1 sources for 3 feature rows"):
        replace(plain, sources=["a.mp4"])


def test_a_name_that_cannot_be_stored_is_told(tmp_path: Path) -> None:
    strange = replace(make(1), paths=[os.fsdecode(b"a\xff.jpg")])
    with pytest.raises(ReseenError, match=re.escape(r"the name 'a\udcff.jpg' is not in UTF-8")):
        strange.save(tmp_path / "e.parquet")
    assert not list(tmp_path.iterdir())


def test_a_file_keeps_the_distance_with_what_it_learnt(tmp_path: Path) -> None:
    learnt = replace(named(), distance=Mahalanobis(matrix=[[1, 2, 0, 4]]))
    learnt.save(tmp_path / "e.parquet")
    loaded = Embeddings.load(tmp_path / "e.parquet")
    assert loaded.distance == learnt.distance
    # Rows are (0, 1, 2, 3) and (4, 5, 6, 7), so they differ by 4 (1 + 2 + 0 + 4).
    np.testing.assert_allclose(loaded.distances_to(loaded), [[0, 28], [28, 0]])


def test_probabilities_of_attributes_are_features_too() -> None:
    embeddings = replace(make(), parts={"global": 3})
    assert embeddings.attributes is not None
    np.testing.assert_array_equal(embeddings.feature("probability/color").features, embeddings.attributes["color"])
    both = embeddings.feature("probability", "global")
    assert dict(both.parts) == {"probability/hat": 2, "probability/color": 5, "global": 3}
    np.testing.assert_array_equal(both.features[:, 7:], embeddings.features)


def test_some_features_alone_are_compared_by_plain_distance() -> None:
    learnt = replace(named(), distance=Mahalanobis(matrix=np.eye(4)))
    assert learnt.feature("part").distance == Euclidean()
    assert learnt[[1]].distance == learnt.distance


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (replace(named(), model="xyz"), "of model abc and of model xyz"),
        (named().feature("part/0", "part/1", "global"), "of global, part/0, part/1 and of part/0, part/1, global"),
        (named().feature("global"), "length 4 and 1"),
        (replace(named(), distance=Euclidean(weight=2)), r"distance euclidean and for euclidean \w{12}"),
    ],
    ids=["model", "features", "length", "distance"],
)
def test_descriptors_that_do_not_belong_together_are_not_compared(other: Embeddings, says: str) -> None:
    with pytest.raises(ReseenError, match=says):
        named().check_comparable(other)
    named().check_comparable(replace(named(), model=""))  # nobody knows: as long, so allowed
