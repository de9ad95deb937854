"""Attention maps lie where their crops are."""

from __future__ import annotations

import torch

from reseen.models.parts.attention.attention_maps import attention_maps
from reseen.pose.regions import REGIONS


def test_scores_lie_in_their_boxes_and_overlaps_are_means() -> None:
    """A picture of 32×16 is drawn at 8×4 cells; head and upper body overlap in rows 2 and 3."""
    boxes = torch.tensor([[[0, 0, 16, 32], [0, 0, 16, 16], [4, 8, 16, 24], [0, 24, 16, 28], [0, 28, 16, 32]]]) - 0.5
    scores = {
        region: [torch.full((1, 5, 4, 4), value)]
        for region, value in zip(REGIONS, [0.5, 0.2, 0.6, 0.4, 1.0], strict=True)
    }
    scores["whole"][0][:, :, 3] = 0.9  # the lowest quarter
    maps = attention_maps(scores, boxes, (32, 16))
    assert list(maps) == ["whole/block 2", "parts/block 2"]
    whole, parts = (values[0] for values in maps.values())
    assert whole.shape == (8, 4)
    assert (whole[:5] == 0).all()  # the lowest score
    torch.testing.assert_close(whole[7], torch.ones(4))
    expected = (torch.tensor([0.2, 0.4, 0.6, 0.4, 1.0]) - 0.2) / 0.8
    torch.testing.assert_close(parts[[0, 2, 5, 6, 7], 1], expected)
    assert parts[5, 0] == 0  # beside the upper body's box


def test_every_block_has_its_maps() -> None:
    scores = {region: [torch.rand(2, 3, 4, 2), torch.rand(2, 6, 2, 1)] for region in REGIONS}
    boxes = torch.tensor([0.0, 0.0, 15.0, 31.0]).expand(2, 5, 4)
    maps = attention_maps(scores, boxes, (32, 16))
    assert list(maps) == ["whole/block 2", "whole/block 3", "parts/block 2", "parts/block 3"]
    assert all(((values >= 0) & (values <= 1)).all() for values in maps.values())
