"""How the terms of an objective add up: learnt from their uncertainty, or fixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn


class UncertaintyWeighting(nn.Module):
    """Homoscedastic uncertainty (Kendall, Gal, Cipolla, CVPR 2018; AANet eq. 6): Σ L_t / sigma_t² + log sigma_t.

    Learns s_t = log sigma_t², so that the sum is exp(-s_t)·L_t + s_t/2, which needs no division and keeps
    the variance positive. All weights start at 1.

    Args:
        terms: Names of the loss terms.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        super().__init__()
        self.terms = sorted(terms)
        # By their place: what recipes call a term may be no name of a parameter, such as "id.v2" or "type".
        self.log_variances = nn.ParameterList(torch.zeros(()) for _ in self.terms)

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Returns the weighted sum of scalar losses by name."""
        s = self._by_term()
        return torch.stack([torch.exp(-s[term]) * loss + s[term] / 2 for term, loss in losses.items()]).sum()

    def weights(self) -> dict[str, float]:
        """Returns the current weight exp(-s_t) of each term."""
        return {term: float(torch.exp(-value.detach())) for term, value in self._by_term().items()}

    def _by_term(self) -> dict[str, Tensor]:
        return dict(zip(self.terms, self.log_variances, strict=True))


class FixedWeighting(nn.Module):
    """A weighted sum with fixed weights.

    Args:
        weights: By term; terms that are not named weigh 1.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__()
        self._weights = dict(weights)

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Returns the weighted sum of scalar losses by name."""
        return torch.stack([self._weights.get(term, 1.0) * loss for term, loss in losses.items()]).sum()
