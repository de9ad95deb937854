"""The basic residual block (He et al., CVPR 2016, fig. 5 left)."""

from __future__ import annotations

from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions and a way around them; a 1×1 convolution on it where size or channels change.

    Args:
        in_channels: Of the map that comes in.
        channels: Of the one that goes out.
        stride: Of the first convolution: 2 halves the map.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, features: Tensor) -> Tensor:
        """Maps (B, Z, h, w) to (B, Z', h / stride, w / stride)."""
        changed: Tensor = self.convolutions(features) + self.shortcut(features)
        return changed.relu()
