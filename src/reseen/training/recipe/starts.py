"""What the parts of a system start from, as recipes name it: weights, or what another run has learnt."""

from __future__ import annotations

import re
from pathlib import Path

from reseen.checkpoint_files import MODEL_FILE, held_back, trained_on
from reseen.data.division import division, may_know
from reseen.errors import ReseenError
from reseen.training.recipe.sections import TEACHER, Recipe

CHECKPOINT_OF_RUN = re.compile(r"runs/([\w.-]+)/(last|best|best-on-test)")
"""How a recipe names the checkpoint of another recipe's run, which it starts from."""
_KNOW_NOBODY = (TEACHER, "pose")
"""Parts that may have seen persons who are held back for validation: one is asked of training pictures alone, the other
knows joints."""


def called(source: str) -> str:
    """Returns what a source is called wherever it lies: a run's checkpoint by the run's name, too."""
    place = Path(source)
    return "/".join(place.parts[-2:]) if _is_of_run(place) else place.name


def is_checkpoint(source: str) -> bool:
    """Whether a source is the folder of a checkpoint, or will be once its run is trained, rather than weights."""
    place = Path(source)
    return _is_of_run(place) or (place / MODEL_FILE).is_file()


def check_unseen(recipe: Recipe) -> None:
    """Makes sure that nobody whom a recipe tests or validates on has been learnt from, by it or what it starts from.

    Raises:
        ReseenError: If somebody may have been; names what knows them, the test persons, and what to do.
    """
    data = recipe.data
    tested = division(data.name, data.options)
    for place, source in recipe.learnt_from.items():
        if source.name == data.name and division(source.name, source.options) != tested:
            raise ReseenError(
                f"{place} has test persons of data among those it trains on, as {data.name} is divided in another way "
                "there: give it the options of data"
            )
        if source.name == data.name and data.validation and ".extra." in place:
            raise ReseenError(f"{place} has the persons of {data.name} that data.validation holds back: take one out")
    for part, folder in recipe.checkpoints.items():
        if why := may_know(folder, data.name, data.options):
            raise ReseenError(f"init.{part}: {folder} {why}: start from a model that has not seen them")
        if not data.validation or data.name not in trained_on(folder) or part in _KNOW_NOBODY:
            continue
        held, wanted = held_back(folder), {"name": data.name, **data.validation.model_dump(mode="json")}
        if {key: held.get(key) for key in wanted} != wanted:
            raise ReseenError(
                f"init.{part}: {folder} was trained on persons of {data.name} that data.validation holds back: start "
                "from a model that held back the same ones, or take out data.validation"
            )


def _is_of_run(place: Path) -> bool:
    return CHECKPOINT_OF_RUN.fullmatch("/".join(("runs", *place.parts[-2:]))) is not None
