"""Two processes share a training; started as a user does, for each of them begins the program anew."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml


@pytest.mark.long
def test_a_phase_need_not_train_everything(market_drawn: Path, tmp_path: Path) -> None:
    """ACRN's triplets leave its identity classifier alone."""
    phases = [
        {"epochs": 1, "sampler": {"kind": "random", "batch_size": 8}, "objective": {"terms": [{"kind": "identity"}]}},
        {
            "epochs": 1,
            "sampler": {"kind": "triplets", "triplets": 3},
            "objective": {"terms": [{"kind": "attribute_triplet"}]},
        },
    ]
    recipe = {
        "name": "tiny",
        "data": {"name": "market1501", "size": [64, 32]},
        "model": {"system": "acrn", "dim": 8},
        "precision": "32-true",
        "phases": [phase | {"optimizer": {"lr": 1e-3}} for phase in phases],
    }
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(recipe))
    call = ("-m", "reseen.cli", "train", "tiny.yaml", "--data", str(market_drawn), "--accelerator", "cpu")
    done = subprocess.run(
        (sys.executable, *call, "--devices", "2"), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads((tmp_path / "runs" / "tiny" / "report.json").read_text())["mAP"] > 0
