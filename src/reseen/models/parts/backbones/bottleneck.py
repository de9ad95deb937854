"""The bottleneck block (He et al., CVPR 2016, fig. 5 right) with a way around that has no weights."""

from __future__ import annotations

from torch import Tensor, nn


class Bottleneck(nn.Module):
    """Convolutions 1×1, 3×3 and 1×1, and a way around them: the map itself, channels that it lacks being 0.

    Where the block halves the map, it does so by average pooling: after the 3×3 convolution, and on the way around.

    Args:
        in_channels: Of the map that comes in; no more than twice the width.
        width: w; the map that goes out has 2·w channels.
        halve: Whether to halve the map.
    """

    def __init__(self, in_channels: int, width: int, *, halve: bool = False) -> None:
        super().__init__()
        self.channels = 2 * width
        self.narrow = nn.Sequential(
            nn.Conv2d(in_channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )
        self.halving = nn.AvgPool2d(2, ceil_mode=True) if halve else nn.Identity()
        self.widen = nn.Sequential(nn.Conv2d(width, self.channels, 1, bias=False), nn.BatchNorm2d(self.channels))

    def forward(self, features: Tensor) -> Tensor:
        """Maps (B, Z, h, w) to (B, 2·w, h, w), or half as high and wide, rounded up."""
        changed: Tensor = self.widen(self.halving(self.narrow(features)))
        return (changed + with_channels(self.halving(features), self.channels)).relu()


def with_channels(features: Tensor, channels: int) -> Tensor:
    """Returns maps (B, Z, h, w) with further channels, which are 0 (He et al. 2016, section 3.3, option A)."""
    missing = channels - features.shape[1]
    return nn.functional.pad(features, (0, 0, 0, 0, 0, missing)) if missing else features
