"""Training a pose network: on joints that are known (rendered persons, COCO), on a teacher's maps where they are not.

The loop is smaller than a recipe's: one phase, one loss, no evaluation by persons; it stops, saves and goes on alike.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from lightning.fabric import Fabric
from pydantic import BaseModel, ConfigDict, Field
from rich.console import Console
from torch import Generator, Tensor, nn

from reseen.checkpoint_files import HISTORY, STATE
from reseen.data import DATASETS
from reseen.data.division import division
from reseen.data.images.transforms import Augmentation, augment, normalize
from reseen.data.samplers import RandomSampler
from reseen.data.skeleton import COCO18
from reseen.errors import ReseenError
from reseen.pose.crops import crop
from reseen.pose.examples import Examples, PoseExamples
from reseen.pose.maps import GREY, STRIDE, PoseMaps, PoseNetwork, margins
from reseen.pose.network import PoseNet, PoseNetConfig, save_pose_net
from reseen.pose.targets import pose_loss, pose_targets
from reseen.precision import Precision, precision_on
from reseen.provenance import commit
from reseen.training.loop.gradients import quick_gradients
from reseen.training.loop.history import History
from reseen.training.loop.progress import TrainingProgress
from reseen.training.loop.schedule import factor
from reseen.training.loop.state import TrainingState
from reseen.training.loop.step import number_of
from reseen.training.loop.stop import GracefulStop
from reseen.training.pose.card import pose_card
from reseen.training.pose.folder import CONFIG, check_folder, note_run
from reseen.training.recipe import ScheduleSection

_SCHEDULE = ScheduleSection(name="cosine", warmup=0.5, final=0.01)


class PoseTraining(BaseModel):
    """How a pose network is trained.

    Attributes:
        network: What is trained.
        epochs: Passes over the examples.
        batch_size: Examples a step.
        lr: Adam's learning rate; by a cosine to nothing, after half an epoch of warm-up.
        zoom: Crops are enlarged or made smaller by a random factor up to this.
        shift: And moved by up to this share of their size.
        jitter: Strength of the jitter of brightness, contrast and saturation.
        precision: Number format; ``auto`` is what the device is fast in.
        seed: Of everything random.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: PoseNetConfig = PoseNetConfig()
    epochs: int = Field(3, ge=1)
    batch_size: int = Field(32, ge=1)
    lr: float = Field(4e-3, gt=0)
    zoom: float = Field(1.25, ge=1, le=3)
    shift: float = Field(0.08, ge=0, le=0.5)
    jitter: float = Field(0.2, ge=0, lt=1)
    precision: Precision | Literal["auto"] = "auto"
    seed: int = 0


