"""Adding pictures in the background."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from reseen.app import messages
from reseen.app.keeping import adding
from reseen.app.keeping.receiving import ThisSent
from reseen.app.parameters import JobId, ThisDesk
from reseen.app.web.door import Operator

router = APIRouter(tags=["jobs"])
_PAUSE = 0.5
_SILENCE = 20.0
"""Seconds after which it is said that nothing has moved: proxies and clients give up on whoever says nothing."""


_FILES = {
    "description": "Pictures, zips of pictures, or videos.",
    "type": "array",
    "items": {"type": "string", "contentMediaType": "application/octet-stream"},
    "minItems": 1,
}
_FORM = messages.Addition.model_json_schema() | {"required": ["file"]}
_FORM["properties"]["file"] = _FILES
_BODY = {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}
"""The form as it is described: FastAPI does not read it, as it is written to disk while it comes."""


@router.post("/jobs", status_code=202, openapi_extra={"requestBody": _BODY})
def add(sent: ThisSent, desk: ThisDesk, user: Operator) -> messages.Job:
    """Keeps pictures and videos, and adds them in the background; a video needs its camera."""
    try:
        said = messages.Addition.model_validate({name: text for name, text in sent.texts if text})
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from None
    return adding.message(adding.accept(desk, user, sent, said))


@router.get("/jobs")
def jobs(desk: ThisDesk, user: Operator) -> tuple[messages.Job, ...]:
    """Lists jobs, newest first: an operator who sees all cameras sees everybody's."""
    return adding.recent(desk, user)


@router.get("/jobs/{job_id}")
def job(desk: ThisDesk, user: Operator, job_id: JobId) -> messages.Job:
    """Says how a job is going."""
    return adding.job_of(desk, user, job_id)


@router.post("/jobs/{job_id}/cancel")
def cancel(desk: ThisDesk, user: Operator, job_id: JobId) -> messages.Job:
    """Stops a job; what it has added stays."""
    return adding.cancel(desk, user, job_id)


@router.get("/jobs/{job_id}/events", response_class=StreamingResponse)
async def events(request: Request, desk: ThisDesk, user: Operator, job_id: JobId) -> StreamingResponse:
    """Tells how a job is going, each time it has moved, until it is over (server-sent events)."""
    await run_in_threadpool(adding.job_of, desk, user, job_id)

    async def told() -> AsyncIterator[str]:
        before, told_at = "", time.monotonic()
        while not await request.is_disconnected():
            job = await run_in_threadpool(desk.state.jobs.get, job_id)
            if job is None:
                return
            now = adding.message(job).model_dump_json()
            if now != before or time.monotonic() - told_at >= _SILENCE:
                yield f"data: {now}\n\n" if now != before else ":\n\n"
                told_at = time.monotonic()
            if job.over:
                return
            before = now
            await asyncio.sleep(_PAUSE)

    return StreamingResponse(told(), media_type="text/event-stream")
