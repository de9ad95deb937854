"""The epochs of one phase: steps, learning rate, figures, saving, evaluation, interruption."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from lightning.fabric import Fabric
from lightning.fabric.loggers.logger import Logger
from rich.console import Console
from torch import Tensor, nn

from reseen.data.samplers import BatchSampler
from reseen.errors import ReseenError
from reseen.evaluation import EvaluationReport
from reseen.training.loop.busy import BusyWatch
from reseen.training.loop.history import History
from reseen.training.loop.progress import TrainingProgress
from reseen.training.loop.schedule import factor
from reseen.training.loop.state import TrainingState
from reseen.training.loop.step import Step
from reseen.training.loop.stop import GracefulStop
from reseen.training.loop.tally import Tally
from reseen.training.recipe import PhaseSection

log = logging.getLogger("reseen")

_LOGGED = 10
"""Every so many steps the losses go to TensorBoard and to the progress bar."""
_SAVED = 600.0
"""After so many seconds of an epoch its state is saved: a machine that dies does not take a whole long one with it."""


@dataclass
class Keeping:
    """What a run keeps over its phases.

    Attributes:
        path: The state file, written after every epoch, on interruption, and now and then in long epochs.
        history: Where each epoch's figures go.
        stop: Tells whether it is time to stop.
        evaluate: Evaluates the system as it is.
        on_best: Called when the report's primary figure is the best so far.
        every: Evaluate after every n epochs; 0 = never.
        stop_after: Stop once this many epochs of a phase are done, or None.
        best: Best primary figure so far.
        seconds: Time spent training so far.
    """

    path: Path
    history: History
    stop: GracefulStop
    evaluate: Callable[[], EvaluationReport]
    on_best: Callable[[EvaluationReport], None]
    every: int = 0
    stop_after: int | None = None
    best: float = -1.0
    seconds: float = 0.0


@dataclass
class PhaseLoop:
    """One phase of a recipe.

    Attributes:
        fabric: Device, precision and processes.
        step: What is done in a step, as it is built.
        optimizer: Of its parameters; groups carry ``base_lr``.
        sampler: Rows of each batch.
        phase: The recipe's section.
        number: Of the phase.
        is_last: Whether no phase follows.
        keeping: What is kept over phases.
        logger: Gets the losses now and then.
        console: Where progress is shown.
        title: Of the progress bar.
        epoch: To begin with.
        batch: Of that epoch, to begin with.
        tally: What the batches of that epoch before have come to.
    """

    fabric: Fabric
    step: Step
    optimizer: torch.optim.Optimizer
    sampler: BatchSampler
    phase: PhaseSection
    number: int
    is_last: bool
    keeping: Keeping
    logger: Logger
    console: Console
    title: str
    epoch: int = 0
    batch: int = 0
    tally: Tally = field(default_factory=Tally)

    def run(self) -> bool:
        """Trains to the phase's end.

        Returns:
            Whether it got there; else the state waits to be resumed.

        Raises:
            ReseenError: If the loss is no number any more.
        """
        module, optimizer = self.fabric.setup(self.step, self.optimizer)
        shown = self.fabric.is_global_zero
        with (
            self.keeping.stop.listening(),
            TrainingProgress(self.console, self.title, self.phase.epochs, shown) as progress,
        ):
            for epoch in range(self.epoch, self.phase.epochs):
                first = self.batch if epoch == self.epoch else 0
                self.sampler.start(epoch=epoch, batch=first)
                module.train()
                self._freeze()
                with BusyWatch(self.fabric.device, len(self.sampler) if epoch == self.epoch else 0) as self.watch:
                    finished = self._run_epoch(module, optimizer, epoch, first, progress)
                if not finished:
                    return False
                enough = self.keeping.stop_after is not None and epoch + 1 >= self.keeping.stop_after
                if (self._stops() or enough) and not self._is_end(epoch):
                    return False
        return True

    def _freeze(self) -> None:
        """Keeps frozen parts as they are: no running statistics move in them."""
        for name in self.phase.frozen:
            self.step.model.get_submodule(name).eval()

    def _run_epoch(
        self,
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        epoch: int,
        first: int,
        progress: TrainingProgress,
    ) -> bool:
        """Returns whether the epoch was finished."""
        started, batches = time.perf_counter(), self.sampler.batches
        if not first:
            self.tally = Tally()
        for batch, rows in enumerate(self.sampler, first):
            scale = factor(self.phase.schedule, epoch + batch / len(batches), self.phase.epochs)
            for group in self.optimizer.param_groups:
                group["lr"] = group["base_lr"] * scale
            optimizer.zero_grad()
            losses: dict[str, Tensor] = module(rows, epoch, batch)
            self.fabric.backward(losses["loss"])
            if self.phase.gradient_clip is not None:
                self.fabric.clip_gradients(
                    module, optimizer, max_norm=self.phase.gradient_clip, error_if_nonfinite=False
                )
            optimizer.step()
            self.watch.step_done()
            self.tally.count(losses, len(rows) * self.fabric.world_size)
            done = batch + 1
            if done % _LOGGED == 0:
                figures = {f"loss/{name}": float(value.detach()) for name, value in losses.items()}
                self.logger.log_metrics(figures, step=epoch * len(batches) + done)
            progress.move(epoch, done, len(batches), losses["loss"])
            if self._stops() and done < len(batches):
                self._check_loss(epoch)
                self._spend(time.perf_counter() - started)
                self._save(epoch, done)
                return False
            if (now := time.perf_counter()) - started > _SAVED and done < len(batches):
                self._check_loss(epoch)
                self._spend(now - started)
                started = now
                self._save(epoch, done)
        figures = self.tally.means()  # which waits for the device
        self._check_loss(epoch)
        self._spend(time.perf_counter() - started)
        self._finish_epoch(epoch, figures)
        return True

    def _check_loss(self, epoch: int) -> None:
        """Makes sure that the loss is a number; else the weights are none either, and the state before has to stay."""
        loss = self.tally.means()["loss"]
        if not math.isfinite(loss):
            raise ReseenError(
                f"the loss of epoch {epoch + 1} is {loss}: lower phases.{self.number}.optimizer.lr, and begin anew in "
                "another --out"
            )

    def _spend(self, seconds: float) -> None:
        self.tally.seconds += seconds
        self.keeping.seconds += seconds

    def _finish_epoch(self, epoch: int, figures: dict[str, float]) -> None:
        keeping, finished = self.keeping, epoch + 1
        figures |= {f"weight/{name}": weight for name, weight in self.step.objective.learnt_weights().items()}
        figures |= {"lr": self.optimizer.param_groups[0]["lr"], "seconds": self.tally.seconds}
        figures["images_per_second"] = self.tally.images / self.tally.seconds
        if self.watch.share is not None:
            figures["gpu_busy"] = self.watch.share
        self._save(finished, 0)  # first, so that a failing evaluation costs no epoch
        if self.fabric.is_global_zero:
            try:
                if keeping.every and finished % keeping.every == 0 and not self._is_end(epoch):
                    figures |= self._evaluate()
                    self._save(finished, 0)
            finally:
                keeping.history.add(self.number, finished, figures)
            self.logger.log_metrics({f"epoch/{name}": value for name, value in figures.items()}, step=finished)
            log.info("epoch %d: %s", finished, "  ".join(f"{name} {value:.4g}" for name, value in figures.items()))
        self.fabric.barrier()

    def _is_end(self, epoch: int) -> bool:
        """Whether this is the recipe's last epoch, after which everything is evaluated and saved anyway."""
        return self.is_last and epoch + 1 == self.phase.epochs

    def _stops(self) -> bool:
        """All processes must stop in the same step, whichever of them was told to."""
        due = self.keeping.stop.is_due
        if self.fabric.world_size == 1:
            return due
        return bool(self.fabric.strategy.reduce_boolean_decision(due, all=False))

    def _evaluate(self) -> dict[str, float]:
        report = self.keeping.evaluate()
        if report.primary > self.keeping.best:
            self.keeping.best = report.primary
            self.keeping.on_best(report)
        return report.figures()

    def _save(self, epoch: int, batch: int) -> None:
        if self.fabric.is_global_zero:
            TrainingState(
                self.number,
                epoch,
                batch,
                self.step.model.state_dict(),
                self.step.objective.state_dict(),
                self.optimizer.state_dict(),
                self.keeping.best,
                self.keeping.seconds,
                asdict(self.tally) if batch else {},
            ).save(self.keeping.path)
