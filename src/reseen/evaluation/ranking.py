"""Ranking a gallery for queries under the cross-camera rule: CMC, mAP and mINP, exactly."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reseen.data.person import UNKNOWN_PID
from reseen.descriptors.distances import exact_squared_distances, squared_distances
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError, ReseenWarning
from reseen.evaluation.cross_camera import own_camera
from reseen.evaluation.reranking import ReRanking

APForm = Literal["hits", "trapezoid"]
"""``hits``: mean precision at the right matches (torchreid, fast-reid). ``trapezoid``: Market-1501's own code."""

MAX_RANK = 50
"""Length of the CMC curve, unless the gallery is smaller."""

_ExactDistances = Callable[[NDArray[np.int64]], NDArray[np.floating[Any]]]


@dataclass(frozen=True, eq=False)
class RankingReport:
    """Figures of one ranking, or the mean over several.

    Attributes:
        mAP: Mean average precision in [0, 1].
        cmc: (K,) share of queries with a right match in the first k at ``cmc[k - 1]``.
        mINP: Mean inverse negative penalty (Ye et al. 2021): matches / rank of the hardest match.
        average_precision: (Q,) average precision of every query, NaN for those left out.
        form: Which form of average precision this is.
        queries: Number of queries, with those left out; like the next two, summed over the runs.
        gallery: Number of gallery images, with junk.
        left_out: Number of queries without a right match, which count in no mean.
        distance: Name of the distance that was ranked by.
        reranking: The re-ranking the figures were taken after, or None.
        runs: Number of rankings these figures are the mean of.
        std: Standard deviation over these runs by figure name; empty for one run.
    """

    mAP: float  # noqa: N815
    cmc: NDArray[np.float64]
    mINP: float  # noqa: N815
    average_precision: NDArray[np.float64]
    form: APForm
    queries: int
    gallery: int
    left_out: int = 0
    distance: str = "euclidean"
    reranking: ReRanking | None = None
    runs: int = 1
    std: Mapping[str, float] = field(default_factory=dict)

    def rank(self, k: int) -> float:
        """Returns the rank-k rate; beyond the end of the curve it is the curve's last value."""
        return float(self.cmc[min(k, len(self.cmc)) - 1])

    def figures(self) -> dict[str, float]:
        """Returns the figures papers print, by name, as fractions."""
        return {"mAP": self.mAP, **{f"rank{k}": self.rank(k) for k in (1, 5, 10, 20)}, "mINP": self.mINP}

    def as_dict(self) -> dict[str, Any]:
        """Returns what JSON can hold, without the single queries."""
        return {
            **self.figures(),
            "average_precision_form": self.form,
            "distance": self.distance,
            "reranking": None if self.reranking is None else self.reranking.as_dict(),
            "queries": self.queries,
            "gallery": self.gallery,
            "left_out": self.left_out,
            "runs": self.runs,
            "std": dict(self.std),
            "cmc": [round(float(share), 6) for share in self.cmc],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> RankingReport:
        """Returns what `as_dict` was made of, without the single queries."""
        settings = content["reranking"]
        return cls(
            content["mAP"],
            np.asarray(content["cmc"], dtype=np.float64),
            content["mINP"],
            np.empty(0),
            content["average_precision_form"],
            queries=content["queries"],
            gallery=content["gallery"],
            left_out=content["left_out"],
            reranking=None if settings is None else ReRanking(**settings),
            runs=content["runs"],
            std=content["std"],
            distance=content["distance"],
        )


def rank(
    query: Embeddings,
    gallery: Embeddings,
    *,
    average_precision: APForm = "hits",
    reranking: ReRanking | None = None,
) -> RankingReport:
    """Ranks the gallery for each query by the distance that the descriptors are meant for and scores the order.

    For each query, gallery images of its person under its own camera are dropped, and so are junk images
    (pid -1); distractors (pid 0) stay as wrong answers. Equal distances keep the gallery's order. Ranks
    are exact: distances too close for float32 are compared again in double precision.

    Args:
        query: Q descriptors with ids.
        gallery: G descriptors with ids.
        average_precision: ``hits`` or ``trapezoid``; see `average_precision_of`.
        reranking: Rank by k-reciprocal distances instead.

    Returns:
        The figures, with every query's own average precision.

    Raises:
        ReseenError: If no query has a right match, or the descriptors cannot be compared.

    Example:
        >>> features = np.eye(3, dtype=np.float32)
        >>> query = Embeddings(features[:1], np.array([7]), np.array([1]))
        >>> gallery = Embeddings(features, np.array([7, 7, 0]), np.array([1, 2, 2]))
        >>> rank(query, gallery).mAP
        1.0
    """
    if average_precision not in ("hits", "trapezoid"):
        raise ReseenError(f"average_precision is {average_precision!r}; it can be 'hits' or 'trapezoid'")
    scores = np.full((len(query), 2), np.nan)  # average precision, inverse negative penalty
    first_hits = []
    for row, ranks in _ranks_of_matches(query, gallery, reranking):
        if len(ranks):
            scores[row] = average_precision_of(ranks, average_precision), len(ranks) / ranks[-1]
            first_hits.append(ranks[0])
    if not first_hits:
        raise ReseenError(_nothing_to_score(query, gallery))
    left_out = len(query) - len(first_hits)
    if left_out:
        warnings.warn(
            f"{left_out} of {len(query)} queries have no right match in the gallery and are left out of the mean",
            ReseenWarning,
            stacklevel=2,
        )
    curve = np.arange(1, min(MAX_RANK, len(gallery)) + 1)
    # cmc[k - 1] = share of queries whose first hit comes at rank k or before.
    cmc = np.searchsorted(np.sort(first_hits), curve, side="right") / len(first_hits)
    mean_ap, mean_inp = np.nanmean(scores, axis=0)
    return RankingReport(
        float(mean_ap),
        cmc,
        float(mean_inp),
        scores[:, 0],
        average_precision,
        queries=len(query),
        gallery=len(gallery),
        left_out=left_out,
        distance=query.distance.name,
        reranking=reranking,
    )


def average_precision_of(ranks: NDArray[np.int64], form: APForm = "hits") -> float:
    """Returns the average precision of one query.

    ``hits``: the mean over the right matches of the precision p_i = i / r_i at each. ``trapezoid``: the area
    under the precision-recall curve by trapezoids, Σ (1/M)·(p(r_i) + p(r_i - 1)) / 2, where p(r - 1) is
    the precision one place before the match, and 1 before the first place.

    Args:
        ranks: (M,) ranks of the right matches, ascending from 1.
        form: Which form.
    """
    hits = np.arange(1, len(ranks) + 1)
    precision = hits / ranks
    if form == "hits":
        return float(precision.mean())
    before = np.where(ranks == 1, 1.0, (hits - 1) / np.maximum(ranks - 1, 1))
    return float((precision + before).mean() / 2)


def average_reports(reports: Sequence[RankingReport]) -> RankingReport:
    """Returns the mean of several reports (ten halves, twenty splits), with its standard deviation.

    Each report counts once, however many queries it has. The queries' own average precisions stand one
    report after the other.

    Raises:
        ReseenError: If there is none, or they differ in the form of average precision, distance or re-ranking.
    """
    if not reports:
        raise ReseenError("there is no ranking report to average")
    if len({(report.form, report.distance, report.reranking) for report in reports}) > 1:
        raise ReseenError("reports to average must share the form of average precision, distance and re-ranking")
    length = min(len(report.cmc) for report in reports)
    figures = [report.figures() for report in reports]
    return RankingReport(
        float(np.mean([report.mAP for report in reports])),
        np.mean([report.cmc[:length] for report in reports], axis=0),
        float(np.mean([report.mINP for report in reports])),
        np.concatenate([report.average_precision for report in reports]),
        reports[0].form,
        queries=sum(report.queries for report in reports),
        gallery=sum(report.gallery for report in reports),
        left_out=sum(report.left_out for report in reports),
        distance=reports[0].distance,
        reranking=reports[0].reranking,
        runs=len(reports),
        std={name: float(np.std([run[name] for run in figures])) for name in figures[0]},
    )


def _ranks_of_matches(
    query: Embeddings, gallery: Embeddings, reranking: ReRanking | None
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yields (query row, ascending ranks of its right matches among the gallery images that count)."""
    query.check_comparable(gallery)
    kept = gallery.pids != UNKNOWN_PID
    if not kept.any():
        return
    gallery = gallery if kept.all() else gallery[kept]
    pids, camids = gallery.pids, gallery.camids
    rows_of = _rows_by_pid(pids)
    nobody = np.empty(0, dtype=np.int64)
    for row, distances, tolerance, exact in _rows_of_distances(query, gallery, reranking):
        same = rows_of.get(int(query.pids[row]), nobody)
        own = own_camera(pids[same], camids[same], query.pids[row], query.camids[row])
        distances[same[own]] = np.inf
        yield row, _ranks(distances, same[~own], tolerance, exact)


def _rows_of_distances(
    query: Embeddings, gallery: Embeddings, reranking: ReRanking | None
) -> Iterator[tuple[int, NDArray[np.float32], float, _ExactDistances]]:
    """Yields (query row, (G,) distances, how far they can be off, what gives them without error)."""
    if reranking is not None:
        for row, distances in enumerate(reranking.distances(query, gallery)):
            yield row, distances, 0.0, distances.take
        return
    one, many = query.spaces(), gallery.spaces()
    chunks = squared_distances(one, many)
    for rows, chunk in chunks:
        for row, distances in enumerate(chunk, start=rows.start):
            exact = partial(exact_squared_distances, [space[row] for space in one], many)
            yield row, distances, float(chunks.tolerance[row]), exact


def _ranks(
    distances: NDArray[np.float32], matches: NDArray[np.int64], tolerance: float, exact: _ExactDistances
) -> NDArray[np.int64]:
    """Returns the ascending ranks of the matches in a stable order by distance.

    A match's rank is one more than the number of images before it. Those nearer by more than the tolerance
    are counted in the sorted row; the few that are as near as the match are looked at one by one.
    """
    if not len(matches):
        return matches
    ordered = np.sort(distances)
    lower, upper = distances[matches] - np.float32(tolerance), distances[matches] + np.float32(tolerance)
    ranks = np.searchsorted(ordered, lower, side="left") + 1
    unsure = np.flatnonzero(np.searchsorted(ordered, upper, side="right") > ranks)
    if len(unsure):
        near = np.zeros(len(distances), dtype=bool)
        for i in unsure:
            near |= (distances >= lower[i]) & (distances <= upper[i])
        columns = np.flatnonzero(near)
        truth = exact(columns)
        for i in unsure:
            alike = (distances[columns] >= lower[i]) & (distances[columns] <= upper[i])
            own = truth[np.searchsorted(columns, matches[i])]
            before = (truth < own) | ((truth == own) & (columns < matches[i]))
            ranks[i] += np.count_nonzero(before & alike)
    return np.sort(ranks)


def _rows_by_pid(pids: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    order = np.argsort(pids, kind="stable")
    persons, starts = np.unique(pids[order], return_index=True)
    return {int(pid): rows for pid, rows in zip(persons, np.split(order, starts[1:]), strict=True)}


def _nothing_to_score(query: Embeddings, gallery: Embeddings) -> str:
    def cameras(embeddings: Embeddings) -> str:
        ids = np.unique(embeddings.camids)
        return ", ".join(map(str, ids[:12])) + (f", … ({len(ids)} in all)" if len(ids) > 12 else "")

    return (
        f"none of {len(query)} queries has a right match under another camera "
        f"(query cameras: {cameras(query)}; gallery cameras: {cameras(gallery)}); check person and camera ids"
    )
