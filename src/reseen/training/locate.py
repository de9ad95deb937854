"""Finding data and weights that a recipe names without saying where they lie."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from reseen.data.cache import cache_directory
from reseen.errors import ReseenError, ReseenWarning
from reseen.training.recipe import Recipe

V1_FILE = "resnet50_imagenet_v1.safetensors"
"""ImageNet weights of the ResNet-50 the quick recipes were measured with (``stride_in: conv1``)."""
HUB_RESNET50 = "resnet50.tv_in1k"
"""What timm can download in their place (``stride_in: conv2``)."""


def resolve(recipe: Recipe, *, data: Path | None = None, weights: Path | None = None) -> Recipe:
    """Returns the recipe with its data root and weights file filled in.

    Args:
        recipe: As read from its file.
        data: The data's folder or zip; else the recipe's own, else ``$RESEEN_DATA``.
        weights: The backbone's weights; else the recipe's own, looked for in the working folder, in
            ``$RESEEN_WEIGHTS``, in a folder ``weights`` in or beside the data, and in the user's cache.

    Raises:
        ReseenError: If either cannot be found.
    """
    root = data or recipe.data.root or (Path(found) if (found := os.environ.get("RESEEN_DATA")) else None)
    if root is None:
        raise ReseenError(f"recipe {recipe.name} needs {recipe.data.name}: give --data DIR or set RESEEN_DATA")
    if not root.exists():
        raise ReseenError(f"data folder {root} does not exist; give the right one with --data DIR")
    recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update={"root": root})})
    name = str(weights) if weights else recipe.weights
    if name is None or name == "hub":
        return recipe
    if (found_weights := _find_weights(Path(name), root)) is not None:
        return recipe.model_copy(update={"weights": str(found_weights)})
    if name != V1_FILE:
        raise ReseenError(f"there is no weights file {name}; give an existing one, or --set weights=hub")
    warnings.warn(
        f"{V1_FILE} is not at hand (--weights FILE): taking timm's {HUB_RESNET50} instead",
        ReseenWarning,
        stacklevel=2,
    )
    model = recipe.model | {"backbone": HUB_RESNET50, "stride_in": "conv2"}
    return recipe.model_copy(update={"weights": "hub", "model": model})


def _find_weights(name: Path, root: Path) -> Path | None:
    folders = [Path(), root / "weights", root.parent / "weights", cache_directory() / "weights"]
    if own := os.environ.get("RESEEN_WEIGHTS"):
        folders.insert(0, Path(own))
    return next((folder / name for folder in folders if (folder / name).is_file()), None)
