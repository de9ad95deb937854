"""Folds are averaged with their spread, and a model is scored only on attributes it shares with the data."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from torch import nn

from reseen import Embeddings, models
from reseen.data import open_split
from reseen.data.attribute_forms import color_names
from reseen.data.attributes import MARKET1501_SCHEMA, AttributeSchema, binary
from reseen.data.batch import PersonBatch
from reseen.data.person import Protocol
from reseen.descriptors.distance import Euclidean, Sum
from reseen.errors import ReseenError, ReseenWarning
from reseen.evaluation import EvaluationReport, ReRanking, evaluate, multiple_query, rank
from reseen.evaluation.split import average_folds, evaluate_split
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.models.output import PersonOutput


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
    config = models.config_of({"system": "aanet", "backbone": "test_resnet", "num_identities": 4, "num_parts": 2})
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


@pytest.mark.parametrize("changes", [{"protocol": Protocol("two_way")}, {"average_precision": "trapezoid"}], ids=str)
def test_protocol_and_form_of_average_precision_are_those_of_all_figures(
    embedder: Embedder, market_drawn: Path, changes: dict[str, Any]
) -> None:
    split = open_split("market1501", market_drawn)
    split = replace(split, protocol=changes.pop("protocol", split.protocol))
    options = {"reranking": ReRanking(), "with_multiple_query": True}
    done = evaluate_split(embedder, split, **options, **changes)
    query, gallery = done.query, done.gallery
    assert query is not None
    for name, wanted, more in [
        ("ranking", query, {}),
        ("reranked", query, {"reranking": ReRanking()}),
        ("multiple_query", multiple_query(query, gallery), {}),
    ]:
        expected = evaluate(wanted, gallery, split.protocol, **more, **changes).mAP
        assert getattr(done.report, name).mAP == expected != evaluate(wanted, gallery, **more).mAP, name


def test_so_many_undecodable_pictures_are_left_out_as_may_be(embedder: Embedder, market_drawn: Path) -> None:
    split = open_split("market1501", market_drawn)
    broken = replace(split, gallery=(replace(split.gallery[-1], path=b"no picture"), *split.gallery))
    with pytest.raises(ReseenError, match="cannot decode"):
        evaluate_split(embedder, broken)
    with pytest.warns(ReseenWarning, match="skipped 1 of"):
        done = evaluate_split(embedder, broken, max_corrupt=1)
    assert len(done.gallery) == len(split.gallery)


def test_one_feature_alone_is_compared_by(embedder: Embedder, market_drawn: Path) -> None:
    split = open_split("market1501", market_drawn)
    done = evaluate_split(embedder, split, features=("part",))
    assert list(done.gallery.parts) == ["part/0", "part/1"]
    assert done.gallery.features.shape[1] == 2 * 256
    whole = evaluate_split(embedder, split)
    np.testing.assert_array_equal(done.gallery.features, whole.gallery.feature("part").features)


def test_a_model_is_evaluated_by_its_own_distance(embedder: Embedder, market_drawn: Path) -> None:
    split = open_split("market1501", market_drawn)
    terms = (Euclidean(features=("global",)), Euclidean(features=("probability",), weight=0.5))
    own = Embedder(embedder.model, embedder.config, Sum(terms=terms))
    done = evaluate_split(own, split, reranking=ReRanking())
    plain = evaluate_split(embedder, split, reranking=ReRanking())
    for name in ("ranking", "reranked"):
        ranking, other = getattr(done.report, name), getattr(plain.report, name)
        assert (ranking.distance, other.distance) == (own.distance.name, "euclidean")
        assert ranking.mAP != other.mAP
    # A feature that is asked for is compared plainly, whatever the model's distance.
    alone = evaluate_split(own, split, features=("probability/gender",))
    assert alone.gallery.distance == Euclidean()
    assert alone.gallery.attributes is not None
    np.testing.assert_array_equal(alone.gallery.features, alone.gallery.attributes["gender"])


def test_only_shared_attributes_are_scored(embedder: Embedder, market_drawn: Path) -> None:
    split = open_split("market1501", market_drawn)
    assert split.schema is not None
    mixed = AttributeSchema("other", (*split.schema.attributes[:2], binary("tail")))
    with pytest.warns(ReseenWarning, match="scoring 2 of the 3 attributes"):
        report = evaluate_split(embedder, replace(split, schema=mixed)).report
    assert report.attributes is not None
    assert set(report.attributes.accuracy) == {"gender", "age"}
    with pytest.raises(ReseenError, match="has no gallery"):
        evaluate_split(embedder, replace(split, gallery=()))


class OneByOne(nn.Module):
    """Predicts colours one by one, from two heads that overlap, the same for every picture: male, in red."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(attributes=MARKET1501_SCHEMA.as_binary(color_names(MARKET1501_SCHEMA)))
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, batch: PersonBatch) -> PersonOutput:
        def logit(name: str) -> torch.Tensor:
            return torch.full((len(batch.images), 1), -1.0 if name == "upper_color:red" else -2.0)

        names = [attribute.name for attribute in self.config.attributes if attribute.kind == "binary"]
        whole = {name: logit(name) for name in names}
        upper = {name: logit(name) for name in names if name.startswith("upper_color")}
        return PersonOutput({"global": batch.images.mean((2, 3))}, attribute_logits={"whole": whole, "upper": upper})


def test_attributes_alone_are_scored_without_queries_and_in_both_colour_forms(market_drawn: Path) -> None:
    """As PETA is: no queries, nobody's identity matters. The model's colours are binary, the data set's are not."""
    split = replace(open_split("market1501", market_drawn), query=())
    embedder = Embedder(OneByOne(), EmbedderConfig(size=(64, 32)))
    for asked in ({"reranking": ReRanking()}, {"with_multiple_query": True}):
        with pytest.raises(ReseenError, match="market1501 has no queries: leave out re-ranking and multiple query"):
            evaluate_split(embedder, split, **asked)
    with pytest.warns(ReseenWarning, match="scoring 11 of the 12 attributes"):  # age has four classes here
        done = evaluate_split(embedder, split)
    assert done.query is None
    assert done.report.ranking is None
    assert done.report.primary_metric == "attribute_accuracy"
    report = done.report.attributes
    assert report is not None
    shares = report.shares["upper_color"]
    assert report.accuracy["upper_color"] == pytest.approx(shares["red"])  # the most probable one
    assert 0 < shares["red"] < 1
    assert report.balanced["upper_color"] == pytest.approx(1 / sum(share > 0 for share in shares.values()))
    # None reaches one half: decided one by one, every colour is absent.
    for color, share in shares.items():
        assert report.binary_accuracy[f"upper_color:{color}"] == pytest.approx(1 - share)
    assert report.accuracy["gender"] == pytest.approx(report.shares["gender"]["male"])
