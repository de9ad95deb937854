"""The command line as a user meets it: every command's help, and mistakes in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import reseen
from tests.cli.calls import run, run_whole

GALLERY = [f"gallery {name}" for name in ("add", "info", "search", "delete", "erase", "retention", "reindex", "check")]
POSE = ["pose", "train-pose"]
DATA = ["data check", "data render"]
SCORE = ["evaluate", "calibrate"]
APP = ["serve", "user add", "user list", "user remove", "audit show", "audit verify"]
FINDING = ["embed", "search", "ingest", "explain", "export"]
COMMANDS = [*DATA, "train", *SCORE, *FINDING, *POSE, "reproduce", "demo", *GALLERY]
COMMANDS += APP

PROGRAM = """
import contextlib, functools, io, json, sys
import typer.main
from reseen.cli import main

typer.main.get_command = functools.cache(typer.main.get_command)
told = []
for arguments in json.loads(sys.argv[1]):
    sys.argv[1:] = arguments
    printed = io.StringIO()
    with contextlib.redirect_stderr(printed), contextlib.suppress(SystemExit):
        main()
    heavy = [name for name in ("torch", "lightning", "timm", "numba", "anny", "matplotlib") if name in sys.modules]
    told.append((printed.getvalue(), heavy))
print(json.dumps(told))
"""
"""Runs commands one after the other, and prints what each has told on stderr, and what heavy is imported by then."""


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert f"reseen {command}" in " ".join(result.stdout.split("Example:")[1].split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explain", "no/model", "x.jpg"], "no/model is not a checkpoint"),
        (["data", "check", "no/folder"], "no/folder does not exist"),
        (["train", "no.yaml"], "cannot read recipe no.yaml"),
        (["data", "render", "x", "--persons", "1"], "cannot render this: persons: "),
        (["data", "render", "tests"], "tests holds other things"),
    ],
)
def test_mistakes_end_in_one_line(arguments: list[str], message: str) -> None:
    result = run_whole(*arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_mistakes_with_a_model(trained: Path, market_drawn: Path, query: Path) -> None:
    last = trained / "last"
    for arguments, message in [
        (["search", last, "--gallery", market_drawn, "--where", "hatt=yes"], "did you mean hat?"),
        (["search", last, "--gallery", market_drawn], "nothing to search for: give --query"),
        (["explain", last, query, "--device", "cuda:77"], "--device cuda:77"),
        (["evaluate", last, "--data", market_drawn, "--option", "fold"], "write key=value"),
        (["evaluate", last, "--data", market_drawn, "--average-precision", "best"], "it can be hits or trapezoid"),
    ]:
        result = run(*arguments)
        assert result.exit_code != 0
        assert message in str(result.exception)


TYPOS: list[tuple[list[str], str]] = [
    (["train", "aanet50-makret1501"], "there is no recipe 'aanet50-makret1501'; near: aanet50-market1501"),
    (["train", "no/such.yaml"], "cannot read recipe no/such.yaml"),
    (["train", "demo", "--data", "nope"], "nope does not exist"),
    (["train", "demo", "--weights", "nope.safetensors"], "there are no weights nope.safetensors: name a file"),
    (["train", "demo", "--set", "seed"], "--set seed: write key=value"),
    (["train", "demo", "--set", "seed=[1"], "--set seed=[1: the value is not YAML"),
    (["train", "demo", "--accelerator", "banana"], "--accelerator banana: it can be auto, cpu, gpu, cuda, mps"),
    (["reproduce", "--run", "--set", "compile"], "--set compile: write key=value"),
    (["demo", "--data", ".", "--weights", "nope.pth"], "there are no weights nope.pth: name a file"),
    (
        ["reproduce", "--only", "iva50-viberr"],
        "no row of the tables has such a recipe, did you mean 'iva50-viper'?",
    ),
    (["reproduce", "--run", "--data", "nope"], "nope does not exist"),
    (["demo", "--data", "nope"], "nope does not exist"),
    (["evaluate", "nope", "--data", "."], "nope is not a checkpoint"),
    (["evaluate", "{checkpoint}", "--data", "nope"], "nope does not exist"),
    (["evaluate", "{checkpoint}", "--data", "{empty}"], "no data set and no images"),
    (["calibrate", "nope", "."], "nope is not a checkpoint"),
    (["calibrate", "{checkpoint}", "nope"], "nope does not exist"),
    (["calibrate", "{checkpoint}", "{empty}"], "no data set and no images"),
    (["embed", "{checkpoint}", "--images", "nope", "--out", "x.parquet"], "nope does not exist"),
    (["embed", "{checkpoint}", "--images", "."], "say where to write to: --out FILE"),
    (["embed", "{checkpoint}", "--images", "s3://b/x", "--out", "x"], "s3://b/x lies in object storage, and this"),
    (["embed", "{checkpoint}", "--images", ".", "--gallery", "x"], "this goes with --engine ray"),
    (["embed", "{checkpoint}", "--images", ".", "--engine", "spark"], "--engine spark: it can be local or ray"),
    (["embed", "{checkpoint}", "--images", ".", "--engine", "ray"], "writes into a gallery: give --gallery"),
    (["search", "{checkpoint}", "--gallery", ".", "--query", "nope.jpg"], "there is no picture nope.jpg"),
    (["search", "{checkpoint}", "--gallery", ".", "--query", "README.md"], "it is no picture; name a picture of a"),
    (["search", "{checkpoint}", "--gallery", "nope", "--where", "hat=yes"], "nope does not exist"),
    (["search", "{checkpoint}", "--gallery", "{empty}", "--where", "hat=yes"], "no data set and no images"),
    (["search", "{checkpoint}", "--gallery", "."], "nothing to search for"),
    (["serve", "nope", "--model", "{checkpoint}"], "nope is no gallery"),
    (["serve", "{gallery}", "--model", "nope"], "nope is not a checkpoint"),
    (["serve", "{gallery}", "--model", "{checkpoint}", "--public-host", "https://a.b"], "give the name alone, such as"),
    (["audit", "verify", "nope"], "nope is no gallery"),
    (["user", "add", "{gallery}", "ann", "--password-file", "nope"], "cannot read the password in nope"),
    (["explain", "{checkpoint}", "nope.jpg"], "there is no picture nope.jpg"),
    (["embed", "{checkpoint}", "--images", ".", "--out", "x", "--backend", "tensorrt"], "no backend 'tensorrt'"),
    (["export", "nope", "--to", "onnx", "--out", "x"], "nope is not a checkpoint"),
    (["export", "{checkpoint}", "--to", "onyx", "--out", "x"], "--to onyx: it can be onnx or openvino"),
    (["export", "{checkpoint}", "--to", "onnx", "--out", "x", "--int8"], "--int8 and --calibrate DATA go together"),
    (["export", "{checkpoint}", "--to", "onnx", "--out", "x", "--calibrate", "nope"], "nope does not exist"),
    (["export", "{checkpoint}", "--to", "onnx", "--out", "tests"], "tests holds other things"),
    (["export", "{graph}", "--to", "onnx", "--out", "x"], "holds an exported graph, whose weights cannot be had"),
    (["data", "check", "nope"], "nope does not exist"),
    (["gallery", "info", "nope"], "nope is no gallery"),
    (["gallery", "info", "ftp://host/x"], "give a path, or an address of object storage such as s3://"),
    (["serve", "s3://bucket/x", "--model", "{checkpoint}"], "lies in object storage, and this needs a folder"),
    (["gallery", "erase", "nope", "--checkpoint", "{checkpoint}", "--like", "x.jpg"], "nope is no gallery"),
    (["gallery", "add", "tests", "{checkpoint}", "--images", "."], "tests is no gallery and not empty"),
    (["gallery", "add", "new", "nope", "--images", "."], "nope is not a checkpoint"),
    (["pose", "nope", "--source", "own", "--out", "x.parquet"], "nope does not exist"),
    (["pose", ".", "--source", "nope.xml", "--out", "x.parquet"], "there is no pose source nope.xml"),
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, list[str]]]:
    """What each of `TYPOS` is told, all by one program, since starting it takes longer than they do."""
    places = {name: tmp_path_factory.mktemp(name) for name in ("checkpoint", "graph", "empty", "gallery")}
    for name in ("config.json", "model.safetensors"):
        (places["checkpoint"] / name).touch()
    for name in ("config.json", "model.onnx"):
        (places["graph"] / name).touch()
    (places["gallery"] / "gallery.json").touch()
    commands = json.dumps([[word.format(**places) for word in arguments] for arguments, _ in TYPOS])
    done = subprocess.run([sys.executable, "-c", PROGRAM, commands], capture_output=True, text=True, check=True)
    found: list[tuple[str, list[str]]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("number", range(len(TYPOS)), ids=[" ".join(arguments[:3]) for arguments, _ in TYPOS])
def test_a_typo_is_told_before_anything_heavy_is_imported(number: int, told: list[tuple[str, list[str]]]) -> None:
    """Seconds of waiting for PyTorch come only once the arguments are right."""
    printed, heavy = told[number]
    assert printed.startswith("error: ")
    assert TYPOS[number][1] in printed
    assert heavy == []


def test_version_is_the_packages() -> None:
    assert run("--version").stdout == f"reseen {reseen.__version__}\n"
