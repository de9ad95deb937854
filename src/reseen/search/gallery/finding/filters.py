"""Conditions on rows: the same ones as SQL for the store and as masks for what is held in memory."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.data.attributes import AttributeSchema
from reseen.errors import ReseenError
from reseen.search.where import AttributeFilter

Columns = Mapping[str, NDArray[Any]]
"""(N,) values by column name."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """A column has one of some values, or none of them.

    Attributes:
        column: Its name, which is one of ours and never a user's.
        values: The values.
        negated: Whether it must have none of them.
    """

    column: str
    values: tuple[int | str, ...]
    negated: bool = False

    def sql(self) -> str:
        if not self.values:
            return "true" if self.negated else "false"
        listed = ", ".join(map(_literal, self.values))
        return f"{self.column} {'NOT IN' if self.negated else 'IN'} ({listed})"

    def mask(self, columns: Columns) -> NDArray[np.bool_]:
        return np.isin(columns[self.column], self.values, invert=self.negated)


@dataclass(frozen=True, slots=True)
class Between:
    """A column lies in a range, both ends included; where nothing is known it does not."""

    column: str
    least: float = -math.inf
    most: float = math.inf

    def sql(self) -> str:
        ends = [f"{self.column} IS NOT NULL"]
        ends += [f"{self.column} >= {self.least!r}"] if self.least > -math.inf else []
        ends += [f"{self.column} <= {self.most!r}"] if self.most < math.inf else []
        return " AND ".join(ends)

    def mask(self, columns: Columns) -> NDArray[np.bool_]:
        values = columns[self.column]
        return np.asarray((values >= self.least) & (values <= self.most))  # NaN, which stands for unknown, is neither


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of some conditions holds."""

    conditions: tuple[OneOf | Between, ...]

    def sql(self) -> str:
        return f"({' OR '.join(f'({each.sql()})' for each in self.conditions)})"

    def mask(self, columns: Columns) -> NDArray[np.bool_]:
        return np.asarray(np.logical_or.reduce([each.mask(columns) for each in self.conditions]), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that all hold; without any, every row is meant."""

    conditions: tuple[OneOf | Between | AnyOf, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conditions)

    def sql(self) -> str:
        return " AND ".join(f"({each.sql()})" for each in self.conditions) or "true"

    def whole(self, column: str) -> tuple[str, ...]:
        """Returns the values of a column that are meant with all their rows: none if anything else is asked for."""
        only = self.conditions[0] if len(self.conditions) == 1 else None
        if isinstance(only, OneOf) and only.column == column and not only.negated:
            return tuple(map(str, only.values))
        return ()

    def mask(self, columns: Columns) -> NDArray[np.bool_]:
        """Returns which rows are meant (N,).

        Args:
            columns: All that the conditions are on, at least one.
        """
        kept = np.ones(len(next(iter(columns.values()))), dtype=bool)
        for condition in self.conditions:
            kept &= condition.mask(columns)
        return kept


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What a user says of rows; all that is said must hold, and without anything every row is meant.

    Attributes:
        cameras: Taken by these.
        pids: Of these persons.
        since: From this second on.
        until: Up to this second.
        paths: With these image references, exactly as they were added.
        sources: Added from these, as it was said then.
    """

    cameras: int | Iterable[int] | None = None
    pids: int | Iterable[int] | None = None
    since: float | None = None
    until: float | None = None
    paths: str | Iterable[str] | None = None
    sources: str | Iterable[str] | None = None

    def filter(self) -> Filter:
        """Returns the filter for it.

        Raises:
            ReseenError: If something has the wrong type, or the time range is empty.
        """
        conditions: list[OneOf | Between | AnyOf] = []
        for name, column, numbers in (("cameras", "camera", self.cameras), ("pids", "pid", self.pids)):
            if numbers is not None:
                conditions.append(OneOf(column, _integers(name, numbers)))
        for name, column, texts in (("paths", "path", self.paths), ("sources", "source", self.sources)):
            if texts is not None:
                conditions.append(OneOf(column, _texts(name, texts)))
        if self.since is not None or self.until is not None:
            least = -math.inf if self.since is None else _second("since", self.since)
            most = math.inf if self.until is None else _second("until", self.until)
            if least > most:
                raise ReseenError(f"since {least:g} is after until {most:g}; exchange them")
            conditions.append(Between("seconds", least, most))
        return Filter(tuple(conditions))


def other_than(pid: int, camera: int) -> AnyOf:
    """Returns the condition that a row is not a picture of a person by a camera: the query's own."""
    return AnyOf((OneOf("pid", (pid,), negated=True), OneOf("camera", (camera,), negated=True)))


def attribute_conditions(where: AttributeFilter, schema: AttributeSchema) -> tuple[OneOf | AnyOf, ...]:
    """Translates a filter on attributes into conditions on what was decided about each row.

    Args:
        where: The filter.
        schema: The gallery's attributes; column ``c7`` has the seventh column of its encoded labels.
    """
    start = {name: columns.start for name, columns in schema.columns.items()}
    conditions: list[OneOf | AnyOf] = [
        OneOf(f"c{start[name]}", tuple(schema[name].index(value) for value in values))
        for name, values in where.allowed.items()
    ]
    for each in where.shows:
        if each.name in schema:
            places = [start[each.name] + schema[each.name].index(own) for own in each.classes]
        else:  # colours predicted one by one
            places = [start[f"{each.name}:{own}"] for own in each.classes]
        if each.negated:
            conditions += [OneOf(f"c{place}", (0,)) for place in places]
        else:
            conditions.append(AnyOf(tuple(OneOf(f"c{place}", (1,)) for place in places)))
    return tuple(conditions)


def _literal(value: int | str) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def _integers(name: str, values: int | Iterable[int]) -> tuple[int, ...]:
    listed = [values] if isinstance(values, (int, np.integer)) else _listed(name, values)
    for value in listed:
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not -(2**63) <= value < 2**63:
            raise ReseenError(f"{name} must be whole numbers, got {value!r}")
    return tuple(dict.fromkeys(map(int, listed)))


def _texts(name: str, values: str | Iterable[str]) -> tuple[str, ...]:
    listed = [values] if isinstance(values, str) else _listed(name, values)
    for value in listed:
        if not isinstance(value, str):
            raise ReseenError(f"{name} must be text as it was added, got {value!r}")
    return tuple(dict.fromkeys(listed))


def _listed(name: str, values: Any) -> list[Any]:
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise ReseenError(f"{name} must be a list, got {values!r}")
    return list(values)


def _second(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not math.isfinite(value):
        raise ReseenError(f"{name} must be a number of seconds, got {value!r}")
    return float(value)
