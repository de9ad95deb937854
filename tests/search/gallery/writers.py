"""Processes that write to a gallery, to be killed; they start fast, from a server that has imported everything."""

from __future__ import annotations

import multiprocessing
import resource
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from reseen import Gallery, ReseenError
from tests.search.gallery.persons import persons

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["reseen.search.gallery", "tests.search.gallery.writers"])


def start_writer(
    folder: Path, prefix: str, rows: int, *, first: int = 0, largest_file: int | None = None
) -> tuple[BaseProcess, Connection]:
    """Starts a process that adds rows, ten at a time, from the first one on.

    Returns:
        The process, and a connection on which it sends how many rows are acknowledged, or an error's message.
    """
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_write, args=(folder, prefix, rows, first, largest_file, sender))
    process.start()
    sender.close()
    return process, receiver


def _write(folder: Path, prefix: str, rows: int, first: int, largest_file: int | None, sender: Connection) -> None:
    people = persons(rows, prefix=prefix)
    with Gallery.open(folder) as gallery:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
        try:
            for start in range(first, rows, 10):
                gallery.add(people[start : start + 10])
                sender.send(start + 10)
        except ReseenError as error:
            sender.send(str(error))
