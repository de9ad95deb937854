"""The search page, with and without a result; and the list of earlier searches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse, Response

from reseen.app import messages
from reseen.app.choosing import Candidate
from reseen.app.desk import Desk
from reseen.app.finding import searching
from reseen.app.finding.feedback import judge
from reseen.app.finding.searching import Ask, answer, gone, rerun, search
from reseen.app.pages.form import Filters, texts_of
from reseen.app.parameters import Cursor, SearchId, ThisDesk
from reseen.app.state.users import User
from reseen.app.web.door import Visitor
from reseen.app.web.forms import form_of
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
    form = await form_of(request)
    done = await run_in_threadpool(_search, desk, user, form)
    if isinstance(done, str):
        return RedirectResponse(f"/searches/{done}", 303)
    said = [(name, value) for name, value in form.multi_items() if isinstance(value, str) and name != "csrf"]
    return page(request, "which.html", scenes=done.scenes, fields=[*said, *done.known])


@router.get("/searches")
def recent(request: Request, desk: ThisDesk, user: Visitor, cursor: Cursor = "") -> Response:
    """Earlier searches."""
    return page(request, "searches.html", found=searching.recent(desk, user, cursor, 50))


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

    def keep() -> bool | None:
        before = desk.state.feedback.of(desk.record(user, search_id).id).get(row)
        correct = None if before is said else said
        judge(desk, user, search_id, row, correct)
        return correct

    verdict = await run_in_threadpool(keep)
    if not request.headers.get("hx-request"):
        return RedirectResponse(f"/searches/{search_id}", 303)
    return page(request, "_verdict.html", search=search_id, row=row, verdict=verdict)


@router.get("/facets")
def facets(request: Request, desk: ThisDesk, user: Visitor) -> Response:
    """What there is to choose from, counted anew each time somebody chooses."""
    filters = Filters.read(request.query_params, desk.schema())
    return page(request, "_facets.html", filters=filters, facets=filters.facets(desk, user))


@dataclass(frozen=True, slots=True)
class _Question:
    """Who is meant in pictures of several people.

    Attributes:
        scenes: For each such picture the field to answer in, and its people.
        known: Fields for the pictures of which nothing has to be asked; they wait with the others.
    """

    scenes: list[tuple[str, list[Candidate]]]
    known: list[tuple[str, str]]


def _search(desk: Desk, user: User, form: FormData) -> str | _Question:
    """Returns the record's id, or what has to be asked first."""
    filters = Filters.read(form, desk.schema())
    sent = {name: _sent(desk, form, field) for name, field in (("like_ref", "picture"), ("unlike_ref", "unlike"))}
    question = _Question([], [])
    found: dict[str, list[bytes]] = {name: [] for name in sent}
    for name, data in [(name, each) for name, pictures in sent.items() for each in pictures]:
        people = desk.choices.among(user, data)
        if len(people) > 1:
            question.scenes.append((f"{name}.{len(question.scenes)}", people))
        elif people:
            question.known.append((name, people[0].reference))
        else:
            found[name].append(data)
    if question.scenes:
        question.known.extend((name, desk.choices.keep(user, data)) for name, each in found.items() for data in each)
        return question
    like, unlike = (
        [*_chosen(form, name), *(reference for own, reference in question.known if own == name)] for name in sent
    )
    purpose = str(form.get("purpose", ""))
    ask = Ask(purpose, found["like_ref"], found["unlike_ref"], like, unlike, filters.wanted, filters.rerank)
    return search(desk, user, ask).id


def _sent(desk: Desk, form: FormData, field: str) -> list[bytes]:
    return read_pictures([each for each in form.getlist(field) if isinstance(each, UploadFile)], desk.settings.limits)


def _chosen(form: FormData, name: str) -> list[str]:
    """Returns the references in a field, and in those that asked for one picture each: ``NAME.0``, ``NAME.1`` etc."""
    fields = [field for field in dict.fromkeys(form) if field.partition(".")[0] == name]
    return [reference for field in fields for reference in texts_of(form, field)]


def _changes(desk: Desk, user: User, told: messages.Search, before: str) -> dict[str, Any]:
    old, now = ([place.row for place in desk.record(user, one).ranking] for one in (before[:64], told.id))
    return {
        "same": old == now,
        "deleted": len(gone(desk, old)),
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
