"""Learning-rate factors by hand."""

from __future__ import annotations

import math

import pytest

from reseen.training.loop.schedule import factor
from reseen.training.recipe import ScheduleSection


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
