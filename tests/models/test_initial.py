"""What a part of a system starts from, and what the system of one phase takes over from the one before."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from reseen.checkpoint_files import MODEL_FILE
from reseen.errors import ReseenError
from reseen.models.initial import HUB, carry_over, initialise
from reseen.models.parts.backbones.backbone import Backbone
from reseen.models.parts.body.crops import BodyBoxes
from reseen.pose.canonical import CanonicalPoses, default_poses


class Pair(nn.Module):
    """Two parts, one of which has parts itself."""

    def __init__(self, width: int = 2) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
        self.head = nn.Linear(2, width)


def stored(folder: Path, weights: dict[str, Tensor]) -> Path:
    """Writes a checkpoint's weights and returns its folder."""
    folder.mkdir()
    save_file(weights, folder / MODEL_FILE)
    return folder


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


def test_a_part_takes_what_a_checkpoint_has_under_its_name(tmp_path: Path) -> None:
    source, target = Pair(), Pair()
    nn.init.constant_(source.body[1].running_mean, 0.5)  # type: ignore[arg-type]
    head = target.head.weight.detach().clone()
    initialise(target, "body", str(stored(tmp_path / "last", source.state_dict())))
    assert same(target.body, source.body)
    assert torch.equal(target.head.weight, head), "other parts stay as they are"


def test_a_part_within_a_part_is_named_with_a_dot(tmp_path: Path) -> None:
    source, target = Pair(), Pair()
    initialise(target, "body.0", str(stored(tmp_path / "last", source.state_dict())))
    assert same(target.body[0], source.body[0])


def test_a_part_takes_the_whole_of_another_system(tmp_path: Path) -> None:
    """As a system that contains another one does; a single file will do, and half precision."""
    source = nn.Linear(2, 2)
    save_file({name: value.half() for name, value in source.state_dict().items()}, tmp_path / "weights.safetensors")
    target = Pair()
    initialise(target, "head", str(tmp_path / "weights.safetensors"))
    assert target.head.weight.dtype == torch.float32
    assert torch.equal(target.head.weight, source.weight.half().float())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"head.weight": None}, "1 weights missing, such as weight"),
        ({"head.extra": torch.zeros(1)}, "1 weights unexpected, such as extra"),
        ({"head.weight": torch.zeros(3, 2)}, "1 weights of another shape, such as weight"),
    ],
)
def test_weights_that_do_not_fit_are_named_and_left_out(
    tmp_path: Path, change: dict[str, Tensor | None], message: str
) -> None:
    weights = {name: value for name, value in (Pair().state_dict() | change).items() if value is not None}
    source, target = stored(tmp_path / "last", weights), Pair()
    before = target.head.weight.detach().clone()
    with pytest.raises(ReseenError, match=rf"init\.head: .*last does not fit: {message}"):
        initialise(target, "head", str(source))
    assert torch.equal(target.head.weight, before)


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="init names 'haed', but the system has no such part; it has: body, head"):
        initialise(Pair(), "haed", str(tmp_path))
    with pytest.raises(ReseenError, match=r"init\.head: only a backbone has weights on the hub"):
        initialise(Pair(), "head", HUB)
    with pytest.raises(ReseenError, match=r"there is no weights file .*model\.safetensors"):
        initialise(Pair(), "head", str(tmp_path))


def test_boxes_go_by_a_data_sets_own_poses(tmp_path: Path) -> None:
    own = CanonicalPoses(default_poses().centres.flip(0), "a street")
    own.save(tmp_path / "poses.json")
    model = nn.ModuleDict({"boxes": BodyBoxes(0.1)})
    initialise(model, "boxes", str(tmp_path / "poses.json"))
    torch.testing.assert_close(model["boxes"].centres, own.centres, atol=1e-4, rtol=0)


def test_a_backbone_goes_its_own_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows timm's names, and the hub."""
    asked: list[object] = []
    monkeypatch.setattr("reseen.models.initial.load_hub_weights", lambda backbone: asked.append(("hub", backbone)))
    monkeypatch.setattr("reseen.models.initial.load_weights", lambda backbone, source: asked.append((source, backbone)))
    model = nn.Module()
    model.backbone = Backbone("test_resnet")
    initialise(model, "backbone", HUB)
    initialise(model, "backbone", "some.pth")
    assert asked == [("hub", model.backbone), ("some.pth", model.backbone)]


def test_what_has_the_same_name_and_shape_is_carried_over() -> None:
    source, target = Pair(width=2), Pair(width=3)
    source.body[1].running_mean.fill_(0.5)  # type: ignore[union-attr, operator]
    head = target.head.weight.detach().clone()
    assert carry_over(source, target) == ("head.weight", "head.bias")
    assert same(target.body, source.body)
    assert torch.equal(target.head.weight, head)
    assert target.body[0].weight is not source.body[0].weight, "copied: training one leaves the other as it is"
    with torch.no_grad():
        target.body[0].weight.add_(1)
    assert not torch.equal(target.body[0].weight, source.body[0].weight)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fresh", "new"),
    [
        ((), ()),
        (("head",), ("head.weight", "head.bias")),
        (("body.0",), ("body.0.weight", "body.0.bias")),
        (("bod", "hea"), ()),  # beginnings of names are no parts
        (("head.bias",), ("head.bias",)),
    ],
)
def test_fresh_parts_keep_their_start(fresh: tuple[str, ...], new: tuple[str, ...]) -> None:
    source, target = Pair(), Pair()
    begun = {name: value.clone() for name, value in target.state_dict().items()}
    with torch.no_grad():
        for parameter in source.parameters():
            parameter.add_(1)
    assert carry_over(source, target, fresh) == new
    for name, value in target.state_dict().items():
        assert torch.equal(value, begun[name] if name in new else source.state_dict()[name]), name
