"""The training set: opened as the recipe says, then in memory as pixels and labels, gathered by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reseen.data import open_split
from reseen.data.annotations.joints_file import attach_joints_file
from reseen.data.attribute_forms import convert, convert_labels
from reseen.data.attributes import AttributeSchema
from reseen.data.images.cache import CachedImages
from reseen.data.images.keypoints import keypoints_of
from reseen.data.images.resident import resident, sent
from reseen.data.person import NO_LABEL, UNKNOWN_CAMERA, UNKNOWN_PID, PersonImage, Split, sorted_label_map
from reseen.data.sets import rendered
from reseen.data.validation import hold_out
from reseen.errors import ReseenError
from reseen.training.recipe import DataSection, SourceSection


def open_data(data: DataSection, *, announced: bool = False) -> Split:
    """Reads a recipe's data set, with the training images of its extra sources among its own.

    Persons that are held back for validation are not in it; `open_validation` has them. Persons and cameras of an extra
    source get numbers that nobody else has. Its labels are taken over where both data sets have an attribute and class
    of the same name; what has none is unknown. Queries and gallery stay as they are.

    Args:
        data: The recipe's section.
        announced: Whether rendered data that is not there yet is taken as it will be.

    Raises:
        ReseenError: If a root is missing, or a source cannot be read or has no training images.
    """
    split = _open(data, announced)
    if data.validation is not None:
        split, _ = hold_out(split, data.validation.share, data.validation.seed)
    for source in data.extra:
        split = _enlarge(split, _open(source, announced))
    return split


def open_validation(data: DataSection) -> Split | None:
    """Returns the persons that a recipe's data set holds back, as queries and gallery; None if it holds back none.

    Raises:
        ReseenError: As `open_data`.
    """
    return None if data.validation is None else hold_out(_open(data), data.validation.share, data.validation.seed)[1]


def _open(source: SourceSection, announced: bool = False) -> Split:
    if announced and source.render is not None and source.root == rendered.cached(source.render):
        return rendered.announced(source.render)
    if source.root is None:
        raise ReseenError(f"no folder for data set {source.name!r}: give --data DIR or set RESEEN_DATA")
    split = open_split(source.name, source.root, **source.options)
    return split if source.joints is None else attach_joints_file(split, source.joints)


def _enlarge(split: Split, other: Split) -> Split:
    if not other.train:
        raise ReseenError(f"data.extra: {other.name} has no training images to add")
    own = [image for part in split.parts().values() for image in part]
    pids = _numbered({image.pid for image in other.train if image.pid > 0}, above={image.pid for image in own})
    cameras = {image.camid for image in other.train} - {UNKNOWN_CAMERA}
    camids = _numbered(cameras, above={image.camid for image in own})
    labels: list[dict[str, int]] = [{} for _ in other.train]
    if split.schema is not None and other.schema is not None:
        labels = convert_labels([image.attributes for image in other.train], other.schema, split.schema)
    added = tuple(
        replace(
            image,
            pid=pids.get(image.pid, UNKNOWN_PID),
            camid=camids.get(image.camid, UNKNOWN_CAMERA),
            attributes=own,
        )
        for image, own in zip(other.train, labels, strict=True)
    )
    note = f"training set enlarged by {len(added):,} images of {len(pids):,} persons of {other.name}. {other.terms}"
    return replace(split, train=split.train + added, notes=(*split.notes, note.rstrip()))


def _numbered(numbers: set[int], *, above: set[int]) -> dict[int, int]:
    """Returns new numbers in the same order."""
    first = max(above, default=0) + 1
    return {number: first + row for row, number in enumerate(sorted(numbers))}


def _labels(images: Sequence[PersonImage], split: Split, schema: AttributeSchema) -> NDArray[np.int64]:
    """Returns the attributes (N, L) in the form that is to be learnt."""
    own = split.schema or schema
    labels = own.encode([image.attributes for image in images])
    return labels if own == schema else convert(labels, own, schema)


class TrainingImages:
    """Pixels and labels of N images.

    Args:
        cached: The decoded images.
        split: The data set they are of: its persons are the classes.
        schema: The attributes to learn, in the form in which the system learns them; None for none.

    Attributes:
        labels: (N,) 0…C-1 in ascending order of person id, ``NO_LABEL`` for unknown persons.
        label_of: Label by person id.
        keypoints: (N, 18, 3) x, y in the decoded pixels and confidence, or None if no image has joints.
        given: (N, ...) what of a system's output training never changes, by name; see `reseen.training.beforehand`.
        taught: (N, ...) what a teacher has told of the pictures, by name; see there.
    """

    def __init__(self, cached: CachedImages, split: Split, schema: AttributeSchema | None) -> None:
        self.cached, self.schema = cached, schema
        self.label_of = sorted_label_map(split.train)
        self.labels = torch.tensor(
            [self.label_of.get(image.pid, NO_LABEL) for image in cached.images], dtype=torch.int64
        )
        self.camids = torch.tensor([image.camid for image in cached.images])
        self.attributes = None if schema is None else torch.from_numpy(_labels(cached.images, split, schema))
        self.keypoints = keypoints_of(cached.images, cached.sizes, (cached.pixels.shape[1], cached.pixels.shape[2]))
        self.given: dict[str, Tensor] = {}
        self.taught: dict[str, Tensor] = {}
        self._resident: Tensor | None = None  # (N, H, W, 3) uint8

    def __len__(self) -> int:
        return len(self.cached.images)

    def reside_on(self, device: torch.device, *, pixels: bool) -> bool:
        """Copies everything to a device once, so that batches are gathered there.

        Args:
            device: Where to.
            pixels: Whether the pixels go too, if a GPU has room for them.

        Returns:
            Whether the pixels lie there now; else those of each batch are sent to it.
        """
        self.labels, self.camids = self.labels.to(device), self.camids.to(device)
        self.attributes = None if self.attributes is None else self.attributes.to(device)
        self.keypoints = None if self.keypoints is None else self.keypoints.to(device)
        self.given = {name: values.to(device) for name, values in self.given.items()}
        self.taught = {name: values.to(device) for name, values in self.taught.items()}
        self._resident = resident(self.cached.pixels, device) if pixels else None
        return self._resident is not None

    def index(self, rows: Sequence[int]) -> Tensor:
        """Returns rows (B,) as an index where the labels lie."""
        return sent(torch.tensor(rows), self.labels.device)

    def pixels(self, rows: Sequence[int], device: torch.device) -> Tensor:
        """Returns uint8 pixels (B, H, W, 3) on the device."""
        if self._resident is not None:
            return self._resident[self.index(rows)]
        return sent(torch.from_numpy(self.cached.pixels[np.asarray(rows)]), device)
