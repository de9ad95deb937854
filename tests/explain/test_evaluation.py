"""The pictures of an evaluation show the figures of the report, and the queries that went worst."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reseen.descriptors.embeddings import Embeddings
from reseen.evaluation import EvaluationReport, rank
from reseen.explain import evaluation
from reseen.explain.evaluation import draw_evaluation
from tests.data.trees import paint_all


@pytest.fixture
def query(tmp_path: Path) -> Embeddings:
    """The first one finds its person first, the second one second, the third one last."""
    names = ["q1.png", "q2.png", "q3.png"]
    paths = [str(paint_all(tmp_path, names) / name) for name in names]
    return Embeddings(
        np.array([[0.0], [10.0], [3.4]], np.float32), np.array([1, 2, 3]), np.array([1, 1, 1]), None, paths
    )


@pytest.fixture
def gallery(tmp_path: Path) -> Embeddings:
    names = ["g1.png", "g2.png", "g3.png"]
    paths = [str(paint_all(tmp_path, names) / name) for name in names]
    return Embeddings(
        np.array([[0.1], [0.2], [7.0]], np.float32), np.array([1, 2, 3]), np.array([2, 2, 2]), None, paths
    )


def test_curves_and_worst_queries_are_written(
    query: Embeddings, gallery: Embeddings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: dict[str, Any] = {}
    draw, look = evaluation.cmc_figure, evaluation.find_failures

    def remember_curves(curves: dict[str, Any], **options: Any) -> Any:
        shown.update(curves=curves, **options)
        return draw(curves, **options)

    def remember_rows(query: Embeddings, gallery: Embeddings, rows: Any) -> Any:
        shown["rows"] = rows.tolist()
        return look(query, gallery, rows)

    monkeypatch.setattr(evaluation, "cmc_figure", remember_curves)
    monkeypatch.setattr(evaluation, "find_failures", remember_rows)
    ranking = rank(query, gallery)
    reranked = replace(ranking, mAP=0.25, cmc=np.array([0.1, 0.2, 1.0]))
    report = EvaluationReport("own", ranking, reranked=reranked)
    written = draw_evaluation(report, query, gallery, tmp_path / "out")
    assert written == [tmp_path / "out" / "cmc.png", tmp_path / "out" / "worst.png"]
    for path in written:
        with Image.open(path) as picture:
            assert picture.width > 100
    assert shown["rows"] == [2, 1, 0], "average precisions of 1/3, 1/2 and 1"
    assert {name: curve.tolist() for name, curve in shown["curves"].items()} == {
        "single query": ranking.cmc.tolist(),
        "re-ranked": [0.1, 0.2, 1.0],
    }
    assert shown["mean_ap"] == {"single query": ranking.mAP, "re-ranked": 0.25}


def test_without_queries_or_pictures_nothing_is_drawn(query: Embeddings, gallery: Embeddings, tmp_path: Path) -> None:
    report = EvaluationReport("own", rank(query, gallery))
    assert draw_evaluation(report, None, gallery, tmp_path / "out") == []
    assert draw_evaluation(report, query, replace(gallery, paths=None), tmp_path / "out") == []
    assert not (tmp_path / "out").exists()
