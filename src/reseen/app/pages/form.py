"""What a page's form says, whatever attributes the gallery has; and the form for what was said before."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.finding import looking
from reseen.app.finding.row_filter import ALL, RowFilter
from reseen.app.messages.base import LARGEST
from reseen.app.state.users import User
from reseen.data.attributes import AttributeSchema
from reseen.errors import ReseenError
from reseen.search.where import parse_where

_FIELD = "a."
"""Beginning of the names of the fields of attributes."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What somebody has chosen from.

    Attributes:
        wanted: The filter that it makes.
        chosen: The attributes it requires, by name.
        rerank: Whether to order the nearest by k-reciprocal encoding.
    """

    wanted: RowFilter = ALL
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rerank: bool = False

    @classmethod
    def read(cls, form: ImmutableMultiDict[str, Any], schema: AttributeSchema | None) -> Filters:
        """Reads a form; fields of attributes or classes that are not there are passed over.

        Raises:
            ReseenError: If a camera or time is none.
        """
        chosen = {}
        for attribute in schema or ():
            values = form.getlist(_FIELD + attribute.name)
            if kept := tuple(each for each in attribute.classes if each in values):
                chosen[attribute.name] = kept
        conditions = [f'"{name}" in ({", ".join(map(_quoted, values))})' for name, values in chosen.items()]
        cameras = [_number(str(each), "camera") for each in form.getlist("camera") if each != ""]
        since, until = (_second(str(form.get(name, "")), name) for name in ("since", "until"))
        return cls(RowFilter(" and ".join(conditions), cameras, since, until), chosen, "rerank" in form)

    @classmethod
    def of(cls, search: messages.Search, schema: AttributeSchema | None) -> Filters:
        """Returns what a search was filtered by; conditions that no box stands for are left to the text."""
        chosen: dict[str, tuple[str, ...]] = {}
        if search.where and schema is not None:
            try:
                wanted = parse_where(search.where, schema)
                chosen |= wanted.allowed
                chosen |= {each.name: each.classes for each in wanted.shows if not each.negated}
            except ReseenError:
                pass  # it asks for attributes that are turned off by now
        return cls(RowFilter(search.where, search.cameras, search.since, search.until), chosen, search.reranked)

    def facets(self, desk: Desk, user: User) -> messages.Facets:
        """Returns what there is to choose from under this filter."""
        return looking.facets(desk, user, self.wanted)

    def query(self, **more: str) -> str:
        """Returns the filter as a query string, so that a page can be linked to."""
        pairs: list[tuple[str, object]] = [
            (_FIELD + name, value) for name, values in self.chosen.items() for value in values
        ]
        pairs += [("camera", camera) for camera in self.wanted.cameras]
        times = {"since": self.wanted.since, "until": self.wanted.until}
        pairs += [(name, time) for name, time in times.items() if time is not None]
        return urlencode([*pairs, *more.items()])


def texts_of(form: ImmutableMultiDict[str, Any], name: str) -> Sequence[str]:
    """Returns the texts of a field that may be there several times."""
    return [each for each in form.getlist(name) if isinstance(each, str) and each]


def _quoted(value: str) -> str:
    return f'"{value}"'


def _number(text: str, name: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise ReseenError(f"{name} is a whole number, not {text[:40]!r}") from None
    if abs(number) > LARGEST:
        raise ReseenError(f"{name} {text[:40]} is too large")
    return number


def _second(text: str, name: str) -> float | None:
    """Returns seconds, from a number or from what a browser sends for a date and time, in UTC."""
    if not text.strip():
        return None
    try:
        second = float(text)
    except ValueError:
        try:
            second = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp()
        except (ValueError, OverflowError):
            raise ReseenError(f"{name} is a time or a number of seconds, not {text[:40]!r}") from None
    if not math.isfinite(second):
        raise ReseenError(f"{name} is a time or a number of seconds, not {text[:40]!r}")
    return second
