"""What an epoch has come to so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class Tally:
    """Sums over the steps of an epoch, which outlast an interruption.

    Attributes:
        sums: Of each loss, a scalar on the device where it was computed.
        steps: How many.
        images: How many these had, in all processes.
        seconds: How long they took.
    """

    sums: dict[str, Tensor] = field(default_factory=dict)
    steps: int = 0
    images: int = 0
    seconds: float = 0.0

    def count(self, losses: Mapping[str, Tensor], images: int) -> None:
        """Adds a step; nothing waits for the device."""
        for name, value in losses.items():
            value = value.detach()
            self.sums[name] = self.sums[name] + value if name in self.sums else value.clone()
        self.steps += 1
        self.images += images

    def means(self) -> dict[str, float]:
        """Returns each loss's mean over the steps."""
        return {name: float(value) / self.steps for name, value in self.sums.items()}
