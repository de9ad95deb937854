"""The figures of a checkpoint, and what is wrong with a call."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reseen.data import open_split
from reseen.data.annotations.joints_file import place_of, write_joints
from reseen.errors import ReseenError
from reseen.evaluation import evaluate
from reseen.evaluation.split import Evaluation, evaluate_split
from reseen.models.backends.backend import Arrays, TorchBackend
from tests.cli.calls import run


def test_evaluate_equals_the_figures_after_training(trained: Path, market_drawn: Path, tmp_path: Path) -> None:
    result = run(
        *("evaluate", trained / "last", "--data", market_drawn, "--out", tmp_path, "--device", "cpu"),
        *("--reranking", "--multiple-query"),
    )
    assert result.exit_code == 0, result.output
    report, before = (json.loads((folder / "report.json").read_text()) for folder in (tmp_path, trained))
    assert report["mAP"] == pytest.approx(before["mAP"], abs=1e-6)
    assert {"reranked", "multiple_query", "attributes"} <= report.keys()
    assert {"commit", "device", "hardware", "versions", "wall_seconds", "peak_memory_bytes"} == report[
        "provenance"
    ].keys()
    for name in ("cmc.png", "worst.png"):
        with Image.open(tmp_path / name) as picture:
            assert min(picture.size) > 200


def test_joints_of_a_file_go_with_the_images(trained: Path, market_drawn: Path, tmp_path: Path) -> None:
    """Of all of them: a file that has only one is no use."""
    first = open_split("market1501", market_drawn).gallery[0]
    write_joints(tmp_path / "few.parquet", {place_of(first): np.ones((18, 3), np.float32)})
    result = run("evaluate", trained / "last", "--data", market_drawn, "--joints", tmp_path / "few.parquet")
    assert isinstance(result.exception, ReseenError)
    assert re.search(r"few\.parquet has no joints of [\d,]+ of [\d,]+ images", str(result.exception))


def test_evaluate_does_as_it_is_told(
    trained: Path, market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Evaluation] = []
    batches: list[int] = []
    forward = TorchBackend.run

    def record(*args: Any, **options: Any) -> Evaluation:
        made.append(evaluate_split(*args, **options))
        return made[-1]

    def count(self: TorchBackend, batch: Any) -> Arrays:
        batches.append(len(batch.images))
        return forward(self, batch)

    monkeypatch.setattr("reseen.evaluation.split.evaluate_split", record)
    monkeypatch.setattr(TorchBackend, "run", count)
    data = shutil.copytree(market_drawn, tmp_path / "market")
    min((data / "query").glob("*.jpg")).write_bytes(b"no picture")
    call = ("evaluate", trained / "last", "--data", data, "--device", "cpu", "--out", tmp_path)
    told = ("--average-precision", "trapezoid", "--batch-size", 7)
    assert isinstance(run(*call, *told).exception, ReseenError)
    result = run(*call, *told, "--max-corrupt", 1)
    assert result.exit_code == 0, result.output
    query, gallery = made[0].query, made[0].gallery
    assert query is not None
    hits, trapezoid = (evaluate(query, gallery, average_precision=form).mAP for form in ("hits", "trapezoid"))
    assert json.loads((tmp_path / "report.json").read_text())["mAP"] == pytest.approx(trapezoid) != hits
    assert max(batches) == 7


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--folds", 2, "--option", "fold=1"], "--folds 2 goes over the folds itself"),
        (["--option", "fold=[1"], "a value is not YAML"),
        (["--joints", "no.parquet"], "no.parquet"),
        (["--feature", "glob"], "no feature 'glob'; there are: global"),
    ],
)
def test_evaluate_tells_what_is_wrong(trained: Path, market_drawn: Path, options: list[Any], says: str) -> None:
    result = run("evaluate", trained / "last", "--data", market_drawn, "--device", "cpu", *options)
    assert isinstance(result.exception, ReseenError)
    assert says in str(result.exception)
