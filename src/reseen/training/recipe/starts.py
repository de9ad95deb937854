"""What the parts of a system start from, as recipes name it: weights, or what another run has learnt."""

from __future__ import annotations

import re
from pathlib import Path

from reseen.checkpoint_files import MODEL_FILE

CHECKPOINT_OF_RUN = re.compile(r"runs/([\w.-]+)/(last|best|best-on-test)")
"""How a recipe names the checkpoint of another recipe's run, which it starts from."""


def called(source: str) -> str:
    """Returns what a source is called wherever it lies: a run's checkpoint by the run's name, too."""
    place = Path(source)
    return "/".join(place.parts[-2:]) if _is_of_run(place) else place.name


def is_checkpoint(source: str) -> bool:
    """Whether a source is the folder of a checkpoint, or will be once its run is trained, rather than weights."""
    place = Path(source)
    return _is_of_run(place) or (place / MODEL_FILE).is_file()


def _is_of_run(place: Path) -> bool:
    return CHECKPOINT_OF_RUN.fullmatch("/".join(("runs", *place.parts[-2:]))) is not None
