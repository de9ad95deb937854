"""A bar over all epochs of a phase with the time left; without a terminal, a line now and then."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from torch import Tensor

from reseen.progress import progress_bar

_STEPS = 10
"""The bar moves every so many steps."""
_PAUSE = 30.0
"""Seconds between two lines where there is no terminal."""


class TrainingProgress:
    """Shows how far a phase has come.

    Args:
        console: Where to.
        title: What is trained.
        epochs: Of the phase.
        shown: Whether this process shows anything.
    """

    def __init__(self, console: Console, title: str, epochs: int, shown: bool) -> None:
        self.console, self.title, self.epochs, self.shown = console, title, epochs, shown
        self.bar = progress_bar(console) if shown and console.is_terminal else None
        self.first: int | None = None

    def __enter__(self) -> Self:
        self.started = self.said = time.monotonic()
        if self.bar:
            self.bar.start()
            self.task = self.bar.add_task(self.title, total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar:
            self.bar.stop()

    def move(self, epoch: int, done: int, per_epoch: int, loss: Tensor) -> None:
        """Tells that a step is done.

        Args:
            epoch: Its epoch, from 0.
            done: Steps of the epoch that are done.
            per_epoch: Steps of an epoch.
            loss: Of the step; read only when it is shown, since that waits for the device.
        """
        steps, total = epoch * per_epoch + done, self.epochs * per_epoch
        if self.first is None:
            self.first = steps - 1
        now = time.monotonic()
        if not self.shown or not (done % _STEPS == 0 if self.bar else now - self.said >= _PAUSE):
            return
        text = f"{self.title}, epoch {epoch + 1}/{self.epochs}, loss {float(loss.detach()):.3f}"
        if self.bar:
            self.bar.update(self.task, completed=steps, total=total, description=text)
            return
        self.said = now
        left = (now - self.started) / max(1, steps - self.first) * (total - steps)
        self.console.print(f"{text}, batch {done}/{per_epoch}, {left / 60:.0f} min left", highlight=False)
