"""What benchmarks make of figures that are there; the measuring itself takes hours."""

from __future__ import annotations

import itertools
import json
import runpy
import shutil
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.metrics import average_precision_score

import reseen
from reseen import Embeddings, models
from reseen.data.person import PersonImage, Split
from reseen.errors import ReseenError
from reseen.evaluation import EvaluationReport
from reseen.models import checkpoint
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.models.ide import IDEConfig
from reseen.pose.network import PoseNet, PoseNetConfig, save_pose_net
from tests.data.trees import write_viper
from tests.outside import BENCHMARKS, benchmark


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("pose", ["pose-net", "--rendered", "nowhere"]),
        ("memory", ["nowhere", "--data", "."]),
        ("training", ["--recipes", "nowhere"]),
    ],
)
def test_a_mistake_ends_in_one_line(
    name: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(BENCHMARKS / f"{name}.py"), run_name="__main__")
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "nowhere" in said
    assert said.count("\n") == 1


def test_a_models_rate_is_the_one_its_figure_was_measured_at(tmp_path: Path) -> None:
    """Both recipes average with mirror images: `reseen evaluate` did, `transfer.py` did not."""
    plot = benchmark("models")
    unseen = {"ide50-rendered, 192x64": {"Market-1501 mAP": 0.315, "Market-1501 rank1": 0.586}}
    (tmp_path / "transfer.json").write_text(json.dumps(unseen))
    own = {"dataset": "market1501", "ranking": {"mAP": 0.676, "rank1": 0.854}}
    (tmp_path / "ide50-market1501-quick.json").write_text(json.dumps(own))
    speed = {"views_per_cpu_second": 100.0}
    for name, height, rate in (("ide50-rendered", 31.5, 100), ("ide50-market1501-quick", 67.6, 50)):
        found = plot.figures(name, tmp_path)
        assert found.average_precision == pytest.approx(height)
        assert plot.rate(speed, found, name) == rate
    (tmp_path / "ide50-market1501-quick.json").write_text(json.dumps(own | {"changes": {"evaluation.flip": False}}))
    assert plot.figures("ide50-market1501-quick", tmp_path).views == 1
    other = {"dataset": "market1501", "ranking": {"mAP": 0.696, "rank1": 0.854}}
    (tmp_path / "ide50-market1501-quick-seed-1.json").write_text(json.dumps(other))
    assert plot.figures("ide50-market1501-quick", tmp_path).average_precision == pytest.approx((67.6 + 69.6) / 2)
    (tmp_path / "transfer.json").write_text(json.dumps({f"{name}, 256x128": unseen["ide50-rendered, 192x64"]}))
    assert plot.figures(name, tmp_path).average_precision == pytest.approx((67.6 + 69.6) / 2), "its own figures first"
    assert plot.figures("small-rendered", tmp_path) is None
    assert plot.rate(speed, None, "small-rendered") == 100, "its recipe takes no mirror images"


def test_names_of_models_near_each_other_can_be_read() -> None:
    plot = benchmark("models")
    figure, axes = plt.subplots(figsize=(7, 3.6))
    axes.set(xscale="log", xlim=(10, 200), ylim=(0, 95))
    points = [(80.0, 40.0), (80.0, 46.0), (78.0, 52.0), (74.0, 46.0)]
    plot.write_names(figure, axes, [(*point, f"aanet{row}-market1501-quick", True) for row, point in enumerate(points)])
    assert [text.get_text() for text in axes.texts] == [f"aanet{row}-quick" for row in range(4)]
    extents = [text.get_window_extent() for text in axes.texts]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(extents, 2))
    plt.close(figure)


def test_what_is_measured_on_sets_never_seen_says_how_it_was_made(market_drawn: Path, tmp_path: Path) -> None:
    write_viper(tmp_path / "data" / "VIPeR", persons=4)
    (tmp_path / "data" / "market1501").symlink_to(market_drawn)
    model = models.build(IDEConfig(backbone="test_resnet", num_identities=2)).eval()
    checkpoint.save(tmp_path / "last", model, EmbedderConfig(size=(64, 32)), card="# Drawn")
    last, file = tmp_path / "runs" / "own-rendered" / "last", tmp_path / "transfer.json"
    shutil.copytree(tmp_path / "last", last)
    transfer = benchmark("transfer")
    transfer.main([f"one={tmp_path / 'last'}", str(last)], data=tmp_path / "data", folds=2, flip=True, json_file=file)
    written = json.loads(file.read_text())
    assert list(written) == ["one", "own-rendered, 64x32"]
    content = written["one"]
    assert content["model"] == reseen.load(last).digest, "that of the checkpoint, however it was seen"
    assert content["views"] == 2
    reports = {title: EvaluationReport.from_dict(own) for title, own in content["reports"].items()}
    assert [(each.dataset, each.protocol.kind) for each in reports.values()] == [
        ("viper", "two_way"),
        ("market1501", "cross_camera"),
    ]
    for title, each in reports.items():
        assert each.ranking is not None
        assert 0 < content[f"{title} mAP"] == each.ranking.mAP < 1
        assert content[f"{title} rank1"] == each.ranking.rank(1)
    assert reports["VIPeR"].ranking.runs == 2
    assert content["provenance"]["device"] == "cpu"
    assert content["provenance"]["wall_seconds"] > 0


