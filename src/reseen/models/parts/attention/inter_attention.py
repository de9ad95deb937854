"""How much each part of the body counts (Yang et al. 2019, section 3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn


class InterAttention(nn.Module):
    """One score for each part by its own feature (equation 8): μ = sigmoid(w·E + b).

    Args:
        parts: Their names.
        dim: Size of each feature.
    """

    def __init__(self, parts: Sequence[str], dim: int) -> None:
        super().__init__()
        self.scores = nn.ModuleDict({part: nn.Linear(dim, 1) for part in parts})

    def forward(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Returns μ (B, 1) of each part with a feature E (B, d)."""
        return {part: score(features[part]).sigmoid() for part, score in self.scores.items()}


def of_equal_weight(whole: Tensor, parts: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
    """Returns the whole's feature E_g (B, D) and the parts' (B, d), the former and the latter together of length 1."""
    length = torch.cat(list(parts.values()), 1).norm(dim=1, keepdim=True).clamp(min=1e-12)
    return nn.functional.normalize(whole), {name: feature / length for name, feature in parts.items()}
