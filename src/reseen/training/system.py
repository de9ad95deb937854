"""The system of each phase: built from the recipe and the data, from weights to start from or those before."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel
from torch import nn

from reseen import models
from reseen.checkpoint_files import check_model
from reseen.data.images.keypoints import any_keypoints
from reseen.data.images.preparation import NO_SIZES, blank
from reseen.data.person import Split, sorted_label_map
from reseen.errors import ReseenError
from reseen.evaluation import Kissme
from reseen.losses.attributes import AttributesConfig, class_shares
from reseen.losses.objective import Objective, ObjectiveConfig
from reseen.losses.term import Training
from reseen.models.backends.backend import evaluating
from reseen.models.contained import contained_systems
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.models.initial import carry_over, initialise
from reseen.models.parts.reduction import AttributeClassifier
from reseen.training.loop.step import number_of
from reseen.training.recipe import TEACHER, Recipe

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
        if _has(model, part):  # else it comes with a later phase: `check_phases` has looked
            initialise(model, part, source)
    if before is not None:
        new = carry_over(before, model, fresh)
        log.info("new in phase %s: %s", recipe.phases[phase].name, ", ".join(new) or "nothing")
    return model.to(memory_format=torch.channels_last)


def begin_classifiers(model: nn.Module, objective: ObjectiveConfig, training: Training) -> None:
    """Lets new linear classifiers of attributes (IVA's, LRDNN's) start from how often each class is seen.

    Not where all classes are to have the same say (``balanced``): then the start is that none is likelier.

    Args:
        model: The system.
        objective: What the phase learns from.
        training: The labels.
    """
    terms = [term for term in objective.terms if isinstance(term, AttributesConfig)]
    if training.schema is None or training.attributes is None or not terms or any(term.balanced for term in terms):
        return
    shares = class_shares(training.attributes, training.schema)
    for module in model.modules():
        if isinstance(module, AttributeClassifier):
            module.begin_with(shares)


def check_phases(recipe: Recipe, split: Split) -> None:
    """Makes sure that the systems of all phases have what the recipe names, before the first one is trained.

    These are parts, the heads that terms of objectives work on, the teacher they learn from, the features that
    descriptors are compared by, and joints if a system goes by these and cannot find them itself.

    Args:
        recipe: The recipe.
        split: The recipe's data set.

    Raises:
        ReseenError: If one has not; names the key or term, what is missing, and those there are.
    """
    if TEACHER in recipe.init:
        check_model(Path(recipe.init[TEACHER]))
    everywhere: set[str] = set()
    for index in range(max(1, len(recipe.phases))):
        system = models.outline(_config(recipe, index, split))
        parts = {name for name, _ in system.named_modules()}
        everywhere |= parts
        if recipe.phases:
            _check_phase(recipe, index, split, system, parts)
    for name in recipe.init.keys() - {TEACHER}:
        _look_for(name, everywhere, "init")
    if recipe.distance is not None or not split.query:
        _check_evaluation(recipe, split, system)


def _check_evaluation(recipe: Recipe, split: Split, system: nn.Module) -> None:
    """Makes sure that what the last phase leaves can be compared, or tells attributes where there are no queries."""
    told = Embedder(system, EmbedderConfig(size=recipe.data.size, flip=False)).embed([])
    if not split.query and (split.schema is None or not told.attributes):
        raise ReseenError(
            f"{split.name} has no queries here, and no attributes that {recipe.key} tells: nothing could be evaluated"
        )
    if not split.query and recipe.evaluation.reranking:
        raise ReseenError(f"evaluation.reranking: {split.name} has no queries; take it out")
    if recipe.distance is not None:
        try:
            recipe.distance.check(told)
            if isinstance(recipe.distance, Kissme):
                recipe.distance.check_pairs(split.train)
        except ReseenError as error:
            raise ReseenError(f"distance: {error}") from error


def _check_phase(recipe: Recipe, index: int, split: Split, system: nn.Module, parts: set[str]) -> None:
    section = recipe.phases[index]
    rates = tuple(section.optimizer.lr_of)
    for key, names in {"frozen": section.frozen, "fresh": section.fresh, "optimizer.lr_of": rates}.items():
        for name in names:
            _look_for(name, parts, f"phases.{index}.{key}")
    if recipe.compile:
        _look_for("backbone", parts, "compile")
    size = section.size or recipe.data_of(index).size
    with evaluating(system), torch.no_grad(), torch.random.fork_rng(devices=[]):
        output = system(blank(size, getattr(system, "extra_sizes", NO_SIZES)))
    Objective(section.objective).check(output)
    if getattr(system, "needs_joints", False) and section.data is None and not any_keypoints(split.train):
        raise ReseenError(
            f"{recipe.key} goes by joints, but {split.name} has none here: name a file of them in data.joints "
            "(reseen pose makes one), or a pose network in init.pose (pose-net comes with the package)"
        )


def _look_for(name: str, parts: set[str], key: str) -> None:
    if name not in parts:
        there = ", ".join(sorted(part for part in parts if part and "." not in part))
        raise ReseenError(f"{key} names {name!r}, but the system has no such part; it has: {there}")


def _config(recipe: Recipe, phase: int, split: Split) -> BaseModel:
    config = recipe.system(phase)
    learns = "attributes" in type(config).model_fields and getattr(config, "attribute", True)
    if learns and split.schema is None:
        raise ReseenError(
            f"{recipe.key} learns attributes, but {split.name} has none here; put the annotation file beside the images"
        )
    told: dict[str, Any] = {"num_identities": len(sorted_label_map(split.train))}
    if split.schema is not None:
        told["attributes"] = models.learnt_form(recipe.model, split.schema)
    contained = contained_systems(type(recipe.model), recipe.init)
    try:
        return recipe.system(phase, **told, **contained)
    except ValueError as error:  # what it names is not among what the data has
        raise ReseenError(f"recipe {recipe.name}: {error}") from error


def _has(model: nn.Module, part: str) -> bool:
    return part in dict(model.named_modules())
