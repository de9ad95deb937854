"""Finding data and weights that a recipe names without saying where they lie."""

from __future__ import annotations

import os
from pathlib import Path

from reseen.data.cache import cache_directory
from reseen.errors import ReseenError
from reseen.training.recipe import Recipe


def resolve(recipe: Recipe, *, data: Path | None = None, weights: Path | None = None) -> Recipe:
    """Returns the recipe with its data root and weights file filled in.

    Args:
        recipe: As read from its file.
        data: The data's folder or zip; else the recipe's own, else ``$RESEEN_DATA``.
        weights: The backbone's weights; else the recipe's own, looked for in the working folder, in
            ``$RESEEN_WEIGHTS``, in a folder ``weights`` in or beside the data, and in the user's cache.

    Raises:
        ReseenError: If either cannot be found; says where it was looked for.
    """
    root = data or recipe.data.root or (Path(found) if (found := os.environ.get("RESEEN_DATA")) else None)
    if root is None:
        raise ReseenError(f"recipe {recipe.name} needs {recipe.data.name}: give --data DIR or set RESEEN_DATA")
    if not root.exists():
        raise ReseenError(f"data folder {root} does not exist; give the right one with --data DIR")
    name = str(weights) if weights else recipe.weights
    if name not in (None, "hub"):
        name = str(_find_weights(Path(str(name)), root))
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"root": root}), "weights": name})


def _find_weights(name: Path, root: Path) -> Path:
    folders = [Path(), root / "weights", root.parent / "weights", cache_directory() / "weights"]
    if own := os.environ.get("RESEEN_WEIGHTS"):
        folders.insert(0, Path(own))
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    places = ", ".join(str(folder) for folder in folders)
    raise ReseenError(
        f"weights {name} not found in {places}: give --weights FILE, "
        "or download timm's with --set weights=hub --set model.stride_in=conv2"
    )
