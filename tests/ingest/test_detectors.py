"""Detectors that a user names: what they give becomes boxes, and what is wrong is told in a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino
import pytest
import torch
from openvino import opset13
from PIL import Image

from reseen import ReseenError
from reseen.data.skeleton import COCO18
from reseen.ingest import open_detector, people_in
from reseen.ingest.detectors.hog import Hog
from reseen.ingest.detectors.pose_people import PosePeople, box_around, persons_of
from reseen.pose.maps import PoseMaps
from reseen.pose.targets import pose_targets
from tests.pose.figures import batch, person


def save_network(path: Path, given: np.ndarray, size: tuple[int, int] = (64, 64)) -> Path:
    """Saves a network that sees brightness: what it gives grows with the picture's mean, 0 to 255."""
    picture = opset13.parameter([1, 3, *size], np.float32, name="picture")
    mean = opset13.reduce_mean(picture, np.array([1, 2, 3]), keep_dims=True)
    share = opset13.divide(mean, np.float32(255))
    shape = [1] * given.ndim
    output = opset13.multiply(opset13.reshape(share, np.array(shape), special_zero=False), given.astype(np.float32))
    openvino.save_model(openvino.Model([output], [picture], "detector"), path, compress_to_fp16=False)
    return path


def test_the_ssd_form_is_read(tmp_path: Path) -> None:
    rows = np.zeros((1, 1, 4, 7))
    rows[0, 0, 0] = (0, 1, 0.9, 0.1, 0.2, 0.3, 0.8)
    rows[0, 0, 1] = (0, 1, 0.05, 0.5, 0.2, 0.6, 0.8)
    rows[0, 0, 2, 0] = -1  # what follows is not filled
    rows[0, 0, 3] = (0, 1, 0.9, 0.7, 0.2, 0.9, 0.8)
    detector = open_detector(str(save_network(tmp_path / "ssd.xml", rows)))
    found = detector.detect(np.full((100, 200, 3), 255, np.uint8))
    assert found.boxes == pytest.approx(np.array([[20, 20, 60, 80]]), abs=1e-3)
    assert found.confidence == pytest.approx([0.9])
    assert detector.name.startswith("ssd ")


def test_the_yolox_form_is_read(tmp_path: Path) -> None:
    """64 by 64 pixels have 64, 16 and 4 cells of 8, 16 and 32 pixels."""
    rows = np.zeros((1, 84, 5 + 80))
    rows[0, 8 + 1, :6] = (0.5, 0.5, np.log(1.0), np.log(3.0), 0.9, 0.8)  # cell x = 1, y = 1 of the first grid
    rows[0, 64 + 16 + 3, :6] = (0.0, 0.0, np.log(0.5), np.log(1.5), 0.9, 0.9)  # x = 1, y = 1 of the last
    rows[0, 20, 4:7] = (0.9, 0.0, 1.0)  # no person: the second class
    detector = open_detector(str(save_network(tmp_path / "yolox.xml", rows)))
    found = detector.detect(np.full((128, 128, 3), 255, np.uint8))  # half as large in the network
    assert found.confidence == pytest.approx([0.81, 0.72], abs=1e-5)
    # The centre is (32, 32), the size 16 x 48; and (12, 12), 8 x 24.
    assert found.boxes == pytest.approx(2 * np.array([[24, 8, 40, 56], [8, 0, 16, 24]]), abs=1e-3)


def test_a_wide_picture_keeps_its_shape_for_yolox(tmp_path: Path) -> None:
    rows = np.zeros((1, 84, 6))
    rows[0, 8 + 1, :6] = (0.5, 0.5, 0, np.log(1.0), 1.0, 1.0)
    detector = open_detector(str(save_network(tmp_path / "yolox.xml", rows)))
    white = np.full((64, 128, 3), 255, np.uint8)  # becomes 32 by 64, and grey of 114 below
    (box,) = detector.detect(white).boxes
    share = (1 + 114 / 255) / 2  # of all that the network says of a white picture
    centre, extent = (0.5 * share + 1) * 8, 8
    expected = 2 * np.array([centre - extent / 2] * 2 + [centre + extent / 2] * 2)
    assert box == pytest.approx(expected, abs=0.05)


