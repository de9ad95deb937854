"""What a step shows the system: the pictures of its rows, changed as the phase says, by draws of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reseen.data.attributes import AttributeSchema, binary
from reseen.data.batch import PersonBatch
from reseen.data.images.transforms import normalize, to_float
from reseen.data.samplers import IdentitySampler, RandomSampler, TripletSampler
from reseen.data.skeleton import COCO18
from reseen.losses.identity import identity_loss
from reseen.models.output import PersonOutput
from reseen.training.images import TrainingImages
from reseen.training.loop.step import build_sampler, number_of
from tests.training.small import Tiny, noise, phase_of, step_of, training_images

PIDS = [7, 7, 3, 3]


@pytest.fixture
def images() -> TrainingImages:
    return training_images(noise(4), PIDS)


def plain(images: TrainingImages, rows: list[int]) -> Tensor:
    """The normalised pictures, unchanged."""
    pixels = images.pixels(rows, torch.device("cpu"))
    return normalize(to_float(pixels, (pixels.shape[1], pixels.shape[2])))


def shown(images: TrainingImages, rows: list[int], **augmentation: float) -> Tensor:
    return step_of(images, phase_of(augmentation={"flip": 0, **augmentation})).batch(rows, 0, 0).images


def test_rows_come_with_their_labels_and_cameras(images: TrainingImages) -> None:
    batch = step_of(images).batch([3, 0], 0, 0)
    assert torch.equal(batch.images, plain(images, [3, 0]))
    assert batch.labels is not None
    assert batch.camids is not None
    assert batch.labels.tolist() == [0, 1]  # person 3 before person 7
    assert batch.camids.tolist() == [13, 10]
    assert (batch.attributes, batch.keypoints, batch.triplets) == (None, None, None)


def test_a_flip_gives_exactly_the_mirrored_pixels(images: TrainingImages) -> None:
    assert torch.equal(shown(images, [0, 1, 2], flip=1.0), plain(images, [0, 1, 2]).flip(-1))


def test_a_crop_moves_the_pixels_and_fills_with_black(images: TrainingImages) -> None:
    """Each crop is the picture moved by at most as many pixels as were added on each side."""
    crops = shown(images, [0, 1, 2, 3], pad_crop=2)
    black = normalize(torch.zeros(1, 3, 1, 1))
    moves = set()
    for crop, picture in zip(crops, plain(images, [0, 1, 2, 3]), strict=True):
        padded = black[0].expand(3, 12, 8).clone()
        padded[:, 2:10, 2:6] = picture
        windows = {(y, x): padded[:, y : y + 8, x : x + 4] for y in range(5) for x in range(5)}
        (move,) = [place for place, window in windows.items() if torch.allclose(window, crop, atol=1e-6)]
        moves.add(move)
    assert len(moves) > 1, "every picture draws its own"


def test_erasing_and_jitter_reach_the_pixels(images: TrainingImages) -> None:
    before = plain(images, [0, 1, 2, 3])
    erased = shown(images, [0, 1, 2, 3], erasing=1.0)
    gone = (erased.abs() < 1e-5).all(1)  # (B, H, W): ImageNet's mean, which normalisation makes 0
    assert gone.flatten(1).any(1).all()
    assert torch.equal(erased.movedim(1, -1)[~gone], before.movedim(1, -1)[~gone])
    assert (shown(images, [0, 1, 2, 3], jitter=0.5) - before).abs().flatten(1).amax(1).min() > 0.05


def test_pictures_have_the_size_of_the_phase(images: TrainingImages) -> None:
    batch = step_of(images, size=(4, 2)).batch([0, 1], 0, 0)
    assert torch.equal(batch.images, normalize(to_float(torch.from_numpy(images.cached.pixels[:2]), (4, 2))))


@pytest.mark.parametrize("other", [{"epoch": 1}, {"batch": 1}, {"seed": 1}, {"rank": 1}], ids=str)
def test_draws_follow_from_seed_epoch_batch_and_process(images: TrainingImages, other: dict[str, int]) -> None:
    """Nothing else: a resumed run draws the same."""

    def view(epoch: int = 0, batch: int = 0, **options: int) -> Tensor:
        step = step_of(images, phase_of(augmentation={"flip": 0.5, "jitter": 0.5}), **options)
        torch.rand(7)  # whatever was drawn before
        return step.batch([0, 1, 2, 3], epoch, batch).images

    assert torch.equal(view(), view())
    assert not torch.equal(view(), view(**other))


def test_joints_attributes_and_triplets_come_along() -> None:
    schema = AttributeSchema("own", (binary("hat"), binary("bag")))
    joints = np.random.default_rng(1).uniform(0, 3, (3, 18, 3)).astype(np.float32)
    images = training_images(
        noise(3), [7, 7, 3], keypoints=joints, schema=schema, attributes=[{"hat": 1}, {"hat": 0, "bag": 1}, {}]
    )
    phase = phase_of(augmentation={"flip": 1.0}, sampler={"kind": "triplets", "triplets": 1})
    batch = step_of(images, phase).batch([1, 0, 2], 0, 0)
    assert batch.attributes is not None
    assert batch.keypoints is not None
    assert batch.triplets is not None
    assert batch.attributes.tolist() == [[0, 1], [1, -1], [-1, -1]]
    assert batch.triplets.tolist() == [[0, 1, 2]]
    left, right = COCO18.joints.index("left_wrist"), COCO18.joints.index("right_wrist")
    expected = joints[[1, 0, 2], left]
    expected[:, 0] = 4 - 1 - expected[:, 0]  # pictures are 4 wide, and the first pixel's centre is 0
    np.testing.assert_allclose(batch.keypoints[:, right], expected, atol=1e-6)


def test_further_sizes_are_of_the_same_changed_picture(images: TrainingImages) -> None:
    model = Tiny()
    model.extra_sizes = {"small": (4, 4)}  # type: ignore[assignment]
    batch = step_of(images, phase_of(augmentation={"flip": 1.0}), model).batch([0, 1], 0, 0)
    flipped = plain(images, [0, 1]).flip(-1)
    assert torch.equal(batch.images, flipped)
    smaller = nn.functional.interpolate(flipped, (4, 4), mode="bilinear", antialias=True)
    torch.testing.assert_close(batch.views["small"], smaller)


def test_the_loss_is_the_objectives(images: TrainingImages) -> None:
    objective = {"terms": [{"kind": "identity", "weight": 2.0}, {"kind": "triplet", "weight": 0.5}]}
    sampler = {"kind": "identities", "persons": 2, "images_per_person": 2}
    step = step_of(images, phase_of(objective=objective, sampler=sampler)).train()
    losses = step([0, 1, 2, 3], 0, 0)
    assert set(losses) == {"loss", "identity", "triplet"}
    torch.testing.assert_close(losses["loss"], 2 * losses["identity"] + 0.5 * losses["triplet"])
    assert losses["loss"].requires_grad
    assert not losses["identity"].requires_grad
    batch = step.batch([0, 1, 2, 3], 0, 0)
    assert batch.labels is not None
    logits = step.model(batch).identity_logits["global"]
    torch.testing.assert_close(losses["identity"], identity_loss(logits, batch.labels).detach())


class Forgetful(Tiny):
    """Its classifier sees half of the feature, as dropout chooses."""

    def forward(self, batch: PersonBatch) -> PersonOutput:
        output = super().forward(batch)
        dropped = nn.functional.dropout(output.features["global"], training=self.training)
        return PersonOutput(output.features, identity_logits={"global": self.classifier(dropped)})


def test_what_the_system_draws_follows_from_the_step(images: TrainingImages) -> None:
    step = step_of(images, model=Forgetful()).train()
    first, again, later = (float(step([0, 1, 2, 3], 0, batch)["loss"].detach()) for batch in (0, 0, 1))
    assert first == again != later


@pytest.mark.parametrize(
    ("sampler", "kind", "rows"),
    [
        ({"kind": "random", "batch_size": 3}, RandomSampler, 3),
        ({"kind": "identities", "persons": 2, "images_per_person": 2}, IdentitySampler, 4),
        ({"kind": "triplets", "triplets": 2}, TripletSampler, 6),
    ],
)
def test_the_sampler_is_the_phases(sampler: dict[str, Any], kind: type, rows: int) -> None:
    built = build_sampler(phase_of(sampler=sampler), [0, 0, 1, 1], seed=5, rank=0, world_size=1)
    assert type(built) is kind
    assert built.seed == 5
    assert [len(batch) for batch in built][:1] == [rows]


def test_seeds_differ_by_any_number() -> None:
    seeds = {number_of(*numbers) for numbers in [(0, 0), (0, 1), (1, 0), (0, 0, 0), (10,), (1, 0, 0)]}
    assert len(seeds) == 6
    assert all(0 <= seed < 2**63 for seed in seeds)
