"""Finding data and weights that a recipe names without saying where they lie."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from reseen import models
from reseen.checkpoint_files import MODEL_FILE
from reseen.data.images.cache import cache_directory
from reseen.data.images.source import open_folder
from reseen.data.sets import rendered
from reseen.data.sets.rendered import RenderConfig
from reseen.errors import ReseenError, ReseenWarning
from reseen.extras import need
from reseen.models.contained import contained_systems
from reseen.models.initial import HUB, initialise
from reseen.models.parts.backbones.lite0 import PACKAGED
from reseen.progress import progress_of
from reseen.training.recipe.sections import DataSection, Recipe, SourceSection
from reseen.training.recipe.starts import CHECKPOINT_OF_RUN, called, is_checkpoint

S = TypeVar("S", bound=SourceSection)

V1_FILE = "resnet50_imagenet_v1.safetensors"
"""ImageNet weights of the ResNet-50 the quick recipes were measured with (``stride_in: conv1``)."""
HUB_RESNET50 = "resnet50.tv_in1k"
"""What timm can download in their place (``stride_in: conv2``)."""


def resolve(
    recipe: Recipe, *, data: Path | None = None, weights: Path | None = None, console: Console | None = None
) -> Recipe:
    """Returns the recipe with its data roots and the files its parts start from filled in.

    Rendered data needs no root: it is rendered into the user's cache, if it is not there yet.

    Args:
        recipe: As read from its file.
        data: The data's folder or zip; else the recipe's own, else ``$RESEEN_DATA``. Extra sources, and phases' own
            data, without a root are looked for in the same place.
        weights: What the backbone starts from in the place of weights that the recipe names, or of none: a file or a
            checkpoint's folder; else what the recipe says. Files are looked for in the working folder, in
            ``$RESEEN_WEIGHTS``, in a folder ``weights`` in or beside the data, and in the user's cache.
        console: Where the progress of rendering is shown; standard error by default.

    Raises:
        ReseenError: If any of them cannot be found, weights would take the place of what another run has learnt, or,
            before anything is rendered, the backbone's weights do not fit.
    """
    console = console or Console(stderr=True)
    if weights:
        recipe = _from_given(recipe, str(weights))
    source = recipe.data
    given = data or source.root or _from_environment(source)
    # Rendering takes minutes: what is wrong with the weights has to be said before.
    renders = given is None and source.name == "rendered"
    located = source if renders else _located(source, given, recipe.name, console)
    recipe = _with_weights(recipe, weights is not None, located.root or Path())
    if any(_is_to_render(data) for data in (recipe.data, *(phase.data for phase in recipe.phases if phase.data))):
        _check_backbone(recipe)

    def found(source: S) -> S:
        source = _located(source, source.root or (None if source.name == "rendered" else data), recipe.name, console)
        extra = tuple(found(other) for other in source.extra) if isinstance(source, DataSection) else ()
        return source.model_copy(update={"extra": extra}) if extra else source

    phases = tuple(
        phase if phase.data is None else phase.model_copy(update={"data": found(phase.data)}) for phase in recipe.phases
    )
    return recipe.model_copy(update={"data": found(source if renders else located), "phases": phases})


def _from_given(recipe: Recipe, weights: str) -> Recipe:
    own = recipe.init.get("backbone", HUB)
    if is_checkpoint(own) and called(own) != called(weights):
        raise ReseenError(
            f"--weights {weights}: recipe {recipe.name} starts its backbone from what {own} has learnt; to start from "
            f"something else: --set init.backbone={weights}"
        )
    return recipe.model_copy(update={"init": recipe.init | {"backbone": weights}})


def _with_weights(recipe: Recipe, given: bool, root: Path) -> Recipe:
    """Returns the recipe with the files that its parts start from."""
    for part, name in recipe.init.items():
        if name != HUB and (file := _find_weights(Path(name), root)) is not None:
            recipe = recipe.model_copy(update={"init": recipe.init | {part: str(file)}})
        elif name != HUB and (given or name != V1_FILE):
            made = CHECKPOINT_OF_RUN.fullmatch(name)
            first = f"; reseen train {made[1]} makes it" if made else ""
            how = "--weights" if part == "backbone" and (given or not made) else f"--set init.{part}=…"
            raise ReseenError(f"there are no weights {name}: name a file or a checkpoint with {how}{first}")
        elif name != HUB:
            recipe = _from_hub(recipe, part)
    return recipe


def _is_to_render(data: DataSection) -> bool:
    return any(source.name == "rendered" and source.root is None for source in (data, *data.extra))


def _check_backbone(recipe: Recipe) -> None:
    """Makes sure that a backbone's weights fit it, as far as that needs no download.

    Raises:
        ReseenError: If they do not, or what ships them is not installed.
    """
    source = recipe.init.get("backbone")
    if source is None or (source == HUB and getattr(recipe.model, "backbone", "") != PACKAGED):
        return
    model = models.build(recipe.system(0, **contained_systems(type(recipe.model), recipe.init)))
    if "backbone" in dict(model.named_children()):  # else it comes with a later phase
        initialise(model, "backbone", source)


def _from_hub(recipe: Recipe, part: str) -> Recipe:
    warnings.warn(
        f"{V1_FILE} is not at hand (--weights FILE): taking timm's {HUB_RESNET50} instead",
        ReseenWarning,
        stacklevel=5,
    )
    model = recipe.model.model_copy(update={"backbone": HUB_RESNET50, "stride_in": "conv2"})
    return recipe.model_copy(update={"init": recipe.init | {part: HUB}, "model": model})


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
        from reseen.world import render

        with progress_of(console, "rendering pedestrians") as progress:
            render(folder, config, progress=progress)
        console.print(f"rendered into {folder}", highlight=False, soft_wrap=True)
    return folder


def _find_weights(name: Path, root: Path) -> Path | None:
    folders = [Path(), root / "weights", root.parent / "weights", cache_directory() / "weights"]
    if own := os.environ.get("RESEEN_WEIGHTS"):
        folders.insert(0, Path(own))
    found = (folder / name for folder in folders)
    return next((path for path in found if path.is_file() or (path / MODEL_FILE).is_file()), None)
