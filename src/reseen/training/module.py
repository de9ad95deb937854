"""One phase of training as a Lightning module."""

from __future__ import annotations

import hashlib

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from reseen.data.batch import PersonBatch
from reseen.data.images.transforms import augment, normalize, to_float
from reseen.data.samplers import BatchSampler, IdentitySampler, RandomSampler, TripletSampler
from reseen.errors import ReseenError
from reseen.losses.objective import Objective, term_names, weighting_for
from reseen.models.output import PersonOutput
from reseen.training.images import TrainingImages
from reseen.training.recipe import IdentitySampling, PhaseSection, RandomSampling
from reseen.training.schedule import build_optimizer, factor


class PhaseModule(LightningModule):
    """Trains a system for one phase of a recipe.

    Batches, augmentation and learning rate follow from (seed, phase, epoch, step) alone, so that a run that
    is stopped and resumed takes the same steps as one that is not.

    Args:
        model: The system.
        images: The training set.
        phase: What to do.
        size: (H, W) of the network's input in this phase.
        seed: The phase's own seed.
        first_epoch: Epoch of the phase to begin with (resuming).
        first_batch: Batch of that epoch to begin with.
    """

    def __init__(
        self,
        model: nn.Module,
        images: TrainingImages,
        phase: PhaseSection,
        *,
        size: tuple[int, int],
        seed: int,
        first_epoch: int = 0,
        first_batch: int = 0,
    ) -> None:
        super().__init__()
        self.model = model
        self.objective = Objective(phase.objective, images.schema)
        self.weighting = weighting_for(phase.objective, term_names(phase.objective, _dry_run(model, size)))
        self.images, self.phase, self.size, self.seed = images, phase, size, seed
        self.first_epoch, self.first_batch = first_epoch, first_batch
        self.resumed_optimizer: dict[str, object] | None = None
        self.frozen = [_submodule(model, name) for name in phase.frozen]
        for module in self.frozen:
            module.requires_grad_(False)

    @property
    def epoch(self) -> int:
        """The phase's epoch, counted from 0 over all interruptions."""
        return self.first_epoch + self.current_epoch

    def batch_of_epoch(self, batch_index: int) -> int:
        """Returns the epoch's batch number for Lightning's, which starts at 0 after resuming."""
        return batch_index + (self.first_batch if self.current_epoch == 0 else 0)

    def setup(self, stage: str) -> None:
        """Makes the sampler, which needs to know how many processes there are."""
        self.sampler = build_sampler(
            self.phase, self.images.labels.tolist(), self.seed, self.global_rank, self.trainer.world_size
        )
        self.sampler.start(epoch=self.first_epoch, batch=self.first_batch)

    def train_dataloader(self) -> DataLoader[int]:
        """Yields rows; `training_step` gathers their pixels where these lie."""
        return DataLoader(_Rows(len(self.images)), batch_sampler=self.sampler, collate_fn=list)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Builds the optimiser, with the state of an interrupted run if there is one."""
        optimizer = build_optimizer(self.phase.optimizer, self.model, list(self.weighting.parameters()))
        if self.resumed_optimizer is not None:
            optimizer.load_state_dict(self.resumed_optimizer)
        return optimizer

    def on_train_epoch_start(self) -> None:
        """Keeps frozen parts as they are: no running statistics move in them."""
        for module in self.frozen:
            module.eval()

    def on_train_batch_start(self, batch: list[int], batch_idx: int) -> None:
        """Sets the learning rate for this step."""
        done = self.epoch + self.batch_of_epoch(batch_idx) / len(self.sampler.batches)
        scale = factor(self.phase.schedule, done, self.phase.epochs)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = group["base_lr"] * scale

    def transfer_batch_to_device(self, batch: list[int], device: torch.device, dataloader_idx: int) -> list[int]:
        """Rows stay where they are."""
        return batch

    def training_step(self, rows: list[int], batch_idx: int) -> dict[str, Tensor]:
        """Returns the total loss and its named terms for the images in these rows."""
        batch_index = self.batch_of_epoch(batch_idx)
        batch = self._batch(rows, batch_index)
        # What the model itself draws (dropout, mixed styles) follows from the step too.
        torch.manual_seed(step_seed(self.seed, self.epoch, batch_index, self.global_rank, 1))
        output = self.model(batch)
        with torch.autocast(self.device.type, enabled=False):
            terms = self.objective(output, batch)
            loss: Tensor = self.weighting(terms)
        return {"loss": loss, **{name: term.detach() for name, term in terms.items()}}

    def _batch(self, rows: list[int], batch_index: int) -> PersonBatch:
        generator = torch.Generator(self.device).manual_seed(
            step_seed(self.seed, self.epoch, batch_index, self.global_rank)
        )
        with torch.autocast(self.device.type, enabled=False):
            pixels = to_float(self.images.pixels(rows, self.device), self.size)
            pictures = normalize(augment(pixels, self.phase.augmentation, generator))
        labels, camids, attributes = (
            None if values is None else values[rows].to(self.device, non_blocking=True)
            for values in (self.images.labels, self.images.camids, self.images.attributes)
        )
        return PersonBatch(pictures, labels, camids, attributes)


@torch.no_grad()
def _dry_run(model: nn.Module, size: tuple[int, int]) -> PersonOutput:
    """Returns the output for an empty picture: what heads there are, without touching running statistics."""
    was_training = model.training
    output = model.eval()(PersonBatch(torch.zeros(1, 3, *size, device=next(model.parameters()).device)))
    model.train(was_training)
    assert isinstance(output, PersonOutput)
    return output


class _Rows(Dataset[int]):
    """Row numbers themselves."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, row: int) -> int:
        return row


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


def step_seed(*numbers: int) -> int:
    """Returns a 63-bit seed that differs for any other numbers."""
    return int.from_bytes(hashlib.sha256(repr(numbers).encode()).digest()[:8], "big") >> 1


def _submodule(model: nn.Module, name: str) -> nn.Module:
    try:
        return model.get_submodule(name)
    except AttributeError:
        names = ", ".join(child for child, _ in model.named_children())
        raise ReseenError(f"phase freezes {name!r}, but the system has no such part; it has: {names}") from None
