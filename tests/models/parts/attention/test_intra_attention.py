"""Attention within a picture: values by hand, and what the decoder adds up."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from reseen.models.parts.attention.intra_attention import Decomposition, IntraAttention

SEEN = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [0.0, 1.0]]])[None]
"""A (1, 2, 2, 2), as the decoder gives it."""


class Given(nn.Module):
    """Gives the same map whatever it sees."""

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.values = values

    def forward(self, features: Tensor) -> Tensor:
        return self.values


def of(decomposition: Decomposition) -> IntraAttention:
    """Returns a path whose decoded map is `SEEN`, and whose 1×1 convolution is ((0.1, 0), (0.1, -0.2)) + (0, 1)."""
    attention = IntraAttention(2, 1, poolings=1, halves=True, decomposition=decomposition)
    attention.encoder = nn.ModuleList([Given(SEEN)])
    attention.score.weight.data = torch.tensor([[0.1, 0.0], [0.1, -0.2]])[..., None, None]
    attention.score.bias.data = torch.tensor([0.0, 1.0])
    return attention


def test_places_times_channels() -> None:
    attention = of("spatial_channel")
    nn.init.zeros_(attention.spatial.weight)
    attention.spatial.weight.data[0, :, 1, 1] = torch.tensor([1.0, 2.0])
    attention.spatial.bias.data.fill_(-1.0)  # S = A_0 + 2 A_1 - 1 = ((0, 3), (2, 5))
    attention.channel.weight.data = torch.tensor([[2.0, 0.0], [0.0, 2.0]])[..., None, None]
    attention.channel.bias.data = torch.tensor([0.0, 1.0])  # C = 2 · (2.5, 0.5) + (0, 1) = (5, 2)
    with torch.no_grad():
        scores = attention(torch.zeros(1, 2, 4, 4))
    # S·C = 5 S and 2 S; 0.1 · 5 S = 0.5 S; 0.1 · 5 S - 0.2 · 2 S + 1 = 0.1 S + 1.
    places = [[0, 3], [2, 5]]
    expected = [
        [[1 / (1 + math.exp(-(a * place + b))) for place in row] for row in places] for a, b in [(0.5, 0), (0.1, 1)]
    ]
    torch.testing.assert_close(scores, torch.tensor([expected]))


def test_without_decomposition_the_map_itself_is_scored() -> None:
    with torch.no_grad():
        scores = of("none")(torch.zeros(1, 2, 4, 4))
    # 0.1 · 4, and 0.1 · 4 - 0.2 · 1 + 1, in the last place.
    torch.testing.assert_close(scores[0, :, 1, 1], torch.tensor([0.4, 1.2]).sigmoid())


def test_decoder_adds_what_the_encoder_had_at_the_same_size() -> None:
    """Block 2: down twice, up once, since the block's output is half as large as its input."""
    attention = IntraAttention(2, 1, poolings=2, halves=True, decomposition="none")
    upper, lower = torch.rand(1, 2, 4, 4), torch.full((1, 2, 2, 2), 3.0)
    attention.encoder = nn.ModuleList([Given(upper), Given(lower)])
    torch.testing.assert_close(attention.decoded(torch.zeros(1, 2, 8, 8)), upper + 3)


def test_decoder_ends_with_the_input_where_the_output_is_as_large() -> None:
    """Block 4: down once, up once; channels that the input lacks get nothing added."""
    attention = IntraAttention(1, 1, poolings=1, halves=False, decomposition="none")
    attention.encoder = nn.ModuleList([Given(torch.full((1, 2, 2, 2), 3.0))])
    features = torch.rand(1, 1, 4, 4)
    torch.testing.assert_close(attention.decoded(features), torch.cat([features + 3, torch.full_like(features, 3)], 1))


@pytest.mark.parametrize(("poolings", "halves", "size"), [(2, True, (3, 2)), (1, True, (3, 2)), (1, False, (5, 4))])
def test_scores_are_as_large_as_the_blocks_output(poolings: int, halves: bool, size: tuple[int, int]) -> None:
    attention = IntraAttention(8, 8, poolings=poolings, halves=halves, decomposition="spatial_channel").eval()
    with torch.no_grad():
        scores = attention(torch.rand(2, 8, 5, 4))
    assert scores.shape == (2, 16, *size)
    assert ((scores > 0) & (scores < 1)).all()
