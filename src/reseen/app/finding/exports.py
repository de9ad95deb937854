"""A search to take along: as a picture, a page, or a table."""

from __future__ import annotations

import csv
import io

from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from PIL import Image
from starlette.exceptions import HTTPException

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.finding.searching import answer
from reseen.app.state.searches import Record
from reseen.app.state.users import User
from reseen.app.web.render import when
from reseen.data.person import camera_word
from reseen.errors import ReseenError
from reseen.explain.drawing.ranked_list import RankedResult, ranked_list_picture

_SHOWN = 40
_GONE = (232, 234, 237)
_FORMULA = tuple("=+-@＝＋－＠")


def table(desk: Desk, user: User, record: Record) -> str:
    """Returns the whole list as CSV."""
    whole = answer(desk, user, record, size=max(1, len(record.ranking)))
    file = io.StringIO()
    schema = desk.schema()
    names = schema.names if schema else ()
    writer = csv.writer(file)
    facts = ("rank", "row", "distance", "probability", "fits", "verdict", "camera", "time", "source")
    writer.writerow([*facts, *map(_harmless, names)])
    for each in whole.results:
        verdict = {True: "right", False: "wrong", None: ""}[each.verdict]
        found: list[object] = [each.rank, each.id, each.distance, each.probability, each.fits, verdict]
        if each.row is None:
            writer.writerow([*found, "not yours to see" if each.hidden else "deleted"])
            continue
        read = {attribute.name: attribute.value for attribute in each.row.attributes}
        row = [each.row.camera, each.row.seconds, each.row.source, *(read.get(name, "") for name in names)]
        writer.writerow([*found, *map(_harmless, row)])
    return file.getvalue()


def picture(desk: Desk, user: User, record: Record) -> bytes:
    """Returns the first places of the list as PNG, with the query."""
    file = io.BytesIO()
    _drawn(desk, user, record).save(file, "PNG")
    return file.getvalue()


def document(desk: Desk, user: User, record: Record) -> bytes:
    """Returns a page with who searched for whom and why, and the first places of the list, as PDF."""
    drawn = _drawn(desk, user, record)
    told = answer(desk, user, record, size=1)
    queries = [each.hash or "a row that is not yours to see" for each in told.queries if not each.unlike]
    facts = [
        f"Search {told.id}: {told.purpose}",
        f"by {told.who} at {when(told.at)} UTC",
        f"attributes: {told.where or 'any'}; cameras: {', '.join(map(str, told.cameras)) or 'all'}; "
        f"from {when(told.since) if told.since is not None else 'any time'} "
        f"to {when(told.until) if told.until is not None else 'any time'}",
        told.note,
        f"{told.total} places kept, the first {min(_SHOWN, told.total)} shown{_ends(told)}",
        f"searched by {', '.join(queries) or 'attributes alone'}",
        f"model {told.model[:32]}, gallery {told.gallery}",
        "Each is a possible match. A list has a first place also when the person is not in the gallery.",
    ]
    width = 11.7
    height = max(8.3, 2.4 + (width - 0.8) * drawn.height / drawn.width)
    figure = Figure(figsize=(width, height), facecolor="white")
    for number, fact in enumerate(facts):
        weight = "bold" if number == 0 else "normal"
        place = (0.4 / width, 1 - (0.45 + 0.22 * number) / height)
        figure.text(*place, fact, fontsize=9.5, weight=weight, parse_math=False)  # a purpose may speak of $5
    share = (width - 0.8) * drawn.height / drawn.width / height
    axes = figure.add_axes((0.4 / width, 1 - 2.1 / height - share, 1 - 0.8 / width, share))
    axes.imshow(drawn)
    axes.set_axis_off()
    file = io.BytesIO()
    with PdfPages(file, metadata={"Title": f"Search {told.id}", "Creator": "reseen"}) as pages:
        pages.savefig(figure)
    return file.getvalue()


def _ends(told: messages.Search) -> str:
    return "" if told.evidence is None else f"; the evidence ends after {told.evidence}"


def _drawn(desk: Desk, user: User, record: Record) -> Image.Image:
    told = answer(desk, user, record, size=_SHOWN)
    results = [
        RankedResult(_shown(desk, user, f"row:{each.id}"), _lines(each), each.verdict, each.rank)
        for each in told.results
    ]
    first = next((each for each in told.queries if not each.unlike), None)
    query = _shown(desk, user, first.reference) if first else None
    return ranked_list_picture(query, results, title=told.where and f"where {told.where}")


def _lines(each: messages.Result) -> list[str]:
    if each.row is None:
        return ["not yours to see" if each.hidden else "deleted since"]
    score = f"distance {each.distance:.3f}" if each.distance is not None else f"fits {each.fits or 0:.0%}"
    if each.probability is not None:
        score += f", {each.probability:.0%}"
    return [score, f"camera {camera_word(each.row.camera)}", when(each.row.seconds)]


def _shown(desk: Desk, user: User, reference: str) -> Image.Image:
    try:
        return desk.picture(user, reference).open()
    except (HTTPException, ReseenError):
        return Image.new("RGB", (64, 128), _GONE)


def _harmless(cell: object) -> object:
    """Spreadsheets take text that begins like a formula for one."""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip()[:1] in _FORMULA else cell