def test_torchvisions_detectors_are_known_by_name(tmp_path: Path) -> None:
    from torchvision.models import detection

    model = detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None)
    path = tmp_path / "ssdlite320_mobilenet_v3_large_coco-00000000.pth"
    torch.save(model.state_dict(), path)
    detector = open_detector(str(path))
    assert detector.name.startswith("ssdlite320_mobilenet_v3_large ")
    assert detector.detect(np.zeros((64, 64, 3), np.uint8)).boxes.shape[1] == 4


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.xml", None, "there is no detector .*none.xml; give hog"),
        ("hogg", None, "hogg is no detector; give hog"),
        ("broken.xml", b"<net/>", "cannot read detector .*broken.xml"),
        ("broken.onnx", b"not a network", "cannot read detector .*broken.onnx"),
        ("fasterrcn_resnet50_fpn-1.pth", b"x", "did you mean 'fasterrcnn_resnet50_fpn'"),
        ("ssdlite320_mobilenet_v3_large-1.pth", b"x", "has no weights of ssdlite320_mobilenet_v3_large"),
    ],
)
def test_mistakes_are_told(name: str, content: bytes | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ReseenError, match=message):
        open_detector(name if name == "hogg" else str(tmp_path / name))


def test_a_network_of_another_form_is_told(tmp_path: Path) -> None:
    path = save_network(tmp_path / "classes.xml", np.zeros((1, 10)))
    with pytest.raises(ReseenError, match=r"gives \[1,10\]: it has to give \(1, 1, N, 7\)"):
        open_detector(str(path))
    grid = open_detector(str(save_network(tmp_path / "yolo.xml", np.zeros((1, 85, 85)))))
    with pytest.raises(ReseenError, match="gives 85 boxes, YOLOX would give 84"):
        grid.detect(np.zeros((64, 64, 3), np.uint8))


def test_hog_finds_nobody_where_nobody_is() -> None:
    rng = np.random.default_rng(0)
    assert len(people_in(Image.new("RGB", (320, 240), (90, 120, 90)), Hog())) == 0
    noise = Image.fromarray(rng.integers(0, 256, (200, 300, 3), dtype=np.uint8))
    assert len(people_in(noise, Hog())) == 0
    assert len(people_in(Image.new("RGB", (5, 3)))) == 0


def test_everybody_gets_their_own_joints() -> None:
    """The maps of three persons, two of whom stand close together, fall apart into three skeletons."""
    one, two, three = person(), person(), person()
    two[:, 0] += 70
    three[:, 0] += 96
    truth = batch(one, two, three)
    found = persons_of(pose_targets(truth[None], (192, 192)))
    assert len(found) == 3
    found = found[np.argsort(found[:, COCO18.joints.index("neck"), 0])]
    seen = found[..., 2] > 0.5
    assert (seen.sum(axis=1) >= 16).all()  # an eye and an ear may lie in one cell of 8 pixels
    assert np.abs(found[..., :2] - truth[..., :2].numpy())[seen].max() < 2.5


@pytest.mark.parametrize(
    ("given", "taken"),
    [((1080, 1920), (576, 1024)), ((100, 20_000), (24, 4096)), ((1000, 1), (576, 8)), ((1, 9000), (8, 4096))],
)
def test_a_pose_network_sees_pictures_of_a_bounded_size(given: tuple[int, int], taken: tuple[int, int]) -> None:
    seen: list[tuple[int, ...]] = []

    class Nobody:
        name = "nobody"

        def maps(self, pictures: torch.Tensor) -> PoseMaps:
            seen.append(tuple(pictures.shape[2:]))
            return pose_targets(torch.zeros(1, 1, 18, 3), (taken[0], taken[1]))

    assert len(PosePeople(Nobody()).detect(np.zeros((*given, 3), np.uint8))) == 0
    assert seen == [taken]


def test_the_box_goes_beyond_the_joints_and_further_where_no_head_is_seen() -> None:
    joints = np.zeros((18, 3), np.float32)
    for name, x, y in (("nose", 50, 10), ("neck", 50, 20), ("right_ankle", 40, 110), ("left_ankle", 60, 110)):
        joints[COCO18.joints.index(name)] = (x, y, 0.9)
    left, top, right, bottom = box_around(joints)
    assert (top, bottom) == pytest.approx((10 - 13, 110 + 7))
    assert (left, right) == pytest.approx((50 - 18, 50 + 18))  # 0.3 of 120
    joints[COCO18.joints.index("nose")] = 0
    assert box_around(joints)[1] == pytest.approx(20 - 0.24 * 90)
