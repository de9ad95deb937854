"""The model, and what people said of its results."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Body, Response

from reseen.app import messages
from reseen.app.finding.feedback import pairs, training_set
from reseen.app.finding.model import describe, picture, turn_sensitive
from reseen.app.parameters import ThisDesk
from reseen.app.web.door import Operator, Overseer, Visitor

router = APIRouter(tags=["model"])


@router.get("/model")
def model(desk: ThisDesk, user: Visitor) -> messages.ModelInfo:
    """Returns the model's card."""
    return describe(desk, user)


@router.get("/model/{name}", response_class=Response)
def model_picture(desk: ThisDesk, user: Visitor, name: messages.ModelPicture) -> Response:
    """Returns the CMC curve, the reliability curve, or the hardest queries of the evaluation, as PNG."""
    return Response(picture(desk, user, name), media_type="image/png")


@router.put("/model/sensitive")
def turn(desk: ThisDesk, user: Overseer, on: Annotated[bool, Body(embed=True)]) -> messages.ModelInfo:
    """Turns apparent gender and age on or off, for everybody."""
    turn_sensitive(desk, user, on)
    return describe(desk, user)


@router.get("/feedback", response_class=Response)
def feedback(desk: ThisDesk, user: Operator) -> Response:
    """Returns what people said of results as pairs, one JSON object a line."""
    lines = "".join(f"{json.dumps(pair)}\n" for pair in pairs(desk, user))
    desk.state.audit.add(user.name, "export", kind="feedback")
    headers = {"Content-Disposition": "attachment; filename=feedback.jsonl"}
    return Response(lines, media_type="application/x-ndjson", headers=headers)


@router.get("/feedback/pictures", response_class=Response)
def feedback_pictures(desk: ThisDesk, user: Operator) -> Response:
    """Returns the pictures of whoever was found right, by person, as a zip that `reseen train` reads."""
    content = training_set(desk, user)
    desk.state.audit.add(user.name, "export", kind="feedback with pictures")
    headers = {"Content-Disposition": "attachment; filename=feedback.zip"}
    return Response(content, media_type="application/zip", headers=headers)
