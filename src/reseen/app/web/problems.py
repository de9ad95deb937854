"""Errors as RFC 9457 wants them: ``application/problem+json``, or a page for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException as PlainHTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from reseen.app.web.render import page
from reseen.errors import ReseenError


class Problem(BaseModel):
    """What went wrong.

    Attributes:
        title: The status in words.
        status: HTTP status.
        detail: One sentence that names the thing and the remedy.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Not Found", "status": 404, "detail": "…"}]})

    title: str
    status: int
    detail: str


_MEDIA = "application/problem+json"
_TITLES = {
    400: "This cannot be done",
    403: "This is not allowed",
    404: "Not found",
    413: "Too much at once",
    422: "This cannot be done",
    429: "Too many tries",
    500: "Something went wrong",
}
"""What people are told in place of a status."""
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {_MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (400, 401, 403, 404, 413, 422, 429)
}
"""What every route may answer with, for the OpenAPI document."""


def missing(what: str) -> HTTPException:
    """Returns the error for what is not there, or what this visitor may not see: they are not told apart."""
    return HTTPException(404, f"there is no {what}, or it was deleted")


def install(app: FastAPI) -> None:
    """Lets an application answer in these words."""
    app.add_exception_handler(ReseenError, _mistake)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(PlainHTTPException, refused)
    described = app.openapi

    def openapi() -> dict[str, Any]:
        """A model of FastAPI's ``responses`` would be told of as ``application/json``."""
        document = described()
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def answer(request: Request, status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Returns a problem to whoever asked: an API client, a person, or htmx within a page."""
    title = HTTPStatus(status).phrase
    by_htmx = "hx-request" in request.headers
    people = by_htmx or "text/html" in request.headers.get("accept", "")
    if request.url.path.startswith("/api") or not people:
        problem = Problem(title=title, status=status, detail=detail)
        return JSONResponse(problem.model_dump(), status, headers, media_type=_MEDIA)
    if by_htmx:
        headers = {"HX-Retarget": "#alert", "HX-Reswap": "innerHTML", **(headers or {})}
        return page(request, "alert.html", status=status, headers=headers, text=detail)
    said = _TITLES.get(status, title)
    again = request.method == "POST" and status in (400, 413, 422)
    return page(request, "error.html", status=status, headers=headers, title=said, detail=detail, again=again)


async def _mistake(request: Request, error: Exception) -> Response:
    return answer(request, 422, str(error))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return answer(request, 422, f"{place}: {first['msg']}")


async def refused(request: Request, error: Exception) -> Response:
    """Returns the answer to whoever is refused; people who have not logged in are led to where they can."""
    assert isinstance(error, PlainHTTPException)
    browsing = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api")
    if error.status_code == 401 and browsing:
        if request.headers.get("hx-request"):
            return Response(status_code=204, headers={"HX-Redirect": "/login"})
        return RedirectResponse("/login", 303)
    return answer(request, error.status_code, str(error.detail), dict(error.headers or {}))
