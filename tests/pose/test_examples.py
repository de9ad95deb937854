"""Crops of COCO's persons and of person images, with the joints where they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from reseen.data.images.cache import CachedImages
from reseen.data.person import PersonImage
from reseen.pose.coco import CocoImage, CocoKeypoints
from reseen.pose.examples import CocoExamples, Examples, JoinedExamples, PersonExamples
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


class Crowds:
    """Examples of as many persons each as their number says, whose nose is at their number."""

    datasets = ("crowds",)

    def __init__(self, first: int, count: int) -> None:
        self.first, self.known = first, torch.ones(count, dtype=torch.bool)

    def __len__(self) -> int:
        return len(self.known)

    def __getitem__(self, rows: Sequence[int]) -> Examples:
        numbers = [self.first + row for row in rows]
        persons = torch.zeros(len(rows), max(numbers), 18, 3)
        for row, number in zip(persons, numbers, strict=True):
            row[:number] = number
        shape = (len(rows), 8, 8, 3)
        pixels = torch.tensor(numbers, dtype=torch.uint8)[:, None, None, None].expand(shape)
        return Examples(pixels, persons, self.known[list(rows)], torch.ones(len(rows), 1, 8, 8))


def test_several_sources_are_one() -> None:
    """In the order that is asked for; where there are fewer persons, nobody stands in the other places."""
    joined = JoinedExamples([Crowds(1, 3), Crowds(4, 2)])
    assert (len(joined), joined.datasets, len(joined.known)) == (5, ("crowds",), 5)
    found = joined[[4, 0, 3, 2]]
    assert found.pixels[:, 0, 0, 0].tolist() == [5, 1, 4, 3]
    assert found.persons.shape == (4, 5, 18, 3)
    assert found.persons[..., 0, 0].tolist() == [[5] * 5, [1, 0, 0, 0, 0], [4, 4, 4, 4, 0], [3, 3, 3, 0, 0]]
    assert (found.known.shape, found.weight.shape) == ((4,), (4, 1, 8, 8))
    assert joined[[1]].persons.shape == (1, 2, 18, 3)
