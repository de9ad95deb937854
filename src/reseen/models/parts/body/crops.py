"""From pictures and joints to crops of the body and its parts."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.pose.canonical import CanonicalPoses, default_poses
from reseen.pose.crops import crop
from reseen.pose.regions import REGIONS, region_boxes, strip_boxes


class BodyBoxes(nn.Module):
    """The boxes of whole body and parts: by joints, canonical poses supplying those that are missing.

    The canonical poses are stored with the weights, so that a checkpoint needs nothing else.

    Args:
        beta: Half the overlap of neighbours, as a share of the body's height.
    """

    centres: Tensor

    def __init__(self, beta: float) -> None:
        super().__init__()
        self.beta = beta
        self.register_buffer("centres", default_poses().centres)

    def take(self, poses: CanonicalPoses) -> None:
        """Goes by other canonical poses from now on, such as those of the data set that is trained on.

        Raises:
            ReseenError: If there are more or fewer of them, which a checkpoint could not hold.
        """
        if poses.centres.shape != self.centres.shape:
            raise ReseenError(f"there are {len(poses.centres)} canonical poses, not {len(self.centres)}; learn so many")
        self.centres.copy_(poses.centres)

    def forward(self, keypoints: Tensor, size: tuple[int, int]) -> Tensor:
        """Returns boxes (B, 5, 4) in pictures of a size (H, W); strips where too few joints (B, 18, 3) are known."""
        with torch.autocast(keypoints.device.type, enabled=False):
            completed = CanonicalPoses(self.centres).complete(keypoints.float())
            return region_boxes(completed, size, beta=self.beta)


def body_crops(images: Tensor, boxes: Tensor, *, whole: tuple[int, int], part: tuple[int, int]) -> Mapping[str, Tensor]:
    """Returns a crop (B, 3, h, w) of each of the five `REGIONS`.

    Args:
        images: (B, 3, H, W).
        boxes: (B, 5, 4).
        whole: (h, w) of the whole body's.
        part: (h, w) of each part's.
    """
    sizes = {region: whole if region == REGIONS[0] else part for region in REGIONS}
    return {
        region: crop(images, own, sizes[region]).contiguous(memory_format=torch.channels_last)
        for region, own in zip(REGIONS, boxes.unbind(1), strict=True)
    }


def strips(images: Tensor) -> Tensor:
    """Returns fixed boxes (B, 5, 4) of pictures (B, 3, H, W)."""
    return strip_boxes(images.shape[0], (images.shape[-2], images.shape[-1])).to(images.device)
