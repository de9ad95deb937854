"""The learning rate as a pure function of time, so that a resumed run needs no scheduler state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from reseen.errors import ReseenError
from reseen.training.recipe import OptimizerSection, ScheduleSection


def factor(schedule: ScheduleSection, epoch: float, epochs: int) -> float:
    """Returns the factor on the learning rate at a fractional epoch of a phase of ``epochs`` epochs."""
    if epoch < schedule.warmup:
        return schedule.warmup_from + (1 - schedule.warmup_from) * epoch / schedule.warmup
    if schedule.name == "step":
        return schedule.gamma ** sum(epoch >= milestone for milestone in schedule.milestones)
    start = max(schedule.start, schedule.warmup)
    if schedule.name == "constant" or epoch < start or epochs <= start:
        return 1.0
    progress = min(1.0, (epoch - start) / (epochs - start))
    if schedule.name == "exponential":
        return float(schedule.final**progress)
    return schedule.final + (1 - schedule.final) * (1 + math.cos(math.pi * progress)) / 2


def build_optimizer(
    section: OptimizerSection, model: nn.Module, extra: Sequence[nn.Parameter] = ()
) -> torch.optim.Optimizer:
    """Returns the optimiser over everything that is not frozen.

    Each group carries ``base_lr``, which the schedule's factor multiplies.

    Args:
        section: Settings.
        model: The system; parameters below ``model.backbone`` get ``backbone_lr``.
        extra: Parameters outside the system (learnt loss weights); without weight decay.

    Raises:
        ReseenError: If a backbone learning rate is set but the system has no backbone.
    """
    backbone = {id(parameter) for parameter in getattr(model, "backbone", nn.Module()).parameters()}
    if section.backbone_lr is not None and not backbone:
        raise ReseenError("optimizer.backbone_lr is set, but this system has no backbone; leave it out")
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trained:
        raise ReseenError("every parameter is frozen; shorten the phase's list `frozen`")
    groups = [
        _group([p for p in trained if id(p) not in backbone], section.lr, section.weight_decay),
        _group([p for p in trained if id(p) in backbone], section.backbone_lr or section.lr, section.weight_decay),
        _group([p for p in extra if p.requires_grad], section.lr, 0.0),
    ]
    groups = [group for group in groups if group["params"]]
    if section.name == "sgd":
        return torch.optim.SGD(groups, lr=section.lr, momentum=section.momentum)
    if section.name == "adam":
        return torch.optim.Adam(groups, lr=section.lr)
    return torch.optim.AdamW(groups, lr=section.lr)


def _group(parameters: list[nn.Parameter], lr: float, weight_decay: float) -> dict[str, Any]:
    return {"params": parameters, "lr": lr, "base_lr": lr, "weight_decay": weight_decay}
