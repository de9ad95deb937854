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
    "content_of",
    "dump_recipe",
    "load_recipe",
    "recipe_from",
]
