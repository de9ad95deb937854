"""The benchmark of the maps runs, and what it says of a random map is what the masks say."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from reseen import models
from reseen.data import open_split
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.models import checkpoint
from reseen.models.aanet import AANetConfig
from reseen.models.embedder import EmbedderConfig

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "explanations.py"


@pytest.mark.long
def test_maps_are_measured(rendered: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = AANetConfig(backbone="test_resnet", num_parts=3, num_identities=2, attributes=MARKET1501_SCHEMA)
    checkpoint.save(tmp_path / "last", models.build(config).eval(), EmbedderConfig(size=(128, 64)), card="")
    main = runpy.run_path(str(BENCHMARK))["main"]
    main(tmp_path / "last", rendered, images=4, share=0.15, json_file=tmp_path / "maps.json")
    figures = json.loads((tmp_path / "maps.json").read_text())
    assert {"id", "attribute/hat", "attribute/upper_color"} <= figures.keys()
    gallery = open_split("rendered", rendered, masks=True).gallery
    chosen = [gallery[row] for row in np.linspace(0, len(gallery) - 1, 4).astype(int)]
    area = np.mean([(image.open_mask() > 0).mean() for image in chosen])
    for name, own in figures.items():
        assert own["person, random"] == pytest.approx(area, abs=0.1), name
        assert all(0 <= value <= 1 for column, value in own.items() if column.startswith(("person", "part"))), name
    assert figures["attribute/hat"].keys() >= {"probability, map", "probability, elsewhere"}
