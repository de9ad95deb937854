"""Means are over all steps, those before an interruption too."""

from __future__ import annotations

from dataclasses import asdict

import torch

from reseen.training.loop.tally import Tally


def test_means_are_over_all_steps() -> None:
    before = Tally()
    before.count({"loss": torch.tensor(1.0, requires_grad=True), "identity": torch.tensor(4.0)}, 8)
    before.count({"loss": torch.tensor(2.0), "identity": torch.tensor(0.0)}, 8)
    after = Tally(**asdict(before))
    after.count({"loss": torch.tensor(6.0), "identity": torch.tensor(2.0)}, 4)
    assert after.means() == {"loss": 3.0, "identity": 2.0}
    assert (after.steps, after.images) == (3, 20)
    assert before.means() == {"loss": 1.5, "identity": 2.0}
    assert not after.sums["loss"].requires_grad