def test_a_model_can_be_decided_by_one_set_without_a_look_at_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_viper(tmp_path / "VIPeR", persons=4)
    model = models.build(IDEConfig(backbone="test_resnet", num_identities=2)).eval()
    checkpoint.save(tmp_path / "last", model, EmbedderConfig(size=(64, 32)), card="# Drawn")
    transfer, last = benchmark("transfer"), [str(tmp_path / "last")]
    transfer.main(last, data=tmp_path, sets=["viper"], folds=1)
    told = capsys.readouterr().out
    assert "VIPeR mAP" in told
    assert "Market" not in told
    for wrong, options, said in (
        (last, {"sets": ["peta"]}, "--sets peta: it can be viper or market1501"),
        (last, {"sets": ["viper"], "json_file": tmp_path / "x.json"}, "leave out --sets"),
        ([], {}, "name checkpoints"),
    ):
        with pytest.raises(ReseenError, match=said):
            transfer.main(wrong, data=tmp_path, **options)


def test_figures_of_imagenet_weights_alone_say_of_which_size(
    market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer, file = benchmark("transfer"), tmp_path / "transfer.json"
    write_viper(tmp_path / "VIPeR", persons=4)
    (tmp_path / "market1501").symlink_to(market_drawn)
    model = models.build(IDEConfig(backbone="test_resnet", num_identities=2)).eval()
    monkeypatch.setattr(transfer, "_imagenet", lambda weights, config: Embedder(model, config))
    for size in ("64x32", "96x32"):
        transfer.main(data=tmp_path, imagenet=tmp_path / "own.safetensors", size=size, folds=1, json_file=file)
    assert list(json.loads(file.read_text())) == ["ImageNet weights alone, 64x32", "ImageNet weights alone, 96x32"]


def test_a_test_image_is_of_a_person_seen_in_training_or_not() -> None:
    """Nobody knows who -1 and 0 are: they count as never seen, though training has such, too."""
    train, test = (
        [PersonImage(f"{pid}".encode(), pid, 1) for pid in pids] for pids in ((1, 2, 0, -1), (2, 3, 1, 0, -1, 2))
    )
    split = Split("own", tuple(train), (), tuple(test))
    found = {name: [image.pid for image in images] for name, images in benchmark("memory").halves(split).items()}
    assert found == {"seen in training": [2, 1, 2], "never seen": [3, 0, -1]}


def test_figures_of_other_models_stay(tmp_path: Path) -> None:
    transfer, file = benchmark("transfer"), tmp_path / "transfer.json"
    for measured in ({"one": {"VIPeR mAP": 0.1}, "two": {"VIPeR mAP": 0.2}}, {"two": {"VIPeR mAP": 0.3}}):
        transfer.put(measured, file)
    assert json.loads(file.read_text()) == {"one": {"VIPeR mAP": 0.1}, "two": {"VIPeR mAP": 0.3}}


def test_figures_of_joints_say_whose_they_are(market_drawn: Path, tmp_path: Path) -> None:
    network, file = PoseNet(PoseNetConfig(width=0.05, streams=1, size=(64, 32))).eval(), tmp_path / "figures.json"
    save_pose_net(tmp_path / "net", network)
    place = str(tmp_path / "net")
    benchmark("pose").main(place, against=place, market=market_drawn, rendered=None, images=2, json_file=file)
    told = json.loads(file.read_text())
    assert (told["source"], told["against"]) == (f"{network.name} 64x32+0", place)
    assert set(told) == {"source", "against", "market1501"}


def test_precision_behind_the_last_right_picture_counts_nothing() -> None:
    unlike, rng = benchmark("unlike"), np.random.default_rng(0)
    for count in (1, 2, 7):
        right = rng.permutation(np.arange(300) < count)
        score = rng.random(300) - 0.3 * right
        assert unlike.average_precision(score, right) == pytest.approx(average_precision_score(right, -score))
    tied = np.array([0.0, 0.0, 1.0])  # the gallery's order decides
    assert unlike.average_precision(tied, np.array([False, True, False])) == pytest.approx(1 / 2)


def test_distances_of_a_search_are_those_of_its_query_and_of_the_pictures_confirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unlike, rng = benchmark("unlike"), np.random.default_rng(0)
    monkeypatch.setattr(unlike, "_BLOCK", 3)
    pids = np.repeat(np.arange(1, 6), 8)
    people = Embeddings(rng.normal(size=(40, 4)) + pids[:, None], pids, np.tile([1, 2], 20))
    rows = np.arange(0, 40, 5)
    found = list(unlike.searches(people, people, rows))
    assert [each[0] for each in found] == pids[rows].tolist()
    for row, (_, right, like, wrong, to_query, to_like, to_wrong) in zip(rows, found, strict=True):
        kept = people[np.flatnonzero((people.pids != people.pids[row]) | (people.camids != people.camids[row]))]
        assert np.array_equal(right, kept.pids == people.pids[row])
        assert right[like].all()
        assert not right[wrong].any()
        for places, squares in ((like, to_like), (wrong, to_wrong)):
            between = kept.features[places][:, None] - kept.features
            np.testing.assert_allclose(squares, np.square(between).sum(axis=2), atol=1e-4)
        np.testing.assert_allclose(to_query, np.square(people.features[row] - kept.features).sum(axis=1), atol=1e-4)
