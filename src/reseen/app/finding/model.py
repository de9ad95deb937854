"""What there is to know of the model: its card, its evaluation, and pictures of how far it can be trusted."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from markdown_it import MarkdownIt

from reseen.app import messages
from reseen.app.desk import SENSITIVE, Desk
from reseen.app.state.users import User
from reseen.app.web.problems import missing
from reseen.app.words import label
from reseen.checkpoint_files import CARD, RELIABILITY, REPORT, WORST
from reseen.explain.drawing.curves import cmc_figure

_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_FORM = "colors_multi_class"
"""A colour is one attribute with several classes, as people choose it."""


def describe(desk: Desk, user: User) -> messages.ModelInfo:
    """Returns the model's digest, what it predicts, how well, and its card in Markdown."""
    schema, overview, checkpoint = desk.schema(), desk.overview(), desk.settings.checkpoint
    names = schema.names if schema else ()
    card, report = checkpoint / CARD, _report(checkpoint)
    there: dict[messages.ModelPicture, bool] = {
        "cmc": "ranking" in report,
        "reliability": (checkpoint / RELIABILITY).is_file(),
        "hardest": _may_see_hardest(user) and _beside(checkpoint, WORST) is not None,
    }
    return messages.ModelInfo(
        digest=desk.embedder.digest,
        rows=int(desk.rows(user).mask(overview.columns).sum()),
        width=0 if desk.gallery.layout is None else desk.gallery.layout.searched_width,
        attributes=names,
        calibration=_calibration(desk),
        sensitive=desk.state.switches[SENSITIVE],
        test=_test(report, names) if report else None,
        pictures=tuple(name for name, is_there in there.items() if is_there),
        card=card.read_text(encoding="utf-8") if card.is_file() else "",
    )


def turn_sensitive(desk: Desk, user: User, on: bool) -> None:
    """Turns apparent gender and age on or off, for everybody."""
    desk.state.switches[SENSITIVE] = on
    desk.state.audit.add(user.name, "sensitive attributes", on=on)


def card_html(card: str) -> str:
    """Returns a card as HTML; whatever HTML is in it stays text, and its pictures are left out."""
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(_PICTURE.sub("", card)))


def picture(desk: Desk, user: User, name: messages.ModelPicture) -> bytes:
    """Returns as PNG the CMC curve, the reliability curve, or the queries that went worst.

    Raises:
        HTTPException: 404 if there is none, or it is not theirs to see.
    """
    if name not in describe(desk, user).pictures:
        raise missing(f"picture {name} of this model")
    checkpoint = desk.settings.checkpoint
    if name == "cmc":
        return _cmc(_report(checkpoint)["ranking"])
    file = checkpoint / RELIABILITY if name == "reliability" else _beside(checkpoint, WORST)
    assert file is not None
    return file.read_bytes()


def _may_see_hardest(user: User) -> bool:
    """Whoever may see some cameras alone does not see the persons of a data set either."""
    return user.cameras is None


def _beside(checkpoint: Path, name: str) -> Path | None:
    """Returns a file of the evaluation: in the checkpoint's folder or, where a training leaves it, the one above."""
    return next((place / name for place in (checkpoint, checkpoint.parent) if (place / name).is_file()), None)


def _report(checkpoint: Path) -> Mapping[str, Any]:
    """Returns the model's evaluation; empty if there is none that can be read."""
    found = _beside(checkpoint, REPORT)
    try:
        content = json.loads(found.read_text(encoding="utf-8")) if found else {}
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) and "dataset" in content else {}


def _test(report: Mapping[str, Any], shown: tuple[str, ...]) -> messages.ModelTest:
    ranking, attributes = report.get("ranking", {}), report.get("attributes", {})
    accuracy = attributes.get("accuracy", {}).get(_FORM, {})
    return messages.ModelTest(
        dataset=report["dataset"],
        queries=ranking.get("queries"),
        gallery=ranking.get("gallery"),
        mean_ap=ranking.get("mAP"),
        rank1=ranking.get("rank1"),
        rank5=ranking.get("rank5"),
        attributes=tuple(
            messages.AttributeAccuracy(
                name=name,
                label=label(name),
                accuracy=accuracy[name],
                balanced=attributes["balanced_accuracy"][_FORM][name],
                guess=attributes.get("guess", {}).get(name),
                known=attributes["known_labels"][name],
            )
            for name in shown
            if name in accuracy
        ),
    )


def _cmc(ranking: Mapping[str, Any]) -> bytes:
    curve = np.asarray(ranking["cmc"], dtype=np.float64)
    file = io.BytesIO()
    figure = cmc_figure({"single query": curve}, mean_ap={"single query": float(ranking["mAP"])})
    figure.savefig(file, format="png")
    return file.getvalue()


def _calibration(desk: Desk) -> str:
    """Returns in words what makes distances into probabilities, and how well it does; empty if nothing does."""
    found = desk.embedder.calibration or desk.gallery.calibration
    if found is None:
        return ""
    return (
        f"{found.method.capitalize()}, fitted on {found.pairs:,} pairs of {found.persons:,} persons: {found.source}; "
        f"expected calibration error {found.error:.1%}"
    )
