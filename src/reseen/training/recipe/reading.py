"""Recipes as YAML files: reading them, what a base and overrides change, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from reseen.data.images.transforms import Augmentation
from reseen.errors import ReseenError, nearest
from reseen.losses.objective import TERMS, ObjectiveConfig
from reseen.models import SYSTEMS
from reseen.training.arguments import RecipeLoader, parse_override
from reseen.training.recipe import sections
from reseen.training.recipe.sections import FROM_DATA, Recipe
from reseen.training.recipe.starts import called
from reseen.training.recipe_files import find_recipe


def load_recipe(path: str | Path, overrides: list[str] | None = None) -> Recipe:
    """Reads a recipe and applies ``key=value`` overrides.

    Args:
        path: A file, or the name of a recipe that comes with reseen.
        overrides: Such as ``phases.0.epochs=2``; values are YAML.

    Raises:
        ReseenError: If the file is missing or not YAML, or a key or value is wrong; names the nearest key.
    """
    path = find_recipe(Path(path))
    content = _read(path)
    for override in overrides or []:
        _override(content, override)
    return recipe_from(content, str(path))


def recipe_from(content: dict[str, Any], source: str) -> Recipe:
    """Validates a recipe's content.

    Raises:
        ReseenError: If keys or values are wrong; all are told at once.
    """
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        errors = error.errors()
        # A misspelt key is also a missing one: the misspelling is what to tell of.
        misspelt = any(each["type"] == "extra_forbidden" for each in errors)
        problems = [_said(each) for each in errors if not (misspelt and each["type"] == "missing")]
        raise ReseenError(f"recipe {source}: {'; '.join(problems)}") from error


def _said(error: ErrorDetails) -> str:
    where = ".".join(_place(error["loc"]))
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        place = next((place for place, section in _PLACES.items() if key in section.model_fields), None)
        return f"unknown key {where!r}" + (nearest(key, _KEYS) if place is None else f", it belongs in {place}{key}")
    message = error["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _place(location: tuple[int | str, ...]) -> list[str]:
    """Returns the keys that lead to an error, without the names of kinds that pydantic puts among them."""
    kept = []
    for place, part in enumerate(location):
        before = location[max(0, place - 2) : place]
        tells_kind = before[-1:] in (("model",), ("sampler",), ("distance",)) or (
            before[:1] == ("terms",) and len(before) == 2
        )
        if not tells_kind:
            kept.append(str(part))
    return kept


def dump_recipe(recipe: Recipe) -> str:
    """Returns the recipe as YAML with every default written out, but for what follows from the data."""
    return yaml.safe_dump(content_of(recipe), sort_keys=False)


def content_of(recipe: Recipe) -> dict[str, Any]:
    """Returns the recipe as plain values, without what follows from the data."""
    return recipe.model_dump(mode="json", exclude={"model": set(FROM_DATA)})


def check_unchanged(recipe: Recipe, stored: Path) -> None:
    """Checks that a run is resumed with the recipe it was started with.

    Where data and weights to start from lie, whether it is compiled, and how the result is evaluated, may differ; what
    they are called may not: parts that begin in a later phase still start from them.

    Args:
        recipe: The recipe now.
        stored: The run's ``recipe.yaml``.

    Raises:
        ReseenError: If anything else differs; names the first key.
    """
    before, now = content_of(load_recipe(stored)), content_of(recipe)
    for content in (before, now):
        del content["evaluation"], content["compile"]
        content["init"] = {part: called(source) for part, source in content["init"].items()}
        for data in (content["data"], *(phase["data"] for phase in content["phases"] if phase["data"])):
            for source in (data, *data["extra"]):
                del source["root"]
    if (key := _first_difference(before, now)) is not None:
        raise ReseenError(
            f"cannot resume: the recipe differs from {stored} in {key!r}; use the run's own, or a new --out"
        )


def _first_difference(one: Any, other: Any, key: str = "") -> str | None:
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = [(name, one.get(name), other.get(name)) for name in sorted(one.keys() | other.keys())]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(str(index), *values) for index, values in enumerate(zip(one, other, strict=True))]
    else:
        return None if one == other else key
    found = (_first_difference(left, right, f"{key}.{name}".strip(".")) for name, left, right in pairs)
    return next((difference for difference in found if difference is not None), None)


def _read(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Reads a recipe and, below it, the one its key ``base`` names."""
    try:
        content = _unshared(yaml.load(path.read_text(), RecipeLoader))
    except OSError as error:
        raise ReseenError(f"cannot read recipe {path}: {error.strerror}; see recipes/ for those that exist") from error
    except yaml.YAMLError as error:
        raise ReseenError(f"recipe {path} is not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ReseenError(f"recipe {path}: an alias stands within what it names; write it out") from error
    if not isinstance(content, dict):
        raise ReseenError(f"recipe {path} holds no keys; see recipes/ for examples")
    if (base := content.pop("base", None)) is None:
        return content
    base = (path.parent / str(base)).resolve()
    if base in above:
        raise ReseenError(f"recipe {path}: base {base.name} leads back to itself")
    merged = _merge(_read(base, (*above, base)), content)
    assert isinstance(merged, dict)
    return merged


def _merge(base: Any, change: Any, key: str = "") -> Any:
    """Lays a change over a base: mappings by key; phases by position, as many as the change has; other lists whole."""
    if isinstance(base, dict) and isinstance(change, dict):
        return base | {name: _merge(base.get(name), value, name) for name, value in change.items()}
    if key == "phases" and isinstance(base, list) and isinstance(change, list):
        return [_merge(base[i] if i < len(base) else None, item) for i, item in enumerate(change)]
    return change


def _unshared(content: Any) -> Any:
    """Returns a copy in which what an anchor names is in each place its own, so that one can be changed alone."""
    if isinstance(content, dict):
        return {key: _unshared(value) for key, value in content.items()}
    return [_unshared(value) for value in content] if isinstance(content, list) else content


def _override(content: dict[str, Any], override: str) -> None:
    key, value = parse_override(override)
    *parents, last = key.split(".")
    place: Any = content
    try:
        for parent in parents:
            place = place[int(parent)] if isinstance(place, list) else place.setdefault(parent, {})
        place[int(last) if isinstance(place, list) else last] = value
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise ReseenError(f"--set {override}: the recipe has no place {key!r}") from error


_PLACES: dict[str, type[BaseModel]] = {
    "": sections.Recipe,
    "phases.0.": sections.PhaseSection,
    "phases.0.optimizer.": sections.OptimizerSection,
    "phases.0.schedule.": sections.ScheduleSection,
    "phases.0.augmentation.": Augmentation,
    "phases.0.objective.": ObjectiveConfig,
    "evaluation.": sections.EvaluationSection,
    "data.": sections.DataSection,
}
"""Where the keys of each section stand, in the first phase for all phases."""
_SECTIONS = [each for each in vars(sections).values() if isinstance(each, type) and issubclass(each, BaseModel)]
_KEYS = sorted(
    {key for each in (*_SECTIONS, *TERMS, *(config for config, _ in SYSTEMS.values())) for key in each.model_fields}
)
"""Every key that a recipe can have anywhere."""
