import os
import signal

import pytest

from reseen.errors import ReseenError
from reseen.world.workers import run_in_processes


def die(number: int) -> int:
    """What a machine without memory does to a process."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 1


def test_a_process_that_dies_is_an_error_and_nobody_waits_for_it():
    with pytest.raises(ReseenError, match="a rendering process died"):
        list(run_in_processes(die, [[1, 2], [3, 4], [5]], workers=2))


def test_everything_is_done_once_and_what_it_returns_is_summed_up():
    assert sorted(run_in_processes(abs, [[1, -20], [0], [300, 4000, 5]], workers=2)) == [0, 21, 4305]
