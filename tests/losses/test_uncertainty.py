"""Learnt and fixed weights of loss terms against their formulas."""

from __future__ import annotations

import math

import pytest
import torch

from reseen.losses.uncertainty import FixedWeighting, UncertaintyWeighting

LOSSES = {"global": torch.tensor(2.0), "part": torch.tensor(8.0), "attribute": torch.tensor(0.5)}


def test_all_weights_start_at_one() -> None:
    weighting = UncertaintyWeighting(LOSSES)
    assert weighting(LOSSES).item() == pytest.approx(10.5)
    assert weighting.weights() == {"attribute": 1.0, "global": 1.0, "part": 1.0}


def test_formula_in_sigma() -> None:
    """Equation 6: sum of L_t / sigma_t² + log of the product of all sigma_t."""
    sigmas = {"global": 0.5, "part": 2.0, "attribute": 3.0}
    weighting = UncertaintyWeighting(sigmas)
    with torch.no_grad():
        for term, own in zip(weighting.terms, weighting.log_variances, strict=True):
            own.fill_(math.log(sigmas[term] ** 2))
    expected = sum(float(LOSSES[t]) / s**2 for t, s in sigmas.items()) + math.log(math.prod(sigmas.values()))
    assert weighting(LOSSES).item() == pytest.approx(expected, rel=1e-6)
    assert weighting.weights()["part"] == pytest.approx(0.25)


def test_any_name_of_a_term_will_do() -> None:
    losses = {name: torch.tensor(1.0) for name in ("id.v2", "keys", "type", "part/0+part/1")}
    weighting = UncertaintyWeighting(losses)
    assert weighting(losses).item() == pytest.approx(4.0)
    assert weighting.weights() == dict.fromkeys(losses, 1.0)


def test_learning_finds_the_optimum() -> None:
    """d/ds of exp(-s)·L + s/2 is 0 at sigma² = 2L."""
    weighting = UncertaintyWeighting(LOSSES)
    optimizer = torch.optim.Adam(weighting.parameters(), lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        weighting(LOSSES).backward()
        optimizer.step()
    for term, loss in LOSSES.items():
        assert weighting.weights()[term] == pytest.approx(1 / (2 * float(loss)), rel=1e-2)


def test_fixed_weights() -> None:
    weighting = FixedWeighting({"part": 0.25, "attribute": 0})
    assert weighting(LOSSES).item() == pytest.approx(4.0)
    assert list(weighting.parameters()) == []
