"""A recipe on every fold of a data set: VIPeR's ten halves, CUHK03's twenty splits, PETA's five."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reseen.checkpoint_files import RECIPE, REPORT, fold_folder, is_begun
from reseen.data.division import check_folds
from reseen.errors import ReseenError
from reseen.evaluation import EvaluationReport
from reseen.evaluation.split import OWN_FOLDS, average_folds
from reseen.files import replacing
from reseen.provenance import provenance
from reseen.training.fit import Run
from reseen.training.recipe import Recipe, check_unchanged, check_unseen, content_of
from reseen.training.recipe.locate import placeless


def train_folds(
    recipe: Recipe, folder: Path, folds: int, start: Callable[[Recipe, Path, bool], Run], *, resume: bool = False
) -> EvaluationReport | None:
    """Trains and evaluates a recipe on each fold, and writes the mean and spread over folds.

    Args:
        recipe: What to do; its data root and weights are resolved.
        folder: Gets a run folder for each fold, and ``report.json``.
        folds: How many of them, from fold 0.
        start: Makes the run of a fold from its recipe, its folder and whether it has been begun.
        resume: Leave finished folds as they are, go on with the one that was stopped.

    Returns:
        The mean over folds, or None if a fold was stopped before its end and waits to be resumed.

    Raises:
        ReseenError: If the data set has not so many folds, the folder holds another run, or what the recipe starts from
            may know test persons of a fold.
    """
    check_folds(recipe.data.name, recipe.data.options, folds)
    if not resume and folder.exists() and any(folder.iterdir()):
        raise ReseenError(f"{folder} is not empty: go on with --resume, or choose another --out")
    for fold in range(folds):
        check_unseen(_recipe_of(recipe, fold))
    contents = []
    for fold in range(folds):
        own, place = _recipe_of(recipe, fold), fold_folder(folder, fold)
        if (place / REPORT).is_file():
            check_unchanged(own, place / RECIPE)
        elif start(own, place, is_begun(place)).train() is None:
            return None
        contents.append(json.loads((place / REPORT).read_text()))
    mean = average_folds([EvaluationReport.from_dict(each) for each in contents], OWN_FOLDS)
    seconds = round(sum(each["training_seconds"] for each in contents), 1)
    content = {"recipe": recipe.name, "training_seconds": seconds, **mean.as_dict()}
    content["provenance"] = _provenance(seconds, recipe.seed, [each["provenance"] for each in contents])
    content["as_run"] = content_of(placeless(recipe))
    with replacing(folder / REPORT) as file:
        file.write_text(json.dumps(content, indent=2) + "\n")
    return mean


def _provenance(seconds: float, seed: int, made: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns where the mean comes from: the last fold's machine, all folds' time, the most memory of any."""
    peaks = [each["peak_memory_bytes"] for each in made]
    peak = {name: max(each.get(name, 0) for each in peaks) for name in peaks[-1]}
    return provenance(seconds=seconds, device=made[-1]["device"], seed=seed) | {"peak_memory_bytes": peak}


def _recipe_of(recipe: Recipe, fold: int) -> Recipe:
    data = recipe.data.model_copy(update={"options": recipe.data.options | {"fold": fold}})
    return recipe.model_copy(update={"data": data, "name": f"{recipe.name}-fold-{fold}"})
