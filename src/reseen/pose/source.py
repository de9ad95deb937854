"""Where joints come from: a file, a data set's own, or a network that looks at the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reseen.data.annotations.joints_file import attach_named_joints, place_of, read_joints
from reseen.data.images.decoding import decode
from reseen.data.images.keypoints import rescale
from reseen.data.images.size import Size
from reseen.data.images.transforms import to_float
from reseen.data.person import PersonImage, Split
from reseen.errors import ReseenError
from reseen.pose.coco import read_coco
from reseen.pose.decoding import joints_in
from reseen.pose.kinds import KINDS, OWN, check_source
from reseen.pose.maps import PoseNetwork, margins
from reseen.pose.network import load_pose_net
from reseen.pose.openvino_network import OpenVinoNetwork

Points = NDArray[np.float32]


class PoseSource(Protocol):
    """Gives the joints of the person in each image."""

    @property
    def name(self) -> str:
        """Tells this source from others, in the files of joints it makes."""

    def joints(self, images: Sequence[PersonImage]) -> Points:
        """Returns the joints (B, 18, 3) of B images: x, y in pixels of each image, and confidence.

        Raises:
            ReseenError: If an image cannot be decoded, or the source knows nothing of it.
        """


class OwnJoints:
    """The joints that images already have: a data set's published ones, or a rendered set's truth."""

    name = OWN

    def joints(self, images: Sequence[PersonImage]) -> Points:
        points = [image.keypoints for image in images if image.keypoints is not None]
        if len(points) < len(images):
            missing = next(image for image in images if image.keypoints is None)
            raise ReseenError(f"{missing.name} has no joints of its own; name another source")
        return np.stack(points).astype(np.float32)


class FileJoints:
    """Joints from a file of them (Parquet) or COCO's person keypoints (JSON), of the images of one data set.

    Args:
        path: The file.
        split: The data set, whose images are found in it.

    Raises:
        ReseenError: If the file cannot be read or lacks an image.
    """

    def __init__(self, path: Path, split: Split) -> None:
        joints = read_coco(path).joints() if path.suffix == ".json" else read_joints(path)
        attached = attach_named_joints(split, joints, path)
        images = [image for part in attached.parts().values() for image in part]
        self.name = str(path)
        self._images = {place_of(image): image for image in images}

    def joints(self, images: Sequence[PersonImage]) -> Points:
        return OwnJoints().joints([self._images[place_of(image)] for image in images])


class NetworkJoints:
    """What a pose network finds in the pictures.

    Pictures are stretched to one size, whatever shape they have, and get a grey margin: joints near the edge of a tight
    crop are found better with something around them.

    Args:
        network: The network.
        size: (H, W) pictures are resized to, without margin; multiples of 8.
        margin: Of each side, as a share of the size.
    """

    def __init__(self, network: PoseNetwork, *, size: Size = (192, 96), margin: float = 0.25) -> None:
        self.network, self.size = network, size
        self.name = f"{network.name} {size[0]}x{size[1]}+{margin:g}"
        self._margin = margins(size, margin)

    def joints(self, images: Sequence[PersonImage]) -> Points:
        pixels, sizes = zip(*(decode(image, self.size) for image in images), strict=True)
        found = self.find(torch.from_numpy(np.stack(pixels)))
        old = torch.tensor(self.size)
        # Pictures of a data set may have sizes of their own.
        own = [rescale(points, old, size) for points, size in zip(found, sizes, strict=True)]
        result: Points = torch.stack(own).cpu().numpy()
        return result

    @torch.inference_mode()
    def find(self, pixels: Tensor) -> Tensor:
        """Returns the joints (B, 18, 3) in pictures (B, H, W, 3) uint8 of this source's size."""
        pictures = to_float(pixels, self.size)
        return joints_in(pictures, self._margin, lambda shown: self.network.maps(shown.contiguous()))


def open_source(wanted: str, split: Split, device: torch.device | None = None) -> PoseSource:
    """Returns the source that a user names.

    Args:
        wanted: ``own``; a file of joints (``.parquet``) or of COCO's person keypoints (``.json``); a network in
            OpenVINO's format (``.xml``); the folder of a pose network trained here; or ``pose-net`` in the package.
        split: The data set it is for.
        device: Where a pose network trained here runs; OpenVINO's run on the CPU.

    Raises:
        ReseenError: If there is no such source.
    """
    if wanted == OWN:
        return OwnJoints()
    path = check_source(wanted)
    if path.suffix in (".parquet", ".json"):
        return FileJoints(path, split)
    if path.suffix == ".xml":
        return NetworkJoints(OpenVinoNetwork(path))
    if path.is_dir():
        network = load_pose_net(path).to(device or "cpu")
        return NetworkJoints(network, size=network.config.size, margin=network.config.margin)
    raise ReseenError(f"{wanted} is no pose source; {KINDS}")
