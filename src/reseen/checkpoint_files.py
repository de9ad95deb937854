"""What lies in the folders of checkpoints and runs; known down here, so that a wrong path is told of at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args

from reseen.errors import ReseenError, one_line

CONFIG, CARD = "config.json", "README.md"
MODEL_FILE = "model.safetensors"
"""Weights of a whole system."""
CALIBRATION, RELIABILITY = "calibration.json", "reliability.png"
"""What its distances mean, and how far that can be trusted; a checkpoint may lack both."""
STATE, REPORT, WORST = "state.ckpt", "report.json", "worst.png"
"""Of a run: what it goes on from, and once it is evaluated its figures, and the queries that went worst."""
RECIPE, HISTORY = "recipe.yaml", "metrics.csv"
"""Of a run as well: what it does, and the figures of its epochs."""
EngineName = Literal["onnx", "openvino"]
BackendName = Literal["torch", "onnx", "openvino"]
BACKENDS: tuple[BackendName, ...] = get_args(BackendName)
GRAPH_FILES: dict[EngineName, str] = {"onnx": "model.onnx", "openvino": "model.xml"}
"""What lies in the place of the weights in a folder of `reseen export`, by the engine it was written for."""


BOXED = ("small", "small-market1501")
"""Models that come with the package; the first is the one that is used where none is named."""
POSE_NET = "pose-net"
"""The pose network that comes with it, as recipes and `reseen pose` name it."""
IN_BOX = (*BOXED, POSE_NET)
"""All that may come with the package."""
TRAIN_POSE = "reseen train-pose"
"""What makes a pose network."""
BOX = Path(__file__).with_name("box")
"""Where they lie, each in a folder of its name."""
LARGEST_BOXED = 6_000_000
"""Bytes that all files of one of them may have together."""


def boxed(name: str) -> bool:
    """Whether a model, or the pose network, is in the package."""
    return (BOX / name / CONFIG).is_file()


def unboxed(place: str | Path, option: str = "") -> Path:
    """Returns where a model lies that is named as those in the package are, else the place itself.

    Wherever such a name may stand, in an option or in a recipe's ``init``, it means the same: a checkpoint of that name
    in the working folder, else the package's. Another folder called like a model, such as one of pictures, is passed
    over; one called like the pose network is not, so that an unfinished training is told of, not passed over.
    A string that is a path, such as ``./pose-net``, never means the package.

    Args:
        place: What was named, or is taken where nothing was.
        option: The option it is named by, such as ``--model``; empty if by none.

    Raises:
        ReseenError: If it is to come with the package, but does not yet.
    """
    name, path = str(place), Path(place)
    if name not in IN_BOX or (path.exists() if name == POSE_NET else (path / CONFIG).is_file()):
        return path
    if boxed(name):
        return BOX / name
    if name == POSE_NET:
        raise ReseenError(
            f"the pose network {name!r} is not in this package: name the folder of one; {TRAIN_POSE} makes it"
        )
    raise ReseenError(f"the model {name!r} is not in this package yet: {_name_one('a checkpoint', option)}")


def unnamed(option: str = "", what: str = "a checkpoint") -> Path:
    """Returns the model that is taken where none is named.

    Args:
        option: See `unboxed`.
        what: What should have been named.

    Raises:
        ReseenError: If it is not there; says how to name another.
    """
    first = Path(BOXED[0])
    if not boxed(BOXED[0]) and not (first / CONFIG).is_file():
        raise ReseenError(_name_one(what, option))
    return unboxed(first)


def _name_one(what: str, option: str) -> str:
    how = f" with {option}" if option else ""
    return f"name {what}{how}, such as runs/NAME/last; reseen demo --recipe demo makes demo-out/run/last"


def check_model(folder: str | Path, option: str = "") -> Path:
    """Returns the folder if it has the files of a checkpoint, or of a graph that was exported from one.

    Args:
        folder: The folder, or the name of a model in the package: `unboxed`.
        option: See `unboxed`.

    Raises:
        ReseenError: If it has not; names the first that is missing.
    """
    folder = unboxed(folder, option)
    return folder if graph_in(folder) else _complete(folder)


def graph_in(folder: Path) -> EngineName | None:
    """Returns the engine that a folder's graph was written for, or None if it has none."""
    there = (folder / CONFIG).is_file()
    return next((engine for engine, file in GRAPH_FILES.items() if there and (folder / file).is_file()), None)


def check_new_graph(folder: Path) -> None:
    """Makes sure that an exported graph may be written to a folder.

    Raises:
        ReseenError: If anything but an earlier one is there.
    """
    if folder.exists() and not (folder.is_dir() and (graph_in(folder) or not any(folder.iterdir()))):
        raise ReseenError(f"{folder} holds other things; name a new folder, or one of an earlier export")


