"""The application on a small gallery, called within this process."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient

from reseen.app.desk import Desk
from reseen.app.server import create_app
from reseen.app.settings import Settings
from reseen.client import Client
from tests.app.served import write_gallery

LOCAL = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def _written(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return write_gallery(tmp_path_factory.mktemp("app"))


@pytest.fixture
def settings(_written: Settings, tmp_path: Path) -> Settings:
    """A gallery of one's own, and its model."""
    shutil.copytree(_written.gallery, tmp_path / "hall")
    return _written.model_copy(update={"gallery": tmp_path / "hall"})


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    with Desk(settings) as opened:
        yield opened


@pytest.fixture
def web(desk: Desk) -> Iterator[TestClient]:
    """A browser without scripts."""
    with TestClient(create_app(desk), base_url=LOCAL) as browser:
        browser.headers["accept"] = "text/html"
        yield browser


@pytest.fixture
def client(web: TestClient) -> Client:
    """The typed client, on the same application."""
    return Client(http=web)


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    """Where the application can be called from outside this process."""
    server = uvicorn.Server(uvicorn.Config(create_app(desk), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def browser() -> Iterator[Any]:
    """Debian's Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium")
    playwright.expect.set_options(timeout=30_000)  # the machine may be busy with other tests
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A page of a browser that notes what goes wrong."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=address).new_page()
    faults: list[str] = []
    page.on("console", lambda message: message.type in ("error", "warning") and faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda each: each.url.startswith((address, "blob:")) or faults.append(each.url))
    yield page
    page.context.close()
    assert faults == []
