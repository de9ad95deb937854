"""What `benchmarks/transfer.py` has measured of a model, and what the package tells of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from reseen.checkpoint_files import trained_on
from reseen.data.division import may_know
from reseen.errors import ReseenError
from reseen.evaluation.attributes import AttributeReport
from reseen.evaluation.report import EvaluationReport

TRANSFER = Path("results/transfer.json")
"""Where the repository keeps it, by title; older entries do not say which weights they are of."""


@dataclass(frozen=True)
class Measured:
    """Figures of one model.

    Attributes:
        reports: By the data set's name as papers write it.
        views: How often each picture was seen: 2 with its mirror image.
        unseen: Those of the data sets whose persons it has not learnt from.
    """

    reports: Mapping[str, EvaluationReport]
    views: int
    unseen: tuple[str, ...]

    @property
    def shown(self) -> EvaluationReport:
        """The report that says most: with attributes, of a set never seen, where there is one."""
        return max(self.reports.items(), key=lambda item: (item[1].attributes is not None, item[0] in self.unseen))[1]

    def section(self) -> str:
        """Returns what a card says of data sets never seen; empty if there are none."""
        if not self.unseen:
            return ""
        how = "averaged with its mirror image" if self.views == 2 else "once, without its mirror image"
        lines = ["## On sets it has never seen", f"Each picture was seen {how}.", ""]
        lines += ["| test set | protocol | mAP | rank-1 |", "|---|---|---|---|"]
        for title in self.unseen:
            report = self.reports[title]
            assert report.ranking is not None
            protocol = report.protocol.kind.replace("_", " ")
            if (runs := report.ranking.runs) > 1:
                protocol += f", mean over {runs} folds"
            lines.append(f"| {title} | {protocol} | {report.ranking.mAP:.2%} | {report.ranking.rank(1):.2%} |")
        for title in self.unseen:
            if (scored := self.reports[title].attributes) is not None:
                lines += ["", *_attributes(title, scored)]
        return "\n".join([*lines, ""])


def measured(checkpoint: Path, digest: str, file: Path) -> Measured:
    """Returns what was measured of a model.

    Args:
        checkpoint: Where it lies.
        digest: The model's.
        file: What `benchmarks/transfer.py` wrote.

    Raises:
        ReseenError: If it has nothing of these very weights.
    """
    content: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.is_file() else {}
    own = next((each for each in content.values() if each.get("model") == digest), None)
    if own is None:
        raise ReseenError(
            f"{file} has no figures of {checkpoint} as it is now; where benchmarks/ lies: "
            f"python benchmarks/transfer.py {checkpoint} --data DATA --json {file}"
        )
    reports = {title: EvaluationReport.from_dict(report) for title, report in own["reports"].items()}
    seen = trained_on(checkpoint)
    unseen = tuple(
        title
        for title, report in reports.items()
        if report.dataset not in seen and not may_know(checkpoint, report.dataset, {})
    )
    return Measured(reports, own["views"], unseen)


def _attributes(title: str, scored: AttributeReport) -> list[str]:
    rows = {name: (value, scored.balanced[name], scored.guess[name]) for name, value in scored.accuracy.items()}
    rows["mean"] = (scored.mean, scored.mean_balanced, fmean(scored.guess.values()))
    return [
        f"Attributes of {title}'s gallery. Balanced: every class has the same say; guess: always the commonest class.",
        "",
        "| attribute | accuracy | balanced | guess |",
        "|---|---|---|---|",
        *(f"| {name} | {' | '.join(f'{value:.2%}' for value in values)} |" for name, values in rows.items()),
    ]
