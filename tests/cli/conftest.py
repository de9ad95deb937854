"""A small recipe, and what its training leaves; trained once for all commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.calls import run


@pytest.fixture(scope="session")
def recipe(market_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(f"""
name: tiny
data: {{name: market1501, root: {market_drawn}, size: [64, 32]}}
model: {{system: aanet, backbone: test_resnet, neck: bnneck, num_parts: 3}}
phases:
  - epochs: 2
    sampler: {{kind: identities, persons: 4, images_per_person: 2}}
    objective: {{terms: [{{kind: identity}}, {{kind: triplet}}, {{kind: attribute}}]}}
    optimizer: {{name: adam, lr: 1e-3}}
""")
    return path


@pytest.fixture(scope="session")
def trained(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    result = run("train", recipe, "--out", folder, "--set", "seed=1", "--accelerator", "cpu")
    assert result.exit_code == 0, result.output
    assert "mAP" in result.stdout
    return folder


@pytest.fixture
def query(market_drawn: Path) -> Path:
    return min((market_drawn / "query").glob("*.jpg"))
