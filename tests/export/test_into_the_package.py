"""The whole way of the model in the box at toy size: trained, calibrated, measured, packed, found by its name, used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import reseen
from reseen import Embeddings, checkpoint_files, models
from reseen.checkpoint_files import REPORT
from reseen.export import packing
from reseen.models import checkpoint
from reseen.models.embedder import EmbedderConfig
from reseen.training.card import DATA
from tests.cli.calls import run
from tests.data.trees import write_viper
from tests.flat_world import FlatWorld
from tests.outside import benchmark

RENDER = (
    "{persons: 8, images_per_camera: 2, cameras: 2, cameras_per_person: 2, size: [64, 32], test_share: %s, seed: %d}"
)
TEACHER = {"system": "aanet", "backbone": "test_resnet", "parts": None, "attention": [], "dim": 8, "num_identities": 4}


def said(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return result.output


@pytest.mark.slow
def test_what_the_page_says_makes_the_model_of_the_package(
    flat_world: type[FlatWorld], market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only persons, sizes, batches and epochs are fewer than in `small-rendered`: the network is its own."""
    monkeypatch.setenv("RESEEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(checkpoint_files, "BOX", tmp_path / "box")
    monkeypatch.chdir(tmp_path)
    last, data, figures = Path("runs/small-rendered/last"), tmp_path / "data", Path("results/transfer.json")
    write_viper(data / "VIPeR", persons=16)
    (data / "market1501").symlink_to(market_drawn)
    figures.parent.mkdir()
    torch.manual_seed(0)
    teacher = models.build(models.config_of(TEACHER)).eval()
    config = EmbedderConfig(size=(64, 32), normalize=True)
    checkpoint.save(
        Path("runs/aanet50-rendered/last"), teacher, config, card=f"{DATA}\nDrawn.\n", trained_on=["rendered"]
    )

    changes = [f"data.render={RENDER % (0.5, 0)}", "data.size=[64, 32]"]
    for phase in range(2):
        source = f"{{name: rendered, render: {RENDER % (0, 1)}, size: [64, 32]}}"
        sampler = "{kind: identities, persons: 8, images_per_person: 2}"
        changes += [f"phases.{phase}.{change}" for change in (f"data={source}", f"sampler={sampler}", "epochs=1")]
    said("train", "small-rendered", "--accelerator", "cpu", *(word for each in changes for word in ("--set", each)))
    said("calibrate", last, data, "--dataset", "viper")
    benchmark("transfer").main([str(last)], data=data, json_file=figures)
    packing.main(last, "small", transfer=figures, box=tmp_path / "box")

    small = reseen.load("small")
    assert (small.config.size, small.config.precision) == ((64, 32), "bfloat16")
    assert small.calibration is not None
    assert small.calibration.source == "test persons of viper, a data set the model was not trained on"
    card = (tmp_path / "box" / "small" / "README.md").read_text()
    for told in (
        "Apache-2.0",
        "> Drawn.",
        "| VIPeR | two way, mean over 10 folds |",
        "Attributes of Market-1501's",
        "![How",
    ):
        assert told in card
    assert json.loads((tmp_path / "box" / "small" / REPORT).read_text())["dataset"] == "market1501"
    said("embed", "--images", market_drawn / "query", "--out", "all.parquet")
    assert Embeddings.model_of("all.parquet") == small.digest
    query = min((market_drawn / "query").glob("*.jpg"))
    told = said("search", "--gallery", market_drawn / "query", "--query", query, "--out", "found.png")
    assert "23 rows compared one by one" in told
