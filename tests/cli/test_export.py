"""A checkpoint is exported, embeds as before, and says what eight bits cost."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from reseen import Embeddings
from reseen.precision import runs_bfloat16
from tests.cli.calls import run


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return np.asarray((one * other).sum(1) / lengths)


def test_export_and_what_is_done_with_it(trained: Path, market_drawn: Path, query: Path, tmp_path: Path) -> None:
    """Descriptors of the checkpoint and of its graph meet in one search."""
    graph, last = tmp_path / "graph", trained / "last"
    made = run("export", last, "--to", "openvino", "--out", graph)
    assert made.exit_code == 0, made.output
    assert re.search(r"in 32 bits, 12 pictures: smallest cosine (0\.9999\d\d|1\.000000), largest diff", made.stdout)
    as_run = r"PyTorch in bfloat16 and OpenVINO in bfloat16, 32 pictures: smallest cosine 0\.\d{6}, .* largest distance"
    assert re.search(as_run if runs_bfloat16(torch.device("cpu")) else "not compared in bfloat16", made.stdout)
    files = [tmp_path / "own.parquet", tmp_path / "other.parquet"]
    for folder, file in zip((last, graph), files, strict=True):
        done = run("embed", folder, "--images", market_drawn / "query", "--out", file, "--device", "cpu")
        assert done.exit_code == 0, done.output
    own, other = map(Embeddings.load, files)
    # On processors that compute in bfloat16 both do, and round differently: where a hard choice is made, too.
    near = cosines(own.features, other.features)
    assert np.median(near) > 0.9995
    assert near.min() > 0.95
    assert other.model == own.model
    found = run("search", graph, "--gallery", files[0], "--query", query, "--out", tmp_path / "found.png")
    assert found.exit_code == 0, found.output
    refused = run("explain", graph, query, "--out", tmp_path / "why.png")
    assert "explain the checkpoint it was made from" in str(refused.exception)
    assert not (tmp_path / "why.png").exists()


@pytest.mark.long
def test_descriptors_of_eight_bits_are_another_models(
    trained: Path, market_drawn: Path, query: Path, tmp_path: Path
) -> None:
    own, small, last = tmp_path / "own.parquet", tmp_path / "small", trained / "last"
    done = run("embed", last, "--images", market_drawn / "query", "--out", own, "--device", "cpu")
    assert done.exit_code == 0, done.output
    made = run("export", last, "--to", "onnx", "--int8", "--calibrate", market_drawn, "--out", small)
    assert made.exit_code == 0, made.output
    assert re.search(r"mAP \d+\.\d\d% with PyTorch, \d+\.\d\d% with 8 bits, -?\d+\.\d\d points lost", made.stdout)
    refused = run("search", small, "--gallery", own, "--query", query, "--out", tmp_path / "found.png")
    assert "was made by another model" in str(refused.exception)


def test_embedding_says_what_an_earlier_run_had_made(trained: Path, market_drawn: Path, tmp_path: Path) -> None:
    for name, already in (("a", ""), ("b", " of them made before")):
        images = market_drawn / "query" if name == "a" else tmp_path / "a.parquet"
        done = run("embed", trained / "last", "--images", images, "--out", tmp_path / f"{name}.parquet")
        assert done.exit_code == 0, done.output
        assert re.search(rf"\d+ descriptors of length [\d,]+(, \d+{already})?\n", done.stdout)
        assert (already in done.stdout) or not already
