"""Matches in words: a table for the terminal, captions for pictures."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from reseen.data.attributes import AttributeSchema
from reseen.data.person import UNKNOWN_CAMERA
from reseen.search.clock import clock
from reseen.search.search import Match, evidence
from reseen.search.where import AttributeFilter

_FILE_WIDTH = 28
_CUT_OUT = re.compile(r"([^/\\:]+)(#t=[\d.]+|#xywh=-?\d+,-?\d+,\d+,\d+)[^/\\]*&confidence=[\d.]+$")
"""Name of a video or picture, and when or where somebody was seen; see `reseen.ingest.into_gallery.reference`."""
BELOW = "rather not the same"
"""Short, so that this line widens no column: that of the files is wider."""


def matches_table(
    matches: Sequence[Match],
    *,
    schema: AttributeSchema | None = None,
    where: AttributeFilter | None = None,
    query_pid: int | None = None,
    attributes: int = 2,
) -> Table:
    """Returns a table that is readable on a terminal of 80 columns: rank, file, distance, camera, attributes.

    Where a time is known, times stand in the place of one attribute. Where the matches have probabilities of the same
    person, a line says where the evidence ends.

    Args:
        matches: What `search` found.
        schema: The attributes' classes; None leaves the attributes out.
        where: The filter of the search; its attributes come first.
        query_pid: The query's person id if known: adds a column that says whether the match is right.
        attributes: Beside the attributes asked for, fill up to this many with the most telling ones.
    """
    timed = any(match.seconds is not None for match in matches)
    if timed:
        attributes -= 1  # the time takes its place
    names = shown_attributes(matches, schema, where, attributes) if schema is not None else []
    by_distance = all(match.distance is not None for match in matches)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("#", justify="right")
    table.add_column("file", no_wrap=True)
    table.add_column("distance" if by_distance else "fits", justify="right", no_wrap=True)
    line = evidence(matches)
    if line is not None:
        table.add_column("same?", justify="right", no_wrap=True)
    table.add_column("cam", justify="right")
    if timed:
        table.add_column("time", justify="right", no_wrap=True)
    if query_pid is not None:
        table.add_column("same", justify="center")
    for name in names:
        table.add_column(name.replace("_", " "))
    for match in matches:
        score = f"{match.distance:.3f}" if match.distance is not None else f"{match.fits:.1%}"
        cells = [str(match.rank), escape(short_path(match.path, _FILE_WIDTH)), score]
        if match.probability is not None and line is not None:
            cells.append(percent(match.probability))
        cells.append("?" if match.camid == UNKNOWN_CAMERA else str(match.camid))
        if timed:
            cells.append(clock(match.seconds))
        if query_pid is not None:
            cells.append({True: "[green]✓[/]", False: "[red]✗[/]", None: "?"}[match.shows(query_pid)])
        for name in names:
            value, probability = match.attributes[name]
            cells.append(escape(f"{value} {probability:.0%}"))
        if line is not None and match.rank == line + 1:
            table.add_row("▼", BELOW, style="dim")
        table.add_row(*cells)
    return table


def percent(probability: float) -> str:
    """Writes a probability; none is nothing, and none is all."""
    return "<1%" if probability < 0.01 else ">99%" if probability > 0.99 else f"{probability:.0%}"


def same_person(probability: float) -> str:
    """Says in words how probable it is."""
    return f"same person {percent(probability)}"


def caption(
    match: Match, schema: AttributeSchema, *, where: AttributeFilter | None = None, attributes: int = 3
) -> list[str]:
    """Returns lines such as ``upper color red 97%``: what was asked for, filled up with the most telling."""
    lines = []
    for name in shown_attributes([match], schema, where, attributes):
        value, probability = match.attributes[name]
        plain = name.replace("_", " ").replace(":", " ")
        words = {"yes": plain, "no": f"no {plain}"}.get(value, f"{plain} {value}")
        lines.append(f"{words} {probability:.0%}")
    return lines


def shown_attributes(
    matches: Sequence[Match], schema: AttributeSchema, where: AttributeFilter | None = None, count: int = 3
) -> list[str]:
    """Returns the attributes worth showing: all that were asked for, then the most telling up to ``count``.

    A class says the more the more classes it was chosen from and the surer it is: p log(classes), summed
    over the matches. That something is *not* there (``hat=no``) says nothing to a reader.
    """
    asked = [name for name in (where.names if where else ()) if all(name in match.attributes for match in matches)]
    telling: defaultdict[str, float] = defaultdict(float)
    for match in matches:
        for name, (value, probability) in match.attributes.items():
            if name not in asked and value not in ("no", "none"):
                telling[name] += probability * math.log(len(schema[name].classes))
    return asked + sorted(telling, key=lambda name: -telling[name])[: max(0, count - len(asked))]


def short_path(path: str, width: int) -> str:
    """Shortens a path to ``width`` characters from the right, at a folder's border if there is one.

    Of what `reseen ingest` has cut out, the video's name and the second stay, or the picture's name and the place.
    """
    if len(path) <= width:
        return path
    if cut := _CUT_OUT.search(path):
        name, what = cut.groups()
        room = max(2, width - len(what) - 1)
        return (name if len(name) < room + 2 else f"{name[: room - room // 2]}…{name[-(room // 2) :]}") + what
    tail = path[-(width - 1) :]
    borders = [tail.find(border) for border in "/\\:" if border in tail]
    return "…" + (tail[min(borders) :] if borders else tail)
