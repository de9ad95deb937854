"""Folds are averaged with their spread, and a model is scored only on attributes it shares with the data."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from reseen import Embeddings, models
from reseen.data import open_split
from reseen.data.attributes import Attribute, AttributeSchema
from reseen.data.person import Protocol
from reseen.errors import ReseenError, ReseenWarning
from reseen.evaluation import EvaluationReport, ReRanking, evaluate, multiple_query, rank
from reseen.evaluation.split import average_folds, evaluate_split
from reseen.models.embedder import Embedder, EmbedderConfig


def fold(right: bool, note: str) -> EvaluationReport:
    """One query and two gallery images: the right one is nearest, or not."""
    query = Embeddings(np.array([[0.0]]), np.array([1]), np.array([1]))
    gallery = Embeddings(np.array([[0.1], [1.0]]), np.array([1, 2] if right else [2, 1]), np.array([2, 2]))
    return EvaluationReport("viper", rank(query, gallery), notes=("drawn", note), counts={"queries": 1})


def test_folds_are_averaged() -> None:
    report = average_folds([fold(True, "half 0"), fold(False, "half 1")])
    assert report.ranking is not None
    assert report.ranking.mAP == pytest.approx(0.75)  # (1 + 1/2) / 2
    assert report.ranking.rank(1) == pytest.approx(0.5)
    assert report.ranking.std is not None
    assert report.ranking.std["rank1"] == pytest.approx(0.5)
    assert report.notes[0] == "drawn"
    assert report.notes[1].startswith("mean over 2 folds")
    assert len(report.notes) == 2
    assert report.counts == {"queries a fold": 1}


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    config = models.config_of({"system": "aanet", "backbone": "resnet10t", "num_identities": 4, "num_parts": 2})
    return Embedder(models.build(config), EmbedderConfig(size=(64, 32)))


def test_everything_is_evaluated(embedder: Embedder, market_drawn: Path) -> None:
    evaluation = evaluate_split(embedder, open_split("market1501", market_drawn), with_multiple_query=True)
    report = evaluation.report
    assert report.multiple_query is not None
    assert report.attributes is not None
    assert report.attributes.images == sum(pid > 0 for pid in evaluation.gallery.pids)  # no junk, no distractors
    Console(file=io.StringIO()).print(report.table())


def test_each_figure_is_of_what_it_is_called(embedder: Embedder, market_drawn: Path) -> None:
    """Values that differ from the plain ones: re-ranked, pooled and two-way figures are really made that way."""
    split = open_split("market1501", market_drawn)
    done = evaluate_split(embedder, split, reranking=ReRanking(), with_multiple_query=True)
    query, gallery, report = done.query, done.gallery, done.report
    assert query is not None
    expected = {
        "ranking": evaluate(query, gallery),
        "reranked": evaluate(query, gallery, reranking=ReRanking()),
        "multiple_query": evaluate(multiple_query(query, gallery), gallery),
    }
    assert {name: getattr(report, name).mAP for name in expected} == {name: own.mAP for name, own in expected.items()}
    assert len({own.mAP for own in expected.values()}) == 3
    there_and_back = evaluate_split(embedder, replace(split, protocol=Protocol("two_way"))).report
    assert there_and_back.ranking is not None
    assert there_and_back.ranking.mAP == evaluate(query, gallery, Protocol("two_way")).mAP != report.ranking.mAP


def test_one_feature_alone_is_compared_by(embedder: Embedder, market_drawn: Path) -> None:
    split = open_split("market1501", market_drawn)
    done = evaluate_split(embedder, split, features=("part",))
    assert list(done.gallery.parts) == ["part/0", "part/1"]
    assert done.gallery.features.shape[1] == 2 * 256
    whole = evaluate_split(embedder, split)
    np.testing.assert_array_equal(done.gallery.features, whole.gallery.feature("part").features)


def test_only_shared_attributes_are_scored(embedder: Embedder, market_drawn: Path) -> None:
    split = open_split("market1501", market_drawn)
    assert split.schema is not None
    mixed = AttributeSchema("other", (*split.schema.attributes[:2], Attribute("tail", ("no", "yes"))))
    with pytest.warns(ReseenWarning, match="scoring 2 of the 3 attributes"):
        report = evaluate_split(embedder, replace(split, schema=mixed)).report
    assert report.attributes is not None
    assert set(report.attributes.accuracy) == {"gender", "age"}
    with pytest.raises(ReseenError, match="has no gallery"):
        evaluate_split(embedder, replace(split, gallery=()))
