"""`reseen train-pose` from rendered persons to a network that `reseen pose` takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reseen.checkpoint_files import trained_on
from reseen.data.annotations.joints_file import read_joints, source_of
from reseen.errors import ReseenError
from reseen.pose.network import load_pose_net
from tests.cli.calls import run
from tests.drawn import draw_person

NARROW = ["--width", 0.05, "--streams", 1, "--kernel", 3, "--size", "64x32", "--batch-size", 8, "--accelerator", "cpu"]


def test_rendered_persons_teach_a_network_that_finds_joints(rendered: Path, tmp_path: Path) -> None:
    command = ["train-pose", rendered, "--out", tmp_path / "pose", "--images", 16, "--epochs", 2, *NARROW]
    stopped = run(*command, "--stop-after", 1)
    assert stopped.exit_code == 130, stopped.output
    result = run(*command, "--resume")
    assert result.exit_code == 0, result.output
    assert "trained on 16 images of rendered" in result.stdout
    network = load_pose_net(tmp_path / "pose")
    assert network.config.size == (64, 32)
    assert trained_on(tmp_path / "pose") == ("rendered",)
    found = tmp_path / "joints.parquet"
    assert run("pose", rendered, "--source", tmp_path / "pose", "--out", found).exit_code == 0
    assert len(read_joints(found)) == 192
    assert source_of(found).startswith(network.name)


def test_cocos_persons_teach_beside_rendered_ones(rendered: Path, tmp_path: Path) -> None:
    write_coco(tmp_path / "coco")
    places = [f"coco={tmp_path / 'coco'}", rendered]
    result = run("train-pose", *places, "--out", tmp_path / "pose", "--images", 8, "--epochs", 1, *NARROW)
    assert result.exit_code == 0, result.output
    assert "trained on 10 images of coco, rendered" in result.stdout
    assert trained_on(tmp_path / "pose") == ("coco", "rendered")


def test_the_seed_is_that_of_the_first_weights_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr("reseen.training.pose.PoseRun.train", lambda _, network: begun.append(network.name) or network)
    write_coco(tmp_path / "coco")
    for seed in (1, 1, 2):
        call = ("train-pose", f"coco={tmp_path / 'coco'}", "--out", tmp_path / "pose", "--seed", seed, *NARROW)
        assert run(*call).exit_code == 0
    assert begun[0] == begun[1] != begun[2]


def test_coco_in_another_layout_is_told(tmp_path: Path) -> None:
    write_coco(tmp_path / "coco")
    (tmp_path / "coco" / "train2017").rename(tmp_path / "coco" / "images")
    result = run("train-pose", f"coco={tmp_path / 'coco'}", "--out", tmp_path / "pose")
    assert isinstance(result.exception, ReseenError)
    assert "coco is not COCO as it is published: annotations/person_keypoints_train2017.json" in str(result.exception)


def write_coco(root: Path) -> None:
    """Writes two pictures of a person with five joints each, and one of a person with two, as COCO lays them out."""
    (root / "annotations").mkdir(parents=True)
    (root / "train2017").mkdir()
    points = [(32, 12), (0, 0), (0, 0), (0, 0), (0, 0), (40, 28), (24, 28), (44, 44), (20, 44)]
    images, annotations = [], []
    for number, joints in enumerate((5, 5, 2)):
        draw_person(0, number, 1).save(root / "train2017" / f"{number}.jpg")
        known = [point for point in points if point != (0, 0)][:joints]
        flags = [value for x, y in points for value in ((x, y, 2) if (x, y) in known else (0, 0, 0))]
        images.append({"id": number, "file_name": f"{number}.jpg", "height": 128, "width": 64})
        annotations.append(
            {
                "image_id": number,
                "iscrowd": 0,
                "bbox": [16, 8, 32, 112],
                "keypoints": flags + [0] * (3 * 17 - len(flags)),
                "num_keypoints": joints,
                "segmentation": [[16, 8, 48, 8, 48, 120, 16, 120]],
            }
        )
    content = {"images": images, "annotations": annotations, "categories": []}
    (root / "annotations" / "person_keypoints_train2017.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--width", 2], "--width: Input should be less than or equal to 1"),
        (["--size", "60x32"], "--size: sides are multiples of 8"),
        (["--margin", 1], "--margin: Input should be less than or equal to 0.5"),
        (["--kernel", 4], "--kernel: a kernel is odd, not 4"),
        (["--teacher", "no.xml"], "no.xml does not exist"),
        ([], "have no joints of their own: give --teacher"),
    ],
)
def test_what_does_not_fit_is_told(market_drawn: Path, tmp_path: Path, options: list[object], message: str) -> None:
    result = run("train-pose", market_drawn, "--out", tmp_path / "pose", *NARROW, *options)
    assert isinstance(result.exception, ReseenError)
    assert message in str(result.exception)
    assert not (tmp_path / "pose").exists()


def test_a_folder_that_is_taken_is_told_before_anything_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "pose").mkdir()
    (tmp_path / "pose" / "notes.txt").touch()
    for options, message in [([], "pose is not empty: go on with"), (["--resume"], "nothing to resume in")]:
        result = run("train-pose", "market1501=nowhere", "--out", tmp_path / "pose", *NARROW, *options)
        assert isinstance(result.exception, ReseenError)
        assert message in str(result.exception)


def test_a_place_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = run("train-pose", "market1501=nowhere", "--out", tmp_path / "pose")
    assert "nowhere does not exist; name a folder or zip of person images, or KEY=PLACE" in str(result.exception)
