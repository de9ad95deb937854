"""The pose network in the package: what is put there is found by its name, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import reseen
from reseen import checkpoint_files
from reseen.checkpoint_files import CARD, MODEL_FILE
from reseen.errors import ReseenError
from reseen.export.packing_pose import pack_pose_net
from reseen.pose.network import PoseNet, PoseNetConfig, load_pose_net, save_pose_net
from reseen.training.arguments import find_weights
from reseen.training.card import DATA

POSE_CARD = f"reseen pose DATA --source path/to/this/folder\n\n{DATA}\nDrawn persons.\n\n## Use\n\nNone.\n"


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(checkpoint_files, "BOX", tmp_path / "box")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    return tmp_path / "box"


def pose_net(folder: Path, card: str = POSE_CARD) -> Path:
    torch.manual_seed(0)
    network = PoseNet(PoseNetConfig(width=0.125, streams=1, size=(64, 32)))
    save_pose_net(folder, network, card=card, trained_on=("rendered", "market1501"))
    return folder


def measured(file: Path, network: Path) -> Path:
    figures = {"neck": [1, 1, 1], "all": [5.523, 3.272, 0.9]}
    file.write_text(json.dumps({"source": f"{load_pose_net(network).name} 64x32+0", "market1501": figures}))
    return file


def test_the_packed_network_is_found_by_its_name_and_is_the_same(tmp_path: Path, box: Path) -> None:
    own = pose_net(tmp_path / "trained")
    cosine = pack_pose_net(own, joints=measured(tmp_path / "figures.json", own), box=box)
    assert 0.9999 < cosine < 1
    weights = load_file(box / "pose-net" / MODEL_FILE)
    assert {each.dtype for each in weights.values() if each.ndim > 1} == {torch.float16}
    packed = load_pose_net(Path("pose-net")).state_dict()
    for key, weight in load_pose_net(own).state_dict().items():
        torch.testing.assert_close(packed[key], weight.half().float() if weight.ndim > 1 else weight, atol=0, rtol=0)
    assert find_weights("pose-net", None) == box / "pose-net"
    assert checkpoint_files.trained_on(Path("pose-net")) == ("rendered", "market1501")
    card = (box / "pose-net" / CARD).read_text()
    told = ["--source pose-net", "Drawn persons", "| market1501 | 5.52 | 3.27 | 90% |", "16 bits a weight", "## Use"]
    assert sorted(told, key=card.index) == told
    said = r"pose-net holds a pose network, .*: give a .* of reseen train \(reseen pose --source takes this one\)$"
    with pytest.raises(ReseenError, match=said):
        reseen.load("pose-net")
    pose_net(Path("pose-net"))
    assert find_weights("pose-net", None) == Path("pose-net")


def test_a_network_that_half_precision_changes_is_refused(tmp_path: Path, box: Path) -> None:
    """The last layers' weights are so small that 16 bits hold none."""
    own = pose_net(tmp_path / "trained")
    network = load_pose_net(own)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                parameter *= 1e-9
    save_pose_net(own, network, card=POSE_CARD)
    with pytest.raises(
        ReseenError, match=r"half precision makes another network of .*trained: cosine .*, needed 0\.9999"
    ):
        pack_pose_net(own, box=box)
    assert not list(box.iterdir())


def test_what_is_too_large_is_refused(tmp_path: Path, box: Path) -> None:
    with pytest.raises(ReseenError, match=r"trained has 0\.\d MB in half precision.*: take a smaller --width"):
        pack_pose_net(pose_net(tmp_path / "trained"), box=box, largest=10_000)
    assert not list(box.iterdir())


def test_what_was_never_measured_is_refused(tmp_path: Path, box: Path) -> None:
    own, other = pose_net(tmp_path / "trained"), tmp_path / "other"
    save_pose_net(other, PoseNet(PoseNetConfig(width=0.125, streams=1, size=(64, 32))))
    beside = measured(tmp_path / "beside.json", own)
    beside.write_text(json.dumps(json.loads(beside.read_text()) | {"against": "teacher.xml"}))
    said = r"trained, PoseNet \w{8}: python benchmarks/pose\.py .*trained --market DATA --rendered FOLDER --json .*on$"
    for figures in (tmp_path / "none.json", measured(tmp_path / "others.json", other), beside):
        with pytest.raises(ReseenError, match=rf"{figures.name} has no figures of .*{said}"):
            pack_pose_net(own, joints=figures, box=box)
    assert not box.exists()


def test_the_packages_own_network_is_not_packed_again(tmp_path: Path, box: Path) -> None:
    pack_pose_net(pose_net(tmp_path / "trained"), box=box)
    before = (box / "pose-net" / CARD).read_text()
    for named in (Path("pose-net"), box / "pose-net"):
        with pytest.raises(ReseenError, match="in the package already: name the folder that reseen train-pose wrote"):
            pack_pose_net(named, box=box)
    assert (box / "pose-net" / CARD).read_text() == before


def test_the_command_tells_a_mistake_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "own-net").mkdir()
    command = [sys.executable, "-m", "reseen.export.packing", "own-net", "pose-net"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert re.fullmatch(r"error: own-net is not a checkpoint: .* `reseen train-pose` wrote\n", result.stderr)


def test_a_network_without_a_card_is_refused(tmp_path: Path, box: Path) -> None:
    with pytest.raises(ReseenError, match=r"has no README\.md that says whose terms it is under: reseen train-pose"):
        pack_pose_net(pose_net(tmp_path / "trained", card=""), box=box)
    assert not box.exists()
