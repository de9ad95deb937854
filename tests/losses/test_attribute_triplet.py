"""Triplets whose margin attributes move, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.losses.attribute_triplet import attribute_triplet_loss
from reseen.losses.objective import Objective, ObjectiveConfig
from reseen.models.output import PersonOutput

TRIPLET = torch.tensor([[0, 1, 2]])
FEATURES = torch.tensor([[0.0, 0.0], [0.6, 0.0], [0.0, 0.8]])  # d⁺ = 0.36, d⁻ = 0.64
GAMMA = 0.5


def beside(positive: float, negative: float) -> torch.Tensor:
    """√γ·a of attributes at these distances from the anchor's, squared."""
    return math.sqrt(GAMMA) * torch.tensor([[0.0, 0.0], [math.sqrt(positive), 0.0], [0.0, math.sqrt(negative)]])


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (None, 0.36 - 0.64 + 0.3),
        (beside(0.1, 0.1), 0.36 - 0.64 + 0.3),  # attributes that say nothing
        (beside(0.9, 0.1), 0.36 - 0.64 + 0.3 + 0.5 * 0.8),  # wrong ones make it stricter
        (beside(0.0, 0.02), 0.02 - 0.5 * 0.02),  # right ones, but not enough
        (beside(0.1, 0.9), 0.0),  # right ones separate the triplet
    ],
)
def test_value_and_gradient_by_hand(attributes: torch.Tensor | None, expected: float) -> None:
    """The gradient is the plain triplet loss's wherever the loss is not 0, and attributes never get one."""
    features = FEATURES.clone().requires_grad_()
    if attributes is not None:
        attributes = attributes.requires_grad_()
    loss = attribute_triplet_loss(features, TRIPLET, 0.3, attributes)
    assert loss.item() == pytest.approx(expected, abs=1e-6)
    loss.backward()
    anchor, positive, negative = FEATURES
    # d/da (|a-p|² - |a-n|²) = 2(n - p), d/dp = 2(p - a), d/dn = 2(a - n)
    plain = torch.stack([2 * (negative - positive), 2 * (positive - anchor), 2 * (anchor - negative)])
    torch.testing.assert_close(features.grad, plain if expected else torch.zeros_like(plain))
    assert attributes is None or attributes.grad is None


def test_mean_over_triplets_that_share_images() -> None:
    triplets = torch.tensor([[0, 1, 2], [1, 0, 2], [0, 2, 1]])
    second, third = 0.36 - 1.0 + 0.3, 0.64 - 0.36 + 0.3
    loss = attribute_triplet_loss(FEATURES, triplets, 0.3)
    assert loss.item() == pytest.approx((0.02 + max(0, second) + third) / 3, abs=1e-6)


def objective(*terms: dict[str, object]) -> Objective:
    return Objective(
        ObjectiveConfig.model_validate({"terms": [{"kind": "attribute_triplet", **term} for term in terms]})
    )


def test_terms_of_feature_and_of_weighted_attributes() -> None:
    """L_att trains the weights, and L_acrn does not."""
    weights = torch.ones(2, requires_grad=True)
    features = FEATURES.clone().requires_grad_()
    attributes = weights * torch.tensor([[0.0, 0.0], [0.5, 0.0], [0.0, 0.1]])  # d⁺ = 0.25, d⁻ = 0.01
    output = PersonOutput(
        {"global": features, "attributes": math.sqrt(GAMMA) * attributes},
        metric_features={"global": features, "attributes": attributes},
    )
    both = objective({"beside": "attributes"}, {"name": "attributes", "heads": ["attributes"]})
    loss, terms = both(output, PersonBatch(torch.zeros(3, 3, 1, 1), triplets=TRIPLET))
    assert terms["triplet"].item() == pytest.approx(0.02 + 0.5 * 0.24, abs=1e-6)
    assert terms["attributes"].item() == pytest.approx(0.24 + 0.3, abs=1e-6)
    loss.backward()
    torch.testing.assert_close(weights.grad, torch.tensor([2 * 0.25, -2 * 0.01]))


@pytest.mark.parametrize(
    ("term", "triplets", "message"),
    [
        ({"beside": "colour"}, TRIPLET, "beside 'colour', but the system's features are: global"),
        ({"heads": ["attributes"]}, TRIPLET, "names the head 'attributes'"),
        ({"beside": "global"}, TRIPLET, "has 'global' beside itself: take it out of heads, or leave out beside"),
        ({}, None, "needs triplets: sample by triplets"),
    ],
)
def test_what_is_missing_is_named(term: dict[str, object], triplets: torch.Tensor | None, message: str) -> None:
    output = PersonOutput({"global": FEATURES}, metric_features={"global": FEATURES})
    own = objective(term)
    with pytest.raises(ReseenError, match=message):  # `forward` looks for heads as `check` does, before the loss
        own(output, PersonBatch(torch.zeros(3, 3, 1, 1), triplets=triplets))
