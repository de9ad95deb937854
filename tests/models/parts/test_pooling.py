"""Pooling of weighted regions."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from reseen.models.parts.pooling import (
    AveragePooling,
    GeneralizedMeanPooling,
    MaxPooling,
    build_pooling,
    global_weights,
)


def test_average_over_everything_and_over_rows() -> None:
    features = torch.rand(2, 5, 4, 3)
    rows = torch.zeros(2, 1, 4, 3)
    rows[:, :, 1:3] = 1 / 6
    pooled = AveragePooling()(features, torch.cat([global_weights(features), rows], 1))
    torch.testing.assert_close(pooled[:, 0], functional.adaptive_avg_pool2d(features, 1)[:, :, 0, 0])
    torch.testing.assert_close(pooled[:, 1], features[:, :, 1:3].mean((2, 3)))


def test_generalised_mean_by_hand() -> None:
    features = torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 2, 2)
    pooling = GeneralizedMeanPooling(p=3.0)
    # (1 + 8 + 27 + 64) / 4 = 25
    assert pooling(features, global_weights(features)).item() == pytest.approx(25 ** (1 / 3), rel=1e-5)
    pooling.p.data.fill_(1.0)
    assert pooling(features, global_weights(features)).item() == pytest.approx(2.5, rel=1e-5)


def test_generalised_mean_of_nothing_stays_finite() -> None:
    features = torch.rand(2, 3, 4, 2, requires_grad=True)
    pooling = GeneralizedMeanPooling()
    nothing = torch.zeros(2, 1, 4, 2, requires_grad=True)
    pooled = pooling(features, nothing)
    pooled.sum().backward()
    assert pooled.abs().max() < 1e-6
    for tensor in (features, nothing, pooling.p):
        assert tensor.grad is not None
        assert tensor.grad.isfinite().all()


@pytest.mark.parametrize("name", ["average", "gem"])
def test_evidence_averages_to_the_pooled_feature(name: str) -> None:
    features = torch.randn(2, 5, 6, 3).relu()
    pooling = build_pooling(name)
    pooled = pooling(features, global_weights(features))[:, 0]
    torch.testing.assert_close(pooling.evidence(features, pooled).mean((2, 3)), pooled)


def test_maximum_is_that_of_the_region() -> None:
    features = torch.tensor([[5.0, 1.0], [2.0, 3.0], [4.0, 0.0]]).reshape(1, 1, 3, 2)
    lower = torch.zeros(1, 1, 3, 2)
    lower[:, :, 1:] = 0.25
    pooled = MaxPooling()(features, torch.cat([global_weights(features), lower], 1))
    assert pooled.flatten().tolist() == [5.0, 4.0]


def test_evidence_of_a_maximum_is_where_it_is() -> None:
    features = torch.tensor([[[5.0, 1.0], [2.0, 5.0]], [[0.0, 0.0], [0.0, 0.0]], [[-3.0, -1.0], [-2.0, -3.0]]])[None]
    pooling = MaxPooling()
    pooled = pooling(features, global_weights(features))[:, 0]
    evidence = pooling.evidence(features, pooled)
    # Over four places the mean is the maximum; two places that share it have half each.
    assert evidence[0].tolist() == [[[10.0, 0.0], [0.0, 10.0]], [[0.0, 0.0], [0.0, 0.0]], [[0.0, -4.0], [0.0, 0.0]]]
    torch.testing.assert_close(evidence.mean((2, 3)), pooled)
