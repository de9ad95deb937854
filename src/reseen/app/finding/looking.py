"""Looking over a gallery: facets with their counts, rows page by page, a person's appearances."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.finding.row_filter import ALL, RowFilter
from reseen.app.finding.rows import camera_message, row_message
from reseen.app.finding.searching import checked_purpose, checked_where
from reseen.app.state.users import User
from reseen.app.words import label
from reseen.search.gallery.finding.filters import AnyOf, Between, Criteria, Filter, OneOf, attribute_conditions
from reseen.search.search import Match
from reseen.search.where import AttributeFilter, parse_where

PAGE = 60
_Conditions = tuple[OneOf | Between | AnyOf, ...]


def facets(desk: Desk, user: User, wanted: RowFilter = ALL) -> messages.Facets:
    """Returns what can be chosen from, and how many rows each choice would leave.

    Raises:
        ReseenError: If the filter is none.
    """
    schema, overview, required = desk.schema(), desk.overview(), _required(desk, wanted)
    timed = Filter((*desk.rows(user).conditions, *_within(wanted)))
    placed = Filter((*timed.conditions, *_at(wanted)))
    conditions = _conditions(desk, required)
    counts = overview.counts(placed, required, desk.gallery.schema) if schema and desk.gallery.schema else {}
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
        cameras=tuple(camera_message(desk, camera, here.get(camera, 0)) for camera in everywhere),
        first=times[0] if times else None,
        last=times[1] if times else None,
        plan=desk.state.cameras.plan_shape(),
    )


def browse(
    desk: Desk, user: User, wanted: RowFilter = ALL, cursor: str = "", size: int = PAGE, *, purpose: str = ""
) -> messages.RowList:
    """Returns rows that pass a filter, newest first; that somebody looked by one stands in the audit trail.

    Args:
        desk: The gallery.
        user: Who looks: rows that they may not see are left out.
        wanted: The filter.
        cursor: What the page before returned; empty: the first page.
        size: At most so many.
        purpose: Why they look, without which nobody looks by a filter.

    Raises:
        ReseenError: If the filter or the cursor is none, or the purpose is missing.
    """
    conditions = (*desk.rows(user).conditions, *_within(wanted), *_at(wanted))
    rows = Filter((*conditions, *_conditions(desk, _required(desk, wanted))))
    if wanted.narrows:
        said = replace(wanted, where=checked_where(desk, wanted.where), cameras=sorted(set(wanted.cameras)))
        total = int(rows.mask(desk.overview().columns).sum())
        detail = {"purpose": checked_purpose(purpose), "filters": asdict(said), "found": total}
        if not (cursor and desk.state.audit.has(user.name, "browse", **detail)):  # further pages are the same look
            desk.state.audit.add(user.name, "browse", **detail)
    ids, following = desk.overview().page(rows, cursor, size)
    found = desk.matches(user, ids)
    shown = tuple(row_message(desk, found[one]) for one in ids if one in found)
    return messages.RowList(rows=shown, cursor=following)


def appearances(desk: Desk, user: User, match: Match) -> list[messages.Row]:
    """Returns a person's rows in order of time: of the same person id, of the same track, and said to be right.

    Whoever looks follows somebody over cameras, which stands in the audit trail.

    Tracks are numbered within a video, so a track is the same only in the same one. A row whose person and track nobody
    knows stands alone, until a search by it has results that somebody found right.
    """
    overview, ids = desk.overview(), {match.id}
    if match.pid > 0:
        ids |= set(overview.ids[overview.columns["pid"] == match.pid].tolist())
    elif match.track is not None:
        same = (overview.columns["track"] == match.track) & (overview.columns["camera"] == match.camid)
        ids |= {
            each.id
            for each in desk.matches(user, overview.ids[same].tolist()).values()
            if _video(each.path) == _video(match.path)
        }
    ids |= desk.state.feedback.confirmed(match.id)
    rows = [row_message(desk, each) for each in desk.matches(user, sorted(ids)).values()]
    desk.state.audit.add(user.name, "appearances", row=match.id, found=len(rows))
    return sorted(rows, key=lambda row: (math.inf if row.seconds is None else row.seconds, row.camera, row.id))


def _video(path: str) -> str:
    """Returns what a crop was cut out of; see `reseen.ingest.into_gallery.reference`."""
    return path.partition("#")[0]


def _required(desk: Desk, wanted: RowFilter) -> AttributeFilter | None:
    checked = checked_where(desk, wanted.where)
    schema = desk.gallery.schema
    return parse_where(checked, schema) if checked and schema is not None else None


def _conditions(desk: Desk, required: AttributeFilter | None) -> _Conditions:
    schema = desk.gallery.schema
    return attribute_conditions(required, schema) if required is not None and schema is not None else ()


def _at(wanted: RowFilter) -> _Conditions:
    return (OneOf("camera", tuple(wanted.cameras)),) if wanted.cameras else ()


def _within(wanted: RowFilter) -> _Conditions:
    return Criteria(since=wanted.since, until=wanted.until).filter().conditions
