"""Shared fixtures: where data comes from, and what every test can rely on (seeds, threads, no network)."""

from __future__ import annotations

import ipaddress
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Before torch, timm and matplotlib are imported: they read these once.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["MPLBACKEND"] = "Agg"
if "PYTEST_XDIST_WORKER" in os.environ:  # one of several test processes, which keeps to a core of its own
    os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pytest
import torch
from filelock import FileLock

from tests.drawn import write_market
from tests.flat_world import FlatWorld, put_in_place

REPOSITORY = Path(__file__).resolve().parents[1]
WORKER = os.environ.get("PYTEST_XDIST_WORKER")
"""Name of this one of several test processes (``pytest -n 2``), or None."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real data, fixtures and weights beside the repository (``$RESEEN_SHARED`` overrides)."""
    folder = Path(os.environ.get("RESEEN_SHARED") or REPOSITORY.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}; set RESEEN_SHARED to where the shared data lies")
    return folder


@pytest.fixture(scope="session")
def market_drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small drawn data set in Market-1501's layout: 8 + 8 persons, 3 cameras. Read it, never write into it."""
    return write_market(tmp_path_factory.mktemp("drawn") / "market1501")


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """192 rendered images of 12 + 12 persons in 4 cameras, 2 in each. Read it, never write into it.

    Test processes that run side by side have it made by whichever needs it first.
    """
    from reseen.world import RenderConfig, render

    config = RenderConfig(persons=24, images_per_camera=2, cameras=4, cameras_per_person=4)
    home = tmp_path_factory.getbasetemp()
    root = (home.parent if WORKER else home) / "rendered" / "pedestrians"
    root.parent.mkdir(exist_ok=True)
    with FileLock(root.with_suffix(".lock")):
        if not root.exists():
            render(root.with_suffix(".new"), config, workers=1)
            root.with_suffix(".new").rename(root)
    return root


@pytest.fixture
def flat_world(monkeypatch: pytest.MonkeyPatch) -> type[FlatWorld]:
    """Instead of the rendered world one of coloured rectangles, for tests that are not about the pictures."""
    return put_in_place(monkeypatch)


@pytest.fixture(scope="session", autouse=True)
def _surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Decoded pictures go to a cache of the tests' own, and nothing but this machine can be reached."""
    torch.set_num_threads(1 if WORKER else min(2, torch.get_num_threads()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESEEN_CACHE", str(tmp_path_factory.mktemp("cache")))
        for name in ("RESEEN_DATA", "RESEEN_WEIGHTS"):
            patch.delenv(name, raising=False)
        patch.setattr(socket.socket, "connect", _connect_to_loopback)
        yield


@pytest.fixture(autouse=True)
def _seeds() -> None:
    """A test that forgets a seed is still the same test every time, in any order."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


_connect = socket.socket.connect


def _connect_to_loopback(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = str(address[0])
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise OSError(f"tests reach no network, but {host} was asked for")
    _connect(self, address)
