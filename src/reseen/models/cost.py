"""What a system costs: how many parameters it has, and how many multiply-adds a picture takes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import torch
from pydantic import BaseModel
from torch.utils.flop_counter import FlopCounterMode

from reseen import models
from reseen.data.images.preparation import NO_SIZES, blank
from reseen.data.images.size import Size
from reseen.models.backends.backend import evaluating


@dataclass(frozen=True)
class Cost:
    """What it takes to embed a picture, without identity classifiers and maps that nobody has asked for.

    Attributes:
        parameters: Of the system and of all that it contains.
        multiply_adds: Of matrix products and convolutions, for one picture.
    """

    parameters: int
    multiply_adds: int

    def __str__(self) -> str:
        return f"{self.parameters / 1e6:.1f} M parameters, {self.multiply_adds / 1e9:.2f} G multiply-adds"

    def as_dict(self) -> dict[str, int]:
        """Returns it for a file."""
        return asdict(self)


def cost_of(config: BaseModel, size: Size) -> Cost:
    """Counts a system's parameters and multiply-adds.

    Args:
        config: The system's.
        size: (H, W) of the picture.
    """
    if "num_identities" not in type(config).model_fields:
        return _counted(config, size)
    # Both grow linearly with the number of identities, so what is left without any follows from one and two.
    one, two = (_counted(config.model_copy(update={"num_identities": count}), size) for count in (1, 2))
    return Cost(2 * one.parameters - two.parameters, 2 * one.multiply_adds - two.multiply_adds)


def _counted(config: BaseModel, size: Size) -> Cost:
    system = models.outline(config)
    picture = replace(blank(size, getattr(system, "extra_sizes", NO_SIZES)), wants_maps=False)
    with evaluating(system), FlopCounterMode(display=False) as counter, torch.no_grad():
        system(picture)
    return Cost(sum(parameter.numel() for parameter in system.parameters()), counter.get_total_flops() // 2)
