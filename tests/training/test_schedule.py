"""Learning-rate factors by hand, and which parameters get which rate."""

from __future__ import annotations

import math

import pytest
from torch import nn

from reseen.errors import ReseenError
from reseen.training.recipe import OptimizerSection, ScheduleSection
from reseen.training.schedule import build_optimizer, factor


@pytest.mark.parametrize(
    ("schedule", "epoch", "expected"),
    [
        ({"name": "constant"}, 3.5, 1.0),
        ({"name": "constant", "warmup": 2}, 0.0, 0.1),
        ({"name": "constant", "warmup": 2}, 1.0, 0.55),
        ({"name": "constant", "warmup": 2}, 2.0, 1.0),
        ({"name": "step", "milestones": (4, 6)}, 3.99, 1.0),
        ({"name": "step", "milestones": (4, 6)}, 4.0, 0.1),
        ({"name": "step", "milestones": (4, 6)}, 6.0, 0.01),
        ({"name": "cosine", "final": 0.0}, 0.0, 1.0),
        ({"name": "cosine", "final": 0.0}, 5.0, 0.5),
        ({"name": "cosine", "final": 0.1}, 10.0, 0.1),
        ({"name": "cosine", "final": 0.0, "start": 4}, 3.0, 1.0),
        ({"name": "cosine", "final": 0.0, "warmup": 2}, 6.0, 0.5),
        ({"name": "exponential", "start": 5, "final": 0.001}, 5.0, 1.0),
        ({"name": "exponential", "start": 5, "final": 0.01}, 7.5, 0.1),
        ({"name": "exponential", "start": 5, "final": 0.001}, 10.0, 0.001),
    ],
)
def test_factor(schedule: dict[str, object], epoch: float, expected: float) -> None:
    assert math.isclose(factor(ScheduleSection.model_validate(schedule), epoch, epochs=10), expected, rel_tol=1e-9)


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Linear(3, 2)
        self.head = nn.Linear(2, 1)


def test_backbone_has_its_own_rate_and_loss_weights_no_decay() -> None:
    model, weight = Small(), nn.Parameter(nn.Linear(1, 1).weight.detach())
    optimizer = build_optimizer(OptimizerSection(lr=0.1, backbone_lr=0.01, weight_decay=5e-4), model, [weight])
    head, backbone, extra = optimizer.param_groups
    assert {id(p) for p in head["params"]} == {id(p) for p in model.head.parameters()}
    assert {id(p) for p in backbone["params"]} == {id(p) for p in model.backbone.parameters()}
    assert [group["base_lr"] for group in (head, backbone, extra)] == [0.1, 0.01, 0.1]
    assert [group["weight_decay"] for group in (head, backbone, extra)] == [5e-4, 5e-4, 0.0]


def test_frozen_parameters_are_left_out() -> None:
    model = Small()
    model.backbone.requires_grad_(False)
    assert len(build_optimizer(OptimizerSection(), model).param_groups) == 1
    model.requires_grad_(False)
    with pytest.raises(ReseenError, match="every parameter is frozen"):
        build_optimizer(OptimizerSection(), model)


def test_backbone_rate_without_a_backbone_is_an_error() -> None:
    with pytest.raises(ReseenError, match="no backbone"):
        build_optimizer(OptimizerSection(backbone_lr=0.1), nn.Linear(1, 1))
