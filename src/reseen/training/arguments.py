"""What a call of a training names beside the recipe: looked at without PyTorch, so that a typo is told at once."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

from reseen.checkpoint_files import IN_BOX, MODEL_FILE, POSE_NET, TRAIN_POSE, check_checkpoint
from reseen.data.images.cache import cache_directory
from reseen.errors import ReseenError
from reseen.training.recipe_files import recipe_files


class RecipeLoader(yaml.SafeLoader):
    """YAML 1.2's floats: 1e-3 is a number, though YAML 1.1 wants 1.0e-3."""


RecipeLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d[\d_]*)(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def parse_override(override: str) -> tuple[str, Any]:
    """Returns key and value of a change such as ``phases.0.epochs=2``; values are YAML.

    Raises:
        ReseenError: If it is not written so.
    """
    key, sign, value = override.partition("=")
    if not sign:
        raise ReseenError(f"--set {override}: write key=value, such as --set phases.0.epochs=2")
    try:
        return key.strip(), yaml.load(value, RecipeLoader)
    except yaml.YAMLError as error:
        raise ReseenError(f"--set {override}: the value is not YAML: {' '.join(str(error).split())}") from error


def find_weights(name: str | Path, root: Path | None) -> Path | None:
    """Returns where a file of weights or a checkpoint lies, or None if it is nowhere.

    It is looked for in ``$RESEEN_WEIGHTS``, in the working folder, in a folder ``weights`` in or beside the data, and
    in the user's cache; what is named as a model in the package where `reseen.checkpoint_files.unboxed` says.

    Args:
        name: The file, the checkpoint's folder, or what comes with the package.
        root: The data's folder or zip, if it has one.

    Raises:
        ReseenError: If it is named as what comes with the package, and is not there or unfinished.
    """
    if str(name) in IN_BOX:
        return check_checkpoint(name, command=TRAIN_POSE if str(name) == POSE_NET else "reseen train")
    folders = [
        Path(),
        *((root / "weights", root.parent / "weights") if root else ()),
        cache_directory() / "weights",
    ]
    if own := os.environ.get("RESEEN_WEIGHTS"):
        folders.insert(0, Path(own))
    found = (folder / name for folder in folders)
    return next((path for path in found if path.is_file() or (path / MODEL_FILE).is_file()), None)


def check_weights(weights: Path | None, recipe: Path, data: Path | None) -> None:
    """Makes sure that weights are there which a user names.

    A recipe of the user's own may name another place of its data, beside which they are looked for later on.

    Raises:
        ReseenError: If they are not.
    """
    environment = os.environ.get("RESEEN_DATA")
    root = data or (Path(environment) if environment else None)
    if weights is not None and recipe in recipe_files().values() and find_weights(weights, root) is None:
        raise ReseenError(f"there are no weights {weights}: name a file or a checkpoint with --weights")
