"""How probable it is that two pictures show the same person, told by the distance of their descriptors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator
from scipy.special import expit, logit

from reseen.errors import ReseenError

EVIDENCE = 0.5
"""Below this probability it is rather not the same person."""
_MOST = 0.5
"""Before their distance is known, no pair is taken to be more probably one person than two."""


class Curve(BaseModel):
    """Log likelihood ratio ln p(d | same person) / p(d | different persons), which falls with the distance d.

    Linear between knots, and level beyond the first and the last: no more is claimed than was seen.

    Attributes:
        distances: The knots' distances, rising.
        ratios: Their logarithms of the ratio, never rising.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    distances: tuple[FiniteFloat, ...] = Field(min_length=1)
    ratios: tuple[FiniteFloat, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if len(self.distances) != len(self.ratios):
            raise ValueError(f"{len(self.distances)} distances for {len(self.ratios)} ratios")
        if np.any(np.diff(self.distances) <= 0) or np.any(np.diff(self.ratios) > 0):
            raise ValueError("distances must rise, and ratios must not")
        return self

    def __call__(self, distances: ArrayLike) -> NDArray[np.float64]:
        """Returns the logarithm of the ratio at each distance."""
        return np.asarray(np.interp(np.asarray(distances, dtype=np.float64), self.distances, self.ratios))


class Calibration(BaseModel):
    """What a model's distances have meant for persons it was not trained on.

    The distance alone gives a likelihood ratio. For a probability one needs to know how probable it was before: among
    N pictures that are searched, of which m show the person, m / N. That of two pictures just as far apart is therefore
    the smaller, the more are searched: among more strangers there are more who look alike.

    Attributes:
        model: Digest of the model whose descriptors were compared.
        method: How the curve was found: by isotonic regression, or as a line (Platt).
        source: Whose pictures, in words.
        persons: How many persons.
        pairs: How many pairs of pictures were looked at.
        expected: m, how many pictures of the query's person there were among the candidates, on average.
        error: Expected calibration error at even odds, on persons held out of the fit.
        curve: For any two cameras.
        cameras: For the pairs of cameras that do better with their own, such as ``1-3``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    method: Literal["isotonic", "platt"]
    source: str
    persons: int = Field(ge=1)
    pairs: int = Field(ge=1)
    expected: FiniteFloat = Field(gt=0)
    error: FiniteFloat = Field(ge=0, le=1)
    curve: Curve
    cameras: Mapping[str, Curve] = Field(default_factory=dict)

    def prior(self, candidates: int, expected: float | None = None) -> float:
        """Returns m / N, a half at most.

        Args:
            candidates: N, how many pictures are searched.
            expected: m, how many of them are thought to show the person; by default as many as in the fit.

        Raises:
            ReseenError: If no such number of pictures can be expected.
        """
        if expected is not None and (isinstance(expected, bool) or not 0 < expected < np.inf):
            raise ReseenError(f"expected is a number of pictures above 0, not {expected!r}")
        return min(_MOST, (self.expected if expected is None else expected) / max(1, candidates))

    @property
    def reach(self) -> float:
        """Among how many pictures the nearest can still be rather the same person; 0 if among none.

        With L the largest ratio of likelihoods that any distance has, even odds are left where L m / (N - m) = 1, that
        is N = m (1 + L); with L below 1 they are never reached, as m / N is a half at most.
        """
        best = max(curve.ratios[0] for curve in (self.curve, *self.cameras.values()))
        return 0.0 if best < 0 else self.expected * (1 + math.exp(min(best, 700.0)))  # e^710 is no number any more

    def ratios(self, distances: ArrayLike, between: Sequence[str] | None = None) -> NDArray[np.float64]:
        """Returns the logarithm of the likelihood ratio at each distance (n,).

        Args:
            distances: (n,) between two pictures each.
            between: n pairs of cameras, as `camera_pair` names them, if these are the cameras of the fit.
        """
        found = self.curve(distances)
        for place, pair in enumerate(between or ()):
            if pair in self.cameras:
                found[place] = self.cameras[pair](np.asarray(distances)[place])
        return found

    def probability(
        self,
        distances: ArrayLike,
        candidates: int,
        *,
        expected: float | None = None,
        between: Sequence[str] | None = None,
    ) -> NDArray[np.float64]:
        """Returns the probability (n,) of the same person at each distance.

        Args:
            distances: (n,) between the query and a candidate each.
            candidates: How many pictures are searched.
            expected: How many of them are thought to show the person; by default as many as in the fit.
            between: n pairs of cameras; see `ratios`.
        """
        return probability(self.ratios(distances, between), self.prior(candidates, expected))


def probability(ratios: ArrayLike, prior: float) -> NDArray[np.float64]:
    """Returns P(same) from log likelihood ratios and the probability before (Bayes' rule in logarithms of odds)."""
    return np.asarray(expit(np.asarray(ratios, dtype=np.float64) + logit(prior)))


def camera_pair(one: int, other: int) -> str:
    """Names two cameras in either order."""
    return f"{min(one, other)}-{max(one, other)}"
