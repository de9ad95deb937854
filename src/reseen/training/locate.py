"""Finding data and weights that a recipe names without saying where they lie."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from reseen.checkpoint_files import MODEL_FILE
from reseen.data import rendered
from reseen.data.images.cache import cache_directory
from reseen.data.images.source import open_folder
from reseen.data.rendered import RenderConfig
from reseen.errors import ReseenError, ReseenWarning
from reseen.extras import need
from reseen.progress import progress_of
from reseen.training.recipe import Recipe, SourceSection

S = TypeVar("S", bound=SourceSection)

V1_FILE = "resnet50_imagenet_v1.safetensors"
"""ImageNet weights of the ResNet-50 the quick recipes were measured with (``stride_in: conv1``)."""
HUB_RESNET50 = "resnet50.tv_in1k"
"""What timm can download in their place (``stride_in: conv2``)."""


def resolve(
    recipe: Recipe, *, data: Path | None = None, weights: Path | None = None, console: Console | None = None
) -> Recipe:
    """Returns the recipe with its data roots and weights file filled in.

    Rendered data needs no root: it is rendered into the user's cache, if it is not there yet.

    Args:
        recipe: As read from its file.
        data: The data's folder or zip; else the recipe's own, else ``$RESEEN_DATA``. Extra sources without a root
            of their own are looked for in the same place.
        weights: The backbone's weights, a file or a checkpoint's folder; else the recipe's own, looked for in the
            working folder, in ``$RESEEN_WEIGHTS``, in a folder ``weights`` in or beside the data, and in the user's
            cache.
        console: Where the progress of rendering is shown; standard error by default.

    Raises:
        ReseenError: If either cannot be found.
    """
    console = console or Console(stderr=True)
    source = recipe.data
    given = data or source.root or _from_environment(source)
    # Rendering takes minutes: what is wrong with the weights has to be said before.
    renders = given is None and source.name == "rendered"
    located = source if renders else _located(source, given, recipe.name, console)
    recipe = _with_weights(recipe, weights, located.root or Path())
    if renders:
        located = _located(source, None, recipe.name, console)
    extra = tuple(
        _located(other, other.root or (None if other.name == "rendered" else data), recipe.name, console)
        for other in source.extra
    )
    return recipe.model_copy(update={"data": located.model_copy(update={"extra": extra})})


def _with_weights(recipe: Recipe, given: Path | None, root: Path) -> Recipe:
    name = str(given) if given else recipe.weights
    if name is None or name == "hub":
        return recipe
    if (found := _find_weights(Path(name), root)) is not None:
        return recipe.model_copy(update={"weights": str(found)})
    if given or name != V1_FILE:
        made = re.fullmatch(r"runs/([\w.-]+)/(last|best)", name)
        first = f"; reseen train {made[1]} makes it" if made else ""
        raise ReseenError(f"there are no weights {name}: name a file or a checkpoint with --weights{first}")
    warnings.warn(
        f"{V1_FILE} is not at hand (--weights FILE): taking timm's {HUB_RESNET50} instead",
        ReseenWarning,
        stacklevel=3,
    )
    model = recipe.model | {"backbone": HUB_RESNET50, "stride_in": "conv2"}
    return recipe.model_copy(update={"weights": "hub", "model": model})


def _located(source: S, given: Path | None, recipe: str, console: Console) -> S:
    """Returns the source with its root and, if it is rendered, with what is rendered there."""
    root = given or _from_environment(source)
    if root is None and source.name == "rendered":
        config = source.render or RenderConfig()
        return source.model_copy(update={"root": _render(config, console), "render": config})
    if root is None:
        raise ReseenError(f"recipe {recipe} needs {source.name}: give --data DIR or set RESEEN_DATA")
    if not root.exists():
        raise ReseenError(f"data folder {root} does not exist; give the right one with --data DIR")
    return source.model_copy(
        update={"root": root, "render": rendered.config_of(root) if source.name == "rendered" else None}
    )


def _from_environment(source: SourceSection) -> Path | None:
    """Returns ``$RESEEN_DATA``; for rendered data only if it is what the source wants, else it is rendered."""
    found = os.environ.get("RESEEN_DATA")
    if not found:
        return None
    root = Path(found)
    if source.name != "rendered":
        return root
    if not (root.exists() and rendered.recognise(open_folder(root))):
        return None
    return root if source.render is None or rendered.holds(root, source.render) else None


def _render(config: RenderConfig, console: Console) -> Path:
    folder = cache_directory() / "rendered" / config.digest
    if not rendered.is_complete(folder, config):
        need("render")
        with progress_of(console, "rendering pedestrians") as progress:
            rendered.render(folder, config, progress=progress)
        console.print(f"rendered into {folder}", highlight=False, soft_wrap=True)
    return folder


def _find_weights(name: Path, root: Path) -> Path | None:
    folders = [Path(), root / "weights", root.parent / "weights", cache_directory() / "weights"]
    if own := os.environ.get("RESEEN_WEIGHTS"):
        folders.insert(0, Path(own))
    found = (folder / name for folder in folders)
    return next((path for path in found if path.is_file() or (path / MODEL_FILE).is_file()), None)
