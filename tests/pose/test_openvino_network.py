"""OpenVINO's network on rendered persons, whose joints are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from reseen.data import open_split
from reseen.data.images.transforms import to_float
from reseen.data.skeleton import COCO18
from reseen.errors import ReseenError
from reseen.pose.decoding import agreement
from reseen.pose.maps import LIMBS, STRIDE
from reseen.pose.openvino_network import OpenVinoNetwork
from reseen.pose.source import NetworkJoints

openvino = pytest.importorskip("openvino")
NAME = "human-pose-estimation-0001"


@pytest.fixture(scope="module")
def network(shared: Path) -> OpenVinoNetwork:
    return OpenVinoNetwork(shared / "weights" / NAME / f"{NAME}.xml")


def write_network(path: Path, *channels: int) -> None:
    """A network of one convolution for each output."""
    picture = openvino.opset13.parameter([1, 3, 16, 16], np.float32)
    outputs = [
        openvino.opset13.convolution(
            picture, np.full((count, 3, 8, 8), 1 / 64, np.float32), [8, 8], [0, 0], [0, 0], [1, 1]
        )
        for count in channels
    ]
    openvino.save_model(openvino.Model(outputs, [picture]), path, compress_to_fp16=False)


def test_outputs_are_told_by_their_channels(tmp_path: Path) -> None:
    write_network(tmp_path / "n.xml", 38, 19)
    network = OpenVinoNetwork(tmp_path / "n.xml")
    pictures = torch.zeros(2, 3, 24, 16)
    pictures[:, 1] = 0.5
    maps = network.maps(pictures)
    assert maps.confidence.shape == (2, 19, 3, 2)
    assert maps.affinity.shape == (2, 38, 3, 2)
    assert maps.confidence.unique().tolist() == pytest.approx([127.5])
    assert network.name.startswith("n ")


def test_another_network_is_told(tmp_path: Path) -> None:
    write_network(tmp_path / "n.xml", 38, 17)
    with pytest.raises(ReseenError, match="is no pose network: it gives 38 and 17 channels"):
        OpenVinoNetwork(tmp_path / "n.xml")
    (tmp_path / "x.xml").write_text("<net/>")
    with pytest.raises(ReseenError, match="cannot read pose network"):
        OpenVinoNetwork(tmp_path / "x.xml")


@pytest.mark.shared
def test_every_limb_of_rendered_persons_follows_its_own_field(network: OpenVinoNetwork, rendered: Path) -> None:
    """Of all 19 fields the one that is called so runs along it best."""
    images = open_split("rendered", rendered, keypoints=True).train[::4]
    truth = torch.from_numpy(np.stack([image.keypoints for image in images if image.keypoints is not None]))
    pixels = np.stack([np.asarray(image.open()) for image in images])
    maps = network.maps(functional.interpolate(to_float(torch.from_numpy(pixels), (128, 64)), scale_factor=2.0))
    places = ((truth[:, :, None, :2] + 0.5) * 2 - 0.5 - (STRIDE - 1) / 2) / STRIDE  # one candidate a joint, in cells
    for number, (start, end) in enumerate(LIMBS):
        seen = (truth[:, [start, end], 2] == 1).all(1)
        assert seen.sum() > 4
        fields = [maps.affinity.roll(-2 * shift, 1) for shift in range(len(LIMBS))]  # another's in its place
        along = [float(agreement(each, places, (start, end))[seen].mean()) for each in fields]
        assert int(np.argmax(along)) == 0, f"{COCO18.joints[start]} to {COCO18.joints[end]} follows {np.argmax(along)}"
        assert along[0] > 0.3, number


@pytest.mark.shared
def test_joints_of_rendered_persons_are_found(network: OpenVinoNetwork, rendered: Path) -> None:
    images = open_split("rendered", rendered, keypoints=True).train[::12]
    found = NetworkJoints(network).joints(images)
    truth = np.stack([image.keypoints for image in images if image.keypoints is not None])
    both = (truth[..., 2] == 1) & (found[..., 2] >= 0.1)
    assert both.sum() / (truth[..., 2] == 1).sum() > 0.8
    assert np.median(np.linalg.norm(found - truth, axis=2)[both]) < 4
