"""Results as Markdown: every row with the paper's figures, and how each result was made. What was not run is empty."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from reseen.training.reproduce.attribute_tables import learnt_weights, named_attributes
from reseen.training.reproduce.changes import changes_of, earlier_in
from reseen.training.reproduce.figures import PLAIN, RERANKED, differences, mean_of, ranks, spread_of, written
from reseen.training.reproduce.overview import aim_of, shown
from reseen.training.reproduce.queue import Job, jobs_of, trained_before
from reseen.training.reproduce.results import UNKNOWN, Result, duration
from reseen.training.reproduce.rows import Row

_LONGEST = 40
"""Characters of a value that is written out beside the key in which a run differed."""
BEGIN, END = "<!-- results: written by docs/results.py -->", "<!-- end of results -->"
_INTRODUCTION = """# Results

Written by `docs/results.py` from the files in `results/`, which [`reseen reproduce`](recipes.md#the-tables) leaves:
nothing stands here that was not run, and rows without figures have not been, or their figures were not kept in such a
file. A recipe that was changed after its run says so: its figures are of the earlier form. All are of the recipe's own
test set, mAP / rank-1 in % unless they say otherwise. *Aim* is the paper's figure of the row, or, as *mark*, what the
recipe is to reach or beat; the difference is what was measured minus that. More than one seed: mean ± sample standard
deviation. What models trained on rendered persons, and three short recipes, reach on Market-1501 and VIPeR is in
`results/transfer.json`: README shows it, `benchmarks/README.md` says how it was measured; so it does of the pose
network's `results/pose-net.json`.
"""


def results_page(rows: Sequence[Row]) -> str:
    """Returns ``docs/results.md``.

    Args:
        rows: Of the papers' tables; their results are read from the working folder.

    Raises:
        ReseenError: If a result file is damaged.
    """
    parts = [_INTRODUCTION]
    for paper in dict.fromkeys(row.paper for row in rows):
        lines = [_row(row) for row in rows if row.paper == paper]
        head = ("recipe", "what", "aim", "measured", "difference", "seeds")
        parts.append(f"## {paper}\n\n{_table(head, lines)}")
    results = {row.recipe: _results(row) for row in rows}
    for title, about, (names, cells) in (
        (
            "Single attributes of PETA",
            "mA, (TPR + TNR) / 2, in %, of those that MVA's paper names (table 2).",
            named_attributes(results),
        ),
        (
            "Learnt attribute weights",
            "What ACRN makes of each attribute (table 6), the highest first.",
            learnt_weights(results),
        ),
    ):
        if cells:
            parts.append(f"## {title}\n\n{about}\n\n{_table(names, cells)}")
    jobs = jobs_of(rows)
    made = [_made(job, result, _training(job, jobs)) for job in jobs if (result := job.result)]
    titles = ("result", "commit", "seed", "computed on", "training", "speed", "peak memory", "other than the recipe")
    parts.append(
        f"## How they were made\n\nA file older than what is asked of it says *{UNKNOWN}*. Minutes *in all* count the "
        "trainings that a run started from, too. Peak memory is that of the process that finished the run.\n\n"
        f"{_table(titles, made)}"
    )
    return "\n".join(parts)


def readme_table(rows: Sequence[Row]) -> str:
    """Returns README's table: those rows that have been run and are compared with something.

    Args:
        rows: Of the papers' tables; their results are read from the working folder.

    Raises:
        ReseenError: If a result file is damaged.
    """
    published = {row.recipe: row.published for row in rows}
    jobs = jobs_of(rows)
    lines = []
    for row in rows:
        results = _results(row)
        if results and row.aim:
            first = next(job for job in jobs if job.row is row and job.result)
            figures = mean_of([each.figures for each in results])
            lines.append(
                (
                    f"`{row.recipe}`{_earlier(row)}",
                    str(results[0].content["dataset"]),
                    ", ".join(filter(None, (_training(first, jobs), results[0].rate))),
                    f"**{_measured(results, PLAIN)}**",
                    _measured(results, ranks(0, 0, RERANKED)).removeprefix(RERANKED),
                    _measured(results, ("attributes",)).removeprefix("attributes "),
                    results[0].cost,
                    aim_of(row),
                    differences(figures, row.aim),
                    written(row.published or published.get(row.full, {}), "g"),
                )
            )
    return _table(
        (
            "recipe",
            "test set",
            "training, images/s",
            "mAP / rank-1",
            "re-ranked",
            "attributes",
            "parameters, multiply-adds",
            "aim",
            "difference",
            "the paper, full size",
        ),
        lines,
    )


def with_table(text: str, table: str) -> str:
    """Returns a page with a table in the place that is kept for it, between `BEGIN` and `END`.

    Raises:
        ValueError: If there is no such place.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table}\n{END}{after}"


def _results(row: Row) -> list[Result]:
    return [result for seed in row.seeds if (result := Job(row, seed).result)]


def _measured(results: Sequence[Result], names: Collection[str]) -> str:
    figures = [each.figures for each in results]
    means = mean_of(figures)
    return written({name: means[name] for name in names if name in means}, spread=spread_of(figures))


def _row(row: Row) -> tuple[str, ...]:
    results = _results(row)
    means = mean_of([each.figures for each in results])
    seeds = f"{len(results)} of {len(row.seeds)}"
    what = row.what + (f"; mean of {row.folds} folds" if row.folds > 1 else "") + _earlier(row)
    return (
        f"`{row.recipe}`",
        what,
        aim_of(row),
        _measured(results, shown(means, row)),
        differences(means, row.aim),
        seeds,
    )


def _earlier(row: Row) -> str:
    """Says of figures if they are not of the recipe as it stands now."""
    done = [Job(row, seed) for seed in row.seeds if Job(row, seed).state == "done"]
    return "; measured with an earlier form of it" if any(earlier_in(changes_of(job)) for job in done) else ""


def _training(job: Job, jobs: Sequence[Job]) -> str:
    """Returns how long a run took, and how long with those it started from, if there were any; see `trained_before`."""
    seconds = [each.result.seconds if each.result else None for each in (job, *trained_before(job, jobs))]
    known = [each for each in seconds if each is not None]
    told = [duration(seconds[0])]
    if len(seconds) > 1:
        told.append(f"in all {duration(sum(known) if len(known) == len(seconds) else None)}")
    return ", ".join(told)


def _made(job: Job, result: Result, training: str) -> tuple[str, ...]:
    other = ", ".join(f"`{_change(key, value)}`" for key, value in changes_of(job).items())
    how = (result.hardware, training, result.speed, result.memory)
    return f"`{result.name}`", result.commit, result.seed, *how, other


def _change(key: str, value: object) -> str:
    return f"{key}: {value}" if len(str(value)) <= _LONGEST else key


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rule = f"|{'---|' * len(head)}\n"
    first, *rest = ("|".join(("", *(f" {cell} " if cell else " " for cell in cells), "\n")) for cells in (head, *lines))
    return "".join((first, rule, *rest))
