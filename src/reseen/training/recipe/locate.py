"""Finding data and weights that a recipe names without saying where they lie."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TypeVar

from reseen.checkpoint_files import POSE_NET, TRAIN_POSE
from reseen.data import true_key
from reseen.data.images.source import open_folder
from reseen.data.sets import rendered
from reseen.data.sets.rendered import RenderConfig
from reseen.errors import ReseenError, ReseenWarning
from reseen.models.initial import HUB
from reseen.training.arguments import find_weights
from reseen.training.recipe.sections import DataSection, Recipe, SourceSection
from reseen.training.recipe.starts import CHECKPOINT_OF_RUN, called, is_checkpoint

S = TypeVar("S", bound=SourceSection)

V1_FILE = "resnet50_imagenet_v1.safetensors"
"""ImageNet weights of the ResNet-50 the quick recipes were measured with (``stride_in: conv1``)."""
HUB_RESNET50 = "resnet50.tv_in1k"
"""What timm can download in their place (``stride_in: conv2``)."""


def resolve(recipe: Recipe, *, data: Path | None = None, weights: Path | None = None) -> Recipe:
    """Returns the recipe with its data roots and the files its parts start from filled in.

    Rendered data needs no root: its place is in the user's cache, where `reseen.training.rendering` makes it.

    Args:
        recipe: As read from its file.
        data: The data's folder or zip; else the recipe's own, else ``$RESEEN_DATA``. Extra sources, and phases' own
            data, without a root are looked for in the same place.
        weights: What the backbone starts from in the place of weights that the recipe names, or of none: a file or a
            checkpoint's folder; else what the recipe says. Where they are looked for:
            `reseen.training.arguments.find_weights`.

    Raises:
        ReseenError: If any of them cannot be found, or weights would take the place of what another run has learnt.
    """
    if weights:
        recipe = _from_given(recipe, str(weights))
    located = _located(recipe.data, data or recipe.data.root, recipe.name)
    recipe = _with_weights(recipe, weights is not None, located.root)

    def found(source: S) -> S:
        source = _located(source, source.root or (None if source.name == "rendered" else data), recipe.name)
        extra = tuple(found(other) for other in source.extra) if isinstance(source, DataSection) else ()
        return source.model_copy(update={"extra": extra}) if extra else source

    phases = tuple(
        phase if phase.data is None else phase.model_copy(update={"data": found(phase.data)}) for phase in recipe.phases
    )
    return recipe.model_copy(update={"data": found(located), "phases": phases})


def placeless(recipe: Recipe) -> Recipe:
    """Returns the recipe without where data and weights lie on this machine, which is nobody else's business."""
    init = {part: called(source) for part, source in recipe.init.items()}
    phases = tuple(
        phase.model_copy(update={"data": None if phase.data is None else _rootless(phase.data)})
        for phase in recipe.phases
    )
    return recipe.model_copy(update={"data": _rootless(recipe.data), "init": init, "phases": phases})


def _rootless(data: DataSection) -> DataSection:
    extra = tuple(source.model_copy(update={"root": None}) for source in data.extra)
    return data.model_copy(update={"root": None, "extra": extra})


def _from_given(recipe: Recipe, weights: str) -> Recipe:
    own = recipe.init.get("backbone", HUB)
    if is_checkpoint(own) and called(own) != called(weights):
        raise ReseenError(
            f"--weights {weights}: recipe {recipe.name} starts its backbone from what {own} has learnt; to start from "
            f"something else: --set init.backbone={weights}"
        )
    return recipe.model_copy(update={"init": recipe.init | {"backbone": weights}})


def _with_weights(recipe: Recipe, given: bool, root: Path | None) -> Recipe:
    """Returns the recipe with the files that its parts start from."""
    for part, name in recipe.init.items():
        if name != HUB and (file := find_weights(name, root)) is not None:
            recipe = recipe.model_copy(update={"init": recipe.init | {part: str(file)}})
        elif name != HUB and (given or name != V1_FILE):
            made = CHECKPOINT_OF_RUN.fullmatch(name)
            first = f"; reseen train {made[1]} makes it" if made else ""
            if part == "pose":
                first = f"; {POSE_NET} comes with the package, {TRAIN_POSE} makes another"
            how = "--weights" if part == "backbone" and (given or not made) else f"--set init.{part}=…"
            raise ReseenError(f"there are no weights {name}: name a file or a checkpoint with {how}{first}")
        elif name != HUB:
            recipe = _from_hub(recipe, part)
    return recipe


def _from_hub(recipe: Recipe, part: str) -> Recipe:
    warnings.warn(
        f"{V1_FILE} is not at hand (--weights FILE): taking timm's {HUB_RESNET50} instead",
        ReseenWarning,
        stacklevel=5,
    )
    model = recipe.model.model_copy(update={"backbone": HUB_RESNET50, "stride_in": "conv2"})
    return recipe.model_copy(update={"init": recipe.init | {part: HUB}, "model": model})


def _located(source: S, given: Path | None, recipe: str) -> S:
    """Returns the source with its root and, if it is rendered, with what is or will be rendered there.

    What is rendered is called so from here on, whatever the recipe calls it: checkpoints and cards say what they have
    learnt from.
    """
    root = given or _from_environment(source)
    if source.name == "rendered":
        config = source.render or RenderConfig()
        place = rendered.cached(config)
        if root in (None, place):
            return source.model_copy(update={"root": place, "render": config})
    if root is None:
        raise ReseenError(f"recipe {recipe} needs {source.name}: give --data DIR or set RESEEN_DATA")
    if not root.exists():
        raise ReseenError(f"data folder {root} does not exist; give the right one with --data DIR")
    name = true_key(source.name, root)
    render = rendered.config_of(root) if name == "rendered" else None
    return source.model_copy(update={"name": name, "root": root, "render": render})


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
