"""Running what is missing, one job after the other, until all is done or the time is over."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from reseen.checkpoint_files import RECIPE, REPORT, fold_folder, is_begun
from reseen.errors import ReseenError
from reseen.files import replacing
from reseen.models.initial import HUB
from reseen.training.fit import Run
from reseen.training.folds import train_folds
from reseen.training.recipe import Recipe, load_recipe
from reseen.training.recipe.locate import V1_FILE, resolve
from reseen.training.reproduce.changes import differences, earlier_in
from reseen.training.reproduce.queue import Job, stated

_COMPUTED = ("evaluation.every", "evaluation.batch_size", "precision", "compile", "data.on_device")
"""Those of `FREE` that say how something is computed, and not what: these may be set for all runs."""


@dataclass
class Reproduction:
    """Runs jobs and keeps their results.

    Args:
        data: Folder that has the data sets; else ``$RESEEN_DATA``. Rendered ones need none.
        weights: ImageNet weights of a ResNet-50, for all recipes that start from such; else what each recipe says.
        accelerator: Lightning's name of the device kind.
        overrides: ``key=value``, which changes how all recipes are computed, such as ``compile=true``.
        minutes: After so many, the step under way is finished and the run saved, to be gone on with. What is no
            training is never interrupted: rendering, asking a teacher, and a run's last evaluation. None: no limit.
        console: Where progress is shown.

    Attributes:
        written: Result files.
        refused: Why jobs could not be run, by name.
        waiting: Name of the job that was stopped, if one was.
    """

    data: Path | None = None
    weights: Path | None = None
    accelerator: str = "auto"
    minutes: float | None = None
    overrides: tuple[str, ...] = ()
    console: Console = field(default_factory=lambda: Console(stderr=True))
    written: list[Path] = field(default_factory=list, init=False)
    refused: dict[str, str] = field(default_factory=dict, init=False)
    waiting: str | None = field(default=None, init=False)

    def run(self, jobs: Sequence[Job]) -> bool:
        """Runs jobs in their order; one that cannot be run is left out, and the next one's turn comes.

        Returns:
            Whether all jobs have had their turn, rather than the time being over or the user having asked to stop.

        Raises:
            ReseenError: If none of the jobs could be run, or an override makes other runs of them.
        """
        for override in self.overrides:
            if override.partition("=")[0].strip() not in _COMPUTED:
                raise ReseenError(
                    f"--set {override}: the table's rows are run as their recipes say; free are {', '.join(_COMPUTED)}"
                )
        self.deadline = math.inf if self.minutes is None else time.monotonic() + 60 * self.minutes
        for number, job in enumerate(jobs, 1):
            if self.is_over:
                return False
            self._say(f"{number} of {len(jobs)}: {job.name}")
            try:
                if job.state != "trained" and not self._train(job, self.recipe_of(job)):
                    self.waiting = job.name
                    return False
                self.keep(job)
            except ReseenError as error:
                self.refused[job.name] = str(error)
                self._say(f"left out {job.name}: {error}")
        if jobs and len(self.refused) == len(jobs):
            raise ReseenError(f"nothing could be run; the first of {len(jobs)}: {self.refused[jobs[0].name]}")
        return True

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self.deadline

    def recipe_of(self, job: Job) -> Recipe:
        """Returns the job's recipe with data and weights.

        Raises:
            ReseenError: If they cannot be found.
        """
        recipe, weights = stated(job, self.overrides), self.weights
        starts = recipe.init.get("backbone") in (HUB, V1_FILE)
        if weights is not None and starts and str(getattr(recipe.model, "backbone", "")).startswith("resnet50"):
            stride = "conv1" if weights.name == V1_FILE else "conv2"
            recipe = stated(job, [*self.overrides, f"model.stride_in={stride}"])
        else:
            weights = None
        data = None if recipe.data.name == "rendered" else self.data
        return resolve(recipe, data=data, weights=weights)

    def keep(self, job: Job) -> None:
        """Copies a finished run's report and curves; an older result stays: its checkpoint was what was needed.

        Raises:
            ReseenError: If the run's folder holds another recipe's run.
        """
        if job.result_file.exists():
            return
        changes = _changes_of(job)
        if other := earlier_in(changes):
            raise ReseenError(f"{job.folder} holds another run, which differs in {other!r}: move it away")
        content = json.loads((job.folder / REPORT).read_text())
        if changes:
            content["changes"] = changes
        with replacing(job.result_file) as file:
            file.write_text(json.dumps(content, indent=2) + "\n")
        if (curves := job.folder / "curves.png").is_file():
            shutil.copyfile(curves, job.result_file.with_suffix(".png"))
        self.written.append(job.result_file)

    def _train(self, job: Job, recipe: Recipe) -> bool:
        """Trains from where an earlier run stopped; returns whether it is finished."""
        if job.row.folds > 1:
            return train_folds(recipe, job.folder, job.row.folds, self._start, resume=True) is not None
        return self._start(recipe, job.folder, is_begun(job.folder)).train() is not None

    def _start(self, recipe: Recipe, folder: Path, resume: bool) -> Run:
        return Run(recipe, folder, resume, accelerator=self.accelerator, console=self.console, deadline=self.deadline)

    def _say(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)


def _changes_of(job: Job) -> dict[str, Any]:
    """Returns in which keys a finished run differed from the recipe as it is stored, with the run's values.

    Such as other weights to start from; None for what the run had not.

    Args:
        job: Its run folder has the recipe that was run.
    """
    folder = job.folder if job.row.folds == 1 else fold_folder(job.folder, 0)
    found = differences(stated(job), load_recipe(folder / RECIPE))
    if job.row.folds > 1:
        found.pop("data.options.fold", None)
    return found
