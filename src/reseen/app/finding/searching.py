"""Searches as people ask for them: written down as records, opened again, and run once more."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.finding.row_filter import ALL, RowFilter
from reseen.app.finding.rows import row_message
from reseen.app.state.searches import Query, RankedRow, Record
from reseen.app.state.users import User
from reseen.app.words import is_sensitive, label, plain_line
from reseen.data.person import PersonImage
from reseen.descriptors.distance import Euclidean
from reseen.errors import ReseenError
from reseen.search.gallery.overview import descriptors_by_id, matches_by_id
from reseen.search.search import evidence
from reseen.search.where import parse_where

PAGE = 24


@dataclass(frozen=True, slots=True)
class Ask:
    """Whom somebody looks for, and why.

    Attributes:
        purpose: Why.
        pictures: Encoded pictures of the person.
        unlike: Encoded pictures of somebody else.
        like_refs: Pictures that are known already: ``row:ID`` or ``query:SEARCH.PLACE``.
        unlike_refs: The same, of somebody else.
        wanted: Which rows may be found.
        rerank: Whether to order the nearest by k-reciprocal encoding.
        top: Length of the list.
    """

    purpose: str
    pictures: Sequence[bytes] = ()
    unlike: Sequence[bytes] = ()
    like_refs: Sequence[str] = ()
    unlike_refs: Sequence[str] = ()
    wanted: RowFilter = ALL
    rerank: bool = False
    top: int = 100


def search(desk: Desk, user: User, ask: Ask) -> Record:
    """Searches, writes down what was asked and found, and returns the record.

    Raises:
        ReseenError: If the purpose is missing, there is nothing to search by, or a filter is none.
        HTTPException: 404 if a picture that is referred to is not there, or not theirs to see.
    """
    purpose = checked_purpose(ask.purpose)
    limits = desk.settings.limits
    if not 1 <= ask.top <= limits.results:
        raise ReseenError(f"top is a number from 1 to {limits.results}, not {ask.top}")
    sent = [(data, False) for data in ask.pictures] + [(data, True) for data in ask.unlike]
    known = [(name, False) for name in ask.like_refs] + [(name, True) for name in ask.unlike_refs]
    if len(sent) + len(known) > limits.pictures:
        raise ReseenError(f"that makes {len(sent) + len(known)} pictures; a search takes up to {limits.pictures}")
    queries = [_known(desk, user, name, unlike) for name, unlike in dict(known).items()]
    queries += _embedded(desk, sent)
    return _run(desk, user, purpose, queries, ask)


def rerun(desk: Desk, user: User, record: Record) -> messages.Rerun:
    """Runs a search once more, and says what has changed.

    Raises:
        ReseenError: If its pictures were deleted after the retention.
    """
    if any(query.descriptor is None for query in record.queries):
        raise ReseenError("the pictures of this search were deleted; it can be read, but not run again")
    filters = record.filters
    wanted = RowFilter(**{name: filters[name] for name in ("where", "cameras", "since", "until")})
    ask = Ask(record.purpose, wanted=wanted, rerank=filters["rerank"], top=filters["top"])
    queries = record.queries
    if record.model != desk.embedder.digest:  # the old one's descriptors say nothing to this one
        queries = tuple(_anew(desk, user, record, place) for place in range(len(queries)))
    again = _run(desk, user, record.purpose, queries, ask)
    before, now = [place.row for place in record.ranking], [place.row for place in again.ranking]
    return messages.Rerun(
        search=answer(desk, user, again),
        same=before == now,
        deleted=tuple(gone(desk, before)),
        new=tuple(row for row in now if row not in set(before)),
    )


def recent(desk: Desk, user: User, cursor: str, size: int) -> messages.SearchList:
    """Returns searches without their lists, newest first: everybody's to those who oversee, else one's own.

    Raises:
        HTTPException: 404 if the cursor is no search of theirs.
    """
    if cursor:
        desk.record(user, cursor)
    records = desk.state.searches.recent("" if user.oversees else user.name, cursor, size + 1)
    following = records[size - 1].id if len(records) > size else ""
    return messages.SearchList(searches=tuple(map(head, records[:size])), cursor=following)


def gone(desk: Desk, rows: Sequence[str]) -> list[str]:
    """Returns which rows are not in the gallery any more."""
    there = matches_by_id(desk.gallery, rows)
    return [row for row in rows if row not in there]


def answer(desk: Desk, user: User, record: Record, cursor: str = "", size: int = PAGE) -> messages.Search:
    """Returns a record with one page of its list. The list stays as it is, so no place comes twice or is passed over.

    Raises:
        ReseenError: If the cursor is none of this list.
    """
    start = 0
    if cursor:
        if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 7 and int(cursor) < len(record.ranking)):
            raise ReseenError(f"{cursor[:40]!r} is no cursor of this search; begin with its first page")
        start = int(cursor)
    places = record.ranking[start : start + size]
    queried = [query.row for query in record.queries if query.row]
    hidden = desk.hidden(user, [*(place.row for place in places), *queried])
    rows = desk.matches(user, [place.row for place in places])
    verdicts = desk.state.feedback.of(record.id)
    results = tuple(
        messages.Result(rank=start + number, id="", hidden=True)
        if place.row in hidden
        else messages.Result(
            rank=start + number,
            id=place.row,
            distance=place.distance,
            fits=place.fits,
            probability=place.probability,
            row=row_message(desk, rows[place.row]) if place.row in rows else None,
            verdict=verdicts.get(place.row),
        )
        for number, place in enumerate(places, start=1)
    )
    end = start + len(places)
    following = str(end) if end < len(record.ranking) else ""
    return head(record, hidden).model_copy(update={"results": results, "cursor": following})


def head(record: Record, hidden: Collection[str] = ()) -> messages.Search:
    """Returns a record without its list, and without the ids of rows that whoever asks may not see."""
    queries = tuple(
        messages.QueryPicture(
            reference=f"query:{record.id}.{place}",
            unlike=query.unlike,
            hash="" if query.row in hidden else query.hash,
            kept=query.picture is not None or (bool(query.row) and query.row not in hidden),
            picture=f"/api/searches/{record.id}/queries/{place}/picture",
        )
        for place, query in enumerate(record.queries)
    )
    return messages.Search(
        id=record.id,
        at=record.at,
        who=record.who,
        purpose=record.purpose,
        where=record.filters["where"],
        cameras=tuple(record.filters["cameras"]),
        since=record.filters["since"],
        until=record.filters["until"],
        reranked=record.filters["rerank"],
        model=record.model,
        gallery=record.gallery,
        note=record.note,
        total=len(record.ranking),
        evidence=evidence(record.ranking),
        queries=queries,
    )


def checked_purpose(said: str) -> str:
    """Returns a purpose as it is written down.

    Raises:
        ReseenError: If it says nothing, or more than anybody reads.
    """
    purpose = plain_line(said)
    if not 3 <= len(purpose) <= 500:
        raise ReseenError("say what this search is for, in 3 to 500 characters: it is written down")
    return purpose


def checked_where(desk: Desk, where: str) -> str:
    """Returns a filter as it is written down.

    Raises:
        ReseenError: If it is none, or asks for attributes that are turned off.
    """
    schema = desk.gallery.schema
    if not where.strip():
        return ""
    if schema is None:
        raise ReseenError("this gallery has no attributes; search by a picture")
    wanted, shown = parse_where(where, schema), desk.schema()
    for name in wanted.names:
        if is_sensitive(name) and shown != schema:
            raise ReseenError(f"{label(name)} is turned off here; an operator can turn it on, on the page Model")
    return str(wanted)


def _run(desk: Desk, user: User, purpose: str, queries: Sequence[Query], ask: Ask) -> Record:
    wanted, where = ask.wanted, checked_where(desk, ask.wanted.where)
    cameras = sorted(set(wanted.cameras)) or None
    if user.cameras is not None:
        cameras = sorted(user.cameras.intersection(cameras or user.cameras))
    like, away = (_stacked([each for each in queries if each.unlike is unlike]) for unlike in (False, True))
    if like is None and not where:
        raise ReseenError("nothing to search for: give a picture of the person, attributes, or both")
    layout = desk.gallery.layout
    if layout is not None and layout.like.model not in ("", desk.embedder.digest):
        raise ReseenError("the gallery was moved to another model; start reseen serve again with that one")
    if like is None and away is not None:
        raise ReseenError("give a picture of the person beside those of somebody else")
    overview = desk.overview()
    found = desk.gallery.search(
        like,
        ask.top,
        cameras=cameras,
        since=wanted.since,
        until=wanted.until,
        where=where,
        unlike=away,
        rerank=ask.rerank and like is not None,
        calibration=desk.embedder.calibration,  # None: the one that the gallery keeps, if there is any
    )
    places = [RankedRow(match.id, match.distance, match.fits, match.probability) for match in found]
    filters = asdict(replace(wanted, where=where, cameras=cameras or list(wanted.cameras)))
    filters |= {"rerank": ask.rerank and like is not None, "top": ask.top}
    with desk.state.change():  # no search without its entry in the trail
        one = desk.state.searches.add(
            who=user.name,
            purpose=purpose,
            model=desk.embedder.digest,
            gallery="@".join(map(str, overview.version)),
            filters=filters,
            note=found.note,
            ranking=places,
            queries=queries,
        )
        detail = {"search": one, "purpose": purpose, "filters": filters, "queries": [query.hash for query in queries]}
        desk.state.audit.add(user.name, "search", **detail, found=len(places))
    record = desk.state.searches.get(one)
    assert record is not None
    return record


def _known(desk: Desk, user: User, reference: str, unlike: bool) -> Query:
    """Returns a picture that is known already as a query: a row, one of an earlier search, or somebody's crop."""
    kind, _, name = reference.partition(":")
    if kind == "row":
        match = desk.match(user, name)
        layout = desk.gallery.layout
        if layout is not None and layout.like.distance == Euclidean():
            descriptor = descriptors_by_id(desk.gallery, [match.id]).features[0]
        else:
            descriptor = desk.embed([desk.picture(user, reference)]).features[0]
        return Query(match.id, unlike, row=match.id, descriptor=descriptor)
    image = desk.picture(user, reference)
    if kind == "crop":
        return _embedded(desk, [(image.read(), unlike)])[0]
    search, _, place = name.partition(".")
    record = desk.record(user, search)
    query = record.queries[int(place)]
    if record.model != desk.embedder.digest:
        query = _anew(desk, user, record, int(place))
    return replace(query, unlike=unlike)


def _anew(desk: Desk, user: User, record: Record, place: int) -> Query:
    """Returns a picture of an earlier search, embedded by today's model."""
    picture = desk.picture(user, f"query:{record.id}.{place}")
    return replace(record.queries[place], descriptor=desk.embed([picture]).features[0])


def _embedded(desk: Desk, sent: Sequence[tuple[bytes, bool]]) -> list[Query]:
    if not sent:
        return []
    features = desk.embed([PersonImage(data) for data, _ in sent]).features
    return [
        Query(hashlib.sha256(data).hexdigest()[:32], unlike, picture=data, descriptor=descriptor)
        for (data, unlike), descriptor in zip(sent, features, strict=True)
    ]


def _stacked(queries: Sequence[Query]) -> NDArray[np.float32] | None:
    given = [query.descriptor for query in queries if query.descriptor is not None]
    return np.stack(given) if given else None
