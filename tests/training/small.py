"""The smallest things that train: a system of a few weights, and a training set made of arrays, without any file."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reseen.data.attributes import AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.data.images.cache import CachedImages
from reseen.data.person import PersonImage, Split
from reseen.losses.objective import Objective
from reseen.models.output import PersonOutput
from reseen.training.images import TrainingImages
from reseen.training.loop.step import Step
from reseen.training.recipe import PhaseSection


class Tiny(nn.Module):
    """A system that sees the mean colour of a picture alone; it keeps the batches it was given.

    Args:
        config: A baseline's configuration, in whose place it can be built, or anything with these two.
    """

    def __init__(self, config: Any = None) -> None:
        super().__init__()
        self.config = config or SimpleNamespace(num_identities=2, dim=None)
        dim = self.config.dim or 4
        self.backbone = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        self.reduce = nn.Linear(4, dim)
        self.classifier = nn.Linear(dim, self.config.num_identities)
        self.seen: list[tuple[bool, PersonBatch]] = []

    def forward(self, batch: PersonBatch) -> PersonOutput:
        self.seen.append((self.training, batch))
        feature = self.reduce(self.backbone(batch.images.mean((2, 3))))
        return PersonOutput(
            {"global": feature},
            identity_logits={"global": self.classifier(feature)},
            metric_features={"global": feature},
        )

    def trained_on(self) -> list[PersonBatch]:
        """Returns the batches seen in training mode."""
        return [batch for training, batch in self.seen if training]


def noise(count: int, size: tuple[int, int] = (8, 4)) -> NDArray[np.uint8]:
    """Returns pictures (N, H, W, 3) that have no two parts alike."""
    return np.random.default_rng(0).integers(0, 256, (count, *size, 3)).astype(np.uint8)


def training_images(
    pixels: NDArray[np.uint8],
    pids: Sequence[int],
    *,
    keypoints: NDArray[np.float32] | None = None,
    schema: AttributeSchema | None = None,
    attributes: Sequence[dict[str, int]] = (),
) -> TrainingImages:
    """Returns a training set of pictures that lie in memory; the camera of row i is 10 + i."""
    persons = tuple(
        PersonImage(
            b"",
            pid,
            10 + row,
            attributes[row] if attributes else {},
            keypoints=None if keypoints is None else keypoints[row],
        )
        for row, pid in enumerate(pids)
    )
    cached = CachedImages(persons, pixels, np.tile(pixels.shape[1:3], (len(pixels), 1)))
    return TrainingImages(cached, Split("by hand", persons, (), (), schema), schema)


def phase_of(**changes: Any) -> PhaseSection:
    """Returns one epoch in batches of two: identities by plain gradient descent, from pictures as they are."""
    content = {
        "epochs": 1,
        "objective": {"terms": [{"kind": "identity"}]},
        "sampler": {"kind": "random", "batch_size": 2},
        "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0, "weight_decay": 0},
        "augmentation": {"flip": 0},
    }
    return PhaseSection.model_validate(content | changes)


def step_of(
    images: TrainingImages,
    phase: PhaseSection | None = None,
    model: nn.Module | None = None,
    size: tuple[int, int] | None = None,
    **options: Any,
) -> Step:
    """Returns a step on such a set, at the size of its pictures if no other is named."""
    phase = phase or phase_of()
    own = (images.cached.pixels.shape[1], images.cached.pixels.shape[2])
    return Step(model or Tiny(), Objective(phase.objective), images, phase, size=size or own, **({"seed": 0} | options))


def copied(model: nn.Module) -> dict[str, Tensor]:
    """Returns a copy of a system's weights and buffers."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def changed(before: dict[str, Tensor], model: nn.Module) -> set[str]:
    """Returns the names of the weights and buffers that are not what they were."""
    return {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
