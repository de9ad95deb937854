"""A first signal is a request, a second one ends at once, and afterwards signals are whose they were."""

from __future__ import annotations

import logging
import signal

import pytest

from reseen.training.loop.stop import GracefulStop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_second_ends(number: signal.Signals, caplog: pytest.LogCaptureFixture) -> None:
    stop = GracefulStop()
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with caplog.at_level(logging.WARNING, "reseen"), pytest.raises(KeyboardInterrupt), stop.listening():
        assert not stop.requested
        signal.raise_signal(number)
        assert stop.requested
        assert "stopping after this step" in caplog.text
        signal.raise_signal(number)
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_request_lasts(caplog: pytest.LogCaptureFixture) -> None:
    """What asks between two phases is heard by the next."""
    stop = GracefulStop()
    with stop.listening():
        signal.raise_signal(signal.SIGTERM)
    with stop.listening():
        assert stop.requested
