import os
import signal

import pytest

from reseen.data.rendered.workers import run_in_processes
from reseen.errors import ReseenError


def die(number: int) -> None:
    """What a machine without memory does to a process."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_is_an_error_and_nobody_waits_for_it():
    with pytest.raises(ReseenError, match="a rendering process died"):
        list(run_in_processes(die, [[1, 2], [3, 4], [5]], workers=2))


def test_everything_is_done_once_and_counted():
    assert sorted(run_in_processes(abs, [[1, 2], [3], [4, 5, 6]], workers=2)) == [1, 2, 3]
