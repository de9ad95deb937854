"""What is done, trained, resumable or missing is seen from the files; what another starts from comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.errors import ReseenError
from reseen.training.reproduce.overview import overview
from reseen.training.reproduce.queue import Job, chosen, due, jobs_of, stated
from reseen.training.reproduce.rows import Row
from tests.training.reproduce.tiny import row_of

REPORT = '{"dataset": "x", "ranking": {"mAP": 0.5, "rank1": 0.75}}'


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """``late`` starts from ``early``, which is worth less."""
    monkeypatch.chdir(tmp_path)
    late = row_of(tmp_path, None, "late", start="runs/early/last", published={"mAP": 60}, seeds=(0, 1))
    return [late, row_of(tmp_path, None, "other"), row_of(tmp_path, None, "early")]


def put(path: str, text: str = REPORT) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def names(jobs: list[Job]) -> list[str]:
    return [job.name for job in jobs]


def test_second_seeds_come_after_all_first_ones(rows: list[Row]) -> None:
    assert names(jobs_of(rows)) == ["late", "other", "early", "late-seed-1"]


def test_states_are_seen_from_the_files(rows: list[Row]) -> None:
    job = Job(rows[0])
    assert job.state == "missing"
    put("runs/late/recipe.yaml")
    assert job.state == "missing"
    put("runs/late/state.ckpt")
    assert job.state == "resumable"
    put("runs/late/report.json")
    assert job.state == "trained"
    put("results/late.json")
    assert job.state == "done"
    assert Job(rows[0], seed=1).state == "missing"


@pytest.mark.parametrize("file", ["fold-1/report.json", "fold-0/state.ckpt"])
def test_a_run_over_folds_goes_on_from_any_fold(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    job = Job(row_of(tmp_path, None, folds=2))
    assert job.state == "missing"
    put(f"runs/tiny/{file}")
    assert job.state == "resumable"


def test_what_others_start_from_comes_first(rows: list[Row]) -> None:
    jobs = jobs_of(rows)
    assert names(due(jobs, jobs)) == ["early", "late", "other", "late-seed-1"]
    assert names(due(jobs[:1], jobs)) == ["early", "late"]
    put("results/late.json")
    assert names(due(jobs, jobs)) == ["other", "early", "late-seed-1"]


def test_a_checkpoint_that_is_gone_is_trained_again(rows: list[Row]) -> None:
    jobs = jobs_of(rows)
    put("results/early.json")
    assert names(due(jobs[:1], jobs)) == ["early", "late"]
    put("runs/early/last/model.safetensors")
    assert names(due(jobs, jobs)) == ["late", "other", "late-seed-1"]


def test_a_second_seed_starts_from_the_second_seed_of_what_it_names(tmp_path: Path, rows: list[Row]) -> None:
    early = row_of(tmp_path, None, "early", seeds=(0, 1))
    late = row_of(tmp_path, None, "late", start="runs/early/last", same_seed=("early",), seeds=(0, 1))
    jobs = jobs_of([late, early])
    assert [stated(job).init for job in jobs[:1] + jobs[2:3]] == [
        {"backbone": "runs/early/last"},
        {"backbone": "runs/early-seed-1/last"},
    ]
    assert names(due(jobs, jobs)) == ["early", "late", "early-seed-1", "late-seed-1"]
    put("runs/early/last/model.safetensors")
    assert names(due([jobs[2]], jobs)) == ["early-seed-1", "late-seed-1"]


def test_what_is_trained_needs_nothing_any_more(rows: list[Row]) -> None:
    jobs = jobs_of(rows)
    put("runs/late/report.json")
    assert names(due(jobs[:1], jobs)) == ["late"]


def test_only_some_are_chosen(rows: list[Row]) -> None:
    jobs = jobs_of(rows)
    assert names(chosen(jobs, [])) == names(jobs)
    assert names(chosen(jobs, ["late*"])) == ["late", "late-seed-1"]
    assert names(chosen(jobs, ["early", "oth?r"])) == ["other", "early"]
    with pytest.raises(ReseenError, match="--only erly: no row of the tables has such a recipe, did you mean 'early'"):
        chosen(jobs, ["late", "erly"])


def test_the_overview_has_state_and_figures(rows: list[Row]) -> None:
    put("results/late.json")
    put("runs/early/state.ckpt")
    columns = {str(column.header): list(map(str, column.cells)) for column in overview(jobs_of(rows)).columns}
    assert columns["recipe"] == [
        "late\n  commit and machine not recorded",
        "other",
        "early",
        "late-seed-1\n  after early",
    ]
    assert columns["state"] == ["done", "missing", "resumable", "missing"]
    assert columns["aim"][0] == "60 / –"
    assert columns["measured"] == ["50.00 / 75.00", "", "", ""]


def test_damaged_results_are_told_of(rows: list[Row]) -> None:
    for text, message in [("{", "cannot read result results/late.json"), ("[]", "holds no figures"), ("{}", "no fig")]:
        put("results/late.json", text)
        with pytest.raises(ReseenError, match=message):
            overview(jobs_of(rows))
