"""The network's size, its stages, and what it leaves on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import save_file

from reseen.data.images.transforms import normalize
from reseen.errors import ReseenError
from reseen.pose.network import PoseNet, PoseNetConfig, load_pose_net, load_vgg, save_pose_net
from reseen.precision import runs_bfloat16

NARROW = PoseNetConfig(width=0.125, size=(64, 32))


def test_the_full_network_is_openposes() -> None:
    with torch.device("meta"):
        network = PoseNet(PoseNetConfig())
    vgg = [layer for layer in network.vgg if isinstance(layer, torch.nn.Conv2d)]
    assert [layer.out_channels for layer in vgg] == [64, 64, 128, 128, 256, 256, 256, 256, 512, 512]
    assert sum(weight.numel() for layer in vgg for weight in layer.parameters()) == 5_865_536
    norms = [layer.num_features for layer in network.vgg if isinstance(layer, torch.nn.BatchNorm2d)]
    assert norms == [layer.out_channels for layer in vgg]
    assert len(network.confidence) == len(network.affinity) == 3
    first, later = network.confidence[0], network.affinity[2]
    convolutions = [[layer for layer in stream if isinstance(layer, torch.nn.Conv2d)] for stream in (first, later)]
    shapes = [
        [(layer.in_channels, layer.out_channels, layer.kernel_size[0]) for layer in each] for each in convolutions
    ]
    assert shapes[0] == [(128, 128, 3), (128, 128, 3), (128, 128, 3), (128, 512, 1), (512, 19, 1)]
    assert shapes[1] == [(185, 128, 7), *[(128, 128, 7)] * 4, (128, 128, 1), (128, 38, 1)]


def test_kernels_have_a_middle() -> None:
    with pytest.raises(ValidationError, match="a kernel is odd, not 4"):
        PoseNetConfig(kernel=4)


def test_maps_are_found_in_what_the_device_is_fast_in() -> None:
    """Exact enough: a peak moves by hundredths of a cell."""
    torch.manual_seed(0)
    network, seen = PoseNet(NARROW).eval(), []
    network.vgg[0].register_forward_hook(lambda _, __, out: seen.append(out.dtype))
    pictures = torch.rand(2, 3, 64, 32)
    with torch.no_grad():
        found, exact = network.maps(pictures), network(normalize(pictures))[-1]
    fast = torch.bfloat16 if runs_bfloat16(torch.device("cpu")) else torch.float32
    assert seen == [fast, torch.float32]
    assert {maps.dtype for maps in found} == {torch.float32}
    for maps, other in zip(found, exact, strict=True):
        assert (maps - other).abs().max() < 0.05 * other.abs().max()


def test_every_stage_gives_maps_an_eighth_as_large() -> None:
    stages = PoseNet(NARROW)(torch.rand(2, 3, 64, 48))
    assert [stage.confidence.shape for stage in stages] == [(2, 19, 8, 6)] * 3
    assert [stage.affinity.shape for stage in stages] == [(2, 38, 8, 6)] * 3


def test_gradients_reach_every_weight() -> None:
    network = PoseNet(NARROW)
    sum(maps.square().mean() for stage in network(torch.rand(1, 3, 64, 32)) for maps in stage).backward()
    assert [name for name, weight in network.named_parameters() if weight.grad is None] == []


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    network = PoseNet(NARROW).eval()
    save_pose_net(tmp_path / "pose", network)
    loaded = load_pose_net(tmp_path / "pose")
    assert loaded.config == NARROW
    assert loaded.name == network.name != PoseNet(NARROW).name
    pictures = torch.rand(1, 3, 64, 32)
    torch.testing.assert_close(loaded.maps(pictures).affinity, network.maps(pictures).affinity)
    (tmp_path / "pose" / "README.md").write_text("whose terms it is under")
    save_pose_net(tmp_path / "pose", network)
    assert (tmp_path / "pose" / "README.md").read_text() == "whose terms it is under"
    (tmp_path / "pose" / "config.json").write_text('{"model": {"system": "ide"}}')
    with pytest.raises(ReseenError, match="holds the system 'ide', no pose network"):
        load_pose_net(tmp_path / "pose")
    (tmp_path / "pose" / "config.json").write_text('{"model": {}}')
    with pytest.raises(ReseenError, match="cannot load pose network"):
        load_pose_net(tmp_path / "pose")
    with pytest.raises(ReseenError, match=r"is not a checkpoint.* give a folder `reseen train-pose` wrote"):
        load_pose_net(tmp_path)


@pytest.mark.parametrize(
    ("batch_norm", "names"),
    [(False, [0, 2, 5, 7, 10, 12, 14, 16, 19, 21]), (True, [0, 3, 7, 10, 14, 17, 20, 23, 27, 30])],
)
def test_vggs_weights_are_loaded_by_torchvisions_names(batch_norm: bool, names: list[int], tmp_path: Path) -> None:
    """Numbered as torchvision's vgg19 and vgg19_bn."""
    config = NARROW.model_copy(update={"batch_norm": batch_norm})
    source, network = PoseNet(config), PoseNet(config)
    source.vgg(torch.rand(2, 3, 64, 32))  # moves the running statistics, if there are any
    own = {key: value for key, value in source.vgg.state_dict().items() if not key.endswith("num_batches_tracked")}
    assert sorted(int(key.split(".")[0]) for key, value in own.items() if value.dim() == 4) == names
    save_file({f"features.{key}": value.half() for key, value in own.items()}, tmp_path / "vgg.safetensors")
    load_vgg(network, tmp_path / "vgg.safetensors")
    for key, value in own.items():
        torch.testing.assert_close(network.vgg.state_dict()[key], value.half().float())
    other = PoseNetConfig(batch_norm=batch_norm)
    with pytest.raises(ReseenError, match=r"has no features.0.weight of shape \(64, 3, 3, 3\)"):
        load_vgg(PoseNet(other), tmp_path / "vgg.safetensors")
    with pytest.raises(ReseenError, match="cannot read weights file"):
        load_vgg(network, tmp_path / "none.safetensors")


def test_a_vgg_without_batch_norm_is_refused_by_a_network_with_it(tmp_path: Path) -> None:
    plain = PoseNet(NARROW.model_copy(update={"batch_norm": False}))
    save_file({f"features.{key}": value for key, value in plain.vgg.state_dict().items()}, tmp_path / "vgg.safetensors")
    with pytest.raises(ReseenError, match=r"as a VGG-19 with batch norm has: take another file, or the network with"):
        load_vgg(PoseNet(NARROW), tmp_path / "vgg.safetensors")


def test_maps_begin_nearly_empty() -> None:
    """As most of every map is: the first steps would be spent on nothing else."""
    torch.manual_seed(0)
    for stage in PoseNet(NARROW)(torch.rand(4, 3, 64, 32)):
        assert stage.confidence.abs().mean() < 0.1
        assert stage.affinity.abs().mean() < 0.1
