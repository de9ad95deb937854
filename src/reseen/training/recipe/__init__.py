"""Recipes: what is trained, on what, and how."""

from reseen.training.recipe.reading import (
    check_unchanged,
    content_of,
    dump_recipe,
    load_recipe,
    recipe_from,
)
from reseen.training.recipe.sections import (
    TEACHER,
    DataSection,
    IdentitySampling,
    OptimizerSection,
    PhaseSection,
    RandomSampling,
    Recipe,
    ScheduleSection,
    SourceSection,
)
from reseen.training.recipe.starts import check_unseen

__all__ = [
    "TEACHER",
    "DataSection",
    "IdentitySampling",
    "OptimizerSection",
    "PhaseSection",
    "RandomSampling",
    "Recipe",
    "ScheduleSection",
    "SourceSection",
    "check_unchanged",
    "check_unseen",
    "content_of",
    "dump_recipe",
    "load_recipe",
    "recipe_from",
]
