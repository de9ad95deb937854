"""In what a run differed from its recipe: then, when it was made, and now, if the recipe has been changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reseen.training.reproduce.queue import Job, stated

if TYPE_CHECKING:
    from reseen.training.recipe import Recipe

FREE = ("init.", "evaluation.", "precision", "compile", "data.on_device", "model.backbone", "model.stride_in")
"""Beginnings of the keys in which a run may differ from its recipe and still be its run; its result names them."""


def changes_of(job: Job) -> dict[str, Any]:
    """Returns in which keys a job's result differs from its recipe as that stands today, with the result's values.

    A result that does not say how it was run differs in what was noted when it was kept.

    Args:
        job: It has a result.

    Raises:
        ReseenError: If recipe or result cannot be read.
    """
    from reseen.training.recipe import recipe_from

    result = job.result
    assert result is not None
    if result.as_run is None:
        return dict(result.changes)
    return differences(stated(job), recipe_from(result.as_run, str(job.result_file)))


def earlier_in(changes: Mapping[str, Any]) -> str | None:
    """Returns the first key by which figures are not of the recipe's present form; None if they are."""
    return next((key for key in changes if not key.startswith(FREE)), None)


def differences(before: Recipe, after: Recipe) -> dict[str, Any]:
    """Returns the keys in which a recipe differs from another, with its values; None for what it has not.

    What they are called, where data and weights lie, and what is rendered to be there, is left out.
    """
    from reseen.training.recipe import content_of

    found = dict(_differences(content_of(before), content_of(after)))
    return {key: value for key, value in found.items() if key != "name"}


def _differences(before: Any, after: Any, *keys: str) -> Iterator[tuple[str, Any]]:
    from reseen.training.recipe.starts import called

    if keys[-1:] in (("root",), ("render",)):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before | after:
            yield from _differences(before.get(key), after.get(key), *keys, str(key))
        return
    if _has_sections(before) and _has_sections(after) and len(before) == len(after):
        for index, pair in enumerate(zip(before, after, strict=True)):
            yield from _differences(*pair, *keys, str(index))
        return
    if keys[:1] == ("init",):
        before, after = (None if source is None else called(source) for source in (before, after))
    if before != after:
        yield ".".join(keys), after


def _has_sections(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)
