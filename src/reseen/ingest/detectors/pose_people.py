"""Persons by their joints: a pose network sees those of everybody in a picture, and limbs tell whose each is.

Cao et al., "Realtime multi-person 2D pose estimation using part affinity fields", CVPR 2017, section 2.3: the skeleton
is a tree, and its limbs are matched one after the other.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch.nn import functional

from reseen.data.skeleton import COCO18
from reseen.ingest.people import People, Pixels
from reseen.pose.decoding import agreement, peaks
from reseen.pose.maps import JOINTS, STRIDE, PoseMaps, PoseNetwork

_HEIGHT, _WIDEST = 576, 4096
"""Pictures are brought to about this height, unless that makes them wider than this; the network finds persons of 60 to
500 pixels."""
_MOST = 32
"""Persons in a picture."""
_PEAK = 0.1
"""Least height of a joint's peak."""
_LIMB = 0.25
"""Least agreement of a limb's field with the line between two joints."""
_FEWEST = 5
"""Joints of a person."""
_SURE = 8.0
"""Confidence is 1 where the heights of a person's peaks add up to this: well seen from head to knees."""
_CROWN, _HEAD, _SOLE, _SIDE = 0.13, 0.24, 0.07, 0.07
"""What a body has beyond its joints, as shares of the height from the highest to the lowest one: above a joint of the
head, above the neck where no joint of the head is seen, below, beside."""
_OF_HEAD = [COCO18.joints.index(name) for name in ("nose", "right_eye", "left_eye", "right_ear", "left_ear")]
_NARROWEST = 0.3
"""Of its height, a box's width at least."""


class PosePeople:
    """Boxes around the joints that a pose network finds.

    Args:
        network: The network.
    """

    def __init__(self, network: PoseNetwork) -> None:
        self.name = f"{network.name} {_HEIGHT}"
        self._network = network

    @torch.inference_mode()
    def detect(self, picture: Pixels) -> People:
        height, width = picture.shape[:2]
        scale = min(_HEIGHT / height, _WIDEST / width)
        size = (max(1, round(height * scale / STRIDE)) * STRIDE, max(1, round(width * scale / STRIDE)) * STRIDE)
        pixels = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255
        resized = functional.interpolate(pixels, size, mode="bilinear", antialias=True, align_corners=False)
        joints = persons_of(self._network.maps(resized))
        joints[..., :2] = (joints[..., :2] + 0.5) * np.array([width / size[1], height / size[0]], np.float32)
        confidence = (joints[..., 2].sum(axis=1) / _SURE).clip(0, 1)
        return People.of([box_around(each) for each in joints], confidence).inside(picture).whole()


def persons_of(maps: PoseMaps) -> NDArray[np.float32]:
    """Returns the joints of everybody in one picture.

    Args:
        maps: Of a batch of one.

    Returns:
        (N, 18, 3) x, y in pixels of the picture the network saw, and the height of the peak; 0 where there is none.
    """
    confidence, affinity = (each.float() for each in maps)
    places, heights = peaks(confidence[:, :JOINTS], _MOST)
    there = (heights[0] >= _PEAK).numpy()
    links = [np.empty((0, 2), np.int64)]
    for start, end in COCO18.limbs:
        agrees = agreement(affinity, places, (start, end))[0].numpy()
        usable = (agrees >= _LIMB) & there[start][:, None] & there[end][None]
        rows, columns = linear_sum_assignment(np.where(usable, agrees, 0), maximize=True)
        kept = usable[rows, columns]
        links.append(np.stack([start * _MOST + rows[kept], end * _MOST + columns[kept]], axis=1))
    # Every limb joins a candidate with at most one other, and limbs form a tree: nobody gets a joint twice.
    ends = np.concatenate(links)
    count = JOINTS * _MOST
    _, owner = connected_components(coo_array((np.ones(len(ends)), ends.T), shape=(count, count)), directed=False)
    flat = np.concatenate([places[0].numpy() * STRIDE + (STRIDE - 1) / 2, heights[0].numpy()[..., None]], axis=-1)
    persons = []
    for number in np.unique(owner[ends[:, 0]]):
        person = np.zeros((JOINTS, 3), np.float32)
        for candidate in np.flatnonzero(owner == number):
            person[candidate // _MOST] = flat[candidate // _MOST, candidate % _MOST]
        if (person[:, 2] > 0).sum() >= _FEWEST:
            persons.append(person)
    return np.stack(persons) if persons else np.empty((0, JOINTS, 3), np.float32)


def box_around(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the box (4,) of the body that joints (18, 3) lie in."""
    seen = joints[joints[:, 2] > 0, :2]
    (left, top), (right, bottom) = seen.min(axis=0), seen.max(axis=0)
    height = max(bottom - top, 1.0)
    above = _CROWN if (joints[_OF_HEAD, 2] > 0).any() else _HEAD
    top, bottom = top - above * height, bottom + _SOLE * height
    left, right = left - _SIDE * height, right + _SIDE * height
    lacking = max(0.0, _NARROWEST * (bottom - top) - (right - left)) / 2
    return np.array([left - lacking, top, right + lacking, bottom], np.float32)
