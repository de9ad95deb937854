"""What lies in the folders of checkpoints and runs; known down here, so that a wrong path is told of at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reseen.errors import ReseenError, one_line

CONFIG, CARD = "config.json", "README.md"
MODEL_FILE = "model.safetensors"
"""Weights of a whole system."""
CALIBRATION, RELIABILITY = "calibration.json", "reliability.png"
"""What its distances mean, and how far that can be trusted; a checkpoint may lack both."""
STATE, REPORT = "state.ckpt", "report.json"
"""Of a run: what it goes on from, and its figures once it is finished."""


def check_checkpoint(folder: Path) -> Path:
    """Returns the folder if it has the files of a checkpoint.

    Raises:
        ReseenError: If it has not; names the first that is missing.
    """
    for name in (CONFIG, MODEL_FILE):
        if not (folder / name).is_file():
            raise ReseenError(f"{folder} is not a checkpoint: it has no {name}; give a folder `reseen train` wrote")
    return folder


def fold_folder(run: Path, fold: int) -> Path:
    """Returns the folder of one fold in a run over folds."""
    return run / f"fold-{fold}"


def folds_of(run: Path) -> list[Path]:
    """Returns the last checkpoint of each fold in a run over folds; empty for anything else."""
    found: list[Path] = []
    while (last := fold_folder(run, len(found)) / "last").is_dir():
        found.append(check_checkpoint(last))
    return found


def check_scored(place: Path) -> Path:
    """Returns the folder if it is a checkpoint, or a run over folds with one for each.

    Raises:
        ReseenError: If it is neither.
    """
    return place if folds_of(place) else check_checkpoint(place)


def checkpoints_for(place: Path, folds: int, dataset: str) -> list[Path]:
    """Returns which checkpoint is to be scored on which fold.

    Args:
        place: A checkpoint, or a run over folds.
        folds: How many folds are asked for; 1 for all that the run has.
        dataset: Key of the data set.

    Raises:
        ReseenError: If the checkpoint has seen test persons of these folds, or the run has other folds.
    """
    own = folds_of(place)
    if own and folds not in (1, len(own)):
        raise ReseenError(f"--folds {folds}: {place} was trained on {len(own)} folds; leave out --folds")
    if not own and folds > 1 and dataset in trained_on(place):
        raise ReseenError(
            f"{place} was trained on {dataset}, with test persons of other folds: train on each with "
            f"reseen train RECIPE --folds {folds}, and evaluate its run folder"
        )
    return own or [place] * folds


def trained_on(folder: Path) -> tuple[str, ...]:
    """Returns the keys of the data sets that a checkpoint has seen persons of.

    Raises:
        ReseenError: If it is no checkpoint.
    """
    return tuple(_noted(folder, "trained_on"))


def held_back(folder: Path) -> dict[str, Any]:
    """Returns which persons a checkpoint's training has held back; empty if none.

    That is the data set's key ``name``, its loader's ``options``, and the ``share`` and ``seed`` they were drawn with.

    Raises:
        ReseenError: If it is no checkpoint.
    """
    return dict(_noted(folder, "held_back", {}))


def _noted(folder: Path, key: str, default: Any = None) -> Any:
    try:
        content = json.loads((check_checkpoint(folder) / CONFIG).read_text())
        return content[key] if default is None else content.get(key, default)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReseenError(f"cannot read {folder / CONFIG}: {one_line(error)}; train or copy it again") from error
