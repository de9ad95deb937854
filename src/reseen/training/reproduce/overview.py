"""The queue as a table to read: what is done, resumable and missing, beside the papers' figures."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from reseen.training.reproduce.figures import PLAIN, differences, written
from reseen.training.reproduce.queue import Job, needs
from reseen.training.reproduce.rows import Row

_STYLES = {"done": "green", "trained": "cyan", "resumable": "yellow", "missing": "dim"}


def overview(jobs: Iterable[Job]) -> Table:
    """Returns the jobs in the order of their worth."""
    table = Table(title="the tables' rows, worth most first (mAP / rank-1, %)", title_justify="left", box=SIMPLE)
    for name in ("recipe", "what", "state", "aim", "measured", "difference"):
        table.add_column(name, no_wrap=name == "recipe", overflow="fold")
    for job in jobs:
        result, row = job.result, job.row
        measured = {} if result is None else shown(result.figures, row)
        table.add_row(
            job.name,
            f"{row.paper.partition(' (')[0]}: {row.what}",
            _state(job),
            aim_of(row),
            written(measured),
            differences(measured, row.aim),
        )
    return table


def aim_of(row: Row) -> str:
    """Returns what a row's result is compared with: the paper's figures, or a mark."""
    return ("" if row.published or not row.mark else "mark ") + written(row.aim, "g")


def shown(figures: dict[str, float], row: Row) -> dict[str, float]:
    """Returns those of a result's figures that a table shows: the ones that are aimed at, and the plain ones."""
    return {name: value for name, value in figures.items() if name in row.aim or name in PLAIN}


def _state(job: Job) -> Text:
    state = Text(job.state, _STYLES[job.state])
    if job.state == "done":
        result = job.result
        state.append("" if result is None or result.is_traced else ", commit and machine not recorded", "dim")
    elif job.state == "missing" and (first := needs(job.row)):
        state.append(f", after {', '.join(first)}")
    return state
