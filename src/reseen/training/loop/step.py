"""One step of training: from rows of the training set to the loss."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from reseen.data.batch import PersonBatch
from reseen.data.images.preparation import NO_SIZES, prepare
from reseen.data.images.resident import sent
from reseen.data.samplers import BatchSampler, IdentitySampler, RandomSampler, TripletSampler
from reseen.losses.objective import Objective
from reseen.training.images import TrainingImages
from reseen.training.loop.gradients import quick_gradients
from reseen.training.recipe import IdentitySampling, PhaseSection, RandomSampling


class Step(nn.Module):
    """A system with its objective: what is to be differentiated, and under DDP what is wrapped.

    Batches, augmentation and what the model draws follow from (seed, epoch, batch) alone, so that a run that is
    stopped and resumed takes the same steps as one that is not.

    Args:
        model: The system.
        objective: What is minimised; learnt weights are trained with the system.
        images: The training set.
        phase: How batches are made.
        size: (H, W) of the network's input.
        seed: The phase's own.
        rank: Number of this process.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        images: TrainingImages,
        phase: PhaseSection,
        *,
        size: tuple[int, int],
        seed: int,
        rank: int = 0,
    ) -> None:
        super().__init__()
        self.model, self.objective = model, objective
        self.images, self.augmentation, self.by_triplets = images, phase.augmentation, phase.sampler.kind == "triplets"
        self.size, self.seed, self.rank = size, seed, rank
        self.extra_sizes: Mapping[str, tuple[int, int]] = getattr(model, "extra_sizes", NO_SIZES)

    def forward(self, rows: list[int], epoch: int, batch: int) -> dict[str, Tensor]:
        """Returns the total ``loss`` and the terms it is made of, scalars in float32.

        Args:
            rows: Of the training set.
            epoch: Of the phase, from 0.
            batch: Of the epoch, from 0.
        """
        persons = self.batch(rows, epoch, batch)
        # What the model itself draws (dropout, mixed styles) follows from the step too.
        torch.manual_seed(number_of(self.seed, epoch, batch, self.rank, 1))
        with quick_gradients(persons.images.device):
            output = self.model(persons)
        loss, terms = self.objective(output, persons)
        return {"loss": loss, **{name: term.detach() for name, term in terms.items()}}

    def batch(self, rows: Sequence[int], epoch: int, batch: int) -> PersonBatch:
        """Returns the augmented images of these rows with their labels."""
        device, images = next(self.model.parameters()).device, self.images
        index = images.index(rows)
        labels, camids, attributes, keypoints = (
            None if values is None else sent(values[index], device)
            for values in (images.labels, images.camids, images.attributes, images.keypoints)
        )
        with torch.autocast(device.type, enabled=False):
            prepared = prepare(
                images.pixels(rows, device),
                self.size,
                augmentation=self.augmentation,
                generator=torch.Generator(device).manual_seed(number_of(self.seed, epoch, batch, self.rank)),
                keypoints=keypoints,
                extra_sizes=NO_SIZES if images.given else self.extra_sizes,
            )
        given, taught = (
            {name: sent(values[index], device) for name, values in told.items()}
            for told in (images.given, images.taught)
        )
        triplets = torch.arange(len(rows), device=device).view(-1, 3) if self.by_triplets else None
        return replace(
            prepared,
            labels=labels,
            camids=camids,
            attributes=attributes,
            triplets=triplets,
            given=given,
            taught=taught,
        )


def build_sampler(phase: PhaseSection, labels: list[int], seed: int, rank: int, world_size: int) -> BatchSampler:
    """Returns the phase's sampler over the training labels."""
    section = phase.sampler
    if isinstance(section, RandomSampling):
        return RandomSampler(labels, batch_size=section.batch_size, seed=seed, rank=rank, world_size=world_size)
    if isinstance(section, IdentitySampling):
        return IdentitySampler(
            labels,
            persons=section.persons,
            images_per_person=section.images_per_person,
            seed=seed,
            rank=rank,
            world_size=world_size,
        )
    return TripletSampler(labels, triplets=section.triplets, seed=seed, rank=rank, world_size=world_size)


def number_of(*numbers: int) -> int:
    """Returns a 63-bit seed that differs for any other numbers."""
    return int.from_bytes(hashlib.sha256(repr(numbers).encode()).digest()[:8], "big") >> 1
