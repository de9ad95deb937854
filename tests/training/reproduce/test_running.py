"""Missing rows are run in order, stopped when the time is over, gone on with, and their results kept."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reseen.errors import ReseenError
from reseen.models.initial import HUB
from reseen.training.loop import stop
from reseen.training.recipe import dump_recipe, load_recipe
from reseen.training.recipe.locate import V1_FILE
from reseen.training.reproduce import running
from reseen.training.reproduce.changes import changes_of
from reseen.training.reproduce.queue import Job, due, jobs_of
from tests.data.trees import write_viper
from tests.training.reproduce.tiny import reproduction, row_of


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def time_over_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the time be over from the n-th look at the clock within training on."""

    def set_clock(step: int) -> None:
        looks = itertools.count(1)
        clock = SimpleNamespace(monotonic=lambda: math.inf if next(looks) >= step else 0.0)
        monkeypatch.setattr(stop, "time", clock)

    return set_clock


def result_of(name: str) -> Any:
    return json.loads((Path("results") / f"{name}.json").read_text())


def test_results_are_kept_with_how_they_were_made(work: Path, market_drawn: Path) -> None:
    late = row_of(work, market_drawn, "late", start="runs/early/last")
    jobs = [Job(late, seed=3), Job(row_of(work, market_drawn, "early"))]
    runs = reproduction()
    assert runs.run(due(jobs, jobs))
    assert runs.written == [Path("results") / f"{name}.json" for name in ("early", "late-seed-3")]
    assert [job.state for job in jobs] == ["done", "done"]
    for job in jobs:
        content = result_of(job.name)
        assert content == json.loads((job.folder / "report.json").read_text())
        assert content["provenance"]["seed"] == job.seed
        assert content["provenance"]["peak_memory_bytes"]["process"] > 2**27
        assert content["as_run"]["phases"][0]["epochs"] == 1
        assert str(work) not in json.dumps(content["as_run"])
        assert changes_of(job) == {}
        assert job.result_file.with_suffix(".png").is_file()
    assert due(jobs, jobs) == []


def test_the_end_of_the_time_stops_within_an_epoch_and_the_same_call_goes_on(
    work: Path, market_drawn: Path, time_over_at: Callable[[int], None]
) -> None:
    jobs = jobs_of([row_of(work, market_drawn, "one"), row_of(work, market_drawn, "two")])
    time_over_at(2)
    stopped = reproduction(minutes=60)
    assert not stopped.run(jobs)
    assert (stopped.waiting, stopped.written) == ("one", [])
    assert [job.state for job in jobs] == ["resumable", "missing"]
    time_over_at(10**9)
    assert reproduction(minutes=60).run(jobs[:1])
    assert [job.state for job in jobs] == ["done", "missing"]
    assert len((jobs[0].folder / "metrics.csv").read_text().splitlines()) == 1 + 1


