"""From pixels to a batch: size, joints, augmentation and further sizes."""

from __future__ import annotations

import pytest
import torch

from reseen.data.images.preparation import blank, mirrored, prepare
from reseen.data.images.transforms import Augmentation, augment, normalize, to_float

CHANGES = Augmentation(flip=0.5, pad_crop=2, erasing=0.5, jitter=0.2)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.fixture
def pixels() -> torch.Tensor:
    return torch.randint(0, 256, (6, 32, 16, 3), dtype=torch.uint8, generator=generator())


@pytest.fixture
def keypoints() -> torch.Tensor:
    return torch.rand(6, 18, 3, generator=generator()) * torch.tensor([15.0, 31.0, 1.0])


@pytest.mark.parametrize("size", [(32, 16), (16, 8)])
def test_without_further_sizes_pictures_are_changed_at_the_size_asked_for(
    pixels: torch.Tensor, size: tuple[int, int]
) -> None:
    batch = prepare(pixels, size, augmentation=CHANGES, generator=generator())
    expected = normalize(augment(to_float(pixels, size), CHANGES, generator())[0])
    assert torch.equal(batch.images, expected)
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    assert (batch.keypoints, dict(batch.views), batch.labels) == (None, {}, None)
    assert torch.equal(prepare(pixels, size).images, normalize(to_float(pixels, size)))


def test_joints_fit_the_resized_pictures(pixels: torch.Tensor, keypoints: torch.Tensor) -> None:
    found = prepare(pixels, (16, 4), keypoints=keypoints).keypoints
    assert found is not None
    torch.testing.assert_close(found[..., 0], (keypoints[..., 0] + 0.5) / 4 - 0.5)
    torch.testing.assert_close(found[..., 1], (keypoints[..., 1] + 0.5) / 2 - 0.5)
    assert torch.equal(found[..., 2], keypoints[..., 2])
    assert prepare(pixels, (32, 16), keypoints=keypoints).keypoints is keypoints


def test_views_are_the_same_augmented_pictures_at_other_sizes(pixels: torch.Tensor, keypoints: torch.Tensor) -> None:
    sizes = {"large": (32, 16), "small": (8, 4)}
    batch = prepare(
        pixels, (16, 8), augmentation=CHANGES, generator=generator(), keypoints=keypoints, extra_sizes=sizes
    )
    whole = prepare(pixels, (32, 16), augmentation=CHANGES, generator=generator(), keypoints=keypoints)
    assert {name: tuple(view.shape) for name, view in batch.views.items()} == {
        "large": (6, 3, 32, 16),
        "small": (6, 3, 8, 4),
    }
    assert torch.equal(batch.views["large"], whole.images)
    for images in (batch.images, batch.views["small"]):
        smaller = torch.nn.functional.interpolate(
            whole.images, tuple(images.shape[-2:]), mode="bilinear", antialias=True, align_corners=False
        )
        torch.testing.assert_close(images, smaller, atol=1e-4, rtol=0)
    assert whole.keypoints is not None
    assert batch.keypoints is not None
    torch.testing.assert_close(batch.keypoints[..., :2], (whole.keypoints[..., :2] + 0.5) / 2 - 0.5)
    assert torch.equal(batch.keypoints[..., 2], whole.keypoints[..., 2])


def test_mirror_images_have_everything_mirrored(pixels: torch.Tensor, keypoints: torch.Tensor) -> None:
    batch = prepare(pixels, (32, 16), keypoints=keypoints, extra_sizes={"small": (8, 4)})
    other = mirrored(batch)
    assert torch.equal(other.images, batch.images.flip(-1))
    assert torch.equal(other.views["small"], batch.views["small"].flip(-1))
    assert other.images.is_contiguous(memory_format=torch.channels_last)
    assert other.keypoints is not None
    torch.testing.assert_close(other.keypoints[:, 2, 0], 15 - keypoints[:, 5, 0])  # right shoulder from the left one
    assert mirrored(prepare(pixels, (32, 16))).keypoints is None


def test_blank_has_all_sizes() -> None:
    batch = blank((16, 8), {"large": (32, 16)})
    assert batch.images.shape == (1, 3, 16, 8)
    assert batch.views["large"].shape == (1, 3, 32, 16)
