"""The application put together, and started."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.staticfiles import StaticFiles

import reseen
from reseen.app import api, pages
from reseen.app.desk import Desk
from reseen.app.finding.why import Explainer
from reseen.app.keeping import deleting
from reseen.app.keeping.worker import Worker
from reseen.app.settings import Settings
from reseen.app.web import problems
from reseen.app.web.guard import Guard
from reseen.app.web.render import STATIC

_ABOUT = """\
Finding persons again in a gallery, with reasons. Every search needs a purpose and stays as a record; a result is a
possible match, never a proof of who somebody is. Errors are `application/problem+json`.
"""


def create_app(desk: Desk) -> FastAPI:
    """Returns the application for an open desk, which stays the caller's to close."""
    worker = Worker(desk)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        deleting.finish(desk)
        worker.start()
        yield
        worker.stop()

    app = FastAPI(
        title="reseen",
        version=reseen.__version__,
        description=_ABOUT,
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.desk, app.state.explainer = desk, Explainer(desk)
    problems.install(app)
    app.include_router(api.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=str(STATIC)), name="static")
    app.add_middleware(Guard, settings=desk.settings, door=desk.door)

    @app.get("/health", include_in_schema=False)
    def health(request: Request) -> dict[str, str]:
        return {"status": "ok"}

    return app


def serve(settings: Settings) -> None:
    """Opens a gallery and serves it until it is interrupted.

    Raises:
        ReseenError: If something cannot be opened, or others could call and nobody would be asked who they are.
    """
    import uvicorn

    with Desk(settings) as desk:
        uvicorn.run(
            create_app(desk),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=3,
        )
