"""What is kept: adding, deleting, retention."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from reseen.app import messages
from reseen.app.finding import looking
from reseen.app.keeping import adding, deleting
from reseen.app.keeping.receiving import ThisSent
from reseen.app.pages.form import Filters, texts_of
from reseen.app.parameters import JobId, ThisDesk, ThisExplainer
from reseen.app.web.door import Operator
from reseen.app.web.render import page
from reseen.app.words import plain_line
from reseen.errors import ReseenError

router = APIRouter()


@router.get("/add")
def add_page(request: Request, desk: ThisDesk, user: Operator) -> Response:
    """The form to add pictures, and the jobs."""
    videos = desk.choices.detector is not None
    return page(request, "add.html", jobs=adding.recent(desk, user), limits=desk.settings.limits, videos=videos)


@router.post("/add")
def add(sent: ThisSent, desk: ThisDesk, user: Operator) -> Response:
    """Keeps pictures; they are added in the background."""
    said = Filters.read(sent.form, None).wanted
    wanted = messages.Addition(
        camera=said.cameras[0] if said.cameras else None,
        seconds=said.since,
        source=plain_line(str(sent.form.get("source", "")))[:200],
        again="again" in sent.form,
    )
    adding.accept(desk, user, sent, wanted)
    return RedirectResponse("/add", 303)


@router.get("/jobs/{job_id}")
def job(request: Request, desk: ThisDesk, user: Operator, job_id: JobId) -> Response:
    """How a job is going, for the page that lists it."""
    return page(request, "_job.html", job=adding.job_of(desk, user, job_id))


@router.post("/jobs/{job_id}/cancel")
def cancel(request: Request, desk: ThisDesk, user: Operator, job_id: JobId) -> Response:
    """Stops a job."""
    told = adding.cancel(desk, user, job_id)
    if not request.headers.get("hx-request"):
        return RedirectResponse("/add", 303)
    return page(request, "_job.html", job=told)


@router.get("/delete")
def delete_page(request: Request, desk: ThisDesk, user: Operator) -> Response:
    """The form to delete by; its address may name rows."""
    rows = texts_of(request.query_params, "row")
    return page(request, "delete.html", facets=looking.facets(desk, user), rows=rows, days=desk.gallery.retention)


@router.post("/delete")
async def delete(request: Request, desk: ThisDesk, explainer: ThisExplainer, user: Operator) -> Response:
    """Counts what would be deleted and asks; the second time it deletes, and shows the receipt."""
    form = await request.form()
    wanted = _wanted(form)
    if form.get("sure") == "yes":
        receipt = await run_in_threadpool(deleting.delete, desk, explainer, user, wanted)
        return page(request, "receipt.html", receipt=receipt)
    count = await run_in_threadpool(deleting.count, desk, user, wanted)
    return page(request, "delete.html", wanted=wanted, count=count)


@router.post("/retention")
async def retention(request: Request, desk: ThisDesk, explainer: ThisExplainer, user: Operator) -> Response:
    """Sets the retention, or counts what is older and asks; the second time it deletes."""
    form = await request.form()
    if form.get("apply") == "yes" and form.get("sure") == "yes":
        receipt = await run_in_threadpool(deleting.expire, desk, explainer, user, _days(form))
        return page(request, "receipt.html", receipt=receipt)
    if form.get("apply") == "yes":
        count = await run_in_threadpool(deleting.count_expired, desk, user)
        return page(request, "delete.html", days=desk.gallery.retention, count=count)
    await run_in_threadpool(deleting.keep_for, desk, user, _days(form))
    return RedirectResponse("/delete", 303)


def _days(form: FormData) -> float:
    try:
        return messages.Retention.model_validate({"days": str(form.get("days", ""))}).days
    except ValidationError:
        raise ReseenError("the retention is a number of days above 0") from None


def _wanted(form: FormData) -> messages.Deletion:
    said = Filters.read(form, None).wanted
    persons = str(form.get("persons", "")).replace(",", " ").split()
    try:
        return messages.Deletion.model_validate(
            {
                "cameras": said.cameras or None,
                "persons": persons or None,
                "sources": texts_of(form, "source") or None,
                "rows": texts_of(form, "row") or None,
                "since": said.since,
                "until": said.until,
                "reason": str(form.get("reason", "")).strip(),
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise ReseenError(f"{first['loc'][0]}: {first['msg']}") from None