def engine_of(name: str) -> EngineName:
    """Returns the engine of a name that a user gave.

    Raises:
        ReseenError: If there is none.
    """
    for engine in GRAPH_FILES:
        if engine == name:
            return engine
    raise ReseenError(f"--to {name}: it can be {' or '.join(GRAPH_FILES)}")


def backend_of(name: str | None) -> BackendName | None:
    """Returns the backend of a name that a user gave; None for what a folder was written for.

    Raises:
        ReseenError: If there is none.
    """
    for backend in BACKENDS:
        if backend == name:
            return backend
    if name is not None:
        raise ReseenError(f"there is no backend {name!r}; it can be {', '.join(BACKENDS)}")
    return None


def check_checkpoint(folder: str | Path, option: str = "", *, command: str = "reseen train") -> Path:
    """Returns the folder if it has the files of a checkpoint.

    Args:
        folder: The folder, or the name of a model in the package: `unboxed`.
        option: See `unboxed`.
        command: What writes such folders.

    Raises:
        ReseenError: If it has not, or only a graph; names the first that is missing.
    """
    return _complete(unboxed(folder, option), command)


def check_own(folder: Path) -> Path:
    """Returns the folder of a checkpoint that may be changed.

    Raises:
        ReseenError: If it came with the package.
    """
    if BOX.resolve() in folder.resolve().parents:
        raise ReseenError(
            f"{folder} came with the package and stays as it is: copy it first (cp -r {folder} own-{folder.name}), and "
            "name the copy"
        )
    return folder


def _complete(folder: Path, command: str = "reseen train") -> Path:
    if graph_in(folder):
        raise ReseenError(f"{folder} holds an exported graph, whose weights cannot be had: give the checkpoint itself")
    for name in (CONFIG, MODEL_FILE):
        if not (folder / name).is_file():
            raise ReseenError(f"{folder} is not a checkpoint: it has no {name}; give a folder `{command}` wrote")
    return folder


def is_begun(run: Path, recipe: str = RECIPE) -> bool:
    """Whether a folder has a run that can be gone on with: from its state, or anew if it ended before one was saved.

    Args:
        run: The folder.
        recipe: Name of the file that says what the run does.
    """
    took_steps = any((run / name).exists() for name in (HISTORY, REPORT))
    return (run / STATE).is_file() or ((run / recipe).is_file() and not took_steps)


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
    return place if folds_of(place) else check_model(place)


def checkpoints_for(place: Path, folds: int, dataset: str) -> list[Path]:
    """Returns which checkpoint is to be scored on which fold.

    Args:
        place: A checkpoint, or a run over folds.
        folds: How many folds are asked for; 1 for all that the run has.
        dataset: Key of the data set.

    Raises:
        ReseenError: If the checkpoint has seen test persons of these folds, or the run has other folds or is one over
            folds of another data set.
    """
    own = folds_of(place)
    if own and dataset not in trained_on(own[0]):
        raise ReseenError(
            f"{place} is a run over folds of {', '.join(trained_on(own[0]))}: for {dataset} give one of its "
            f"checkpoints, such as {own[0]}"
        )
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


def divisions_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Returns how data sets were divided when a checkpoint was trained on them; empty for those with one division.

    That is, by the data set's key, its loader's options that decide who is trained on, such as ``fold``; more than once
    if parts of the checkpoint have learnt from several of its divisions.

    Raises:
        ReseenError: If it is no checkpoint.
    """
    return dict(_noted(folder, "divisions"))


def held_back(folder: Path) -> dict[str, Any]:
    """Returns which persons a checkpoint's training has held back; empty if none.

    That is the data set's key ``name``, its loader's ``options``, and the ``share`` and ``seed`` they were drawn with.

    Raises:
        ReseenError: If it is no checkpoint.
    """
    return dict(_noted(folder, "held_back"))


def read_config(folder: Path) -> dict[str, Any]:
    """Returns what the configuration of a checkpoint says.

    Raises:
        ReseenError: If it cannot be read.
    """
    file = folder / CONFIG
    try:
        content = json.loads(file.read_text())
        if not isinstance(content, dict):
            raise ValueError("it holds no object")
    except (OSError, ValueError) as error:
        raise ReseenError(f"cannot read {file}: {one_line(error)}; train or copy it again") from error
    return content


def _noted(folder: Path, key: str) -> Any:
    folder = check_model(folder)
    content = read_config(folder)
    if key not in content:
        raise ReseenError(f"{folder / CONFIG} does not say {key!r}, so whom the model knows is unknown: train it again")
    return content[key]
