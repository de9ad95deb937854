"""A trained pose network within a system: it gives the maps of the pictures that the system sees."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from reseen.pose.maps import STRIDE, PoseMaps, margins, with_margin
from reseen.pose.network import PoseNet, PoseNetConfig


def resized(images: Tensor, config: PoseNetConfig) -> Tensor:
    """Returns pictures (B, 3, H, W) in the size, without margin, that a pose network takes."""
    if tuple(images.shape[-2:]) == config.size:
        return images
    return functional.interpolate(images, config.size, mode="bilinear", antialias=True)


def maps_within(network: PoseNet, images: Tensor) -> PoseMaps:
    """Returns the maps of pictures, without those of the margin around them, in float32.

    Args:
        network: The pose network.
        images: (B, 3, H, W), normalised as for ImageNet.

    Returns:
        (B, 19 and 38, h, w) in cells of 8 pixels of the network's size.
    """
    config = network.config
    margin = margins(config.size, config.margin)
    confidence, affinity = network(with_margin(resized(images, config), margin, normalized=True))[-1]
    down, right = (pixels // STRIDE for pixels in margin)
    inside = (..., slice(down, confidence.shape[-2] - down), slice(right, confidence.shape[-1] - right))
    return PoseMaps(confidence[inside].float(), affinity[inside].float())
