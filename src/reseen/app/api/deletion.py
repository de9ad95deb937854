"""Deleting for good, and after how long."""

from __future__ import annotations

from fastapi import APIRouter

from reseen.app import messages
from reseen.app.keeping import deleting
from reseen.app.parameters import ThisDesk, ThisExplainer
from reseen.app.web.door import Operator

router = APIRouter(tags=["deletion"])


@router.post("/deletions/count")
def count(desk: ThisDesk, user: Operator, wanted: messages.Deletion) -> int:
    """Says how many rows would be deleted."""
    return deleting.count(desk, user, wanted)


@router.post("/deletions", status_code=201)
def delete(desk: ThisDesk, explainer: ThisExplainer, user: Operator, wanted: messages.Deletion) -> messages.Receipt:
    """Deletes rows for good, and returns the receipt."""
    return deleting.delete(desk, explainer, user, wanted)


@router.get("/retention")
def retention(desk: ThisDesk, user: Operator) -> messages.Retention:
    """Says after how many days rows are to be deleted."""
    return messages.Retention(days=desk.gallery.retention)


@router.put("/retention")
def keep_for(desk: ThisDesk, user: Operator, wanted: messages.Retention) -> messages.Retention:
    """Sets after how many days rows are to be deleted."""
    deleting.keep_for(desk, user, wanted.days)
    return wanted


@router.get("/retention/count")
def count_expired(desk: ThisDesk, user: Operator) -> int:
    """Says how many rows are older."""
    return deleting.count_expired(desk, user)


@router.post("/retention/apply", status_code=201)
def expire(desk: ThisDesk, explainer: ThisExplainer, user: Operator, known: messages.Retention) -> messages.Receipt:
    """Deletes what is older than the retention, which has to be named, and returns the receipt."""
    return deleting.expire(desk, explainer, user, known.days)
