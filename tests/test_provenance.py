"""A result says by which code, on which machine and in how long it was made."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import reseen
from reseen.errors import ReseenError
from reseen.provenance import commit, peak_memory, provenance, restart_peak_memory
from reseen.training.fit import Run
from reseen.training.recipe import load_recipe

REPOSITORY = Path(__file__).resolve().parents[1]


def test_all_of_it_is_there_and_fits_into_json() -> None:
    made = json.loads(json.dumps(provenance(seconds=12.345, device="cpu", seed=7)))
    assert made["wall_seconds"] == 12.3
    assert made["seed"] == 7
    assert made["device"] == "cpu"
    assert made["versions"] == {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "reseen": reseen.__version__,
    }
    assert 1 <= made["hardware"]["cores"] <= (os.cpu_count() or 1)
    assert made["hardware"]["cpu"]
    assert len(made["hardware"]["gpus"]) == torch.cuda.device_count()
    assert made["peak_memory_bytes"]["process"] > 2**26
    assert platform.node() not in json.dumps(made)  # whose machine it was is nobody's business


def test_without_a_seed_none_is_claimed() -> None:
    assert "seed" not in provenance(seconds=1, device="cpu")


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux's can be set back")
def test_peak_memory_is_that_since_it_was_set_back() -> None:
    size = 2**28
    restart_peak_memory()
    before = peak_memory()["process"]
    held = bytearray(b"x") * size
    with_it = peak_memory()["process"]
    assert size * 0.9 < with_it - before < size * 1.2
    del held
    assert peak_memory()["process"] == pytest.approx(with_it, rel=0.01)
    restart_peak_memory()
    assert peak_memory()["process"] < with_it - size * 0.9


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="not a git checkout")
def test_the_commit_is_the_checkouts() -> None:
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    assert head.startswith(str(commit()).removesuffix("-dirty"))


def test_it_is_that_of_the_code_which_runs_also_if_the_checkout_moves_on(monkeypatch: pytest.MonkeyPatch) -> None:
    described = iter(["abc1234", "def5678"])
    monkeypatch.setattr("reseen.provenance._git", lambda *words: next(described) if words[0] == "describe" else "")
    commit.cache_clear()
    try:
        assert commit() == "abc1234"
        assert provenance(seconds=1, device="cpu")["commit"] == "abc1234"
    finally:
        commit.cache_clear()


def test_a_training_looks_it_up_before_anything_else(tmp_path: Path) -> None:
    commit.cache_clear()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ReseenError, match="is not empty"):
        Run(load_recipe("ide50-market1501-short"), tmp_path).train()
    assert commit.cache_info().misses == 1


@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
def test_a_package_inside_somebodys_checkout_has_no_commit(tmp_path: Path) -> None:
    """Such as one in a virtual environment: the commit around it is another project's."""
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@x"]
    shutil.copytree(REPOSITORY / "src" / "reseen", tmp_path / "venv" / "reseen", ignore=lambda *_: ["rendered"])
    (tmp_path / "own.txt").write_text("x")
    for arguments in (["init", "-q"], ["add", "own.txt"], ["commit", "-q", "-m", "own"]):
        subprocess.run([*git, *arguments], cwd=tmp_path, check=True)
    program = "from reseen.provenance import commit; print(commit())"
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "venv")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None"
