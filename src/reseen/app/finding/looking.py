"""Looking over a gallery: facets with their counts, rows page by page, a person's appearances."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.finding.searching import checked_where, row_message
from reseen.app.state.users import User
from reseen.app.words import label
from reseen.search.gallery.finding.filters import AnyOf, Criteria, Filter, OneOf, attribute_conditions
from reseen.search.search import Match
from reseen.search.where import AttributeFilter, parse_where

PAGE = 60


def facets(
    desk: Desk,
    user: User,
    where: str = "",
    cameras: Sequence[int] = (),
    since: float | None = None,
    until: float | None = None,
) -> messages.Facets:
    """Returns what can be chosen from, and how many rows each choice would leave.

    Raises:
        ReseenError: If the filter is none.
    """
    schema, overview, wanted = desk.schema(), desk.overview(), _wanted(desk, where)
    timed = Filter((*desk.rows(user).conditions, *Criteria(since=since, until=until).filter().conditions))
    placed = Filter((*timed.conditions, *_at(cameras)))
    conditions = _conditions(desk, wanted)
    counts = overview.counts(placed, wanted, desk.gallery.schema) if schema and desk.gallery.schema else {}
    times = overview.times(desk.rows(user))
    everywhere = overview.cameras(desk.rows(user))
    here = overview.cameras(Filter((*timed.conditions, *conditions)))
    return messages.Facets(
        total=int(Filter((*placed.conditions, *conditions)).mask(overview.columns).sum()),
        facets=tuple(
            messages.Facet(
                name=each.name,
                label=label(each.name),
                classes=tuple(
                    messages.FacetClass(value=value, count=count) for value, count in counts[each.name].items()
                ),
            )
            for each in schema or ()
        ),
        cameras=tuple(messages.Camera(camera=camera, count=here.get(camera, 0)) for camera in everywhere),
        first=times[0] if times else None,
        last=times[1] if times else None,
    )


def browse(
    desk: Desk,
    user: User,
    where: str = "",
    cameras: Sequence[int] = (),
    since: float | None = None,
    until: float | None = None,
    cursor: str = "",
    size: int = PAGE,
) -> messages.RowList:
    """Returns rows that pass a filter, newest first.

    Raises:
        ReseenError: If the filter or the cursor is none.
    """
    conditions = [*desk.rows(user).conditions, *Criteria(since=since, until=until).filter().conditions, *_at(cameras)]
    rows = Filter((*conditions, *_conditions(desk, _wanted(desk, where))))
    ids, following = desk.overview().page(rows, cursor, size)
    found = desk.matches(user, ids)
    shown = tuple(row_message(desk, found[one]) for one in ids if one in found)
    return messages.RowList(rows=shown, cursor=following)


def appearances(desk: Desk, user: User, match: Match) -> list[messages.Row]:
    """Returns a person's rows in order of time: of the same person id, of the same track, and said to be right.

    A row whose person and track nobody knows stands alone, until a search by it has results that somebody found right.
    """
    overview, ids = desk.overview(), {match.id}
    if match.pid > 0:
        ids |= set(overview.ids[overview.columns["pid"] == match.pid].tolist())
    elif match.track is not None:
        same = (overview.columns["track"] == match.track) & (overview.columns["camera"] == match.camid)
        ids |= set(overview.ids[same].tolist())
    ids |= desk.state.feedback.confirmed(match.id)
    rows = [row_message(desk, each) for each in desk.matches(user, sorted(ids)[:500]).values()]
    return sorted(rows, key=lambda row: (math.inf if row.seconds is None else row.seconds, row.camera, row.id))


def _wanted(desk: Desk, where: str) -> AttributeFilter | None:
    checked = checked_where(desk, where)
    schema = desk.gallery.schema
    return parse_where(checked, schema) if checked and schema is not None else None


def _conditions(desk: Desk, wanted: AttributeFilter | None) -> tuple[OneOf | AnyOf, ...]:
    schema = desk.gallery.schema
    return attribute_conditions(wanted, schema) if wanted is not None and schema is not None else ()


def _at(cameras: Sequence[int]) -> tuple[OneOf, ...]:
    return (OneOf("camera", tuple(cameras)),) if cameras else ()
