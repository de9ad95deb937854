"""What happens around the steps of a phase: progress, metrics, interruption, saving, evaluation."""

from __future__ import annotations

import logging
import math
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from reseen.evaluation import EvaluationReport
from reseen.progress import progress_bar
from reseen.training.history import History
from reseen.training.module import PhaseModule
from reseen.training.state import TrainingState

log = logging.getLogger("reseen")


class GracefulStop(Callback):
    """Turns the first Ctrl-C (or SIGTERM) into a stop after the step under way; a second one stops at once."""

    def __init__(self) -> None:
        self.requested = False
        self._previous: dict[int, Any] = {}

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._request)

    def _request(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        log.warning("stopping after this step; interrupt again to stop at once")

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()


class Keeper(Callback):
    """Saves the state after every epoch and on interruption, and evaluates every n epochs.

    Args:
        path: The state file.
        phase_index: Number of the phase.
        history: Where each epoch's figures go.
        stop: Tells whether the user asked to stop.
        is_last: Whether no phase follows.
        evaluate: Evaluates the system as it is.
        every: Evaluate after every n epochs; 0 = never.
        on_best: Called when the report's primary figure is the best so far.
        stop_after: Stop once this many epochs of the phase are done, or None.
        best: Best primary figure so far.
        seconds: Time spent training before.
    """

    def __init__(
        self,
        path: Path,
        *,
        phase_index: int,
        is_last: bool,
        history: History,
        stop: GracefulStop,
        evaluate: Callable[[], EvaluationReport],
        every: int,
        on_best: Callable[[EvaluationReport], None],
        stop_after: int | None,
        best: float = -1.0,
        seconds: float = 0.0,
    ) -> None:
        self.path, self.phase_index, self.is_last, self.history, self.stop = path, phase_index, is_last, history, stop
        self.evaluate, self.every, self.on_best, self.stop_after = evaluate, every, on_best, stop_after
        self.best, self.seconds = best, seconds
        self.interrupted = False

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.started = time.perf_counter()
        self.sums: dict[str, Tensor] = {}
        self.steps = self.images = 0

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: list[int], batch_idx: int
    ) -> None:
        assert isinstance(pl_module, PhaseModule)
        for name, value in outputs.items():
            value = value.detach()
            self.sums[name] = self.sums[name] + value if name in self.sums else value.clone()
        self.steps += 1
        self.images += len(batch) * trainer.world_size
        done = pl_module.batch_of_epoch(batch_idx) + 1
        if done % 10 == 0:
            step = pl_module.epoch * len(pl_module.sampler.batches) + done
            for logger in trainer.loggers:
                logger.log_metrics({f"loss/{name}": float(value) for name, value in outputs.items()}, step=step)
        if self._stop_requested(trainer) and done < len(pl_module.sampler.batches):
            self.interrupted = True
            self._save(trainer, pl_module, pl_module.epoch, done)
            trainer.should_stop = True

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, PhaseModule)
        if self.interrupted:
            return
        seconds = time.perf_counter() - self.started
        figures = {name: float(value) / self.steps for name, value in self.sums.items()}
        if not math.isfinite(figures["loss"]):
            log.warning("the loss of epoch %d is %s: lower the learning rate", pl_module.epoch + 1, figures["loss"])
        figures |= {"lr": trainer.optimizers[0].param_groups[0]["lr"], "seconds": seconds}
        figures["images_per_second"] = self.images / seconds
        finished = pl_module.epoch + 1
        self.seconds += seconds
        self._save(trainer, pl_module, finished, 0)  # first, so that a failing evaluation costs no epoch
        if trainer.is_global_zero:
            try:
                if self.every and finished % self.every == 0 and not self._is_end(pl_module):
                    figures |= self._evaluate()
                    self._save(trainer, pl_module, finished, 0)
            finally:
                self.history.add(self.phase_index, finished, figures)
            log.info("epoch %d: %s", finished, "  ".join(f"{name} {value:.4g}" for name, value in figures.items()))
        trainer.strategy.barrier()
        pl_module.sampler.start(epoch=finished)
        if self._stop_requested(trainer) or (self.stop_after is not None and finished >= self.stop_after):
            self.interrupted = not self._is_end(pl_module)
            trainer.should_stop = True

    def _is_end(self, module: PhaseModule) -> bool:
        """Whether this is the recipe's last epoch, after which everything is evaluated and saved anyway."""
        return self.is_last and module.epoch + 1 == module.phase.epochs

    def _stop_requested(self, trainer: Trainer) -> bool:
        """All processes must stop in the same step, whichever of them was told to."""
        if trainer.world_size == 1:
            return self.stop.requested
        return trainer.strategy.reduce_boolean_decision(self.stop.requested, all=False)

    def _evaluate(self) -> dict[str, float]:
        report = self.evaluate()
        if report.primary > self.best:
            self.best = report.primary
            self.on_best(report)
        return report.figures()

    def _save(self, trainer: Trainer, module: PhaseModule, epoch: int, batch: int) -> None:
        if batch:
            self.seconds += time.perf_counter() - self.started
        if not trainer.is_global_zero:
            return
        TrainingState(
            self.phase_index,
            epoch,
            batch,
            module.model.state_dict(),
            module.weighting.state_dict(),
            trainer.optimizers[0].state_dict(),
            self.best,
            self.seconds,
        ).save(self.path)


class TrainingProgress(Callback):
    """A bar over all epochs of the phase with the time left; without a terminal, a line now and then."""

    def __init__(self, console: Console, title: str) -> None:
        self.console, self.title = console, title
        self.bar: Progress | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, PhaseModule)
        self.per_epoch = len(pl_module.sampler.batches)
        self.total = self.per_epoch * pl_module.phase.epochs
        self.first = pl_module.first_epoch * self.per_epoch + pl_module.first_batch
        self.started = self.said = time.monotonic()
        if self.console.is_terminal and trainer.is_global_zero:
            self.bar = progress_bar(self.console)
            self.bar.start()
            self.task = self.bar.add_task(self.title, total=self.total, completed=self.first)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: list[int], batch_idx: int
    ) -> None:
        assert isinstance(pl_module, PhaseModule)
        batch_number = pl_module.batch_of_epoch(batch_idx)
        done = pl_module.epoch * self.per_epoch + batch_number + 1
        now = time.monotonic()
        show = done % 10 == 0 if self.bar else now - self.said >= 30
        if not show or not trainer.is_global_zero:
            return
        loss = float(torch.as_tensor(outputs["loss"]))
        text = f"{self.title}, epoch {pl_module.epoch + 1}/{pl_module.phase.epochs}, loss {loss:.3f}"
        if self.bar:
            self.bar.update(self.task, completed=done, description=text)
        else:
            self.said = now
            left = (now - self.started) / max(1, done - self.first) * (self.total - done)
            self.console.print(
                f"{text}, batch {batch_number + 1}/{self.per_epoch}, {left / 60:.0f} min left", highlight=False
            )

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if self.bar:
            self.bar.stop()
            self.bar = None
