"""A trained pose network within a system: it gives the maps of the pictures that the system sees."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from reseen.data.images.transforms import IMAGENET_MEAN, IMAGENET_STD
from reseen.pose.maps import STRIDE, PoseMaps, margins
from reseen.pose.network import PoseNet, PoseNetConfig

_GREY = 0.5
"""Of the margin, as `NetworkJoints` has it."""


def with_margin(images: Tensor, config: PoseNetConfig) -> Tensor:
    """Returns normalised pictures (B, 3, H, W) as a pose network sees them: resized, with grey around them."""
    if tuple(images.shape[-2:]) != config.size:
        images = functional.interpolate(images, config.size, mode="bilinear", antialias=True)
    grey = (_GREY - images.new_tensor(IMAGENET_MEAN)) / images.new_tensor(IMAGENET_STD)
    down, right = margins(config.size, config.margin)
    grey = grey[:, None, None]
    return functional.pad(images - grey, (right, right, down, down)) + grey


def maps_within(network: PoseNet, images: Tensor) -> PoseMaps:
    """Returns the maps of pictures, without those of the margin around them, in float32.

    Args:
        network: The pose network.
        images: (B, 3, H, W), normalised as for ImageNet.

    Returns:
        (B, 19 and 38, h, w) in cells of 8 pixels of the network's size.
    """
    config = network.config
    confidence, affinity = network(with_margin(images, config))[-1]
    down, right = (pixels // STRIDE for pixels in margins(config.size, config.margin))
    inside = (..., slice(down, confidence.shape[-2] - down), slice(right, confidence.shape[-1] - right))
    return PoseMaps(confidence[inside].float(), affinity[inside].float())
