"""How data sets want query and gallery to be compared (spec README.md, "Evaluation, exactly")."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reseen.data.person import UNKNOWN_PID, Protocol
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError, ReseenWarning
from reseen.evaluation.cross_camera import apart, own_camera
from reseen.evaluation.ranking import APForm, RankingReport, average_reports, rank
from reseen.evaluation.reranking import ReRanking


def evaluate(
    query: Embeddings,
    gallery: Embeddings,
    protocol: Protocol | None = None,
    *,
    average_precision: APForm = "hits",
    reranking: ReRanking | None = None,
) -> RankingReport:
    """Ranks the gallery for the queries as a data set's protocol says.

    Args:
        query: Q descriptors with ids.
        gallery: G descriptors with ids.
        protocol: How to compare them; None = every query against the whole gallery.
        average_precision: Form of average precision.
        reranking: Rank by k-reciprocal distances instead.

    Returns:
        The figures. Where they are a mean over several rankings, ``average_precision`` still has an entry
        for each of the Q queries: its mean over the rankings it took part in, NaN if it was in none.

    Raises:
        ReseenError: If no query has a right match.
    """
    protocol = protocol or Protocol()
    if protocol.kind == "two_way":
        there = rank(query, gallery, average_precision=average_precision, reranking=reranking)
        back = rank(gallery, query, average_precision=average_precision, reranking=reranking)
        return replace(average_reports([there, back]), average_precision=there.average_precision)
    if protocol.kind == "single_gallery_shot":
        return _single_gallery_shot(query, gallery, protocol, average_precision, reranking)
    return rank(query, gallery, average_precision=average_precision, reranking=reranking)


def multiple_query(query: Embeddings, extra: Embeddings, how: Literal["mean", "max"] = "mean") -> Embeddings:
    """Pools each query with all other images of its person under its camera (Market-1501's multiple query).

    Such images are dropped from the gallery when this query is ranked, so they may be taken from there.

    Args:
        query: Q queries.
        extra: More images, such as the gallery or Market-1501's ``gt_bbox``. A picture that is among the
            queries as well counts twice if it is here, too.
        how: Mean or element-wise maximum of the descriptors.

    Returns:
        The queries in the same order, with pooled features.

    Raises:
        ReseenError: If ``how`` is neither, or the descriptors have different lengths.
    """
    if how not in ("mean", "max"):
        raise ReseenError(f"multiple query pools by 'mean' or 'max', not {how!r}")
    query.check_comparable(extra)
    pids, camids = (np.concatenate(each) for each in ((query.pids, extra.pids), (query.camids, extra.camids)))
    person_and_camera = np.stack([pids, apart(camids)], axis=1)
    group = np.unique(person_and_camera, axis=0, return_inverse=True)[1].reshape(-1)
    wanted = np.flatnonzero(np.isin(group, group[: len(query)]))
    # Images of one group side by side, so that each group is one stretch to reduce.
    wanted = wanted[np.argsort(group[wanted], kind="stable")]
    groups, starts, sizes = np.unique(group[wanted], return_index=True, return_counts=True)
    features = np.concatenate([query.features, extra.features])[wanted]
    pool = np.add if how == "mean" else np.maximum
    pooled = pool.reduceat(features, starts, axis=0)
    if how == "mean":
        pooled /= sizes[:, None]
    return replace(query, features=pooled[np.searchsorted(groups, group[: len(query)])])


def _single_gallery_shot(
    query: Embeddings,
    gallery: Embeddings,
    protocol: Protocol,
    average_precision: APForm,
    reranking: ReRanking | None,
) -> RankingReport:
    """CUHK03 classic: one probe a person, one gallery image a person from another camera than the probe's."""
    if protocol.draws < 1:
        raise ReseenError(f"single_gallery_shot needs at least one draw, got {protocol.draws}")
    generator = np.random.default_rng(protocol.seed)
    reports = []
    per_query = np.full((protocol.draws, len(query)), np.nan)
    for draw in range(protocol.draws):
        probes = _one_each(query.pids, np.ones(len(query), dtype=bool), generator)
        persons, cameras = query.pids[probes], query.camids[probes]
        place = np.minimum(np.searchsorted(persons, gallery.pids), len(persons) - 1)
        own = own_camera(gallery.pids, gallery.camids, persons[place], cameras[place])
        # Persons without a probe stay in the gallery as wrong answers.
        shots = _one_each(gallery.pids, ~own & (gallery.pids != UNKNOWN_PID), generator)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReseenWarning)  # counted once below instead of in every draw
            report = rank(query[probes], gallery[shots], average_precision=average_precision, reranking=reranking)
        per_query[draw, probes] = report.average_precision
        reports.append(report)
    scored = np.isfinite(per_query)
    sums = np.where(scored, per_query, 0).sum(axis=0)
    mean = np.divide(sums, scored.sum(axis=0), out=np.full(len(query), np.nan), where=scored.any(axis=0))
    average = average_reports(reports)
    if average.left_out:
        warnings.warn(
            f"{average.left_out} of {average.queries} probes in {protocol.draws} draws have no right match in the "
            "gallery and are left out of the mean",
            ReseenWarning,
            stacklevel=3,
        )
    return replace(average, average_precision=mean)


def _one_each(
    pids: NDArray[np.int64], eligible: NDArray[np.bool_], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Returns one random eligible row of each person, persons in ascending order."""
    rows = generator.permutation(np.flatnonzero(eligible))
    _, first = np.unique(pids[rows], return_index=True)
    return rows[first]
