"""The embedder prepares pictures and leaves the model as it found it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from reseen.data.batch import PersonBatch
from reseen.data.images.cache import cached_images
from reseen.data.images.preparation import prepare
from reseen.data.person import PersonImage
from reseen.data.skeleton import COCO18
from reseen.descriptors.distance import Euclidean, Sum
from reseen.descriptors.embeddings import Embeddings
from reseen.models.aanet import AANet, AANetConfig
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.models.ide import IDE, IDEConfig
from reseen.models.output import PersonOutput


@pytest.fixture
def model() -> IDE:
    torch.manual_seed(0)
    return IDE(IDEConfig(backbone="test_resnet", num_identities=3, freeze_stages=1))


def modes(model: nn.Module) -> list[bool]:
    return [module.training for module in model.modules()]


@pytest.mark.parametrize("training", [True, False])
def test_embedding_leaves_every_module_in_its_mode(model: IDE, training: bool) -> None:
    model.train(training)
    before = modes(model)
    assert len(set(before)) == (2 if training else 1), "a frozen stage stays in eval mode"
    embedder = Embedder(model, EmbedderConfig(size=(64, 32)))
    assert modes(model) == before
    statistics = {name: value.clone() for name, value in model.state_dict().items()}
    embedder.describe(Image.new("RGB", (32, 64), "red"))
    assert modes(model) == before
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in statistics.items())


def test_nothing_to_embed_is_nothing_of_the_right_width() -> None:
    torch.manual_seed(0)
    model = AANet(AANetConfig(backbone="test_resnet", num_identities=3, num_parts=2, dim=8))
    embeddings = Embedder(model, EmbedderConfig(size=(64, 32))).embed([])
    assert embeddings.features.shape == (0, (1 + 2 + 4 + 1) * 8)
    assert list(embeddings.parts)[:2] == ["global", "part/0"]
    assert embeddings.attributes is not None
    assert embeddings.attributes["age"].shape == (0, 4)
    assert embeddings.schema == model.config.attributes, "which tells what the four are"


@pytest.mark.parametrize("cache", [False, True])
def test_decoded_pictures_stay_on_disk_only_where_that_is_asked_for(
    model: IDE, cache: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESEEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    Image.new("RGB", (32, 64), "red").save(tmp_path / "p.png")
    Embedder(model, EmbedderConfig(size=(64, 32))).embed([tmp_path / "p.png"], cache=cache)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == (["cache", "p.png"] if cache else ["p.png"])
    for path in (tmp_path / "cache").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, "nobody else may look at it"


class Places(nn.Module):
    """A system whose descriptor is where its batch has the joints, and how its further view is sized."""

    extra_sizes: ClassVar = {"large": (128, 64)}

    def __init__(self) -> None:
        super().__init__()
        self.config = IDEConfig()
        self.weight = nn.Parameter(torch.ones(()))
        self.seen: list[PersonBatch] = []

    def forward(self, batch: PersonBatch) -> PersonOutput:
        self.seen.append(batch)
        points = torch.zeros(len(batch.images), 18, 3) if batch.keypoints is None else batch.keypoints
        return PersonOutput({"places": points.flatten(1), "blue": batch.views["large"].mean((2, 3))[:, 2:]})


@pytest.fixture
def pictures(tmp_path: Path) -> list[PersonImage]:
    """Two pictures half the size of what the system takes in: one with joints, one without."""
    points = np.zeros((18, 3), np.float32)
    points[COCO18.joints.index("nose")] = 3, 10, 1
    points[COCO18.joints.index("left_wrist")] = 0, 20, 0.5
    for name in "ab":
        Image.effect_noise((16, 32), 90).convert("RGB").save(tmp_path / f"{name}.png")
    return [
        PersonImage(tmp_path / "a.png", 1, 1, keypoints=points),
        PersonImage(tmp_path / "b.png", 2, 1),
    ]


def test_joints_reach_the_system_in_the_pixels_it_sees(pictures: list[PersonImage]) -> None:
    plain = Embedder(Places(), EmbedderConfig(size=(64, 32), flip=False)).embed(pictures)
    points = plain.feature("places").features.reshape(2, 18, 3)
    assert points[0, COCO18.joints.index("nose")].tolist() == [6.5, 20.5, 1]
    assert points[0, COCO18.joints.index("left_wrist")].tolist() == [0.5, 40.5, 0.5]
    assert not points[1, :, 2].any()
    alone = Embedder(Places(), EmbedderConfig(size=(64, 32), flip=False)).embed(pictures, batch_size=1)
    np.testing.assert_array_equal(alone.feature("places").features, plain.feature("places").features)
    both = Embedder(Places(), EmbedderConfig(size=(64, 32), flip=True)).embed(pictures)
    points = both.feature("places").features.reshape(2, 18, 3)
    assert points[0, COCO18.joints.index("nose")].tolist() == [15.5, 20.5, 1]  # of 6.5 and its mirror image, 24.5
    for wrist in ("left_wrist", "right_wrist"):  # seen once in each of the two
        assert points[0, COCO18.joints.index(wrist), 2] == 0.25


def test_without_joints_the_system_is_told_so(pictures: list[PersonImage]) -> None:
    system = Places()
    embedder = Embedder(system, EmbedderConfig(size=(64, 32)))
    embedder.embed(pictures[1:])
    embedder.describe(pictures[1])
    with pictures[0].open() as opened:
        embedder.describe(opened)
    assert [batch.keypoints for batch in system.seen] == [None] * 4
    points = embedder.describe(pictures[0]).features["places"].reshape(18, 3)
    assert points[0].tolist() == [6.5, 20.5, 1]


def test_pictures_are_decoded_at_the_largest_size_asked_for(pictures: list[PersonImage]) -> None:
    system = Places()
    Embedder(system, EmbedderConfig(size=(64, 32), flip=False)).embed(pictures)
    (batch,) = system.seen
    assert batch.images.shape == (2, 3, 64, 32)
    assert batch.views["large"].shape == (2, 3, 128, 64)
    whole = cached_images(pictures, (128, 64)).pixels
    assert torch.equal(batch.views["large"], prepare(torch.from_numpy(np.array(whole)), (128, 64)).images)


def test_digest_tells_models_apart_and_not_how_they_run(model: IDE) -> None:
    config = EmbedderConfig(size=(64, 32))
    digest = Embedder(model, config).digest
    assert digest == Embedder(model, config.model_copy(update={"precision": "bfloat16"})).digest
    assert digest != Embedder(model, config.model_copy(update={"flip": False})).digest
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] += 1
    assert digest != Embedder(model, config).digest


def test_settled_weights_are_hashed_once(model: IDE) -> None:
    embedder = Embedder(model, EmbedderConfig(size=(64, 32)))
    digest = embedder.digest
    embedder.settle()
    assert embedder.digest == digest
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] += 1
    assert embedder.digest == digest, "whoever settles a model does not train it any more"


class Columns(nn.Module):
    """Describes a picture by the brightness of each of its columns: the mirror image's are the other way round."""

    def __init__(self) -> None:
        super().__init__()
        self.config = None
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, batch: PersonBatch) -> PersonOutput:
        return PersonOutput({"columns": self.weight * batch.images.mean((1, 2))})


