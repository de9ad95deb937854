"""What is to happen on a lent GPU, on the CPU and from an empty folder: packed, kept, run, brought back and joined."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import reseen
from reseen.data.person import PersonImage
from reseen.models.parts.backbones.backbone import Backbone
from tests.drawn import write_market

REPOSITORY = Path(__file__).resolve().parents[1]
SCRIPT = REPOSITORY / "benchmarks" / "device.sh"
WEIGHTS = "resnet50_imagenet_v1.safetensors"


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of the commands: an empty store, and what came back in ``out``."""
    (tmp_path / "out").mkdir()
    return os.environ | {
        "RESEEN_STORE": str(tmp_path / "store"),
        "OUT": str(tmp_path / "out"),
        "COMMIT": "abc1234",
        "PYTHON": sys.executable,
        "ACCELERATOR": "cpu",
    }


def call(machine: dict[str, str], *arguments: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(
        ["bash", str(SCRIPT), *map(str, arguments)],
        env=machine, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_pieces_come_together_whatever_their_order(tmp_path: Path, machine: dict[str, str]) -> None:
    """110 MB in three pieces; a run without one of them says so, and begins nothing."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "large.zip").write_bytes(os.urandom(110_000_000))
    call(machine, "pack", tmp_path / "lend", tmp_path / "data" / "large.zip")
    assert sorted(path.name for path in (tmp_path / "lend").glob("?/*")) == [f"piece-{n}-of-3" for n in (1, 2, 3)]
    assert all(path.stat().st_size <= 50 * 2**20 for path in (tmp_path / "lend").glob("?/*"))
    for number in (3, 1):
        call(machine, "keep", tmp_path / "lend" / str(number))
    refused = subprocess.run(["bash", SCRIPT, "run"], env=machine, capture_output=True, text=True, check=False)
    assert "2 of 3 pieces lie in" in refused.stderr
    assert not (tmp_path / "store" / "tree").exists()
    call(machine, "keep", tmp_path / "lend" / "2")
    joined = b"".join(path.read_bytes() for path in sorted((tmp_path / "store" / "pieces").iterdir()))
    (tmp_path / "joined.tar").write_bytes(joined)
    subprocess.run(["tar", "-xf", "joined.tar"], cwd=tmp_path, check=True)
    assert (tmp_path / "large.zip").read_bytes() == (tmp_path / "data" / "large.zip").read_bytes()


def test_runs_and_rendered_persons_that_came_along_take_their_places(tmp_path: Path, machine: dict[str, str]) -> None:
    for file in ("runs/small-rendered/last/model.safetensors", "cache/rendered/0123/manifest.json"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).touch()
    call(machine, "pack", tmp_path / "lend", tmp_path / "runs", tmp_path / "cache")
    call(machine, "keep", tmp_path / "lend")
    call(machine | {"PYTHON": "true"}, "run")  # trains nothing
    assert (tmp_path / "store/tree/runs/small-rendered/last/model.safetensors").is_file()
    assert (tmp_path / "store/cache/rendered/0123/manifest.json").is_file()


@pytest.mark.long
def test_a_row_is_run_stopped_gone_on_with_and_brought_back(tmp_path: Path, machine: dict[str, str]) -> None:
    data = tmp_path / "data"
    write_market(data / "market1501", persons=20)
    torch.manual_seed(0)
    save_file(Backbone("resnet50", stride_in="conv1").net.state_dict(), data / WEIGHTS)
    call(machine, "pack", tmp_path / "lend", data / "market1501", data / WEIGHTS)
    call(machine, "keep", tmp_path / "lend")
    run = ("run", "--only", "ide50-market1501-short", "--set", "evaluation.every=0")
    told = call(machine, *run, "--minutes", "0.1")
    assert "the 0.1 minutes were over" in told or "resumable" in told
    call(machine, *run, "--minutes", "30")
    out = tmp_path / "out"
    assert len(list(out.iterdir())) <= 8
    assert all(path.stat().st_size <= 16 * 2**20 for path in out.iterdir())
    call(machine, "join", out, tmp_path / "joined")
    result = json.loads((tmp_path / "joined" / "results" / "ide50-market1501-short.json").read_text())
    assert result["provenance"]["commit"]
    assert result["speed"]["images_per_second"] > 0
    trained = load_file(tmp_path / "store/tree/runs/ide50-market1501-short/last/model.safetensors")
    back = load_file(tmp_path / "joined" / "model.safetensors")
    assert back.keys() == trained.keys()
    assert all(torch.allclose(back[name].float(), trained[name].float(), rtol=1e-3, atol=1e-6) for name in trained)
    picture = Image.new("RGB", (48, 128), (90, 30, 30))
    picture.save(tmp_path / "one.png")
    assert reseen.load(tmp_path / "joined").embed([PersonImage(tmp_path / "one.png", 1, 1)]).features.shape[0] == 1