class PoseStep(nn.Module):
    """The network with its loss.

    Args:
        network: What learns.
        examples: From what.
        config: How.
        teacher: Tells the maps of examples whose joints nobody knows.
    """

    def __init__(
        self, network: PoseNet, examples: PoseExamples, config: PoseTraining, teacher: PoseNetwork | None = None
    ) -> None:
        super().__init__()
        self.network, self.examples, self.config, self.teacher = network, examples, config, teacher

    def forward(self, rows: list[int], epoch: int, batch: int) -> Tensor:
        """Returns the loss of these examples; how they are changed follows from seed, epoch and batch alone."""
        device = next(self.network.parameters()).device
        generator = torch.Generator(device).manual_seed(number_of(self.config.seed, epoch, batch))
        examples = Examples(*(each.to(device) for each in self.examples[rows]))
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            pictures, target, weight = self.prepare(examples, generator)
        with quick_gradients(device):
            maps = self.network(normalize(pictures).contiguous(memory_format=torch.channels_last))
        return pose_loss(maps, target, weight)

    def prepare(self, examples: Examples, generator: Generator) -> tuple[Tensor, PoseMaps, Tensor]:
        """Returns pictures (B, 3, H, W) in [0, 1] as the network gets them, their maps, and W (B, 1, h, w).

        Raises:
            ReseenError: If there is an example without joints, and no teacher.
        """
        config, (height, width) = self.config, examples.pixels.shape[1:3]
        down, right = margins((height, width), config.network.margin)
        size = (height + 2 * down, width + 2 * right)
        boxes = self._boxes(examples, size, generator)
        images = examples.pixels.permute(0, 3, 1, 2).float() / 255
        pictures = crop(images - GREY, boxes, size) + GREY
        pictures, _ = augment(pictures, Augmentation(flip=0, jitter=config.jitter), generator)
        persons = _moved(examples.persons, boxes, size)
        target = pose_targets(persons, size)
        if not examples.known.all():
            if self.teacher is None:
                raise ReseenError("there are images without joints of their own: name a teacher that finds them")
            told = self.teacher.maps(pictures)
            known = examples.known[:, None, None, None]
            target = PoseMaps(*(own.where(known, other.to(own)) for own, other in zip(target, told, strict=True)))
        missing = crop(1 - examples.weight, boxes, (size[0] // STRIDE, size[1] // STRIDE))
        return pictures, target, (missing < 0.5).float()

    def _boxes(self, examples: Examples, size: tuple[int, int], generator: Generator) -> Tensor:
        """Returns what is cut out of each picture; where right is left of left, its mirror image."""
        config, count = self.config, len(examples.pixels)

        def uniform(width: int) -> Tensor:
            return 2 * torch.rand(count, width, generator=generator, device=generator.device) - 1

        sides = uniform(2).new_tensor([size[1], size[0]])
        spans = sides * config.zoom ** uniform(1)  # (B, 2): width, height
        pixels = uniform(2).new_tensor([examples.pixels.shape[2], examples.pixels.shape[1]])
        centres = (pixels - 1) / 2 + sides * config.shift * uniform(2)
        directions = torch.cat([uniform(1).sign(), torch.ones(count, 1, device=spans.device)], 1)
        return torch.cat([centres - spans * directions / 2, centres + spans * directions / 2], 1)


def _moved(persons: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Returns joints (B, P, 18, 3) as they lie in the crops of boxes; those outside are not there."""
    start, end = boxes[:, None, None, :2], boxes[:, None, None, 2:]
    sides = persons.new_tensor([size[1], size[0]])
    places = (persons[..., :2] - start) / (end - start) * sides - 0.5
    inside = ((places > -0.5) & (places < sides - 0.5)).all(-1)
    moved = torch.cat([places, (persons[..., 2] * inside)[..., None]], -1)
    mirrored = (boxes[:, 2] < boxes[:, 0])[:, None, None, None]
    return torch.where(mirrored, moved[:, :, list(COCO18.mirrored)], moved)


@dataclass
class PoseRun:
    """A training of a pose network in its folder, which `reseen.pose.network.load_pose_net` then reads.

    Args:
        config: What to do.
        examples: What to learn from.
        folder: Where state, figures and network lie.
        teacher: See `PoseStep`.
        resume: Go on from the folder's state; anew, if the run was stopped in its first epoch.
        stop_after: Stop, resumable, after so many epochs.
        accelerator: Lightning's name of the device kind.
        console: Where progress is shown.
    """

    config: PoseTraining
    examples: PoseExamples
    folder: Path
    teacher: PoseNetwork | None = None
    resume: bool = False
    stop_after: int | None = None
    accelerator: str = "auto"
    console: Console = field(default_factory=lambda: Console(stderr=True))

    def train(self, network: PoseNet | None = None) -> PoseNet | None:
        """Trains and saves.

        Args:
            network: What to start from, such as one with VGG-19's weights; a new one by default.

        Returns:
            The network, or None if the run was stopped and waits to be resumed.

        Raises:
            ReseenError: If the folder holds another run, or some joints are known to nobody.
        """
        commit()  # as `Run` does: of the code that is loaded now, whatever lies there when the training is over
        config = self.config
        check_folder(self.folder, self.told, resume=self.resume)
        state = TrainingState.of_run(self.folder, CONFIG) if self.resume else None
        if not self.resume:
            note_run(self.folder, self.told)
        precision = precision_on(self.accelerator, config.precision)
        fabric = Fabric(accelerator=self.accelerator, devices=1, precision=precision)
        torch.manual_seed(config.seed)
        network = network or PoseNet(config.network)
        network.to(memory_format=torch.channels_last)
        optimizer = torch.optim.Adam(network.parameters(), config.lr)
        first, self._seconds = 0, 0.0
        if state is not None:
            network.load_state_dict(state.model)
            optimizer.load_state_dict(state.optimizer)
            first, self._seconds = state.epoch, state.seconds
        step, optimizer = fabric.setup(PoseStep(network, self.examples, config, self.teacher), optimizer)
        history = History(self.folder / HISTORY, (0, first + 1) if state else None)
        stop = GracefulStop()
        with stop.listening(), TrainingProgress(self.console, "pose network", config.epochs, True) as progress:
            for epoch in range(first, config.epochs):
                figures = self._epoch(fabric, step, optimizer, epoch, stop, progress)
                if figures is not None:
                    self._save(epoch + 1, network, optimizer)
                    history.add(0, epoch + 1, figures)
                if figures is None or self.stop_after == epoch + 1 < config.epochs:
                    self.console.print(f"stopped; {self.folder} can be gone on with", highlight=False, soft_wrap=True)
                    return None
        names = self.examples.datasets
        divisions = {name: [own] for name in names if name in DATASETS and (own := division(name, {}))}
        card = pose_card(self.told, network)
        save_pose_net(self.folder, network, card=card, trained_on=names, divisions=divisions)
        return network.eval()

    @property
    def told(self) -> dict[str, Any]:
        """What the folder says of the run, so that it goes on with what it was begun with."""
        images = {"datasets": list(self.examples.datasets), "count": len(self.examples)}
        return {
            "settings": self.config.model_dump(mode="json"),
            "images": images,
            "teacher": None if self.teacher is None else self.teacher.name,
        }

    def _epoch(
        self,
        fabric: Fabric,
        step: nn.Module,
        optimizer: torch.optim.Optimizer,
        epoch: int,
        stop: GracefulStop,
        progress: TrainingProgress,
    ) -> dict[str, float] | None:
        """Returns the figures of an epoch; None if it was stopped, after which it is begun anew."""
        config, started = self.config, time.perf_counter()
        sampler = RandomSampler([0] * len(self.examples), batch_size=config.batch_size, seed=config.seed)
        sampler.start(epoch=epoch)
        count, total = len(sampler), torch.zeros((), device=fabric.device)
        step.train()
        for batch, rows in enumerate(sampler):
            for group in optimizer.param_groups:
                group["lr"] = config.lr * factor(_SCHEDULE, epoch + batch / count, config.epochs)
            optimizer.zero_grad()
            loss: Tensor = step(rows, epoch, batch)
            fabric.backward(loss)
            fabric.clip_gradients(step, optimizer, max_norm=1.0, error_if_nonfinite=False)
            optimizer.step()
            total += loss.detach()
            progress.move(epoch, batch + 1, count, loss)
            if stop.requested:
                return None
        seconds = time.perf_counter() - started
        self._seconds += seconds
        rate = len(self.examples) / seconds
        return {"loss": float(total) / count, "seconds": seconds, "images_per_second": rate}

    def _save(self, epoch: int, network: PoseNet, optimizer: torch.optim.Optimizer) -> None:
        state = TrainingState(
            phase=0,
            epoch=epoch,
            batch=0,
            model=network.state_dict(),
            objective={},
            optimizer=optimizer.state_dict(),
            best=-1.0,
            seconds=self._seconds,
        )
        state.save(self.folder / STATE)
