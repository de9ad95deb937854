"""What a run needs to go on where it stopped, written whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from reseen.checkpoint_files import RECIPE, STATE, is_begun
from reseen.errors import ReseenError, one_line
from reseen.files import replacing


@dataclass(frozen=True)
class TrainingState:
    """A moment between two steps.

    Attributes:
        phase: Number of the phase.
        epoch: Epoch of the phase that is next or under way.
        batch: Next batch of that epoch.
        model: The system's weights and buffers.
        objective: Learnt loss weights.
        optimizer: The optimiser's state.
        best: Best primary figure so far, or -1.
        seconds: Time spent training so far.
        tally: What the batches before have come to, if it is within an epoch; see `reseen.training.loop.tally`.
    """

    phase: int
    epoch: int
    batch: int
    model: dict[str, Any]
    objective: dict[str, Any]
    optimizer: dict[str, Any]
    best: float
    seconds: float
    tally: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Writes the file; an older one is replaced once this one is complete."""
        with replacing(path) as partial:
            torch.save({field: getattr(self, field) for field in self.__dataclass_fields__}, partial)

    @classmethod
    def of_run(cls, folder: Path, recipe: str = RECIPE) -> TrainingState | None:
        """Returns where a run is to go on; None if it ended before a state was saved, so that it begins anew.

        Args:
            folder: The run's.
            recipe: Name of the file there that says what it does.

        Raises:
            ReseenError: If there is no such run, or its state is damaged.
        """
        path = folder / STATE
        return None if is_begun(folder, recipe) and not path.exists() else cls.load(path)

    @classmethod
    def load(cls, path: Path) -> TrainingState:
        """Reads a state; only tensors and plain values are accepted, so a foreign file cannot run code.

        Raises:
            ReseenError: If there is none or it is damaged.
        """
        try:
            return cls(**torch.load(path, map_location="cpu", weights_only=True))
        except FileNotFoundError:
            raise ReseenError(f"nothing to resume: {path} does not exist; leave out --resume to start anew") from None
        except Exception as error:
            raise ReseenError(f"cannot resume from {path}: {one_line(error)}; start anew") from error
