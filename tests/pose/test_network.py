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
    network = PoseNet(NARROW)
    save_pose_net(tmp_path / "pose", network)
    loaded = load_pose_net(tmp_path / "pose")
    assert loaded.config == NARROW
    assert loaded.name == network.name != PoseNet(NARROW).name
    pictures = torch.rand(1, 3, 64, 32)
    torch.testing.assert_close(loaded.maps(pictures).affinity, network.maps(pictures).affinity)
    (tmp_path / "pose" / "config.json").write_text('{"model": {"system": "ide"}}')
    with pytest.raises(ReseenError, match="holds the system 'ide', no pose network"):
        load_pose_net(tmp_path / "pose")
    (tmp_path / "pose" / "config.json").write_text('{"model": {}}')
    with pytest.raises(ReseenError, match="cannot load pose network"):
        load_pose_net(tmp_path / "pose")
    with pytest.raises(ReseenError, match=r"is not a checkpoint.* give a folder `reseen train-pose` wrote"):
        load_pose_net(tmp_path)


def test_vggs_weights_are_loaded_by_torchvisions_names(tmp_path: Path) -> None:
    source, network = PoseNet(NARROW), PoseNet(NARROW)
    weights = {f"features.{key}": value.half() for key, value in source.vgg.state_dict().items()}
    assert {key.split(".")[1] for key in weights} == {"0", "2", "5", "7", "10", "12", "14", "16", "19", "21"}
    save_file(weights, tmp_path / "vgg.safetensors")
    load_vgg(network, tmp_path / "vgg.safetensors")
    torch.testing.assert_close(network.vgg[5].weight, source.vgg[5].weight.half().float())
    with pytest.raises(ReseenError, match=r"has no features.0.weight of shape \(64, 3, 3, 3\)"):
        load_vgg(PoseNet(PoseNetConfig()), tmp_path / "vgg.safetensors")
    with pytest.raises(ReseenError, match="cannot read weights file"):
        load_vgg(network, tmp_path / "none.safetensors")
