"""The optimiser of a phase: which parameters it trains, each part at its own rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.models.initial import part_of
from reseen.training.recipe import OptimizerSection


def build_optimizer(
    section: OptimizerSection, model: nn.Module, extra: Sequence[nn.Parameter] = ()
) -> torch.optim.Optimizer:
    """Returns the optimiser over everything that is not frozen.

    Each group carries ``base_lr``, which the schedule's factor multiplies.

    Args:
        section: Settings.
        model: The system, where it is trained; parameters below a part that ``lr_of`` names get its rate.
        extra: Parameters outside the system (learnt loss weights); without weight decay.

    Raises:
        ReseenError: If everything is frozen, or a part is not there.
    """
    groups: dict[float, list[nn.Parameter]] = {section.lr: []}
    for part in section.lr_of:
        part_of(model, part, "optimizer.lr_of")
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault(_rate(name, section), []).append(parameter)
    if not any(groups.values()):
        raise ReseenError("every parameter is frozen; shorten the phase's list `frozen`")
    settings = [_group(parameters, lr, section.weight_decay) for lr, parameters in groups.items()]
    settings.append(_group([p for p in extra if p.requires_grad], section.lr, 0.0))
    settings = [group for group in settings if group["params"]]
    # One pass over parameter, gradient and moments: a processor reads its memory once, a GPU starts one kernel.
    fused = next(model.parameters()).device.type in ("cuda", "cpu") or None
    if section.name == "sgd":
        return torch.optim.SGD(settings, lr=section.lr, momentum=section.momentum, fused=fused)
    if section.name == "adam":
        return torch.optim.Adam(settings, lr=section.lr, fused=fused)
    return torch.optim.AdamW(settings, lr=section.lr, fused=fused)


def keep_state(
    optimizer: torch.optim.Optimizer, model: nn.Module, before: Mapping[str, dict[str, Any]]
) -> tuple[str, ...]:
    """Gives parameters the moments that those of the same name and shape had.

    Args:
        optimizer: Of the new phase.
        model: Its system.
        before: What `state_by_name` returned for the phase before.

    Returns:
        The names of the parameters that got theirs.
    """
    kept = []
    for name, parameter in model.named_parameters():
        state = before.get(name)
        moments = [value for value in (state or {}).values() if isinstance(value, Tensor) and value.ndim]
        if state and parameter.requires_grad and all(value.shape == parameter.shape for value in moments):
            optimizer.state[parameter] = dict(state)
            kept.append(name)
    return tuple(kept)


def state_by_name(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, dict[str, Any]]:
    """Returns an optimiser's state of each parameter of a system, by its name."""
    return {name: optimizer.state[each] for name, each in model.named_parameters() if each in optimizer.state}


def _rate(name: str, section: OptimizerSection) -> float:
    """Returns the rate of the innermost part that is named."""
    parts = [part for part in section.lr_of if name.startswith(f"{part}.")]
    return section.lr_of[max(parts, key=len)] if parts else section.lr


def _group(parameters: list[nn.Parameter], lr: float, weight_decay: float) -> dict[str, Any]:
    return {"params": parameters, "lr": lr, "base_lr": lr, "weight_decay": weight_decay}
