"""A pose network within a system sees what it has been trained on, and its maps lie where the picture is."""

from __future__ import annotations

import torch

from reseen.data.images.transforms import normalize, to_float
from reseen.models.parts.body.pose_branch import maps_within, resized
from reseen.pose.maps import margins, with_margin
from reseen.pose.network import PoseNet, PoseNetConfig
from reseen.pose.source import NetworkJoints

CONFIG = PoseNetConfig(width=0.05, streams=1, size=(64, 32), margin=0.25)


def shown_to_network(images: torch.Tensor) -> torch.Tensor:
    return with_margin(resized(images, CONFIG), margins(CONFIG.size, CONFIG.margin), normalized=True)


class Spy:
    """Stands in for a network of OpenPose's kind; keeps what it is shown."""

    name = "spy"

    def maps(self, pictures: torch.Tensor) -> object:
        self.seen = pictures
        return PoseNet(CONFIG).maps(pictures)


def test_sees_pictures_as_the_source_of_joints_shows_them() -> None:
    pixels = torch.randint(0, 256, (2, 96, 40, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    spy = Spy()
    NetworkJoints(spy, size=CONFIG.size, margin=CONFIG.margin).find(pixels)
    shown = shown_to_network(normalize(to_float(pixels, (96, 40))))
    assert shown.shape == (2, 3, 96, 48)  # 16 pixels above and below, 8 on either side
    torch.testing.assert_close(shown, normalize(spy.seen), atol=0.02, rtol=0)  # theirs is resized in whole numbers


def test_maps_are_those_inside_the_margin() -> None:
    torch.manual_seed(0)
    network, images = PoseNet(CONFIG), torch.randn(2, 3, 64, 32)
    whole = network(shown_to_network(images))[-1]
    confidence, affinity = maps_within(network, images)
    torch.testing.assert_close(confidence, whole.confidence[:, :, 2:10, 1:5])
    torch.testing.assert_close(affinity, whole.affinity[:, :, 2:10, 1:5])


def test_without_a_margin() -> None:
    config = CONFIG.model_copy(update={"margin": 0.0})
    network, images = PoseNet(config), torch.randn(1, 3, 64, 32)
    torch.testing.assert_close(maps_within(network, images).affinity, network(images)[-1].affinity)


def test_maps_are_exact_numbers_whatever_the_network_computes_in() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        confidence, affinity = maps_within(PoseNet(CONFIG), torch.randn(1, 3, 64, 32))
    assert {confidence.dtype, affinity.dtype} == {torch.float32}
