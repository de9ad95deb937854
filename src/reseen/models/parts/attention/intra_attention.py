"""Attention within a picture (Yang et al. 2019, section 3.3): where to look, and for which patterns."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from reseen.models.parts.backbones.bottleneck import Bottleneck, with_channels

Decomposition = Literal["spatial_channel", "none"]


class IntraAttention(nn.Module):
    """The attention path of a block: an encoder and decoder, then the scores m (equations 4 and 6).

    The encoder halves the block's input by max pooling and a residual unit, so many times; the decoder goes up again to
    the size of the block's output, adding what the encoder had at the same size.

    Args:
        in_channels: Of the block's input v.
        width: Of the block's bottlenecks; its output a has 2·width channels.
        poolings: How often the encoder halves.
        halves: Whether the block's output is half as large as its input.
        decomposition: ``spatial_channel``: one score for each place times one for each channel, mixed by a 1×1
            convolution. ``none``: the 1×1 convolution works on the decoder's map itself.
    """

    def __init__(
        self, in_channels: int, width: int, *, poolings: int, halves: bool, decomposition: Decomposition
    ) -> None:
        super().__init__()
        self.channels = 2 * width
        inputs = [in_channels, *[self.channels] * (poolings - 1)]
        self.encoder = nn.ModuleList(
            [nn.Sequential(nn.MaxPool2d(2, ceil_mode=True), Bottleneck(own, width)) for own in inputs]
        )
        self.ups = poolings - halves
        self.spatial: nn.Conv2d | None = None
        if decomposition == "spatial_channel":
            self.spatial = nn.Conv2d(self.channels, 1, 3, padding=1)
            self.channel = nn.Conv2d(self.channels, self.channels, 1)
        self.score = nn.Conv2d(self.channels, self.channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Maps v (B, Z, h, w) to m (B, 2·width, h', w') in (0, 1), as large as a."""
        seen = self.decoded(features)
        if self.spatial is not None:
            places = self.spatial(seen)  # S, (B, 1, h', w')
            patterns = self.channel(seen.mean((2, 3), keepdim=True))  # C, (B, 2·width, 1, 1)
            seen = places * patterns
        scores: Tensor = self.score(seen)
        return scores.sigmoid()

    def decoded(self, features: Tensor) -> Tensor:
        """Returns A (B, 2·width, h', w')."""
        levels = [features]
        for level in self.encoder:
            levels.append(level(levels[-1]))
        seen = levels.pop()
        for _ in range(self.ups):
            same = levels.pop()
            seen = nn.functional.interpolate(seen, same.shape[-2:], mode="bilinear", align_corners=False)
            seen = seen + with_channels(same, self.channels)
        return seen