@pytest.fixture
def slopes(tmp_path: Path) -> list[PersonImage]:
    """Five pictures that get brighter to the right, each by another slope."""
    for slope in range(1, 6):
        pixels = np.tile(np.arange(32, dtype=np.uint8) * slope, (64, 1))
        Image.fromarray(pixels).save(tmp_path / f"{slope}.png")
    return [PersonImage(tmp_path / f"{slope}.png", slope, 10 * slope) for slope in range(1, 6)]


def embedded(images: list[PersonImage], batch_size: int = 2, **options: object) -> Embeddings:
    config = EmbedderConfig.model_validate({"size": (64, 32), "flip": False, **options})
    return Embedder(Columns(), config).embed(images, batch_size=batch_size)


def test_flipping_averages_a_picture_and_its_mirror_image(slopes: list[PersonImage]) -> None:
    plain, flipped = embedded(slopes).features, embedded(slopes, flip=True).features
    assert (np.diff(plain, axis=1) > 0).all()
    np.testing.assert_allclose(flipped, (plain + plain[:, ::-1]) / 2, atol=1e-6)


def test_normalised_descriptors_have_length_one_and_their_direction(slopes: list[PersonImage]) -> None:
    plain = embedded(slopes).features
    length = np.linalg.norm(plain, axis=1, keepdims=True)
    assert (abs(length - 1) > 0.1).all()
    np.testing.assert_allclose(embedded(slopes, normalize=True).features, plain / length, atol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 2, 4, 5, 100])
def test_every_picture_is_described_once_with_its_ids(slopes: list[PersonImage], batch_size: int) -> None:
    found = embedded(slopes, batch_size)
    assert found.pids.tolist() == [1, 2, 3, 4, 5]
    assert found.camids.tolist() == [10, 20, 30, 40, 50]
    assert list(found.paths or ()) == [image.name for image in slopes]
    assert found.parts == {"columns": 32}
    steps = np.diff(found.features, axis=1).mean(1)
    np.testing.assert_allclose(steps / steps[0], [1, 2, 3, 4, 5], rtol=1e-4)


def test_descriptors_are_compared_by_the_embedders_distance(slopes: list[PersonImage]) -> None:
    distance = Sum(terms=(Euclidean(features=("columns",), weight=0.5),))
    found = Embedder(Columns(), EmbedderConfig(size=(64, 32)), distance).embed(slopes)
    assert found.distance == distance
    assert embedded(slopes).distance == Euclidean()
