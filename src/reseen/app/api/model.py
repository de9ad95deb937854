"""The model, and what people said of its results."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Body, Response

from reseen.app import messages, model_page
from reseen.app.api.parameters import ThisDesk
from reseen.app.desk import SENSITIVE
from reseen.app.finding import exports
from reseen.app.web.door import Operator, Visitor
from reseen.app.web.problems import missing

router = APIRouter(tags=["model"])


@router.get("/model")
def model(desk: ThisDesk, user: Visitor) -> messages.ModelInfo:
    """Returns the model's card."""
    return model_page.describe(desk, user)


@router.get("/model/cmc", response_class=Response)
def cmc(desk: ThisDesk, user: Visitor) -> Response:
    """Returns the CMC curve of the run that made the model, as PNG."""
    picture = model_page.cmc_picture(desk.settings.checkpoint)
    if picture is None:
        raise missing("report beside the checkpoint")
    return Response(picture, media_type="image/png")


@router.put("/model/sensitive")
def turn(desk: ThisDesk, user: Operator, on: Annotated[bool, Body(embed=True)]) -> messages.ModelInfo:
    """Turns apparent gender and age on or off, for everybody."""
    desk.state.switches[SENSITIVE] = on
    desk.state.audit.add(user.name, "sensitive attributes", on=on)
    return model_page.describe(desk, user)


@router.get("/feedback", response_class=Response)
def feedback(desk: ThisDesk, user: Operator) -> Response:
    """Returns what people said of results as pairs, one JSON object a line."""
    lines = "".join(f"{json.dumps(pair)}\n" for pair in exports.pairs(desk))
    desk.state.audit.add(user.name, "export", kind="feedback")
    headers = {"Content-Disposition": "attachment; filename=feedback.jsonl"}
    return Response(lines, media_type="application/x-ndjson", headers=headers)
