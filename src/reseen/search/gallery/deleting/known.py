"""What a gallery has, said to whoever has named something that it has not."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from reseen.search.gallery.finding.filters import Criteria
from reseen.search.gallery.keeping.store import Store

_NAMED = 5
"""So many cameras, persons or sources are named; of the others, how many there are."""


def known(store: Store, criteria: Criteria) -> str:
    """Returns in words which cameras, persons, sources, paths and times there are, of what criteria name.

    Raises:
        ReseenError: If the gallery cannot be read.
    """
    named = (
        ("camera", "cameras", criteria.cameras),
        ("pid", "persons", criteria.pids),
        ("source", "sources", criteria.sources),
        ("path", "paths", criteria.paths),
        ("seconds", "seconds", criteria.since if criteria.until is None else criteria.until),
    )
    asked = {column: plural for column, plural, said in named if said is not None}
    read = store.look(lambda rows: rows.table.search().select(list(asked)).to_arrow())
    if read is None or not len(read):
        return "no rows"
    return "; ".join(_words(plural, read[column]) for column, plural in asked.items())


def _words(plural: str, values: Any) -> str:
    if plural == "seconds":
        ends = pc.min_max(values).as_py()
        return "no times" if ends["min"] is None else f"seconds from {ends['min']:.15g} to {ends['max']:.15g}"
    there = sorted(pc.unique(values).to_pylist())
    if plural == "paths":
        return f"{len(there):,} paths, such as {there[0]}"
    more = f" and {len(there) - _NAMED:,} more" if len(there) > _NAMED else ""
    return f"{plural} {', '.join(str(each) or '(no name)' for each in there[:_NAMED])}{more}"
