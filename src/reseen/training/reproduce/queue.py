"""What is done of the tables' rows, what waits to be gone on with, and in which order the rest has to be run."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reseen.checkpoint_files import MODEL_FILE, REPORT, STATE, fold_folder
from reseen.errors import ReseenError, nearest
from reseen.training.reproduce.results import RESULTS, Result
from reseen.training.reproduce.rows import Row

if TYPE_CHECKING:
    from reseen.training.recipe import Recipe

RUNS = Path("runs")
"""Where runs lie, in the working folder: recipes that start from another one's checkpoint look for it there."""

State = Literal["done", "trained", "resumable", "missing"]
"""``trained``: the run is finished, but its report has not been brought to the results yet."""


@dataclass(frozen=True)
class Job:
    """A row with one of its seeds.

    Attributes:
        row: The row.
        seed: Of everything random.
    """

    row: Row
    seed: int = 0

    @property
    def name(self) -> str:
        """The recipe's name; other seeds than 0 are named."""
        return _run_of(Path(self.row.recipe).stem, self.seed)

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return RUNS / self.name

    @property
    def result_file(self) -> Path:
        """Where the result is kept."""
        return RESULTS / f"{self.name}.json"

    @property
    def result(self) -> Result | None:
        """The result, if there is one."""
        return Result.read(self.result_file) if self.result_file.is_file() else None

    @property
    def state(self) -> State:
        """How far it has come."""
        if self.result_file.is_file():
            return "done"
        if (self.folder / REPORT).is_file():
            return "trained"
        places = [self.folder, *(fold_folder(self.folder, fold) for fold in range(self.row.folds))]
        begun = any((place / name).is_file() for place in places for name in (REPORT, STATE))
        return "resumable" if begun else "missing"

    @property
    def has_checkpoint(self) -> bool:
        """Whether another recipe can start from it."""
        last = (self.folder if self.row.folds == 1 else fold_folder(self.folder, 0)) / "last"
        return (last / MODEL_FILE).is_file()


def jobs_of(rows: Iterable[Row]) -> list[Job]:
    """Returns the rows with each of their seeds: every row's first ones before any second ones."""
    rows = list(rows)
    jobs = [(rank, Job(row, seed)) for row in rows for rank, seed in enumerate(row.seeds)]
    return [job for _, job in sorted(jobs, key=lambda each: each[0])]


def chosen(jobs: Sequence[Job], patterns: Sequence[str]) -> list[Job]:
    """Returns those jobs whose name fits any of the patterns; all of them without a pattern.

    Args:
        jobs: All there are.
        patterns: As shells have them, such as ``aanet50-*``.

    Raises:
        ReseenError: If nothing fits a pattern.
    """
    names = [job.name for job in jobs]
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            raise ReseenError(f"--only {pattern}: no row of the tables has such a recipe{nearest(pattern, names)}")
    return [job for job in jobs if not patterns or any(fnmatch.fnmatchcase(job.name, each) for each in patterns)]


def due(wanted: Iterable[Job], jobs: Iterable[Job]) -> list[Job]:
    """Returns what has to be run to have all results that are wanted, in order.

    A job whose recipe starts from another one's checkpoint comes after that one, which is run again if its result is
    there but its checkpoint is not.

    Args:
        wanted: In the order of their worth.
        jobs: All there are.
    """
    by_name = {job.name: job for job in jobs}
    ordered: dict[str, Job] = {}

    def add(job: Job) -> None:
        if job.name in ordered:
            return
        for name in [] if job.state == "trained" else needs(job):
            if name in by_name and not by_name[name].has_checkpoint:
                add(by_name[name])
        ordered[job.name] = job

    for job in wanted:
        if job.state != "done":
            add(job)
    return list(ordered.values())


def needs(job: Job) -> tuple[str, ...]:
    """Returns the names of the jobs that have to be trained before this one, by what its recipe's ``init`` says.

    Raises:
        ReseenError: If the recipe cannot be read.
    """
    return _runs(stated(job).init)


def trained_before(job: Job, jobs: Iterable[Job]) -> tuple[Job, ...]:
    """Returns the jobs that a result rests on: what its run started from, what that started from, and so on.

    Args:
        job: It has a result, which may say that it started from something else than its recipe does.
        jobs: All there are.

    Raises:
        ReseenError: If a recipe or result cannot be read.
    """
    by_name = {each.name: each for each in jobs}
    found: dict[str, Job] = {}

    def add(names: Iterable[str]) -> None:
        for name in names:
            if name in by_name and name not in found:
                found[name] = by_name[name]
                add(_started_from(found[name]))

    add(_started_from(job))
    return tuple(found.values())


def _started_from(job: Job) -> tuple[str, ...]:
    result = job.result
    if result and result.as_run:
        return _runs({part: f"{RUNS}/{called}" for part, called in result.as_run["init"].items()})
    changes = result.changes if result else {}
    changed = {key.removeprefix("init."): f"{RUNS}/{called}" for key, called in changes.items() if key[:5] == "init."}
    return _runs(stated(job).init | changed)


def _runs(init: Mapping[str, str]) -> tuple[str, ...]:
    """Returns whose checkpoints are among what parts start from."""
    from reseen.training.recipe.starts import CHECKPOINT_OF_RUN

    found = (CHECKPOINT_OF_RUN.fullmatch(source) for source in init.values())
    return tuple(dict.fromkeys(match[1] for match in found if match))


def stated(job: Job, overrides: Sequence[str] = ()) -> Recipe:
    """Returns a job's recipe as it is stored, but with the job's seed, and starts of that seed where its row says so.

    Args:
        job: The job.
        overrides: ``key=value``.

    Raises:
        ReseenError: If the recipe cannot be read.
    """
    from reseen.training.recipe import load_recipe

    recipe = load_recipe(job.row.recipe, [f"seed={job.seed}", *overrides])
    again = {f"runs/{name}/last": f"runs/{_run_of(name, job.seed)}/last" for name in job.row.same_seed}
    return recipe.model_copy(update={"init": {part: again.get(name, name) for part, name in recipe.init.items()}})


def _run_of(recipe: str, seed: int) -> str:
    return f"{recipe}-seed-{seed}" if seed else recipe
