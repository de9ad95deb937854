"""What the pages say stands in result files, and the repository's own are up to date."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reseen.training.recipe import content_of, load_recipe
from reseen.training.recipe.locate import placeless
from reseen.training.reproduce.overview import overview
from reseen.training.reproduce.pages import BEGIN, END, readme_table, results_page, with_table
from reseen.training.reproduce.queue import jobs_of
from reseen.training.reproduce.rows import ROWS, Row
from tests.training.reproduce.tiny import row_of

REPOSITORY = Path(__file__).resolve().parents[3]
README = REPOSITORY / "README.md"
MADE = {
    "commit": "abc1234",
    "seed": 1,
    "device": "cuda:0",
    "hardware": {"cpu": "A processor", "cores": 4, "gpus": ["A card"]},
    "peak_memory_bytes": {"process": 3 * 2**30, "gpu": 2**29},
}


def put(name: str, average_precision: float, rank1: float, **more: Any) -> None:
    Path("results").mkdir(exist_ok=True)
    content = {"dataset": "market1501", "ranking": {"mAP": average_precision, "rank1": rank1}, **more}
    Path(f"results/{name}.json").write_text(json.dumps(content))


def recipe_at(name: str, start: str | None = None) -> None:
    """Writes a recipe into a file of its bare name, as ours are called."""
    Path(row_of(Path(), None, name, start=start).recipe).rename(name)


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two", "three", "four"):
        recipe_at(name)
    return [
        Row("one", "A", "table 1", {"mAP": 82.45, "rank-1": 93.89}, seeds=(0, 1)),
        Row("two", "B", "quick", mark={"mAP": 67, "rank-1": 85}, full="one"),
        Row("three", "A", "table 2", {"mA": 84.61}, folds=10),
        Row("four", "B", "by itself"),
    ]


def test_what_was_not_run_has_no_figures(rows: list[Row]) -> None:
    page = results_page(rows)
    assert "| `one` | table 1 | 82.45 / 93.89 | | | 0 of 2 |\n" in page
    assert "| `three` | table 2; mean of 10 folds | mA 84.61 | | | 0 of 1 |\n" in page
    assert page.index("## A") < page.index("`three`") < page.index("## B") < page.index("`two`")
    assert readme_table(rows).count("\n") == 2


def test_what_was_run_stands_beside_the_papers_figures(rows: list[Row]) -> None:
    put("one", 0.80, 0.93, training_seconds=3306.7)
    speed, changes = {"images_per_second": 1234.5, "gpu_busy": 0.934}, {"init.backbone": "own.safetensors"}
    put("one-seed-1", 0.82, 0.94, training_seconds=7300, speed=speed, provenance=MADE, changes=changes)
    more = {
        "attributes": {"mean_accuracy": {"colors_multi_class": 0.9}},
        "reranked": {"mAP": 0.85, "rank1": 0.86},
        "cost": {"parameters": 23_508_032, "multiply_adds": 1_030_000_000},
    }
    put("two", 0.70, 0.80, training_seconds=59, speed={"images_per_second": 34.2}, **more)
    put("four", 0.5, 0.25)
    page = results_page(rows)
    assert "| `one` | table 1 | 82.45 / 93.89 | 81.00 ± 1.41 / 93.50 ± 0.71 | −1.45 / −0.39 | 2 of 2 |\n" in page
    assert "| `two` | quick | mark 67 / 85 | 70.00 / 80.00 | +3.00 / −5.00 | 1 of 1 |\n" in page
    assert "| `four` | by itself | | 50.00 / 25.00 | | 1 of 1 |\n" in page
    made = page.partition("## How they were made")[2]
    assert "| `one` | not recorded | not recorded | not recorded | 55 min | not recorded | not recorded | |\n" in made
    assert (
        "| `one-seed-1` | abc1234 | 1 | A card | 2.0 h | 1,234 images/s, GPU busy 93 % | 3.0 GiB, 0.5 GiB GPU "
        "| `init.backbone: own.safetensors` |\n" in made
    )
    assert "| `two` | not recorded | not recorded | not recorded | 59 s | 34 images/s |" in made
    assert readme_table(rows).splitlines()[2:] == [
        "| `one` | market1501 | 55 min | **81.00 ± 1.41 / 93.50 ± 0.71** | | | not recorded | 82.45 / 93.89 "
        "| −1.45 / −0.39 | 82.45 / 93.89 |",
        "| `two` | market1501 | 59 s, 34 | **70.00 / 80.00** | 85.00 / 86.00 | 90.00 | 23.5 M, 1.03 G | mark 67 / 85 "
        "| +3.00 / −5.00 | 82.45 / 93.89 |",
    ]


def test_minutes_are_told_with_those_of_what_a_run_started_from_and_without(rows: list[Row]) -> None:
    """``two`` starts from ``four``, and that from ``one``, unless the result says otherwise."""
    recipe_at("two", "runs/four/last")
    recipe_at("four", "runs/one/last")
    put("two", 0.7, 0.8, training_seconds=3000)
    put("four", 0.7, 0.8, training_seconds=1500)
    made = "| `two` | not recorded | not recorded | not recorded | 50 min, in all {} |"
    assert made.format("not recorded") in results_page(rows)
    put("one", 0.7, 0.8, training_seconds=600)
    assert made.format("85 min") in results_page(rows)
    assert "| `two` | market1501 | 50 min, in all 85 min | **70.00" in readme_table(rows)
    put("two", 0.7, 0.8, training_seconds=3000, changes={"init.backbone": "one/last"})
    assert made.format("60 min") in results_page(rows)
    put("two", 0.7, 0.8, training_seconds=3000, changes={"init.backbone": "own.safetensors"})
    assert made.removesuffix(", in all {} |") + " |" in results_page(rows)


def test_figures_of_an_earlier_form_of_a_recipe_say_so(rows: list[Row]) -> None:
    recipe = load_recipe("two")
    put("two", 0.7, 0.8, as_run=content_of(placeless(recipe)), changes={"evaluation.flip": False})
    page = results_page(rows)
    assert "| `two` | quick | mark" in page
    assert page.endswith("| |\n"), "it is the recipe as it stands, whatever was noted once"
    earlier = content_of(placeless(recipe))
    earlier["phases"][0] |= {"epochs": 7, "objective": {"terms": [{"kind": "identity"}, {"kind": "triplet"}]}}
    put("two", 0.7, 0.8, as_run=earlier)
    page = results_page(rows)
    assert "| `two` | quick; measured with an earlier form of it | mark" in page
    assert page.endswith("| `phases.0.epochs: 7`, `phases.0.objective.terms` |\n")
    assert "| `two`; measured with an earlier form of it | market1501 |" in readme_table(rows)
    titles = [str(title) for title in overview(jobs_of(rows[1:2])).columns[0].cells]
    assert titles == ["two\n  commit and machine not recorded\n  run with another phases.0.epochs"]


def test_a_cpus_result_names_the_processor(rows: list[Row]) -> None:
    put("two", 0.7, 0.8, provenance=MADE | {"device": "cpu", "peak_memory_bytes": {"process": 2**30}})
    line = "| `two` | abc1234 | 1 | A processor, 4 cores | not recorded | not recorded | 1.0 GiB | |\n"
    assert line in results_page(rows)


def test_the_table_takes_its_place_in_a_page() -> None:
    page = f"before\n\n{BEGIN}\nold\n{END}\n\nafter\n"
    once = with_table(page, "| new |\n")
    assert once == f"before\n\n{BEGIN}\n\n| new |\n\n{END}\n\nafter\n"
    assert with_table(once, "| new |\n") == once
    with pytest.raises(ValueError, match="the page has no lines"):
        with_table("before\n", "| new |\n")


def test_the_repositorys_pages_are_what_its_results_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise run `python docs/results.py`."""
    monkeypatch.chdir(REPOSITORY)
    assert Path("docs/results.md").read_text() == results_page(ROWS)
    readme = README.read_text()
    assert readme == with_table(readme, readme_table(ROWS))


def test_readme_shows_no_other_figures_on_sets_never_seen_than_were_measured() -> None:
    """mAP / rank-1 on VIPeR and Market-1501, a row for each model."""
    content = json.loads((REPOSITORY / "results" / "transfer.json").read_text()).values()
    names = [f"{dataset} {figure}" for dataset in ("VIPeR", "Market-1501") for figure in ("mAP", "rank1")]
    measured = [[f"{100 * each[name]:.1f}" for name in names] for each in content]
    pair = r"\**([\d.]+) / ([\d.]+)\** \|"
    shown = re.findall(rf"^\|.*\| {pair} {pair}$", README.read_text(), re.MULTILINE)
    assert shown
    assert [row for row in shown if list(row) not in measured] == []


def test_every_result_file_is_some_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    made = results_page(ROWS).partition("## How they were made")[2]
    files = {path.stem for path in Path("results").glob("*.json")} - {"speed", "transfer", "pose-net"}  # of benchmarks
    assert {name for name in files if f"| `{name}` |" not in made} == set()
