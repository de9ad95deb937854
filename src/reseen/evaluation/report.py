"""All figures of one evaluation: as a table to read, as JSON to keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from reseen.data.person import Protocol
from reseen.errors import ReseenError, one_line
from reseen.evaluation.attributes import AttributeReport
from reseen.evaluation.ranking import RankingReport

_RANKINGS = {"ranking": "single query", "multiple_query": "multiple query", "reranked": "re-ranked"}


@dataclass(frozen=True, eq=False)
class EvaluationReport:
    """What a model reaches on a data set.

    Attributes:
        dataset: The data set's name.
        ranking: Figures of the single query, or None for a pure attribute data set.
        multiple_query: Figures with pooled queries, or None.
        reranked: Figures of the single query after re-ranking, or None.
        attributes: Figures of the predicted attributes, or None.
        protocol: How query and gallery were compared.
        notes: What a reader of the figures has to know.
        counts: Sizes by name, such as ``gallery images``.

    Raises:
        ReseenError: If there is neither a ranking nor attributes.
    """

    dataset: str
    ranking: RankingReport | None = None
    multiple_query: RankingReport | None = None
    reranked: RankingReport | None = None
    attributes: AttributeReport | None = None
    protocol: Protocol = field(default_factory=Protocol)
    notes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.ranking is None and self.attributes is None:
            raise ReseenError(
                f"nothing to report on {self.dataset}: it needs query and gallery images of known persons, or labels"
            )

    @property
    def primary_metric(self) -> str:
        """Name of the figure that models are chosen by: mAP, else mA, else the mean attribute accuracy."""
        if self.ranking is not None:
            return "mAP"
        return "mA" if self.attributes is not None and self.attributes.binary is not None else "attribute_accuracy"

    def figures(self) -> dict[str, float]:
        """Returns the main figures by name, as fractions: the single query's, and the attributes' means."""
        figures = self.ranking.figures() if self.ranking is not None else {}
        return figures | ({} if self.attributes is None else self.attributes.figures())

    @property
    def primary(self) -> float:
        """The primary metric's value."""
        return self.figures()[self.primary_metric]

    def as_dict(self) -> dict[str, Any]:
        """Returns what JSON can hold; figures are fractions."""
        return {
            "dataset": self.dataset,
            "protocol": asdict(self.protocol),
            "primary_metric": self.primary_metric,
            self.primary_metric: self.primary,
            "counts": dict(self.counts),
            "notes": list(self.notes),
            **{name: report.as_dict() for name, report in self._rankings().items()},
            **({} if self.attributes is None else {"attributes": self.attributes.as_dict()}),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> EvaluationReport:
        """Returns what `as_dict` was made of, but for single queries.

        Raises:
            ReseenError: If it is no report.
        """
        try:
            rankings = {name: RankingReport.from_dict(content[name]) for name in _RANKINGS if name in content}
            return cls(
                content["dataset"],
                rankings.get("ranking"),
                rankings.get("multiple_query"),
                rankings.get("reranked"),
                AttributeReport.from_dict(content["attributes"]) if "attributes" in content else None,
                protocol=Protocol(**content["protocol"]),
                notes=tuple(content["notes"]),
                counts=content["counts"],
            )
        except (KeyError, TypeError) as error:
            raise ReseenError(f"this is no report of an evaluation: {one_line(error)}; evaluate again") from error

    def to_json(self) -> str:
        """Returns the whole report as JSON."""
        return json.dumps(self.as_dict(), indent=2)

    def table(self) -> Group:
        """Returns tables for a rich console: rankings, attributes, and the notes below them."""
        parts: list[Table | Text] = []
        if self._rankings():
            parts.append(self._ranking_table())
        if self.attributes is not None:
            parts.append(_attribute_table(self.attributes))
        parts += [Text(f"note: {note}", style="dim") for note in self.notes]
        return Group(*parts)

    def _rankings(self) -> dict[str, RankingReport]:
        found = {name: getattr(self, name) for name in _RANKINGS}
        return {name: report for name, report in found.items() if report is not None}

    def _ranking_table(self) -> Table:
        rankings = self._rankings()
        first = next(iter(rankings.values()))
        sizes = ", ".join(f"{count:,} {name}" for name, count in self.counts.items())
        caption = f"protocol {self.protocol.kind}, AP form {first.form}" + (f"; {sizes}" if sizes else "")
        if first.runs > 1:
            caption += f"; mean of {first.runs} rankings"
        if first.left_out:
            caption += f"; {first.left_out} of {first.queries} queries have no right match and are left out"
        table = Table(title=f"{self.dataset} (%)", caption=caption, caption_justify="left")
        table.add_column("", no_wrap=True)
        for name in ("mAP", "rank-1", "rank-5", "rank-10", "rank-20", "mINP"):
            table.add_column(name, justify="right")
        for name, report in rankings.items():
            table.add_row(_RANKINGS[name], *map(_percent, report.figures().values()))
            if report.runs > 1:
                table.add_row("± std. dev.", *map(_percent, report.std.values()), style="dim")
        return table


def _attribute_table(report: AttributeReport) -> Table:
    table = Table(
        title="attribute accuracy (%)",
        caption=f"{report.images:,} labelled images; accuracy over known labels; balanced: every class has the same "
        "say; over all: unknown labels counted as wrong; guess: always the commonest class"
        + (f"; mean of {report.runs} folds" if report.runs > 1 else ""),
        caption_justify="left",
    )
    table.add_column("attribute")
    for name in ("accuracy", "balanced", "over all", "guess", "known"):
        table.add_column(name, justify="right")
    for name, accuracy in report.accuracy.items():
        figures = (accuracy, report.balanced[name], report.accuracy_over_all[name], report.guess[name])
        table.add_row(name, *map(_percent, figures), f"{report.known[name]:,}")
    table.add_section()
    means = tuple(map(_percent, (report.mean, report.mean_balanced, report.mean_over_all)))
    if report.accuracy.keys() == report.binary_accuracy.keys():
        table.add_row("mean", *means)
    else:
        table.add_row("mean, colours multi-class", *means)
        table.add_row("mean, colours binary", _percent(report.mean_binary), _percent(report.mean_binary_balanced))
    if report.runs > 1:
        spread = (report.std["attribute_accuracy"], report.std["attribute_balanced_accuracy"])
        table.add_row("± std. dev.", *map(_percent, spread), style="dim")
    if report.binary is not None:
        table.add_row("mA", _percent(report.binary.mA))
        if report.runs > 1:
            table.add_row("± std. dev.", _percent(report.std["mA"]), style="dim")
        for name in ("accuracy", "precision", "recall", "F1"):
            table.add_row(f"instance {name}", _percent(getattr(report.binary, name)))
    return table


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}"
