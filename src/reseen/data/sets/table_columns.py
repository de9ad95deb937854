"""Columns of a user's table as strings, and its attribute columns as a schema."""

from __future__ import annotations

import csv
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reseen.data.attributes import (
    DUKE_SCHEMA,
    MARKET1501_SCHEMA,
    NO_YES,
    Attribute,
    AttributeSchema,
    binary,
    multi_class,
)
from reseen.errors import ReseenError, ReseenWarning

Column = Sequence[str]
"""One string a row, empty where nothing is known."""

_KNOWN_SCHEMAS = (MARKET1501_SCHEMA, DUKE_SCHEMA)
_MOST_CLASSES = 50
"""A column with more values than this is a caption, a time or a file name rather than an attribute."""
_UNKNOWN_WORDS = frozenset({"", "unknown"})
_NOT_A_NUMBER = frozenset({"nan", "NaN"})
"""How pandas and NumPy write a missing cell; a person may be called Nan."""


def read_columns(path: Path) -> dict[str, Column]:
    """Reads a CSV (comma, semicolon or tab) or Parquet file.

    Raises:
        ReseenError: If it cannot be read, has no rows, or names a column twice.
    """
    try:
        header, rows = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    except (OSError, ValueError, csv.Error) as error:
        raise ReseenError(f"cannot read table {path}: {error}") from error
    header = [name.strip().lower() for name in header]
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise ReseenError(f"{path} has two columns named {twice[0]!r}; rename one")
    if not rows:
        raise ReseenError(f"{path} has no rows")
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise ReseenError(f"{path}: row {number} has {len(row)} values instead of {len(header)}")
    return {name: _plain([row[place] for row in rows]) for place, name in enumerate(header)}


def encode_columns(columns: Mapping[str, Column], rows: int) -> tuple[AttributeSchema | None, list[dict[str, int]]]:
    """Returns a schema for attribute columns and the class indices of each row.

    Where Market-1501's or DukeMTMC-reID's schema has all columns and all their values, its names and classes
    are taken, so that a model trained on either fits; else the classes are the sorted values.

    Args:
        columns: Values by column.
        rows: How many rows there are.
    """
    values = {name: sorted(set(column) - _UNKNOWN_WORDS) for name, column in columns.items()}
    for name, own in list(values.items()):
        if not own or len(own) > _MOST_CLASSES:
            why = f"{len(own)} different values, too many for" if own else "no value for"
            _leave_out(values, name, why)
    known = _known_schema(values) if values else None
    if known is None:
        for name, own in list(values.items()):
            if len(own) == 1 and own[0] not in NO_YES:
                _leave_out(values, name, f"only the value {own[0]!r}, too few for")
    if not values:
        return None, [{} for _ in range(rows)]
    schema = known or AttributeSchema("table", tuple(_attribute(name, own) for name, own in values.items()))
    spell = str.casefold if known else str
    index = {attribute.name: {value: number for number, value in enumerate(attribute.classes)} for attribute in schema}
    labels: list[dict[str, int]] = [{} for _ in range(rows)]
    for name, classes in index.items():
        for row, value in enumerate(columns[name]):
            if value not in _UNKNOWN_WORDS:
                labels[row][name] = classes[spell(value)]
    return schema, labels


def numbers_of(column: Column, name: str, path: Path) -> list[float | None]:
    """Returns the numbers in a column, None for empty cells.

    Raises:
        ReseenError: If a cell has none.
    """
    numbers: list[float | None] = []
    for row, cell in enumerate(column, 1):
        try:
            number = float(cell) if cell else None
        except ValueError:
            number = math.nan
        if number is not None and not math.isfinite(number):
            raise ReseenError(f"{path}: row {row} has {name} {cell!r}: write a number, or leave it empty")
        numbers.append(number)
    return numbers


def _leave_out(values: dict[str, list[str]], name: str, why: str) -> None:
    warnings.warn(f"left out column {name!r}: it has {why} an attribute", ReseenWarning, stacklevel=5)
    del values[name]


def _attribute(name: str, values: Sequence[str]) -> Attribute:
    """A column that says only where something is, or only where it is not, is a yes or no all the same."""
    if set(values) <= set(NO_YES):
        return binary(name)
    return binary(name, (values[0], values[1])) if len(values) == 2 else multi_class(name, *values)


def _known_schema(values: Mapping[str, Sequence[str]]) -> AttributeSchema | None:
    """Returns the part of a known schema that the columns make up, or None if some name or value does not fit."""
    for schema in _KNOWN_SCHEMAS:
        if all(
            name in schema and {value.casefold() for value in own} <= set(schema[name].classes)
            for name, own in values.items()
        ):
            return AttributeSchema(schema.name, tuple(attribute for attribute in schema if attribute.name in values))
    return None


def _plain(column: Sequence[str]) -> Column:
    """Returns a column without what a missing cell has made of it: ``nan``, and floats for integers."""
    known = ["" if value in _NOT_A_NUMBER else value for value in column]
    are_floats = all(re.fullmatch(r"-?[0-9]+\.0+", value) for value in known if value)
    return [value.partition(".")[0] for value in known] if are_floats else known


def _read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        rows = [
            [value.strip() for value in row] for row in csv.reader(file, delimiter=max(",;\t", key=first.count)) if row
        ]
    if not rows:
        raise ReseenError(f"{path} is empty")
    return rows[0], rows[1:]


def _read_parquet(path: Path) -> tuple[list[str], list[list[str]]]:
    import pyarrow.parquet as pq

    columns: dict[str, list[Any]] = pq.read_table(path).to_pydict()
    return list(columns), [[_text(value) for value in row] for row in zip(*columns.values(), strict=True)]


def _text(value: Any) -> str:
    """Integers that a missing cell has turned into floats become integers again."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()
