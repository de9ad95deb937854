"""Which parameters get which rate, and what goes on from the phase before."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reseen.errors import ReseenError
from reseen.training.loop.optimizer import build_optimizer, keep_state, state_by_name
from reseen.training.recipe import OptimizerSection


class Small(nn.Module):
    def __init__(self, width: int = 1) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
        self.head = nn.Linear(2, width)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.head(self.backbone(values))
        return out


def rates(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, float]:
    of = {id(parameter): group["base_lr"] for group in optimizer.param_groups for parameter in group["params"]}
    return {name: of[id(parameter)] for name, parameter in model.named_parameters() if name.endswith("weight")}


def test_the_innermost_part_that_is_named_gives_the_rate() -> None:
    model = Small()
    optimizer = build_optimizer(OptimizerSection(lr=0.1, lr_of={"backbone": 0.01, "backbone.1": 0.5}), model)
    assert rates(optimizer, model) == {"backbone.0.weight": 0.01, "backbone.1.weight": 0.5, "head.weight": 0.1}


def test_learnt_loss_weights_do_not_decay() -> None:
    weight = nn.Parameter(torch.zeros(()))
    optimizer = build_optimizer(OptimizerSection(lr=0.1, weight_decay=5e-4), Small(), [weight])
    decay = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert decay.pop(id(weight)) == 0
    assert set(decay.values()) == {5e-4}


def test_frozen_parameters_are_left_out() -> None:
    model = Small()
    model.backbone.requires_grad_(False)
    (group,) = build_optimizer(OptimizerSection(), model).param_groups
    assert {id(p) for p in group["params"]} == {id(p) for p in model.head.parameters()}
    model.requires_grad_(False)
    with pytest.raises(ReseenError, match="every parameter is frozen"):
        build_optimizer(OptimizerSection(), model)


def test_a_part_that_is_not_there_is_an_error() -> None:
    section = OptimizerSection(lr_of={"bakbone": 0.1})
    with pytest.raises(ReseenError, match="lr_of names 'bakbone', but the system has no such part; it has: back"):
        build_optimizer(section, Small())


def test_moments_go_over_where_name_and_shape_are_the_same() -> None:
    section = OptimizerSection(name="adam", lr=0.1)
    model = Small()
    optimizer = build_optimizer(section, model)
    model(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    before = state_by_name(optimizer, model)
    other = Small(width=2)  # its head has another shape
    new = build_optimizer(section, other)
    kept = keep_state(new, other, before)
    assert set(kept) == {name for name, _ in other.named_parameters() if name.startswith("backbone")}
    moment = new.state[other.backbone[0].weight]["exp_avg"]
    assert torch.equal(moment, optimizer.state[model.backbone[0].weight]["exp_avg"])
    assert other.head.weight not in new.state
