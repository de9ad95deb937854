"""Processes that render side by side: one thread each, quiet on Ctrl-C, gone when their parent is gone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from ctypes import c_byte
from itertools import takewhile
from multiprocessing.synchronize import Lock
from typing import TypeVar

from reseen.errors import ReseenError

T = TypeVar("T")

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_GRACE = 3.0
"""Seconds that a call may still take when all is to stop: a picture takes less, compiling the renderer far more."""
Flag = c_byte  # without a lock: a process that dies while it holds one would leave the others waiting for ever
_stop: list[Flag] = []
"""In a worker: what tells it to begin nothing more."""


def run_in_processes(function: Callable[[T], int], chunks: Sequence[Sequence[T]], workers: int) -> Iterator[int]:
    """Calls a function on everything in the chunks, and yields the sum of what it returns for each when that is done.

    If the caller stops early, or is interrupted, the calls that have begun get a few seconds to come to their end.

    Args:
        function: It travels to other processes, as do the chunks.
        chunks: What to call it on; a chunk stays in one process, and is begun in the order given here.
        workers: How many processes.

    Raises:
        ReseenError: If a process died.
    """
    context = multiprocessing.get_context("spawn")
    stop = context.Value("b", 0, lock=False)
    pool = ProcessPoolExecutor(workers, context, _start, (context.Lock(), stop))
    try:
        with _for_workers():
            futures = [pool.submit(_call, function, chunk) for chunk in chunks]
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool as error:
        raise ReseenError(
            f"a rendering process died: call it with fewer than {workers} workers if memory is short; "
            'a script needs if __name__ == "__main__":'
        ) from error
    finally:
        stop.value = 1
        pool.shutdown(cancel_futures=True)


@contextmanager
def stoppable() -> Iterator[None]:
    """Lets SIGINT and SIGTERM raise KeyboardInterrupt in here, also where SIGINT was ignored (``nohup … &``)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    defaults = (signal.SIG_DFL, signal.SIG_IGN)
    before = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM)
        if (handler := signal.getsignal(number)) in defaults
    }
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _call(function: Callable[[T], int], chunk: Sequence[T]) -> int:
    return sum(function(item) for item in takewhile(lambda _: not _stop[0].value, chunk))


@contextmanager
def _for_workers() -> Iterator[None]:
    """Processes that start in here read from their surroundings to use one thread and to leave Ctrl-C to this one."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _start(lock: Lock, stop: Flag) -> None:
    """Prepares a worker; the first on a machine builds anny's cache, which two must not do at once."""
    _stop.append(stop)
    import anny  # noqa: F401  # takes seconds, so before the lock

    from reseen.world.bodies.body import skeleton

    with lock:
        skeleton()
    # Not earlier: anny's cache is not written in one step.
    threading.Thread(target=_end_in_time, args=(stop,), daemon=True).start()


def _end_in_time(stop: Flag) -> None:
    """Ends this process soon after it is told to stop, or when its parent has died, whatever it is doing."""
    parent = multiprocessing.parent_process()
    while not stop.value:
        time.sleep(0.2)
        if parent is None or not parent.is_alive():
            os._exit(1)
    time.sleep(_GRACE)
    os._exit(1)
