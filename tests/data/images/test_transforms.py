"""Transforms change what they say, image by image, and follow their seed."""

from __future__ import annotations

import pytest
import torch

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
    first, again, other = (augment(images, augmentation, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == images.shape
    assert first.min() >= 0
    assert first.max() <= 1


def test_nothing_changes_nothing(images: torch.Tensor) -> None:
    assert torch.equal(augment(images, Augmentation(flip=0), generator()), images)


def test_flip_mirrors_about_half(images: torch.Tensor) -> None:
    result = augment(images, Augmentation(flip=0.5), generator())
    flipped = torch.tensor([torch.equal(new, old.flip(-1)) for new, old in zip(result, images, strict=True)])
    same = torch.tensor([torch.equal(new, old) for new, old in zip(result, images, strict=True)])
    assert (flipped ^ same).all()
    assert 16 < int(flipped.sum()) < 48


def test_pad_crop_shifts_each_image_by_at_most_the_padding(images: torch.Tensor) -> None:
    result = augment(images, Augmentation(flip=0, pad_crop=2), generator())
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
    result = augment(images, Augmentation(flip=0, erasing=1.0), generator())
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
    result = augment(gray, Augmentation(flip=0, jitter=0.5), generator())
    torch.testing.assert_close(result[:, 0], result[:, 2], atol=1e-5, rtol=0)
    assert not torch.allclose(result, gray)
