"""A first Ctrl-C, or a time that is over, ends the step under way and saves; a second Ctrl-C ends at once."""

from __future__ import annotations

import logging
import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

log = logging.getLogger("reseen")


class GracefulStop:
    """Tells whether the user asked to stop, or gave no more time.

    Args:
        deadline: Moment of `time.monotonic` from which on it is time to stop.

    Attributes:
        requested: Whether a signal has come.
    """

    def __init__(self, deadline: float = math.inf) -> None:
        self.requested = False
        self.deadline = deadline

    @property
    def is_due(self) -> bool:
        """Whether a signal has come or the time is over."""
        return self.requested or time.monotonic() >= self.deadline

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Takes SIGINT and SIGTERM as requests, and gives them back at the end."""
        previous = {number: signal.signal(number, self._request) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _request(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        log.warning("stopping after this step; interrupt again to stop at once")
