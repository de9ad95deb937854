"""A command that lacks an extra says in one line which to install; the others do without."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from reseen import models
from reseen.errors import ReseenError
from reseen.extras import EXTRAS, MODULES, need
from reseen.models import checkpoint
from reseen.models.embedder import EmbedderConfig

WITHOUT = """
import json
import sys
packages, commands = json.loads(sys.argv[1])
for name in packages:
    sys.modules[name] = None  # as if it were not installed
from reseen.cli import main
for arguments in commands:
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
"""
ONE_BY_ONE = """
import contextlib, io, json, sys
from reseen.cli import main
told = []
for missing, arguments in json.loads(sys.argv[1]):
    before, sys.argv[1:] = dict(sys.modules), arguments
    sys.modules.update(dict.fromkeys(missing))  # as if they were not installed
    code, printed = None, io.StringIO()
    with contextlib.redirect_stderr(printed):
        try:
            main()
        except SystemExit as end:
            code = end.code
    for name in missing:
        del sys.modules[name]
        sys.modules.update({name: before[name]} if name in before else {})
    told.append((code, printed.getvalue()))
print(json.dumps(told))
"""
NEEDED_ANYWAY = {"httpx2", "jinja2", "markdown-it-py"}
"""Packages of an extra that torch, timm or rich bring too."""


def run_without(packages: list[str], *commands: Sequence[object]) -> subprocess.CompletedProcess[str]:
    told = json.dumps([packages, [[str(word) for word in arguments] for arguments in commands]])
    return subprocess.run([sys.executable, "-c", WITHOUT, told], capture_output=True, text=True, check=False)


NAMED: list[tuple[list[str], list[str], str]] = [
    (["lightning"], ["train", "demo"], "this needs lightning, which is not installed: pip install 'reseen[train]'"),
    (["tensorboard"], ["train", "demo"], "this needs tensorboard, which"),
    (["fastapi"], ["serve", "{gallery}", "--model", "{checkpoint}"], "pip install 'reseen[app]'"),
    (["argon2"], ["user", "list", "{gallery}"], "this needs argon2-cffi, which is not installed"),
    (["numba"], ["data", "render", "x"], "this needs numba, which is not installed: pip install 'reseen[render]'"),
    (["openvino"], ["pose", "{drawn}", "--source", "{network}", "--out", "x"], "pip install 'reseen[pose]'"),
    (["obstore"], ["gallery", "info", "s3://bucket/hall"], "pip install 'reseen[storage]'"),
    (["ray"], ["embed", "{last}", "--images", ".", "--engine", "ray", "--gallery", "x"], "[distributed]'"),
    (["nncf"], ["export", "{last}", "--to", "onnx", "--out", "x"], "pip install 'reseen[export]'"),
    (["onnxruntime"], ["embed", "{onnx}", "--images", "{drawn}", "--out", "x"], "pip install 'reseen[onnx]'"),
    (
        ["openvino"],
        ["embed", "{onnx}", "--images", "{drawn}", "--out", "x", "--backend", "openvino"],
        "[openvino]'",
    ),
    (["anny", "numba", "lightning"], ["demo", "--recipe", "demo"], "pip install 'reseen[train,render]'"),
    (["lancedb"], ["demo", "--data", "."], "pip install 'reseen[gallery]'"),
    (["anny", "lightning"], ["demo", "--recipe", "demo", "--data", "."], "pip install 'reseen[train]'"),
]


@pytest.fixture(scope="module")
def told(market_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, str]]:
    """The exit code and what is printed of each of `NAMED`, all by one program, whose start takes longer."""
    here = tmp_path_factory.mktemp("here")
    places = {"drawn": market_drawn, "network": here / "network.xml"}
    places |= {"last": here / "last", "onnx": here / "onnx", "gallery": here, "checkpoint": here / "last"}
    (here / "gallery.json").touch()
    for folder, file in (("", "network.xml"), ("last", "model.safetensors"), ("onnx", "model.onnx")):
        (here / folder).mkdir(exist_ok=True)
        for name in (file, "config.json"):
            (here / folder / name).touch()
    commands = [(missing, [word.format(**places) for word in arguments]) for missing, arguments, _ in NAMED]
    done = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE, json.dumps(commands)], capture_output=True, text=True, check=True
    )
    found: list[tuple[object, str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("number", range(len(NAMED)), ids=[" ".join([*each[0], each[1][0]]) for each in NAMED])
def test_a_missing_extra_is_named(number: int, told: list[tuple[object, str]]) -> None:
    code, printed = told[number]
    assert code == 2
    assert printed.startswith("error: this needs ")
    assert NAMED[number][2] in printed
    assert printed.count("\n") == 1


def test_rendering_that_is_not_needed_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    need("train", "render")
    monkeypatch.setitem(sys.modules, "anny", None)
    need("train")
    with pytest.raises(ReseenError, match="this needs anny"):
        need("train", "render")


def test_without_extras_pictures_are_embedded_searched_evaluated_and_explained(
    market_drawn: Path, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    config = models.config_of({"system": "aanet", "backbone": "test_resnet", "num_identities": 4, "num_parts": 2})
    last = tmp_path / "last"
    checkpoint.save(last, models.build(config), EmbedderConfig(size=(64, 32)), card="# Drawn")
    packages = {package for packages in EXTRAS.values() for package in packages} - NEEDED_ANYWAY
    missing = [MODULES.get(package, package) for package in packages]
    query = min((market_drawn / "query").glob("*.jpg"))
    done = run_without(
        missing,
        ["embed", last, "--images", market_drawn, "--out", tmp_path / "gallery.parquet"],
        ["search", last, "--gallery", tmp_path / "gallery.parquet", "--query", query, "--out", tmp_path / "s.png"],
        ["evaluate", last, "--data", market_drawn, "--out", tmp_path],
        ["explain", last, query, "--out", tmp_path / "e.png"],
    )
    assert done.returncode == 0, done.stderr
    assert {"s.png", "e.png", "report.json", "worst.png"} <= {path.name for path in tmp_path.iterdir()}
