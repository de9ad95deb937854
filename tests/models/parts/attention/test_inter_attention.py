"""Attention between the parts, by hand."""

from __future__ import annotations

import math

import torch

from reseen.models.parts.attention.inter_attention import InterAttention, of_equal_weight


def test_each_part_is_weighed_by_its_own_feature() -> None:
    inter = InterAttention(("head", "leg"), 2)
    inter.scores["head"].weight.data = torch.tensor([[math.log(3), 0.0]])
    inter.scores["head"].bias.data = torch.zeros(1)
    inter.scores["leg"].weight.data = torch.tensor([[0.0, 1.0]])
    inter.scores["leg"].bias.data = torch.tensor([-2.0])
    weights = inter({"head": torch.tensor([[1.0, 7.0], [-1.0, 7.0]]), "leg": torch.tensor([[9.0, 2.0], [9.0, 2.0]])})
    torch.testing.assert_close(weights["head"], torch.tensor([[0.75], [0.25]]))
    torch.testing.assert_close(weights["leg"], torch.tensor([[0.5], [0.5]]))


def test_whole_and_parts_have_the_same_weight() -> None:
    whole, parts = of_equal_weight(
        torch.tensor([[3.0, 4.0]]), {"head": torch.tensor([[1.0, 2.0]]), "leg": torch.tensor([[-4.0, 2.0]])}
    )
    torch.testing.assert_close(whole, torch.tensor([[0.6, 0.8]]))
    torch.testing.assert_close(parts["head"], torch.tensor([[0.2, 0.4]]))  # 1 + 4 + 16 + 4 = 25
    torch.testing.assert_close(parts["leg"], torch.tensor([[-0.8, 0.4]]))


def test_nothing_stays_nothing() -> None:
    whole, parts = of_equal_weight(torch.zeros(1, 2), {"head": torch.zeros(1, 2)})
    assert not whole.any()
    assert not parts["head"].any()
