"""Pages from templates, and how numbers and times are written on them."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

import reseen
from reseen.app.messages import Row
from reseen.app.words import label
from reseen.data.person import UNKNOWN_CAMERA
from reseen.explain.drawing.maps import TITLES
from reseen.search.clock import EPOCH_FROM, clock

_templates = Environment(
    loader=PackageLoader("reseen.app"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
STATIC = files("reseen.app") / "static"


def page(
    request: Request, template: str, *, status: int = 200, headers: dict[str, str] | None = None, **content: Any
) -> HTMLResponse:
    """Returns a page, which knows who is looking at it."""
    user = getattr(request.state, "user", None)
    csrf = getattr(request.state, "csrf", "")
    html = _templates.get_template(template).render(
        user=user, csrf=csrf, path=request.url.path, version=reseen.__version__, **content
    )
    return HTMLResponse(html, status, headers)


def when(seconds: float | None) -> str:
    """Returns a time as people read it: a date in UTC, or time since a recording began."""
    if seconds is None:
        return "time unknown"
    return clock(seconds).removesuffix("Z") if seconds >= EPOCH_FROM else f"{clock(seconds)} in"


def taken_by(row: Row) -> str:
    """Returns which camera has taken a row, by its name too if it has one."""
    if row.camera == UNKNOWN_CAMERA:
        return f"camera {row.camera_name}"
    return f"camera {row.camera}" + (f", {row.camera_name}" if row.camera_name else "")


def duration(seconds: float | None) -> str:
    """Returns how long something will take, roughly."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def plain(value: str) -> str:
    """Returns a name without the signs that programs need."""
    return value.replace("_", " ").replace("/", " ")


def map_title(name: str) -> str:
    """Returns what to call one of `PersonOutput.maps`."""
    return TITLES.get(name, label(name.removeprefix("attribute/")))


def told(value: object) -> str:
    """Returns what an audit entry has noted, without what is empty."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {told(each)}" for name, each in value.items() if each not in (None, "", []))
    if isinstance(value, (list, tuple)):
        return ", ".join(map(told, value[:20])) + (" …" if len(value) > 20 else "")
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def sentence(text: str) -> str:
    """Returns what went wrong as a sentence, which it is not where a command or a program tells of it."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def moved(value: float, before: float) -> float:
    """Returns how far a distance has moved, either way."""
    return abs(value - before)


_templates.filters |= {
    each.__name__: each for each in (when, taken_by, duration, plain, map_title, told, sentence, moved)
}
