"""The model that comes with the package is what commands use where no checkpoint is named."""

from __future__ import annotations

from pathlib import Path

import pytest

import reseen
from reseen import Embeddings, checkpoint_files
from reseen.export.packing import pack
from tests.cli.calls import run
from tests.export.test_packing import trained


def test_small_is_used_where_no_checkpoint_is_named(
    market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_files, "BOX", tmp_path / "box")
    query = sorted((market_drawn / "query").glob("*.jpg"))[0]
    embed = ["embed", "--images", market_drawn / "query", "--out", tmp_path / "x.parquet"]
    search = ["search", "--gallery", market_drawn / "query", "--query", query, "--out", tmp_path / "found.png"]
    for command in (embed, search):
        assert "the model 'small' is not in this package yet: name a checkpoint" in str(run(*command).exception)
    pack(trained(tmp_path / "last"), "small", box=tmp_path / "box")
    for command in (embed, search):
        result = run(*command)
        assert result.exit_code == 0, result.output
    assert Embeddings.model_of(tmp_path / "x.parquet") == reseen.load("small").digest
    assert (tmp_path / "found.png").stat().st_size > 0
