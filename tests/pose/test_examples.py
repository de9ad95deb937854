"""Crops of COCO's persons and of person images, with the joints where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from reseen.data.images.cache import CachedImages
from reseen.data.person import PersonImage
from reseen.pose.coco import CocoImage, CocoKeypoints
from reseen.pose.examples import CocoExamples, PersonExamples
from tests.pose.figures import person


def test_person_images_say_whether_their_joints_are_known(tmp_path: Path) -> None:
    images = (PersonImage(Path("a"), 1, 1, keypoints=person()), PersonImage(Path("b"), 1, 1))
    cached = CachedImages(images, np.zeros((2, 64, 32, 3), np.uint8), np.array([[128, 64], [128, 64]]))
    examples = PersonExamples(cached)
    found = examples[[1, 0]]
    assert found.known.tolist() == [False, True]
    assert found.persons.shape == (2, 1, 18, 3)
    assert not found.persons[0, ..., 2].any()
    np.testing.assert_allclose(found.persons[1, 0, 0], [(32 + 0.5) / 2 - 0.5, (16 + 0.5) / 2 - 0.5, 1])
    assert found.weight.all()


def test_cocos_persons_are_cut_out(tmp_path: Path) -> None:
    """A person of 40 by 20 pixels at (30, 40), beside one without joints and one with too few of them."""
    pixels = np.zeros((100, 120, 3), np.uint8)
    pixels[40:80, 30:50] = 200
    Image.fromarray(pixels).save(tmp_path / "a.png")
    own = person()
    own[:, :2] = own[:, :2] * 40 / 128 + [30, 40]
    few = np.zeros((18, 3), np.float32)
    few[0] = (31, 41, 1)
    boxes = np.array([[30, 40, 20, 40], [31, 41, 2, 2]], np.float32)
    image = CocoImage("a.png", (100, 120), np.stack([own, few]), boxes, ([[50, 36, 54, 36, 54, 84, 50, 84]],))
    examples = CocoExamples(CocoKeypoints((image,)), tmp_path, (96, 48))
    assert len(examples) == 1
    found = examples[[0]]
    # The box with a tenth around: 48 by 24 from (28, 36), so twice as large.
    assert found.pixels.shape == (1, 96, 48, 3)
    bright = torch.nonzero(found.pixels[0, ..., 0] > 100)
    assert (bright.amin(0).tolist(), bright.amax(0).tolist()) == ([8, 4], [87, 43])
    expected = (own[:, :2] + 0.5 - [28, 36]) * 2 - 0.5
    np.testing.assert_allclose(found.persons[0, 0, :, :2], expected, rtol=1e-5)
    assert found.persons[0, 1, 0].tolist() == [(31.5 - 28) * 2 - 0.5, (41.5 - 36) * 2 - 0.5, 1]
    covered = torch.nonzero(found.weight[0, 0] == 0)
    assert covered[:, 1].unique().tolist() == [44, 45, 46, 47]
