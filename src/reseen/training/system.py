"""The system of each phase: built from the recipe and the data, from weights to start from or those before."""

from __future__ import annotations

import logging

import torch
from pydantic import BaseModel
from torch import nn

from reseen import models
from reseen.data.person import Split, sorted_label_map
from reseen.errors import ReseenError
from reseen.models.contained import contained_systems
from reseen.models.initial import carry_over, initialise
from reseen.training.loop.step import number_of
from reseen.training.recipe import Recipe

log = logging.getLogger("reseen")


def build_system(recipe: Recipe, phase: int, split: Split, before: nn.Module | None, *, load: bool) -> nn.Module:
    """Returns the system of a phase: the one before, if nothing of it changes, else a new one with what still fits.

    Args:
        recipe: Says what it is, and what its parts start from.
        phase: Number of the phase; 0 in a recipe without any.
        split: Tells how many identities there are, and which attributes.
        before: The system of the phase before, or None in the first.
        load: Whether parts start from the weights that the recipe names; a resumed run has others.

    Raises:
        ReseenError: If data or weights do not fit.
    """
    config = _config(recipe, phase, split)
    fresh = recipe.phases[phase].fresh if recipe.phases else ()
    if before is not None and before.config == config and not fresh:
        return before
    if before is not None:
        torch.manual_seed(number_of(recipe.seed, phase, 2))  # so that a resumed run begins alike
    model = models.build(config)
    for part, source in recipe.init.items() if load else ():
        if _has(model, part):  # else it comes with a later phase: `check_parts` has looked
            initialise(model, part, source)
    if before is not None:
        new = carry_over(before, model, fresh)
        log.info("new in phase %s: %s", recipe.phases[phase].name, ", ".join(new) or "nothing")
    return model.to(memory_format=torch.channels_last)


def check_parts(recipe: Recipe, split: Split) -> None:
    """Makes sure that the systems of all phases have the parts that the recipe names, before the first one is trained.

    Args:
        recipe: The recipe.
        split: The recipe's data set.

    Raises:
        ReseenError: If one has not; names the key, the part, and the parts there are.
    """
    everywhere: set[str] = set()
    for index, section in enumerate(recipe.phases):
        parts = models.parts_of(_config(recipe, index, split))
        rates = tuple(section.optimizer.lr_of)
        for key, names in {"frozen": section.frozen, "fresh": section.fresh, "optimizer.lr_of": rates}.items():
            for name in names:
                _look_for(name, parts, f"phases.{index}.{key}")
        everywhere |= parts
    for name in recipe.init if recipe.phases else ():
        _look_for(name, everywhere, "init")


def _look_for(name: str, parts: set[str], key: str) -> None:
    if name not in parts:
        there = ", ".join(sorted(part for part in parts if part and "." not in part))
        raise ReseenError(f"{key} names {name!r}, but the system has no such part; it has: {there}")


def _config(recipe: Recipe, phase: int, split: Split) -> BaseModel:
    if "attributes" in type(recipe.model).model_fields and split.schema is None:
        raise ReseenError(
            f"{recipe.key} learns attributes, but {split.name} has none here; put the annotation file beside the images"
        )
    return recipe.system(
        phase,
        num_identities=len(sorted_label_map(split.train)),
        attributes=None if split.schema is None else models.learnt_form(recipe.model, split.schema),
        **contained_systems(type(recipe.model), recipe.init),
    )


def _has(model: nn.Module, part: str) -> bool:
    return part in dict(model.named_modules())
