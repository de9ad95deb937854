"""Joints of the pictures a system is given: their own, or those that a pose network within the system finds."""

from __future__ import annotations

import torch
from torch import Tensor

from reseen.data.batch import PersonBatch
from reseen.data.images.keypoints import rescale
from reseen.data.skeleton import COCO18
from reseen.models.parts.body.pose_branch import resized
from reseen.pose.decoding import joints_in
from reseen.pose.maps import margins
from reseen.pose.network import PoseNet, PoseNetConfig


class FrozenPoseNet(PoseNet):
    """A pose network that is not trained any more.

    Args:
        config: Its configuration.
    """

    def __init__(self, config: PoseNetConfig) -> None:
        super().__init__(config)
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> FrozenPoseNet:
        """Stays in eval mode."""
        super().train(False)
        return self


@torch.no_grad()
def find_joints(network: PoseNet, images: Tensor) -> Tensor:
    """Returns the joints (B, 18, 3) of the person in each picture, in its pixels.

    Args:
        network: The pose network.
        images: (B, 3, H, W), normalised as for ImageNet.
    """
    config = network.config
    margin = margins(config.size, config.margin)
    found = joints_in(resized(images, config), margin, lambda shown: network(shown)[-1], normalized=True)
    return rescale(found, found.new_tensor(config.size), (images.shape[-2], images.shape[-1]))


def joints_of(batch: PersonBatch, network: PoseNet | None) -> Tensor:
    """Returns the joints (B, 18, 3) of a batch: its own, and the network's for pictures none of whose joints is known.

    Args:
        batch: The pictures.
        network: A pose network; without one, what is not known stays so: confidence 0.
    """
    if batch.keypoints is None:
        if network is None:
            return torch.zeros(batch.images.shape[0], len(COCO18), 3, device=batch.images.device)
        return find_joints(network, batch.images)
    unknown = (batch.keypoints[..., 2] == 0).all(1)  # (B,)
    if network is None or not bool(unknown.any()):
        return batch.keypoints
    keypoints = batch.keypoints.clone()
    keypoints[unknown] = find_joints(network, batch.images[unknown]).to(keypoints)
    return keypoints
