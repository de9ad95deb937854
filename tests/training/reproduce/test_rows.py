"""The table has every recipe once, and says of it what the recipe itself says."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from reseen.training.recipe_files import find_recipe, recipe_files
from reseen.training.reproduce.figures import FIGURES
from reseen.training.reproduce.queue import Job, jobs_of, needs
from reseen.training.reproduce.rows import ROWS, Row

BY_NAME = {row.recipe: row for row in ROWS}


def header(row: Row) -> str:
    """Returns the comment a recipe begins with."""
    lines = find_recipe(Path(row.recipe)).read_text().splitlines()
    return "\n".join(itertools.takewhile(lambda line: line.startswith("#"), lines))


def test_every_recipe_has_one_row() -> None:
    names = sorted(name for name in recipe_files() if not name.startswith("demo"))
    assert sorted(row.recipe for row in ROWS) == names


@pytest.mark.parametrize("row", [row for row in ROWS if row.aim], ids=lambda row: row.recipe)
def test_aims_are_those_of_the_recipe(row: Row) -> None:
    assert row.aim.keys() <= FIGURES.keys()
    numbers = {float(number) for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", header(row))}
    assert set(row.aim.values()) <= numbers


def test_a_row_has_its_papers_figures_or_a_mark() -> None:
    assert [row.recipe for row in ROWS if row.published and row.mark] == []


def test_quick_figures_have_a_spread() -> None:
    """Two seeds, or the folds of a data set."""
    assert [row.recipe for row in ROWS if "-quick" in row.recipe and len(row.seeds) * row.folds < 2] == []


def test_worth_follows_the_plan() -> None:
    """Faithful and improved AANet, the small model, then AANet's ablation, the other systems, and what a CPU can do."""
    names = [row.recipe for row in ROWS]
    milestones = [
        "aanet50-market1501",
        "aanet50-market1501-improved",
        "small-rendered",
        "aanet50-market1501-ablation-1-global",
        "iva50-market1501",
        "attention-driven-market1501",
        "lrdnn50-market1501",
        "aanet152-market1501",
        "acrn-market1501",
        "aanet50-market1501-quick",
    ]
    assert sorted(milestones, key=names.index) == milestones
    assert names[:3] == milestones[:3]


def test_what_a_row_needs_has_a_row_and_its_first_seed() -> None:
    jobs = jobs_of(ROWS)
    missing = {name for job in jobs for name in needs(job)} - {job.name for job in jobs}
    assert missing == set()
    fused = BY_NAME["acrn-market1501-reidcnn-attributes"]
    assert needs(Job(fused)) == ("mva-peta-all", "acrn-market1501-reidcnn")
    assert needs(Job(fused, seed=1)) == ("mva-peta-all", "acrn-market1501-reidcnn-seed-1")
    assert all(row.seeds[0] == 0 for row in ROWS)


def test_names_of_runs_are_unique() -> None:
    names = [job.name for job in jobs_of(ROWS)]
    assert len(set(names)) == len(names)
