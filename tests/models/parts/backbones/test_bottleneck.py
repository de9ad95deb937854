"""The bottleneck with a way around that has no weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reseen.models.parts.backbones.bottleneck import Bottleneck, with_channels


def silent(block: Bottleneck) -> Bottleneck:
    """Lets the convolutions add nothing."""
    nn.init.zeros_(block.widen[1].weight)
    return block.eval()


def test_around_the_convolutions_goes_the_map_itself() -> None:
    features = torch.rand(2, 3, 4, 4)
    out = silent(Bottleneck(3, 2))(features)
    torch.testing.assert_close(out[:, :3], features)
    assert not out[:, 3].any()


def test_halving_takes_the_mean_of_four_cells() -> None:
    features = torch.arange(12.0).view(1, 1, 3, 4)
    out = silent(Bottleneck(1, 1, halve=True))(features)
    torch.testing.assert_close(out[0, 0], torch.tensor([[2.5, 4.5], [8.5, 10.5]]))  # of the odd row there are two


@pytest.mark.parametrize(("halve", "size"), [(False, (6, 4)), (True, (3, 2))])
def test_sizes_and_number_of_weights(halve: bool, size: tuple[int, int]) -> None:
    block = Bottleneck(8, 16, halve=halve)
    assert block(torch.rand(2, 8, 6, 4)).shape == (2, 32, *size)
    convolutions = 8 * 16 + 9 * 16 * 16 + 16 * 32
    assert sum(parameter.numel() for parameter in block.parameters()) == convolutions + 2 * (16 + 16 + 32)


def test_as_many_channels_change_nothing() -> None:
    features = torch.rand(1, 4, 2, 2)
    assert with_channels(features, 4) is features
