"""Searches: made, opened again, run once more, exported, and said right or wrong."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Path, Response, UploadFile

from reseen.app import messages
from reseen.app.finding import exports, searching
from reseen.app.finding.feedback import judge
from reseen.app.finding.row_filter import RowFilter
from reseen.app.finding.searching import Ask, answer, rerun, search
from reseen.app.messages.base import LARGEST
from reseen.app.parameters import Cursor, SearchId, Size, ThisDesk
from reseen.app.web.door import Visitor
from reseen.app.web.uploads import jpeg, read_pictures

router = APIRouter(tags=["searches"])
CameraNumber = Annotated[int, Form(ge=-LARGEST, le=LARGEST)]
Purpose = Annotated[str, Form(min_length=3, max_length=500, examples=["lost child, case 4711"])]


@router.post("/searches", status_code=201)
def make(
    desk: ThisDesk,
    user: Visitor,
    purpose: Purpose,
    picture: Annotated[list[UploadFile] | None, File(description="The person; several make one query.")] = None,
    unlike: Annotated[list[UploadFile] | None, File(description="Somebody else.")] = None,
    like_ref: Annotated[list[str] | None, Form(description="The person: row:ID, query:SEARCH.PLACE, crop:…")] = None,
    unlike_ref: Annotated[list[str] | None, Form(description="Somebody else, likewise.")] = None,
    where: Annotated[str, Form(max_length=2000, examples=["upper_color=red"])] = "",
    camera: Annotated[list[CameraNumber] | None, Form(description="Only these.")] = None,
    since: Annotated[float | None, Form(allow_inf_nan=False)] = None,
    until: Annotated[float | None, Form(allow_inf_nan=False)] = None,
    rerank: Annotated[bool, Form(description="Order the nearest 200 by k-reciprocal encoding.")] = False,
    top: Annotated[int, Form(ge=1, description="Length of the list.")] = 100,
) -> messages.Search:
    """Searches, and keeps the search as a record."""
    limits = desk.settings.limits
    ask = Ask(
        purpose,
        read_pictures(picture or [], limits),
        read_pictures(unlike or [], limits),
        like_ref or [],
        unlike_ref or [],
        RowFilter(where, camera or [], since, until),
        rerank,
        top,
    )
    return answer(desk, user, search(desk, user, ask))


@router.post("/people")
def people(
    desk: ThisDesk, user: Visitor, picture: Annotated[UploadFile, File(description="A picture of several people.")]
) -> tuple[messages.PersonFound, ...]:
    """Finds the people in a picture; empty if it is one person's already, or nothing here looks for people."""
    found = [each for data in read_pictures([picture], desk.settings.limits) for each in desk.choices.among(user, data)]
    return tuple(
        messages.PersonFound(
            reference=each.reference,
            box=each.box,
            confidence=each.confidence,
            picture=f"/api/why/map?of={each.reference}",
        )
        for each in found
    )


@router.get("/searches")
def recent(desk: ThisDesk, user: Visitor, cursor: Cursor = "", size: Size = 20) -> messages.SearchList:
    """Lists searches, newest first: an operator who sees all cameras sees everybody's."""
    return searching.recent(desk, user, cursor, size)


@router.get("/searches/{search_id}")
def open_again(
    desk: ThisDesk, user: Visitor, search_id: SearchId, cursor: Cursor = "", size: Size = 24
) -> messages.Search:
    """Opens a search again, as it was; rows that were deleted since are empty places."""
    return answer(desk, user, desk.record(user, search_id), cursor, size)


@router.post("/searches/{search_id}/rerun", status_code=201)
def run_again(desk: ThisDesk, user: Visitor, search_id: SearchId) -> messages.Rerun:
    """Runs a search once more and says what has changed."""
    return rerun(desk, user, desk.record(user, search_id))


@router.put("/searches/{search_id}/verdict")
def say(desk: ThisDesk, user: Visitor, search_id: SearchId, verdict: messages.Verdict) -> messages.Verdict:
    """Keeps whether a result is right."""
    judge(desk, user, search_id, verdict.row, verdict.correct)
    return verdict


@router.get("/searches/{search_id}/queries/{place}/picture", response_class=Response)
def query_picture(
    desk: ThisDesk,
    user: Visitor,
    search_id: SearchId,
    place: Annotated[int, Path(description="0: the first.", examples=[0])],
) -> Response:
    """Returns a picture that was searched by, as JPEG."""
    return Response(jpeg(desk.picture(user, f"query:{search_id}.{place}").open()), media_type="image/jpeg")


@router.get("/searches/{search_id}/export.{kind}", response_class=Response)
def export(desk: ThisDesk, user: Visitor, search_id: SearchId, kind: Literal["pdf", "png", "csv"]) -> Response:
    """Returns a search to take along."""
    record = desk.record(user, search_id)
    content: str | bytes
    if kind == "csv":
        content, media = exports.table(desk, user, record), "text/csv; charset=utf-8"
    elif kind == "png":
        content, media = exports.picture(desk, user, record), "image/png"
    else:
        content, media = exports.document(desk, user, record), "application/pdf"
    desk.state.audit.add(user.name, "export", search=record.id, kind=kind)
    name = f"attachment; filename=search-{record.id}.{kind}"
    return Response(content, media_type=media, headers={"Content-Disposition": name})
