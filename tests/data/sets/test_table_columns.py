"""A table's cells as text, and its columns as attributes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.sets.table_columns import encode_columns, read_columns
from reseen.errors import ReseenError, ReseenWarning


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_cells_are_text_whatever_separates_them(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\ufeffImage, PID\n a.jpg ,7\n\nb.jpg,\n".replace(",", separator), encoding="utf-8")
    assert read_columns(path) == {"image": ["a.jpg", "b.jpg"], "pid": ["7", ""]}


def test_parquet_numbers_become_what_they_were(tmp_path: Path) -> None:
    """A missing cell turns a column of integers into floats."""
    content = {"pid": [7.0, None], "ratio": [0.5, float("nan")], "hat": [True, False], "name": [" a ", None]}
    pq.write_table(pa.table(content), tmp_path / "t.parquet")
    assert read_columns(tmp_path / "t.parquet") == {
        "pid": ["7", ""],
        "ratio": ["0.5", ""],
        "hat": ["yes", "no"],
        "name": ["a", ""],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"t\.csv is empty"),
        ("image,pid\n", r"t\.csv has no rows"),
        ("pid,PID\n1,2\n", r"t\.csv has two columns named 'pid'; rename one"),
        ("image,pid\na.jpg\n", r"t\.csv: row 1 has 1 values instead of 2"),
    ],
)
def test_mistakes_in_a_table_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ReseenError, match=message):
        read_columns(tmp_path / "t.csv")
    with pytest.raises(ReseenError, match=r"cannot read table .*gone\.csv"):
        read_columns(tmp_path / "gone.csv")


def test_values_become_classes() -> None:
    columns = {"mood": ["sad", "", "glad"], "size": ["s", "m", "l"], "hat": ["yes", "unknown", "yes"]}
    schema, labels = encode_columns(columns, 3)
    assert schema is not None
    assert [(each.name, each.kind, each.classes) for each in schema] == [
        ("mood", "binary", ("glad", "sad")),
        ("size", "multi_class", ("l", "m", "s")),
        ("hat", "binary", ("no", "yes")),  # although nobody here has none
    ]
    assert labels == [{"mood": 1, "size": 2, "hat": 1}, {"size": 1}, {"mood": 0, "size": 0, "hat": 1}]


def test_columns_of_a_known_data_set_get_its_classes() -> None:
    schema, labels = encode_columns({"gender": ["Female", "male"], "upper_color": ["red", ""]}, 2)
    assert schema is not None
    assert schema.name == MARKET1501_SCHEMA.name
    assert schema["upper_color"] == MARKET1501_SCHEMA["upper_color"]
    assert labels == [{"gender": 1, "upper_color": MARKET1501_SCHEMA["upper_color"].index("red")}, {"gender": 0}]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["", "unknown"], "it has no value for an attribute"),
        (["same", "same"], "it has only the value 'same', too few for an attribute"),
        ([str(i) for i in range(51)], "it has 51 different values, too many for an attribute"),
    ],
)
def test_columns_that_are_no_attributes_are_left_out(column: list[str], message: str) -> None:
    with pytest.warns(ReseenWarning, match=f"left out column 'x': {message}"):
        schema, labels = encode_columns({"x": column}, len(column))
    assert schema is None
    assert labels == [{}] * len(column)
