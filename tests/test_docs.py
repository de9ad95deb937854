"""The documentation is tested: its commands run, and what it lists is what there is.

Commands in ```console blocks are run on drawn pictures, page by page, in a folder that holds ``market1501/`` (a
data set), ``query.jpg``, ``recipes/`` and every file that a block titled with its name shows. Commands that need
real data, hours or a GPU stand in ```text blocks: their names, options and recipes are checked.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
import typer
import yaml
from pydantic import BaseModel

from reseen.checkpoint_files import IN_BOX
from reseen.cli import app
from reseen.data import DATASETS, loader_options
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.extras import EXTRAS
from reseen.models import SYSTEMS, checkpoint
from reseen.models.aanet import AANet, AANetConfig
from reseen.models.embedder import EmbedderConfig
from reseen.training import recipe as recipes
from tests.cli.calls import run

REPOSITORY = Path(__file__).resolve().parents[1]
DOCS = REPOSITORY / "docs"
SITE = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text())
PAGES = [DOCS / path for path in re.findall(r"[\w/-]+\.md", str(SITE["nav"]))]
TEXTS = [*PAGES, REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md"]
BLOCK = re.compile(r"^```(?P<language>\w+)(?P<options>[^\n]*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path, language: str) -> list[re.Match[str]]:
    return [block for block in BLOCK.finditer(page.read_text()) if block["language"] == language]


def commands(page: Path, *languages: str) -> list[list[str]]:
    """Returns the arguments of every ``$ reseen …`` line, lines that end in a backslash joined."""
    bodies = (block["body"].replace("\\\n", " ") for language in languages for block in blocks(page, language))
    lines = (line for body in bodies for line in body.splitlines() if line.startswith("$ "))
    return [words[1:] for line in lines if (words := shlex.split(line[2:], comments=True))[0] == "reseen"]


RUN = [(page, command) for page in PAGES for command in commands(page, "console")]
NAMED = [(page, command) for page in TEXTS for command in commands(page, "console", "text")]
COMMANDS: Any = typer.main.get_command(app)


def label(value: Any) -> str:
    return value.name if isinstance(value, Path) else " ".join(value)


@pytest.fixture(scope="module")
def workplace(market_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The reader's working folder; what one command writes is there for the next."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "market1501").symlink_to(market_drawn)
    (folder / "gallery").symlink_to(market_drawn / "bounding_box_test")
    (folder / "recipes").symlink_to(REPOSITORY / "recipes")
    shutil.copy(sorted((market_drawn / "query").iterdir())[0], folder / "query.jpg")
    for page in PAGES:
        for block in BLOCK.finditer(page.read_text()):
            if title := re.search(r'title="([\w.-]+)"', block["options"]):
                (folder / title[1]).write_text(block["body"])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.mark.parametrize(("page", "command"), RUN, ids=label)
def test_command_runs(page: Path, command: list[str], workplace: Path) -> None:
    result = run(*command)
    assert result.exit_code == 0, f"{page.name}: {' '.join(command)}\n{result.output}\n{result.exception!r}"
    for option, value in pairwise(command):
        if option == "--out":
            assert (workplace / value).exists(), f"{' '.join(command)} has not written {value}"


def test_commands_are_run() -> None:
    """Every command of the command line is run by some page, but for the demo, which `make demo` runs."""
    names = {command[0] for _, command in RUN}
    assert names >= {"data", "train", "evaluate", "calibrate", "embed", "search", "explain", "gallery"}


@pytest.mark.parametrize(("page", "command"), NAMED, ids=label)
def test_command_exists(page: Path, command: list[str]) -> None:
    """Names and options are right, also where the command itself takes too long to run here."""
    here = COMMANDS
    words = iter(command)
    while hasattr(here, "commands"):
        word = next(words, "--help")
        if word == "--help":
            return
        assert word in here.commands, f"{page.name}: no command {word!r}"
        here = here.commands[word]
    known = {name for parameter in here.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    used = {word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)}
    assert used <= known, f"{page.name}: {' '.join(command)}"


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=label)
def test_python_examples_run(page: Path, workplace: Path) -> None:
    for block in blocks(page, "python"):
        exec(compile(block["body"], page.name, "exec"), {})


def test_readme_example_runs(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    config = AANetConfig(backbone="resnet18", last_stride=1, num_identities=4, dim=8, attributes=MARKET1501_SCHEMA)
    folder = workplace / "demo-out" / "run" / "last"
    checkpoint.save(folder, AANet(config), EmbedderConfig(size=(96, 48)), card="# Drawn")
    (example,) = blocks(REPOSITORY / "README.md", "python")
    exec(compile(example["body"], "README.md", "exec"), {})
    first = capsys.readouterr().out.splitlines()[0]
    assert re.match(r"1 \S+\.jpg \d+\.\d+ (fe)?male", first)


@pytest.mark.parametrize("page", TEXTS, ids=label)
def test_links_lead_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text())
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", TEXTS, ids=label)
def test_named_recipes_exist(page: Path) -> None:
    named = set(re.findall(r"recipes/([a-z][\w/-]*\.yaml)", page.read_text()))
    assert {name for name in named if not (REPOSITORY / "recipes" / name).exists()} == set()


def test_every_page_is_in_the_navigation() -> None:
    assert sorted(PAGES) == sorted(DOCS.rglob("*.md"))


def test_every_recipe_is_listed() -> None:
    section = (DOCS / "recipes.md").read_text().partition("## Those that exist")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE))
    assert listed == {path.stem for path in (REPOSITORY / "recipes").rglob("*.yaml")}


def test_every_key_of_a_recipe_is_explained() -> None:
    sections = [kind for kind in vars(recipes).values() if isinstance(kind, type) and issubclass(kind, BaseModel)]
    keys = {name for section in sections for name in section.model_fields}
    text = (DOCS / "recipes.md").read_text()
    assert {key for key in keys if f"`{key}`" not in text} == set()


def test_every_data_set_is_listed() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) \|$", (DOCS / "data.md").read_text(), re.MULTILINE)
    listed = {name: set(re.findall(r"`(\w+)`", options)) for name, options in rows}
    assert listed == {name: set(loader_options(name)) for name in DATASETS}


def test_no_example_makes_a_folder_called_like_a_model_in_the_box() -> None:
    made = {Path(value).name for _, command in NAMED for option, value in pairwise(command) if option == "--out"}
    assert made & {*IN_BOX} == set()


def test_every_extra_is_listed() -> None:
    section = (DOCS / "getting-started.md").read_text().partition("## Install")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*`) \|", section, re.MULTILINE)
    assert {name for cell in cells for name in re.findall(r"\w+", cell)} == set(EXTRAS)


def test_named_extras_exist() -> None:
    text = "".join(page.read_text() for page in TEXTS)
    named = {name for group in re.findall(r"'(?:\.|reseen)\[([\w,]+)\]'", text) for name in group.split(",")}
    assert {"gallery", "train"} <= named <= set(EXTRAS)


def test_readme_says_which_systems_there_are() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| (\w+) \|$", (REPOSITORY / "README.md").read_text(), re.MULTILINE)
    assert {name for name, status in rows if status == "available"} == set(SYSTEMS)
    assert {status for _, status in rows} <= {"available", "planned"}


def test_readme_names_the_real_make_targets() -> None:
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = {name for page in TEXTS for name in re.findall(r"(?:`|\$ )make ([a-z]+)", page.read_text())}
    assert {"setup", "demo", "test"} <= named
    assert named <= targets
