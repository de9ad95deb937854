"""The search page, with and without a result; and the list of earlier searches."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse, Response

from reseen.app import messages
from reseen.app.api import searches as api
from reseen.app.api.parameters import Cursor, SearchId, ThisDesk
from reseen.app.desk import Desk
from reseen.app.finding.choosing import Found
from reseen.app.finding.searching import Ask, answer, rerun, search
from reseen.app.pages.form import Filters, texts_of
from reseen.app.state.users import User
from reseen.app.web.door import Visitor
from reseen.app.web.render import page
from reseen.app.web.uploads import read_pictures

router = APIRouter()


@router.get("/")
def new(request: Request, desk: ThisDesk, user: Visitor) -> Response:
    """The page to begin with; its address may hold filters and pictures to search by."""
    filters = Filters.read(request.query_params, desk.schema())
    likes = [(name, False) for name in texts_of(request.query_params, "like_ref")]
    likes += [(name, True) for name in texts_of(request.query_params, "unlike_ref")]
    return _shown(request, desk, user, filters, None, known=likes)


@router.post("/searches")
async def make(request: Request, desk: ThisDesk, user: Visitor) -> Response:
    """Searches, and leads to the record; of a picture of several people it is asked first who is meant."""
    form = await request.form(max_files=2 * desk.settings.limits.pictures + 2)
    done = await run_in_threadpool(_search, desk, user, form)
    if isinstance(done, str):
        return RedirectResponse(f"/searches/{done}", 303)
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str) and name != "csrf"]
    return page(request, "which.html", people=done, fields=fields)


@router.get("/searches")
def recent(request: Request, desk: ThisDesk, user: Visitor, cursor: Cursor = "") -> Response:
    """Earlier searches."""
    return page(request, "searches.html", found=api.recent(desk, user, cursor, 50))


@router.get("/searches/{search_id}")
def open_again(request: Request, desk: ThisDesk, user: Visitor, search_id: SearchId, before: str = "") -> Response:
    """A search with the first places of its list."""
    told = answer(desk, user, desk.record(user, search_id))
    changes = _changes(desk, user, told, before) if before else None
    known = [(each.reference, each.unlike) for each in told.queries if each.kept]
    return _shown(request, desk, user, Filters.of(told, desk.schema()), told, known=known, changes=changes)


@router.get("/searches/{search_id}/more")
def more(request: Request, desk: ThisDesk, user: Visitor, search_id: SearchId, cursor: Cursor) -> Response:
    """The next places of a list, for the page that has the first."""
    return page(request, "_results.html", found=answer(desk, user, desk.record(user, search_id), cursor))


@router.post("/searches/{search_id}/rerun")
def run_again(desk: ThisDesk, user: Visitor, search_id: SearchId) -> Response:
    """Runs a search once more."""
    again = rerun(desk, user, desk.record(user, search_id))
    return RedirectResponse(f"/searches/{again.search.id}?before={search_id}", 303)


@router.post("/searches/{search_id}/verdict")
async def say(request: Request, desk: ThisDesk, user: Visitor, search_id: SearchId) -> Response:
    """Keeps whether a result is right; saying the same twice takes it back."""
    form = await request.form()
    row, said = str(form.get("row", ""))[:64], form.get("verdict") == "right"

    def keep() -> messages.Verdict:
        before = desk.state.feedback.of(desk.record(user, search_id).id).get(row)
        return api.say(desk, user, search_id, messages.Verdict(row=row, correct=None if before is said else said))

    verdict = await run_in_threadpool(keep)
    if not request.headers.get("hx-request"):
        return RedirectResponse(f"/searches/{search_id}", 303)
    return page(request, "_verdict.html", search=search_id, row=row, verdict=verdict.correct)


@router.get("/facets")
def facets(request: Request, desk: ThisDesk, user: Visitor) -> Response:
    """What there is to choose from, counted anew each time somebody chooses."""
    filters = Filters.read(request.query_params, desk.schema())
    return page(request, "_facets.html", filters=filters, facets=filters.facets(desk, user))


def _search(desk: Desk, user: User, form: FormData) -> str | list[Found]:
    """Returns the record's id, or the people in the picture if there are several."""
    filters = Filters.read(form, desk.schema())
    limits = desk.settings.limits
    like, away = (
        read_pictures([each for each in form.getlist(name) if isinstance(each, UploadFile)], limits)
        for name in ("picture", "unlike")
    )
    refs = list(texts_of(form, "like_ref"))
    if len(like) == 1 and not refs:
        people = desk.choices.among(user, like[0])
        if len(people) > 1:
            return people
        if people:
            like, refs = [], [people[0].reference]
    ask = Ask(
        str(form.get("purpose", "")),
        like,
        away,
        refs,
        texts_of(form, "unlike_ref"),
        filters.where,
        filters.cameras,
        filters.since,
        filters.until,
    )
    return search(desk, user, ask).id


def _changes(desk: Desk, user: User, told: messages.Search, before: str) -> dict[str, Any]:
    old, now = ([place.row for place in desk.record(user, one).ranking] for one in (before[:64], told.id))
    there = desk.matches(user, old)
    return {
        "same": old == now,
        "deleted": sum(row not in there for row in old),
        "new": len(set(now) - set(old)),
        "before": before,
    }


def _shown(
    request: Request,
    desk: Desk,
    user: User,
    filters: Filters,
    found: messages.Search | None,
    *,
    known: list[tuple[str, bool]],
    changes: dict[str, Any] | None = None,
) -> Response:
    return page(
        request,
        "search.html",
        filters=filters,
        facets=filters.facets(desk, user),
        found=found,
        known=known,
        changes=changes,
        limits=desk.settings.limits,
    )
