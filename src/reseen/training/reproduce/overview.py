"""The queue as a table to read: what is done, resumable and missing, beside the papers' figures."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from reseen.training.reproduce.changes import changes_of, earlier_in
from reseen.training.reproduce.figures import PLAIN, written
from reseen.training.reproduce.queue import Job, needs
from reseen.training.reproduce.rows import Row

_WIDTHS = {"state": 9, "aim": 16, "measured": 13}
_STYLES = {"done": "green", "trained": "cyan", "resumable": "yellow", "missing": "dim"}


def overview(jobs: Iterable[Job]) -> Table:
    """Returns the jobs in the order of their worth; what each is of its paper stands in docs/results.md."""
    table = Table(title="the tables' rows, worth most first (mAP / rank-1, %)", title_justify="left", box=SIMPLE)
    for name in ("recipe", "state", "aim", "measured"):
        table.add_column(name, no_wrap=name == "state", min_width=_WIDTHS.get(name), overflow="fold")
    for job in jobs:
        result, row = job.result, job.row
        measured = {} if result is None else shown(result.figures, row)
        table.add_row(
            _title(job),
            Text(job.state, _STYLES[job.state]),
            aim_of(row),
            written(measured),
        )
    return table


def aim_of(row: Row) -> str:
    """Returns what a row's result is compared with: the paper's figures, or a mark."""
    return ("" if row.published or not row.mark else "mark ") + written(row.aim, "g")


def shown(figures: dict[str, float], row: Row) -> dict[str, float]:
    """Returns those of a result's figures that a table shows: the ones that are aimed at, and the plain ones."""
    return {name: value for name, value in figures.items() if name in row.aim or name in PLAIN}


def _title(job: Job) -> Text:
    title = Text(job.name)
    if job.state == "done":
        if job.result is not None and not job.result.is_traced:
            title.append("\n  commit and machine not recorded", "dim")
        if key := earlier_in(changes_of(job)):
            title.append(f"\n  run with another {key}", "dim")
    elif job.state == "missing" and (first := needs(job)):
        title.append("".join(f"\n  after {name}" for name in first), "dim")
    return title
