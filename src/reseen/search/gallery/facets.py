"""What there is among the rows that pass a filter, counted: to offer the next filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reseen.errors import ReseenError
from reseen.search.gallery.filters import Criteria, Filter, attribute_conditions
from reseen.search.gallery.gallery import Gallery
from reseen.search.where import parse_where


@dataclass(frozen=True)
class Facets:
    """Numbers of rows.

    Attributes:
        rows: How many pass the filter.
        cameras: How many of them each camera took.
        attributes: How many of them each class was read from, by attribute; where several classes can be there at
            once, a row counts in each of them.
    """

    rows: int
    cameras: Mapping[int, int]
    attributes: Mapping[str, Mapping[str, int]]


def facets(gallery: Gallery, criteria: Criteria | None = None, where: str = "") -> Facets:
    """Counts cameras and attributes among the rows that pass a filter.

    Args:
        gallery: The gallery.
        criteria: What must hold of the rows.
        where: Required attributes, such as ``gender=male and backpack=yes``.

    Raises:
        ReseenError: If there is no such attribute, or the gallery has none.
    """
    chosen = Filter() if criteria is None else criteria.filter()
    schema = gallery.schema
    if where:
        if schema is None:
            raise ReseenError(f"cannot filter by {where}: the model that made this gallery predicts no attributes")
        chosen = Filter((*chosen.conditions, *attribute_conditions(parse_where(where, schema), schema)))
    attributes = tuple(schema or ())
    decided = [f"c{column}" for column in range(sum(each.columns for each in attributes))]
    with gallery.store.told():
        table = gallery.store.current()
        if table is None:
            return Facets(0, {}, {})
        read = table.search().where(chosen.sql()).select(["camera", *decided]).to_arrow()
    cameras, counts = np.unique(read["camera"].to_numpy(), return_counts=True)
    told: dict[str, dict[str, int]] = {}
    column = 0
    for each in attributes:
        values = [read[f"c{column + place}"].to_numpy() for place in range(each.columns)]
        column += each.columns
        if each.kind == "multi_label":
            numbers = [int((one == 1).sum()) for one in values]
        else:
            own = values[0].astype(np.int64)
            numbers = np.bincount(own[own >= 0], minlength=len(each.classes)).tolist()
        told[each.name] = dict(zip(each.classes, numbers, strict=True))
    return Facets(len(read), dict(zip(cameras.tolist(), counts.tolist(), strict=True)), told)
