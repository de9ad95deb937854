"""The learning rate as a pure function of time, so that a resumed run needs no scheduler state."""

from __future__ import annotations

import math

from reseen.training.recipe import ScheduleSection


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
