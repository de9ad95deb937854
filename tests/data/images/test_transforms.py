"""Transforms change what they say, image by image, and follow their seed."""

from __future__ import annotations

import pytest
import torch

from reseen.data.images.keypoints import mirror
from reseen.data.images.transforms import IMAGENET_MEAN, Augmentation, augment, normalize, to_float


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(64, 3, 24, 12, generator=generator(7))


def test_to_float_scales_and_resizes() -> None:
    pixels = torch.full((2, 8, 4, 3), 51, dtype=torch.uint8)
    images = to_float(pixels, (16, 8))
    assert images.shape == (2, 3, 16, 8)
    torch.testing.assert_close(images, torch.full((2, 3, 16, 8), 0.2))


def test_normalize_takes_imagenet_mean_to_zero() -> None:
    images = torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1).expand(2, 3, 8, 4)
    result = normalize(images)
    torch.testing.assert_close(result, torch.zeros(2, 3, 8, 4))
    assert result.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    "augmentation",
    [
        Augmentation(flip=0.5),
        Augmentation(flip=0, pad_crop=3),
        Augmentation(flip=0, erasing=0.5),
        Augmentation(flip=0, jitter=0.4),
        Augmentation(flip=0.5, pad_crop=3, erasing=0.5, jitter=0.2),
    ],
)
def test_same_seed_same_pictures(images: torch.Tensor, augmentation: Augmentation) -> None:
    first, again, other = (augment(images, augmentation, generator(seed))[0] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == images.shape
    assert first.min() >= 0
    assert first.max() <= 1


def test_nothing_changes_nothing(images: torch.Tensor) -> None:
    assert torch.equal(augment(images, Augmentation(flip=0), generator())[0], images)


def test_flip_mirrors_about_half(images: torch.Tensor) -> None:
    result, _ = augment(images, Augmentation(flip=0.5), generator())
    flipped = torch.tensor([torch.equal(new, old.flip(-1)) for new, old in zip(result, images, strict=True)])
    same = torch.tensor([torch.equal(new, old) for new, old in zip(result, images, strict=True)])
    assert (flipped ^ same).all()
    assert 16 < int(flipped.sum()) < 48


def test_pad_crop_shifts_each_image_by_at_most_the_padding(images: torch.Tensor) -> None:
    result, _ = augment(images, Augmentation(flip=0, pad_crop=2), generator())
    padded = torch.nn.functional.pad(images, (2, 2, 2, 2))
    shifts = set()
    for number, picture in enumerate(result):
        fits = [
            (top, left)
            for top in range(5)
            for left in range(5)
            if torch.equal(picture, padded[number, :, top : top + 24, left : left + 12])
        ]
        assert len(fits) == 1
        shifts.update(fits)
    assert len(shifts) > 10


def test_erasing_fills_one_rectangle_with_the_mean(images: torch.Tensor) -> None:
    result, _ = augment(images, Augmentation(flip=0, erasing=1.0), generator())
    changed = (result != images).any(1)  # (B, H, W)
    assert changed.any((1, 2)).all()
    for picture, mask in zip(result, changed, strict=True):
        rows, columns = mask.any(1).nonzero().flatten(), mask.any(0).nonzero().flatten()
        area = len(rows) * len(columns)
        assert mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert int(mask.sum()) == area
        assert area <= 0.5 * 24 * 12
        torch.testing.assert_close(picture[:, mask], torch.tensor(IMAGENET_MEAN).view(3, 1).expand(3, area))


def test_jitter_without_color_leaves_gray_images_gray() -> None:
    gray = torch.rand(8, 1, 6, 6, generator=generator(3)).expand(8, 3, 6, 6)
    result, _ = augment(gray, Augmentation(flip=0, jitter=0.5), generator())
    torch.testing.assert_close(result[:, 0], result[:, 2], atol=1e-5, rtol=0)
    assert not torch.allclose(result, gray)


EVERYTHING = Augmentation(flip=0.5, pad_crop=3, erasing=0.5, jitter=0.2)


@pytest.fixture
def keypoints() -> torch.Tensor:
    """Eighteen joints an image, each at the centre of a pixel of 24 x 12."""
    x = torch.randint(0, 12, (64, 18), generator=generator(8))
    y = torch.randint(0, 24, (64, 18), generator=generator(9))
    return torch.stack([x, y, torch.ones_like(x)], 2).float()


def values_at(images: torch.Tensor, keypoints: torch.Tensor) -> torch.Tensor:
    """Returns (B, J, 3) colours under joints that are inside."""
    rows, columns = keypoints[..., 1].long(), keypoints[..., 0].long()
    return images.permute(0, 2, 3, 1)[torch.arange(len(images))[:, None], rows, columns]


def test_joints_change_nothing_of_the_pictures(images: torch.Tensor, keypoints: torch.Tensor) -> None:
    without, nothing = augment(images, EVERYTHING, generator())
    assert nothing is None
    assert torch.equal(without, augment(images, EVERYTHING, generator(), keypoints)[0])


def test_joints_go_where_their_pixels_go(images: torch.Tensor, keypoints: torch.Tensor) -> None:
    before = keypoints.clone()
    augmentation = Augmentation(flip=0.5, pad_crop=3)
    result, moved = augment(images, augmentation, generator(), keypoints)
    assert moved is not None
    assert torch.equal(keypoints, before)
    # A flip also changes places in the list: which were flipped is told by the pictures of a run without crops.
    flips = (augment(images, Augmentation(flip=0.5), generator())[0] != images).any((1, 2, 3))
    assert 16 < int(flips.sum()) < 48
    named = keypoints.where(~flips[:, None, None], mirror(keypoints, 12))
    source = torch.where(flips[:, None, None, None], images.flip(-1), images)
    seen = moved[..., 2] > 0
    assert torch.equal(values_at(result, moved.where(seen[..., None], 0))[seen], values_at(source, named)[seen])
    inside = (moved[..., 0] >= 0) & (moved[..., 0] < 12) & (moved[..., 1] >= 0) & (moved[..., 1] < 24)
    assert torch.equal(seen, inside)
    assert 0 < int((~seen).sum()) < seen.numel() / 2


def test_erased_joints_lose_their_confidence(images: torch.Tensor, keypoints: torch.Tensor) -> None:
    result, moved = augment(images, Augmentation(flip=0, erasing=0.5), generator(), keypoints)
    assert moved is not None
    assert torch.equal(moved[..., :2], keypoints[..., :2])
    erased = (values_at(result, keypoints) != values_at(images, keypoints)).any(2)
    assert 0 < int(erased.sum()) < erased.numel()
    assert torch.equal(moved[..., 2] == 0, erased)


def test_jitter_leaves_joints_alone(images: torch.Tensor, keypoints: torch.Tensor) -> None:
    assert augment(images, Augmentation(flip=0, jitter=0.4), generator(), keypoints)[1] is keypoints
