"""A narrow pose network learns a few persons by heart, stops and goes on, and can be taught."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from rich.console import Console

from reseen.checkpoint_files import divisions_of, trained_on
from reseen.data.skeleton import COCO18
from reseen.errors import ReseenError
from reseen.pose.examples import Examples
from reseen.pose.maps import PoseMaps
from reseen.pose.network import PoseNetConfig, load_pose_net
from reseen.pose.targets import pose_targets
from reseen.training.loop.stop import GracefulStop
from reseen.training.pose.run import PoseRun, PoseStep, PoseTraining
from tests.pose.figures import batch, person

SIZE = (128, 64)
TINY = PoseNetConfig(width=0.125, streams=1, size=SIZE, margin=0)
STILL = PoseTraining(network=TINY, epochs=2, batch_size=2, zoom=1, shift=0, jitter=0)


class Few:
    """The same person four times: known to have joints, or not."""

    datasets = ("drawn", "viper")

    def __init__(self, known: bool = True) -> None:
        self.known = torch.full((4,), known)

    def __len__(self) -> int:
        return 4

    def __getitem__(self, rows: list[int]) -> Examples:
        count = len(rows)
        pixels = torch.zeros(count, *SIZE, 3, dtype=torch.uint8)
        pixels[:, 60:70, 10:20] = 255
        persons = batch(*[person()] * count)[:, None]
        return Examples(pixels, persons, self.known[rows], torch.ones(count, 1, *SIZE))


class Teacher:
    name = "teacher"

    def maps(self, pictures: torch.Tensor) -> PoseMaps:
        count, _, height, width = pictures.shape
        shape = (height // 8, width // 8)
        return PoseMaps(torch.full((count, 19, *shape), 0.5), torch.full((count, 38, *shape), -0.5))


def step(config: PoseTraining = STILL, *, known: bool = True, teacher: Teacher | None = None) -> PoseStep:
    from reseen.pose.network import PoseNet

    return PoseStep(PoseNet(config.network), Few(known), config, teacher)


def test_pictures_and_joints_are_mirrored_together() -> None:
    made = step()
    examples = made.examples[[0] * 8]
    pictures, target, weight = made.prepare(examples, torch.Generator().manual_seed(0))
    mirrored = pictures[:, 0, 65, 15] < 0.5
    assert 0 < mirrored.sum() < 8
    plain = pose_targets(examples.persons[:1], SIZE)
    torch.testing.assert_close(
        target.confidence[~mirrored], plain.confidence.expand(int((~mirrored).sum()), -1, -1, -1)
    )
    wrist = COCO18.joints.index("right_wrist")
    other = COCO18.joints.index("left_wrist")
    flipped = target.confidence[mirrored][0, other].flip(-1)
    torch.testing.assert_close(flipped, plain.confidence[0, wrist])
    torch.testing.assert_close(pictures[mirrored][0].flip(-1), pictures[~mirrored][0])
    assert weight.all()


def test_zoomed_pictures_keep_their_joints_where_they_are() -> None:
    """A hand, in the middle of the only bright place, is in its middle still, where that is not cut off."""
    made = step(STILL.model_copy(update={"zoom": 1.5, "shift": 0.1}))
    hand = batch(*[person(right_wrist=(14.5, 64.5, 1))] * 16)[:, None]
    examples = made.examples[[0] * 16]._replace(persons=hand)
    pictures, target, _ = made.prepare(examples, torch.Generator().manual_seed(1))
    wrist, other = (COCO18.joints.index(f"{side}_wrist") for side in ("right", "left"))
    whole = 0
    for picture, confidence in zip(pictures, target.confidence, strict=True):
        bright = torch.nonzero(picture[0] > 0.5).float()
        if bright[:, 1].min() > 0 and bright[:, 1].max() < SIZE[1] - 1:
            whole += 1
            peaks = [torch.tensor(divmod(int(confidence[row].argmax()), 8)) * 8 + 3.5 for row in (wrist, other)]
            assert min((bright.mean(0) - peak).norm() for peak in peaks) < 4 * 2**0.5 + 1, "in its cell"
    assert whole > 4


def test_without_joints_the_teacher_tells() -> None:
    made = step(known=False, teacher=Teacher())
    _, target, _ = made.prepare(made.examples[[0, 1]], torch.Generator())
    assert target.confidence.unique().tolist() == [0.5]
    assert target.affinity.unique().tolist() == [-0.5]
    with pytest.raises(ReseenError, match="name a teacher"):
        step(known=False).prepare(made.examples[[0]], torch.Generator())


def test_a_run_that_is_stopped_ends_like_one_that_is_not(tmp_path: Path) -> None:
    quiet = Console(quiet=True)
    whole = PoseRun(STILL, Few(), tmp_path / "whole", accelerator="cpu", console=quiet).train()
    assert whole is not None
    parts = tmp_path / "parts"
    assert PoseRun(STILL, Few(), parts, stop_after=1, accelerator="cpu", console=quiet).train() is None
    with pytest.raises(ReseenError, match="is not empty"):
        PoseRun(STILL, Few(), parts, accelerator="cpu", console=quiet).train()
    other = STILL.model_copy(update={"lr": 1.0})
    with pytest.raises(ReseenError, match="was begun with other settings"):
        PoseRun(other, Few(), parts, resume=True, accelerator="cpu", console=quiet).train()
    others = Few()
    others.datasets = ("drawn",)
    with pytest.raises(ReseenError, match="was begun with other images"):
        PoseRun(STILL, others, parts, resume=True, accelerator="cpu", console=quiet).train()
    with pytest.raises(ReseenError, match="was begun with other teacher"):
        PoseRun(STILL, Few(), parts, Teacher(), resume=True, accelerator="cpu", console=quiet).train()
    with pytest.raises(ReseenError, match="nothing to resume in"):
        PoseRun(STILL, Few(), tmp_path / "none", resume=True, accelerator="cpu", console=quiet).train()
    PoseRun(STILL, Few(), parts, resume=True, accelerator="cpu", console=quiet).train()
    assert load_pose_net(parts).name == load_pose_net(tmp_path / "whole").name
    assert (trained_on(parts), divisions_of(parts)) == (("drawn", "viper"), {"viper": [{"fold": 0}]})
    assert len((parts / "metrics.csv").read_text().splitlines()) == 3
    card = (parts / "README.md").read_text()
    assert "Trained for 2 epochs of 4 pictures: drawn, viper." in card
    assert "for academic research; cite the paper" in card
    assert "teacher" not in card


def test_the_commit_is_looked_up_before_anything_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr("reseen.training.pose.run.commit", lambda: asked.append(True))
    (tmp_path / "something").touch()
    with pytest.raises(ReseenError, match="is not empty"):
        PoseRun(STILL, Few(), tmp_path, accelerator="cpu", console=Console(quiet=True)).train()
    assert asked == [True]


def test_a_stop_in_the_first_epoch_can_be_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Impatient(GracefulStop):
        def __init__(self) -> None:
            super().__init__()
            self.requested = True

    quiet, folder = Console(quiet=True), tmp_path / "run"
    monkeypatch.setattr("reseen.training.pose.run.GracefulStop", Impatient)
    assert PoseRun(STILL, Few(), folder, accelerator="cpu", console=quiet).train() is None
    assert not (folder / "state.ckpt").exists()
    monkeypatch.undo()
    assert PoseRun(STILL, Few(), folder, resume=True, accelerator="cpu", console=quiet).train() is not None
    assert len((folder / "metrics.csv").read_text().splitlines()) == 1 + 2


def test_a_few_persons_are_learnt(tmp_path: Path) -> None:
    config = STILL.model_copy(update={"epochs": 15, "lr": 3e-3})
    PoseRun(config, Few(), tmp_path / "run", accelerator="cpu", console=Console(quiet=True)).train()
    losses = [float(line.split(",")[2]) for line in (tmp_path / "run" / "metrics.csv").read_text().splitlines()[1:]]
    assert losses[-1] < 0.5 * losses[0]
