"""Canonical poses: what persons in front of surveillance cameras look like, to supply joints nobody found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reseen.data.person import PersonImage
from reseen.data.skeleton import COCO18
from reseen.errors import ReseenError, one_line
from reseen.files import replacing

USABLE = 0.1
"""Least confidence of a joint that is gone by."""
CENTRES = 16
_LEAST = 4
"""A pose is fitted to no fewer joints."""
_WELL_SEEN = 12
"""Joints of a pose that others are learnt from; a person seen from behind has no face."""


@dataclass(frozen=True, eq=False)
class CanonicalPoses:
    """Typical poses, in a size of their own.

    Attributes:
        centres: (K, 18, 2) x, y: the joints' mean is 0 and their mean square distance from it 1.
        origin: What they were learnt from, in words.
    """

    centres: Tensor
    origin: str = ""

    def complete(self, keypoints: Tensor) -> Tensor:
        """Returns keypoints (B, 18, 3) in which no joint is missing.

        The nearest pose under the usable joints, each pose fitted to them by scale and shift, supplies the others;
        these get the confidence `USABLE`. Where fewer than four joints are usable, or all lie in one place, nothing
        is known of the person and nothing is changed.
        """
        points = keypoints[..., :2].float()  # (B, 18, 2)
        seen = (keypoints[..., 2] >= USABLE).float()[..., None]  # (B, 18, 1)
        count = seen.sum(1).clamp(min=1)  # (B, 1)
        centres = self.centres.to(points)
        middle = (points * seen).sum(1) / count  # (B, 2)
        offsets = (points - middle[:, None]) * seen
        middles = torch.einsum("kjc,bj->bkc", centres, seen[..., 0]) / count[:, None]  # (B, K, 2)
        poses = centres - middles[:, :, None]  # (B, K, 18, 2)
        spread = (poses.square() * seen[:, None]).sum((2, 3))  # (B, K)
        shared = (poses * offsets[:, None]).sum((2, 3))
        scale = (shared / spread.clamp(min=1e-9)).clamp(min=0)  # least squares; a pose never stands on its head
        fitted = poses * scale[..., None, None]
        nearest = ((fitted - offsets[:, None]).square() * seen[:, None]).sum((2, 3)).argmin(1)
        rows = torch.arange(points.shape[0], device=points.device)
        supplied = fitted[rows, nearest] + middle[:, None]
        known = (seen.sum((1, 2)) >= _LEAST) & (scale[rows, nearest] > 0)  # (B,)
        fill = known[:, None] & (seen[..., 0] == 0)
        confidence = keypoints[..., 2].masked_fill(fill, USABLE)
        return torch.cat([points.where(~fill[..., None], supplied), confidence[..., None]], -1)

    def save(self, path: Path) -> None:
        """Writes a JSON file."""
        centres = [[[round(float(value), 4) for value in joint] for joint in pose] for pose in self.centres]
        lines = ",\n".join(f"  {json.dumps(pose)}" for pose in centres)
        head = json.dumps({"skeleton": COCO18.name, "origin": self.origin})[1:-1]
        with replacing(path) as partial:
            partial.write_text(f'{{{head}, "centres": [\n{lines}\n]}}\n', encoding="utf-8")


def learn_poses(
    keypoints: NDArray[np.float32], *, count: int = CENTRES, origin: str = "", seed: int = 0
) -> CanonicalPoses:
    """Returns the canonical poses of a training set: k-means over its well-detected, size-normalised poses.

    Args:
        keypoints: (N, 18, 3); those with fewer than twelve usable joints are left out. What the others lack is
            supplied by the poses that come with this package.
        count: How many.
        origin: What they are learnt from, in words.
        seed: Of the k-means.

    Raises:
        ReseenError: If there are fewer well-detected poses than canonical ones are asked for.
    """
    from scipy.cluster.vq import kmeans2

    well = keypoints[(keypoints[..., 2] >= USABLE).sum(1) >= _WELL_SEEN]
    if len(well) < count:
        raise ReseenError(
            f"{len(well):,} of {len(keypoints):,} images have {_WELL_SEEN} joints or more, too few for {count} "
            "canonical poses: give joints of more images"
        )
    points = torch.from_numpy(well)
    if (points[..., 2] < USABLE).any():
        points = default_poses().complete(points)
    poses = normalised(points[..., :2]).double().flatten(1).numpy()
    centres, _ = kmeans2(poses, count, minit="++", seed=seed)
    return CanonicalPoses(normalised(torch.from_numpy(centres).float().view(-1, len(COCO18), 2)), origin)


def points_of(images: Sequence[PersonImage]) -> NDArray[np.float32]:
    """Returns the joints (N, 18, 3) of the images that have some, each in its own pixels."""
    points = [image.keypoints for image in images if image.keypoints is not None]
    return np.array(points, np.float32).reshape(-1, len(COCO18), 3)


def normalised(points: Tensor) -> Tensor:
    """Returns poses (N, 18, 2) with mean 0 and mean square distance 1."""
    offsets = points - points.mean(1, keepdim=True)
    return offsets / offsets.square().sum(2).mean(1).sqrt().clamp(min=1e-9)[:, None, None]


def default_poses() -> CanonicalPoses:
    """Returns the poses that come with this package, learnt from rendered persons."""
    return _parse(resources.files("reseen.pose").joinpath("canonical_poses.json").read_text(encoding="utf-8"))


def load_poses(path: Path) -> CanonicalPoses:
    """Reads what `CanonicalPoses.save` wrote.

    Raises:
        ReseenError: If the file is missing or holds something else.
    """
    try:
        return _parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReseenError(f"cannot read canonical poses from {path}: {one_line(error)}") from error


def _parse(text: str) -> CanonicalPoses:
    content = json.loads(text)
    centres = torch.tensor(content["centres"], dtype=torch.float32)
    if content["skeleton"] != COCO18.name or centres.ndim != 3 or centres.shape[1:] != (len(COCO18), 2):
        raise ValueError(f"they are not of the {len(COCO18)} joints of {COCO18.name}")
    return CanonicalPoses(centres, content["origin"])
