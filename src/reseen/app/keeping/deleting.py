"""Deleting for good, everywhere: gallery, kept queries, verdicts, what is held in memory; with a receipt."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from reseen.app import messages
from reseen.app.desk import Desk
from reseen.app.finding.why import Explainer
from reseen.app.state.deletions import Begun
from reseen.app.state.users import User
from reseen.app.words import plain_line
from reseen.errors import ReseenError
from reseen.search.gallery.deleting.receipt import BEYOND, Receipt
from reseen.search.gallery.finding.filters import Criteria, Filter, OneOf
from reseen.search.gallery.overview import expired_count, ids_of


def count(desk: Desk, user: User, wanted: messages.Deletion) -> int:
    """Returns how many rows would be deleted.

    Raises:
        ReseenError: If nothing is said.
    """
    return len(ids_of(desk.gallery, _rows(desk, user, wanted)))


def delete(desk: Desk, explainer: Explainer, user: User, wanted: messages.Deletion) -> messages.Receipt:
    """Deletes rows, and everything the application itself has kept of them.

    Raises:
        ReseenError: If nothing is said, or the disk fails.
    """
    reason = plain_line(wanted.reason)
    if len(reason) < 3:
        raise ReseenError("say why this is deleted: it stands in the audit trail")
    rows = _rows(desk, user, wanted)
    ids = ids_of(desk.gallery, rows)
    criteria = wanted.model_dump(exclude_none=True, exclude={"reason"})
    with _noted(desk, Begun(time.time(), user.name, "delete", reason, criteria, ids)):
        done = desk.gallery.remove(rows, scan=True)
        return _receipt(desk, explainer, user, "delete", reason, criteria, ids, done)


def expire(desk: Desk, explainer: Explainer, user: User, days: float) -> messages.Receipt:
    """Deletes rows that are older than the retention, and pictures that older searches have kept.

    Args:
        desk: The gallery.
        explainer: What it holds in memory is forgotten.
        user: Who deletes.
        days: The retention as they know it: nobody deletes by another one that was set meanwhile.

    Raises:
        ReseenError: If the retention is another one, the disk fails, or some of the gallery's cameras are not the
            user's.
    """
    _check_all_cameras(user)
    if days != (kept := desk.gallery.retention):
        raise ReseenError(f"the retention is {kept} days, not {days}; count again what is older, then apply it")
    now, before = time.time(), desk.overview().ids.tolist()
    reason, criteria = f"older than {days:g} days", {"days": days}
    with _noted(desk, Begun(now, user.name, "expire", reason, criteria, before)):
        done = desk.gallery.expire(now, scan=True)
        ids = _gone(desk, before)
        queries = desk.state.searches.forget_before(now - 86_400 * days)
        return _receipt(desk, explainer, user, "expire", reason, criteria, ids, done, queries)


def count_expired(desk: Desk, user: User) -> int:
    """Returns how many rows `expire` would delete.

    Raises:
        ReseenError: If some of the gallery's cameras are not the user's.
    """
    _check_all_cameras(user)
    return expired_count(desk.gallery, time.time())


def _noted(desk: Desk, begun: Begun) -> AbstractContextManager[None]:
    return desk.state.deletions.noted(begun, lambda: not _gone(desk, begun.ids))


def finish(desk: Desk) -> None:
    """Does what processes that failed or were killed have left of their deletions, and says so in the audit trail.

    Raises:
        ReseenError: If the disk fails.
    """
    for begun in desk.state.deletions.left():
        queries = 0
        if begun.action == "expire":
            desk.gallery.expire(begun.at)
            queries = desk.state.searches.forget_before(begun.at - 86_400 * begun.criteria["days"])
        else:
            desk.gallery.remove(Filter((OneOf("id", tuple(begun.ids)),)))
        ids = _gone(desk, begun.ids)
        queries += desk.state.searches.forget_rows(ids)
        verdicts = desk.state.feedback.forget_rows(ids)
        desk.state.forget()
        facts = {"criteria": begun.criteria, "rows": len(ids), "queries": queries, "verdicts": verdicts}
        desk.state.audit.add(begun.who, begun.action, reason=begun.reason, **facts, finished="after a restart")


def forget_gone(desk: Desk) -> None:
    """Forgets what belongs to rows that another program has deleted, and pictures that older searches have kept.

    A picture that was uploaded is known as a row's if some search's list has, or has had, a row of its content.

    Raises:
        ReseenError: If the gallery cannot be read.
    """
    kept = desk.state.searches.known() | desk.state.feedback.rows()
    gone = _gone(desk, sorted(kept)) if kept else []
    verdicts = desk.state.feedback.forget_rows(gone)
    queries = desk.state.searches.forget_before(time.time() - 86_400 * desk.gallery.retention)
    queries += desk.state.searches.forget_rows(gone)
    if queries or verdicts:
        desk.state.audit.add("local", "forget", rows=len(gone), queries=queries, verdicts=verdicts)
        desk.state.forget()


def keep_for(desk: Desk, user: User, days: float) -> None:
    """Sets after how many days rows are to be deleted.

    Raises:
        ReseenError: If some of the gallery's cameras are not the user's.
    """
    _check_all_cameras(user)
    desk.gallery.retention = days
    desk.state.audit.add(user.name, "retention", days=days)


def _check_all_cameras(user: User) -> None:
    if user.cameras is not None:
        raise ReseenError("the retention is of all cameras, and you may see some; ask somebody who may see all")


def _receipt(
    desk: Desk,
    explainer: Explainer,
    user: User,
    action: str,
    reason: str,
    criteria: dict[str, Any],
    ids: Sequence[str],
    done: Receipt,
    queries: int = 0,
) -> messages.Receipt:
    queries += desk.state.searches.forget_rows(ids)
    verdicts = desk.state.feedback.forget_rows(ids)
    desk.state.forget()
    explainer.forget()
    desk.overview()
    desk.state.audit.add(
        user.name,
        action,
        reason=reason,
        criteria=criteria,
        rows=done.rows,
        queries=queries,
        verdicts=verdicts,
        undeleted=len(done.undeleted),
        found=done.found,
    )
    return messages.Receipt(
        at=time.time(),
        who=user.name,
        reason=reason,
        criteria=criteria,
        rows=done.rows,
        left=len(desk.gallery),
        queries=queries,
        verdicts=verdicts,
        drawn=len(done.exports),
        undeleted=len(done.undeleted),
        looked_for=done.looked_for,
        files=done.files,
        bytes=done.bytes,
        found=done.found,
        beyond=BEYOND,
        audit=desk.state.audit.head()[1],
    )


def _gone(desk: Desk, ids: Sequence[str]) -> list[str]:
    there = set(desk.overview().ids.tolist())
    return [one for one in ids if one not in there]


def _rows(desk: Desk, user: User, wanted: messages.Deletion) -> Filter:
    said = Criteria(
        cameras=wanted.cameras,
        pids=wanted.persons,
        since=wanted.since,
        until=wanted.until,
        sources=wanted.sources,
    ).filter()
    chosen = () if wanted.rows is None else (OneOf("id", wanted.rows),)
    if not said and not chosen:
        raise ReseenError("say what to delete: cameras, persons, sources, rows, since or until")
    return Filter((*said.conditions, *chosen, *desk.rows(user).conditions))
