"""What people said of results, to learn from: as pairs, and as pictures by person that a training reads."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from PIL import Image
from starlette.exceptions import HTTPException

from reseen.app.desk import Desk
from reseen.app.state.users import User
from reseen.app.web.problems import missing
from reseen.errors import ReseenError

_SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "BMP": "bmp"}


def judge(desk: Desk, user: User, search: str, row: str, correct: bool | None) -> None:
    """Keeps whether a result of a search is right; None takes back what was said.

    Raises:
        HTTPException: 404 if search or row is not there, or not theirs to see, or the row is no result of the search.
    """
    record = desk.record(user, search)
    if row not in {place.row for place in record.ranking}:
        raise missing(f"result {row[:32]}")
    desk.match(user, row)
    desk.state.feedback.say(record.id, row, correct, user.name)
    desk.state.audit.add(user.name, "verdict", search=record.id, row=row, correct=correct)


def pairs(desk: Desk, user: User) -> Iterator[dict[str, Any]]:
    """Yields what people said of results, as pairs: a query, a row, and whether they show the same person.

    Pictures that were deleted since are left out, and so are those that the user may not see or of whom the person was
    not, and searches that are not theirs to see.
    """
    verdicts = desk.state.feedback.all()
    records = {verdict.search: desk.state.searches.get(verdict.search) for verdict in verdicts}
    seen = desk.matches(user, [verdict.row for verdict in verdicts])
    queries = [query for record in records.values() if record for query in record.queries]
    hidden = desk.hidden(user, [query.row for query in queries if query.row])
    for verdict in verdicts:
        record = records[verdict.search]
        if record is None or not user.may_see(record.who) or verdict.row not in seen:
            continue
        for place, query in enumerate(record.queries):
            if not query.unlike and query.descriptor is not None and query.row not in hidden:
                yield {
                    "query": f"row:{query.row}" if query.row else f"query:{record.id}.{place}",
                    "query_hash": query.hash,
                    "row": verdict.row,
                    "same": verdict.correct,
                    "model": record.model,
                    "at": verdict.at,
                }


def training_set(desk: Desk, user: User) -> bytes:
    """Returns a zip with ``pairs.jsonl``, and a folder ``train`` with one for each person who was found right.

    Whoever is connected by "right" is one person. Where "wrong" was said within one, people do not agree, and all of
    that person's pictures are left out; the pairs still tell of them. `reseen train` reads the zip as it is.

    Args:
        desk: The gallery.
        user: Whose eyes it is for: pictures that they may not see are left out.
    """
    said = list(pairs(desk, user))
    shown = {pair["query_hash"]: pair["query"] for pair in said} | {pair["row"]: f"row:{pair['row']}" for pair in said}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("pairs.jsonl", "".join(f"{json.dumps(pair)}\n" for pair in said))
        for number, person in enumerate(_persons(said), 1):
            for one in sorted(person):
                try:
                    data = desk.picture(user, shown[one]).read()
                except (HTTPException, ReseenError):
                    continue  # it was deleted since, or is not theirs to see
                archive.writestr(f"train/{number:05}/{_name(desk, user, one, data)}", data)
    return file.getvalue()


def _persons(said: Sequence[Mapping[str, Any]]) -> list[frozenset[str]]:
    """Returns the pictures of each person, by hash: connected by "right", and nowhere contradicted."""
    same: dict[str, frozenset[str]] = {}
    for pair in said:
        if pair["same"]:
            ends = (pair["query_hash"], pair["row"])
            merged = frozenset(ends).union(*(same.get(end, ()) for end in ends))
            same |= dict.fromkeys(merged, merged)
    wrong = [(pair["query_hash"], pair["row"]) for pair in said if not pair["same"]]
    doubtful = {same[one] for one, other in wrong if other in same.get(one, ())}
    return [person for person in dict.fromkeys(same.values()) if person not in doubtful]


def _name(desk: Desk, user: User, one: str, data: bytes) -> str:
    """Returns a file's name, from which the camera is read where it is known: ``c3_HASH.jpg``, ``sent-HASH.jpg``."""
    with Image.open(io.BytesIO(data)) as picture:
        suffix = _SUFFIXES.get(picture.format or "", "png")
    found = desk.matches(user, [one]).get(one)
    return f"{'sent-' if found is None else f'c{found.camid}_'}{one}.{suffix}"
