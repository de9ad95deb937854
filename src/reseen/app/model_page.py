"""What there is to know of the model: its card, and the curves of the run it comes from."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from markdown_it import MarkdownIt

from reseen.app import messages
from reseen.app.desk import SENSITIVE, Desk
from reseen.app.state.users import User
from reseen.checkpoint_files import CARD
from reseen.explain.curves import cmc_figure


def describe(desk: Desk, user: User) -> messages.ModelInfo:
    """Returns the model's digest, what it predicts, and its card in Markdown."""
    schema, overview = desk.schema(), desk.overview()
    card = desk.settings.checkpoint / CARD
    return messages.ModelInfo(
        digest=desk.embedder.digest,
        rows=int(desk.rows(user).mask(overview.columns).sum()),
        width=0 if desk.gallery.layout is None else desk.gallery.layout.searched_width,
        attributes=schema.names if schema else (),
        calibration=_calibration(desk),
        sensitive=desk.state.switches[SENSITIVE],
        card=card.read_text(encoding="utf-8") if card.is_file() else "",
    )


def card_html(card: str) -> str:
    """Returns a card as HTML; whatever HTML is in it stays text, and its pictures are not loaded."""
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").disable("image").render(card))


def cmc_picture(checkpoint: Path) -> bytes | None:
    """Returns the CMC curve of the run that a checkpoint lies in as PNG, or None if it has no report."""
    try:
        ranking = json.loads((checkpoint.parent / "report.json").read_text(encoding="utf-8"))["ranking"]
        curve = np.asarray(ranking["cmc"], dtype=np.float64)
        figure = cmc_figure({"single query": curve}, mean_ap={"single query": float(ranking["mAP"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _calibration(desk: Desk) -> str:
    """Returns in words what makes distances into probabilities, and how well it does; empty if nothing does."""
    found = desk.embedder.calibration or desk.gallery.calibration
    if found is None:
        return ""
    return (
        f"{found.method}, fitted on {found.pairs:,} pairs of {found.persons:,} persons of {found.source}; "
        f"expected calibration error {found.error:.1%}"
    )
