"""Rendered data that a recipe wants and that is not there yet: made once nothing else can be wrong any more."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from reseen.data.sets import rendered
from reseen.data.sets.rendered import RenderConfig
from reseen.extras import need
from reseen.progress import progress_of
from reseen.training.images import open_data
from reseen.training.recipe import Recipe
from reseen.training.system import build_system, check_phases


def render_missing(recipe: Recipe, console: Console, *, load: bool = True) -> None:
    """Renders into the user's cache what a recipe wants and is not there yet.

    That takes minutes, so it is told before what does not fit: parts, heads, attributes and, if they are to be loaded,
    weights.

    Args:
        recipe: The recipe; its data and weights have been located.
        console: Where progress is shown.
        load: Whether parts are to start from the weights that the recipe names.

    Raises:
        ReseenError: If something does not fit, or the renderer is not installed.
    """
    missing = _missing(recipe)
    if not missing:
        return
    need("render")
    _check(recipe, load=load)
    from reseen.world import preparation, render

    if first := preparation():
        console.print(first, highlight=False)
    for folder, config in missing.items():
        with progress_of(console, "rendering pedestrians") as progress:
            render(folder, config, progress=progress)
        console.print(f"rendered into {folder}", highlight=False, soft_wrap=True)


def _missing(recipe: Recipe) -> dict[Path, RenderConfig]:
    """Returns what is to be rendered, by its folder."""
    wanted = {source.root: source.render for source in recipe.sources.values() if source.root and source.render}
    return {
        folder: config
        for folder, config in wanted.items()
        if folder == rendered.cached(config) and not rendered.is_complete(folder, config)
    }


def _check(recipe: Recipe, *, load: bool) -> None:
    split = open_data(recipe.data, announced=True)
    check_phases(recipe, split)
    for index in range(max(1, len(recipe.phases))) if load else ():
        own = recipe.phases[index].data if recipe.phases else None
        build_system(recipe, index, split if own is None else open_data(own, announced=True), None, load=True)