def test_without_time_nothing_is_begun(work: Path, market_drawn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(row_of(work, market_drawn))
    looks = iter([0.0, 3600.0])
    monkeypatch.setattr(running, "time", SimpleNamespace(monotonic=lambda: next(looks)))
    runs = reproduction(minutes=60)
    assert not runs.run([job])
    assert runs.waiting is None
    assert not job.folder.exists()


def test_folds_are_stopped_and_averaged(work: Path, time_over_at: Callable[[int], None]) -> None:
    root = write_viper(work / "VIPeR", persons=8)
    sampler = {"kind": "random", "batch_size": 4}
    phase = {"epochs": 1, "sampler": sampler, "objective": {"terms": [{"kind": "identity"}]}}
    recipe = {"data": {"name": "viper", "root": str(root), "size": [64, 32]}, "phases": [phase]}
    job = Job(row_of(work, None, folds=2, recipe=recipe))
    time_over_at(1)
    assert not reproduction().run([job])
    assert job.state == "resumable"
    time_over_at(10**9)
    assert reproduction().run([job])
    single = [json.loads((job.folder / f"fold-{fold}" / "report.json").read_text()) for fold in range(2)]
    made = result_of("tiny")
    assert made["mAP"] == pytest.approx(sum(each["mAP"] for each in single) / 2)
    assert made["training_seconds"] == pytest.approx(sum(each["training_seconds"] for each in single), abs=0.051)
    peaks = [each["provenance"]["peak_memory_bytes"]["process"] for each in single]
    assert made["provenance"]["peak_memory_bytes"]["process"] == max(peaks)
    assert "changes" not in made


def test_what_cannot_be_run_is_left_out(work: Path, market_drawn: Path) -> None:
    """What was killed before its first epoch was over can be: it begins anew."""
    jobs = jobs_of([row_of(work, None, "homeless"), row_of(work, market_drawn, "killed")])
    jobs[1].folder.mkdir(parents=True)
    (jobs[1].folder / "recipe.yaml").write_text("name: killed")
    runs = reproduction()
    assert runs.run(jobs)
    assert runs.written == [Path("results/killed.json")]
    assert list(runs.refused) == ["homeless"]
    assert "recipe homeless needs market1501" in runs.refused["homeless"]
    with pytest.raises(ReseenError, match="nothing could be run; the first of 1: recipe homeless needs market1501"):
        reproduction().run(jobs[:1])
    assert not Path("runs/homeless").exists()


def finish(job: Job, *changes: str) -> None:
    """Puts there what `reseen train` leaves of a run with some changes to its recipe."""
    job.folder.mkdir(parents=True)
    (job.folder / "recipe.yaml").write_text(dump_recipe(load_recipe(job.row.recipe, list(changes))))
    (job.folder / "report.json").write_text(json.dumps({"dataset": "market1501", "mA": 0.5}))


def test_a_finished_run_is_not_trained_again(work: Path) -> None:
    """Nor does it need any data; where those lay stays at home."""
    job = Job(row_of(work, None))
    finish(job, "data.root=somewhere", "init.backbone=weights/own.safetensors", "evaluation.flip=false")
    assert reproduction().run([job])
    changes = {"init.backbone": "own.safetensors", "evaluation.flip": False}
    assert result_of("tiny") == {"dataset": "market1501", "mA": 0.5, "changes": changes}


def test_a_result_that_is_there_stays(work: Path) -> None:
    """Its run may have been repeated for the checkpoint alone."""
    job = Job(row_of(work, None))
    finish(job)
    job.result_file.parent.mkdir()
    job.result_file.write_text('{"mA": 0.25}')
    runs = reproduction()
    runs.keep(job)
    assert (result_of("tiny"), runs.written) == ({"mA": 0.25}, [])


@pytest.mark.parametrize("change", ["model.dim=8", "phases.0.epochs=7", "seed=1"])
def test_another_runs_report_is_no_result(change: str, work: Path) -> None:
    job = Job(row_of(work, None))
    finish(job, change)
    key = change.partition("=")[0]
    with pytest.raises(ReseenError, match=rf"runs/tiny holds another run, which differs in '{key}': move it away"):
        reproduction().run([job])
    assert job.state == "trained"


def test_other_files_are_never_removed(work: Path, market_drawn: Path) -> None:
    job = Job(row_of(work, market_drawn))
    job.folder.mkdir(parents=True)
    (job.folder / "notes.txt").write_text("mine")
    with pytest.raises(ReseenError, match="runs/tiny is not empty"):
        reproduction().run([job])
    assert (job.folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("file", [V1_FILE, "other.safetensors"])
@pytest.mark.parametrize("start", [HUB, V1_FILE])
def test_weights_at_hand_bring_their_stride(work: Path, market_drawn: Path, start: str, file: str) -> None:
    model = {"system": "ide", "backbone": "resnet50"}
    job = Job(row_of(work, market_drawn, start=start, recipe={"model": model}))
    (work / file).touch()
    recipe = reproduction(weights=work / file).recipe_of(job)
    assert recipe.init == {"backbone": str(work / file)}
    assert recipe.model.model_dump()["stride_in"] == ("conv1" if file == V1_FILE else "conv2")


def test_weights_are_for_those_alone_that_start_from_such(work: Path, market_drawn: Path) -> None:
    (work / V1_FILE).touch()
    runs = reproduction(weights=work / V1_FILE)
    for model, start in [({"system": "ide", "backbone": "resnet152"}, HUB), ({"system": "ide"}, "own.safetensors")]:
        (work / "own.safetensors").touch()
        job = Job(row_of(work, market_drawn, start=start, recipe={"model": model}))
        assert runs.recipe_of(job).init == {"backbone": start}
    assert runs.recipe_of(Job(row_of(work, market_drawn))).init == {}


def test_how_it_is_computed_may_be_said_for_all_and_stands_in_the_result(work: Path, market_drawn: Path) -> None:
    job = Job(row_of(work, market_drawn, recipe={"evaluation": {"every": 1}}))
    assert reproduction(overrides=("evaluation.every=0", "data.on_device=false")).run([job])
    assert result_of("tiny")["changes"] == {"data.on_device": False, "evaluation.every": 0}


def test_what_is_trained_may_not(work: Path, market_drawn: Path) -> None:
    job = Job(row_of(work, market_drawn))
    with pytest.raises(ReseenError, match=r"--set phases\.0\.epochs=2: the table's rows are run as their recipes say"):
        reproduction(overrides=("phases.0.epochs=2",)).run([job])
    assert not job.folder.exists()


def test_data_is_for_those_that_are_not_rendered(work: Path, market_drawn: Path) -> None:
    runs = reproduction(data=market_drawn)
    assert runs.recipe_of(Job(row_of(work, None))).data.root == market_drawn
