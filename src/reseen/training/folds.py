"""A recipe on every fold of a data set: VIPeR's ten halves, CUHK03's twenty splits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from reseen.checkpoint_files import fold_folder
from reseen.data import loader_options
from reseen.errors import ReseenError
from reseen.evaluation import EvaluationReport
from reseen.evaluation.split import OWN_FOLDS, average_folds
from reseen.files import replacing
from reseen.provenance import provenance
from reseen.training.fit import REPORT, STATE, Run
from reseen.training.recipe import Recipe, check_unchanged


def train_folds(
    recipe: Recipe, folder: Path, folds: int, start: Callable[[Recipe, Path, bool], Run], *, resume: bool = False
) -> EvaluationReport | None:
    """Trains and evaluates a recipe on each fold, and writes the mean and spread over folds.

    Args:
        recipe: What to do; its data root and weights are resolved.
        folder: Gets a run folder for each fold, and ``report.json``.
        folds: How many of them, from fold 0.
        start: Makes the run of a fold from its recipe, its folder and whether it goes on from a saved state.
        resume: Leave finished folds as they are, go on with the one that was stopped.

    Returns:
        The mean over folds, or None if a fold was stopped before its end and waits to be resumed.

    Raises:
        ReseenError: If the data set has no folds, or the folder holds another run.
    """
    if "fold" not in loader_options(recipe.data.name):
        raise ReseenError(f"--folds {folds}: {recipe.data.name} has no folds; leave it out")
    if not resume and folder.exists() and any(folder.iterdir()):
        raise ReseenError(f"{folder} is not empty: go on with --resume, or choose another --out")
    began, reports = time.monotonic(), []
    for fold in range(folds):
        own, place = _recipe_of(recipe, fold), fold_folder(folder, fold)
        if (place / REPORT).is_file():
            check_unchanged(own, place / "recipe.yaml")
        elif start(own, place, (place / STATE).is_file()).train() is None:
            return None
        reports.append(EvaluationReport.from_dict(json.loads((place / REPORT).read_text())))
    mean = average_folds(reports, OWN_FOLDS)
    made = provenance(seconds=time.monotonic() - began, device="see each fold", seed=recipe.seed)
    with replacing(folder / REPORT) as file:
        file.write_text(json.dumps({"recipe": recipe.name, **mean.as_dict(), "provenance": made}, indent=2) + "\n")
    return mean


def _recipe_of(recipe: Recipe, fold: int) -> Recipe:
    data = recipe.data.model_copy(update={"options": recipe.data.options | {"fold": fold}})
    return recipe.model_copy(update={"data": data, "name": f"{recipe.name}-fold-{fold}"})
