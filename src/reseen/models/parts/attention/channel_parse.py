"""Channel parse block (LRDNN, section 3.4): which channels of a picture's pose maps are to be relied on."""

from __future__ import annotations

from torch import Tensor, nn

REDUCTION = 4
"""By how much the channels are fewer in between."""


class ChannelParseBlock(nn.Module):
    """Squeeze and excitation (Hu et al., CVPR 2018) whose linear layers are 1x1 convolutions (figure 5).

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        between = max(1, channels // REDUCTION)
        self.weigh = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, between, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(between, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the weighted maps (B, C, h, w) and the weights (B, C), in (0, 1), of each picture."""
        weights = self.weigh(maps)  # (B, C, 1, 1)
        return maps * weights, weights[..., 0, 0]
