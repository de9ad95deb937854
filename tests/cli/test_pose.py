"""`reseen pose` from a data set to a file of joints and a contact sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.data.annotations.joints_file import read_joints
from reseen.errors import ReseenError
from reseen.pose.canonical import load_poses
from tests.cli.calls import run


def test_own_joints_are_written_drawn_and_learnt_from(rendered: Path, tmp_path: Path) -> None:
    file, sheet, poses = tmp_path / "j.parquet", tmp_path / "s.png", tmp_path / "c.json"
    command = ["pose", rendered, "--source", "own", "--out", file, "--sheet", sheet, "--canonical", poses]
    crops = tmp_path / "cut.png"
    result = run(*command, "--crops", crops)
    assert result.exit_code == 0, result.output
    assert "joints of 192 images" in result.stdout
    found = read_joints(file)
    assert len(found) == 192
    assert np.mean([points[:, 2] > 0 for points in found.values()]) > 0.9
    assert min(Image.open(picture).width for picture in (sheet, crops)) > 1000
    assert len(load_poses(poses).centres) == 16
    again = run("pose", rendered, "--source", file, "--out", tmp_path / "k.parquet")
    assert again.exit_code == 0, again.output
    assert read_joints(tmp_path / "k.parquet").keys() == found.keys()
    assert "everything was there" in run(*command).stdout


def test_options_reach_the_data_sets_loader(market_drawn: Path, tmp_path: Path) -> None:
    """As CUHK03's need, whose boxes are two data sets."""
    (tmp_path / "j.parquet").touch()
    call = ("pose", market_drawn, "--source", tmp_path / "j.parquet", "--out", tmp_path / "k.parquet")
    for option, message in [("keypoints=true", "keypoints asked for, but there is no"), ("boxes=detected", "boxes")]:
        assert message in str(run(*call, "--option", option).exception)


def test_joints_that_are_not_there_are_told(market_drawn: Path, tmp_path: Path) -> None:
    for arguments, message in [
        ([market_drawn, "--source", "own"], "keypoints asked for, but there is no"),
        ([market_drawn / "query", "--source", "own", "--dataset", "table"], "table has no joints of its own"),
    ]:
        result = run("pose", *arguments, "--out", tmp_path / "j.parquet")
        assert isinstance(result.exception, ReseenError)
        assert message in str(result.exception)


@pytest.mark.parametrize("out", ["x.parquet"])
def test_a_missing_source_is_told_first(market_drawn: Path, out: str) -> None:
    result = run("pose", market_drawn, "--source", "nope.xml", "--out", out)
    assert "there is no pose source nope.xml" in str(result.exception)


def test_the_network_in_the_package_is_a_source(
    market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("pose", market_drawn, "--source", "pose-net", "--out", tmp_path / "j.parquet")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "j.parquet").is_file()
    path = run("pose", market_drawn, "--source", "./pose-net", "--out", tmp_path / "k.parquet")
    assert "there is no pose source ./pose-net; give own, a file of joints" in str(path.exception)
    (tmp_path / "pose-net").mkdir()
    unfinished = run("pose", market_drawn, "--source", "pose-net", "--out", tmp_path / "k.parquet")
    assert "pose-net is not a checkpoint: it has no config.json; give a folder `reseen train-pose`" in str(
        unfinished.exception
    )
