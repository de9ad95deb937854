"""The application in a process of its own, to be killed; it starts fast, from one that has imported everything."""

from __future__ import annotations

import multiprocessing
import socket
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx2
import uvicorn

from reseen.app.desk import Desk
from reseen.app.server import create_app
from reseen.app.settings import Settings
from reseen.client import Client
from reseen.models import checkpoint
from reseen.search.gallery import Gallery
from reseen.search.gallery.reindex import reindex

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.app.serving"])


class Served:
    """A gallery served by another process.

    Args:
        settings: Its settings.
        port: Where; 0: wherever there is room.

    Attributes:
        port: Where.
        url: Where, for browsers.
        client: Talks to it.
    """

    def __init__(self, settings: Settings, port: int = 0) -> None:
        self.port = port or _free_port()
        self._process = _started(_serve, settings, self.port)
        self.url = f"http://127.0.0.1:{self.port}"
        for _ in range(1200):
            try:
                httpx2.get(f"{self.url}/health")
                break
            except httpx2.HTTPError:
                time.sleep(0.05)
        self.client = Client(self.url)

    def kill(self) -> None:
        """Ends it as a power cut would: it has no time for anything."""
        kill(self._process)


def start_reindex(settings: Settings, model: Path) -> BaseProcess:
    """Starts a process that moves the gallery to another model."""
    return _started(_reindex, settings, model)


def kill(process: BaseProcess) -> None:
    process.kill()
    process.join()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _started(run: object, *arguments: object) -> BaseProcess:
    process = _CONTEXT.Process(target=run, args=arguments)  # type: ignore[arg-type]
    process.start()
    return process


def _serve(settings: Settings, port: int) -> None:
    with Desk(settings) as desk:
        uvicorn.run(create_app(desk), port=port, log_level="error")


def _reindex(settings: Settings, model: Path) -> None:
    with Gallery.open(settings.gallery) as gallery:
        reindex(gallery, checkpoint.load(model, device="cpu"), batch=8)
