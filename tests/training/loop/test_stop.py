"""A first signal is a request, a second one ends at once, and afterwards signals are whose they were."""

from __future__ import annotations

import logging
import signal
from types import SimpleNamespace

import pytest

from reseen.training.loop import stop as module
from reseen.training.loop.stop import GracefulStop

BOTH = (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize("number", BOTH)
def test_the_first_signal_asks_and_the_second_ends(number: signal.Signals, caplog: pytest.LogCaptureFixture) -> None:
    stop = GracefulStop()
    before = [signal.getsignal(each) for each in BOTH]
    with caplog.at_level(logging.WARNING, "reseen"), stop.listening():
        assert not stop.requested
        signal.raise_signal(number)
        assert stop.requested
        assert "stopping after this step" in caplog.text
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert [signal.getsignal(each) for each in BOTH] == before


def test_signals_are_given_back_after_an_error() -> None:
    before = [signal.getsignal(each) for each in BOTH]
    with pytest.raises(ZeroDivisionError), GracefulStop().listening():
        1 / 0  # noqa: B018
    assert [signal.getsignal(each) for each in BOTH] == before


def test_a_request_lasts() -> None:
    """What asks between two phases is heard by the next."""
    stop = GracefulStop()
    with stop.listening():
        signal.raise_signal(signal.SIGTERM)
    with stop.listening():
        assert stop.requested


def test_time_runs_out_without_any_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 10.0
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now))
    stop = GracefulStop(deadline=12.0)
    assert not stop.is_due
    now = 12.0
    assert stop.is_due
    assert not stop.requested
    assert not GracefulStop().is_due
