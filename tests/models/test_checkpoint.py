"""What is saved loads again to the same descriptors; what is damaged says so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_file, save_file

import reseen
from reseen import models
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.descriptors.distance import Euclidean, Mahalanobis
from reseen.errors import ReseenError
from reseen.models import checkpoint
from reseen.models.embedder import Embedder, EmbedderConfig


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(3)
    model = models.build(
        models.config_of({"system": "aanet", "backbone": "test_resnet", "num_identities": 5, "num_parts": 2})
    )
    checkpoint.save(tmp_path / "model", model, EmbedderConfig(size=(64, 32)), card="# card")
    return tmp_path / "model"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.effect_noise((32, 64), 90).convert("RGB").save(tmp_path / "person.png")
    return tmp_path / "person.png"


def test_folder_is_weights_configuration_and_card(saved: Path) -> None:
    assert {path.name for path in saved.iterdir()} == {"model.safetensors", "config.json", "README.md"}
    assert json.loads((saved / "config.json").read_text())["model"]["system"] == "aanet"
    assert [path.name for path in saved.parent.iterdir()] == ["model"]  # nothing partial is left


def test_loads_to_the_same_descriptors(saved: Path, picture: Path) -> None:
    first, second = reseen.load(saved), reseen.load(str(saved))
    one, other = first.embed([picture], cache=False), second.embed([picture])
    torch.testing.assert_close(torch.from_numpy(one.features), torch.from_numpy(other.features))
    assert one.features.shape == (1, (1 + 2 + 4 + 1) * 256)
    assert first.schema == MARKET1501_SCHEMA
    assert one.attributes is not None
    assert set(one.attributes) == set(MARKET1501_SCHEMA.names)
    for table in one.attributes.values():
        assert table.sum(1) == pytest.approx(1.0, abs=1e-5)


def test_flip_average_is_the_same_for_the_mirrored_picture(saved: Path, picture: Path, tmp_path: Path) -> None:
    with Image.open(picture) as opened:
        opened.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "mirrored.png")
    embedder = reseen.load(saved)
    features = embedder.embed([picture, tmp_path / "mirrored.png"], cache=False).features
    torch.testing.assert_close(torch.from_numpy(features[0]), torch.from_numpy(features[1]), atol=1e-4, rtol=1e-4)
    plain = Embedder(embedder.model, embedder.config.model_copy(update={"flip": False}))
    unlike = plain.embed([picture, tmp_path / "mirrored.png"], cache=False).features
    assert abs(unlike[0] - unlike[1]).max() > 1e-3


def test_normalized_descriptors_have_length_one(saved: Path, picture: Path) -> None:
    embedder = reseen.load(saved)
    scaled = Embedder(embedder.model, embedder.config.model_copy(update={"normalize": True}))
    features = scaled.embed([picture], cache=False).features
    assert (features**2).sum() == pytest.approx(1.0, abs=1e-5)


def test_a_picture_is_described_alone_as_in_a_batch(saved: Path, picture: Path) -> None:
    embedder = reseen.load(saved)
    with Image.open(picture) as opened:
        alone = embedder.describe(opened).embedding
    torch.testing.assert_close(alone, embedder.describe(picture).embedding)
    assert "attention_kept" in embedder.describe(picture).maps


def test_unknown_persons_are_never_dropped_from_a_ranking(saved: Path, picture: Path) -> None:
    embeddings = reseen.load(saved).embed([picture, picture], cache=False)
    assert embeddings.pids.tolist() == [-1, -1]
    assert embeddings.camids.tolist() == [-1, -1]


def damage_config(folder: Path) -> None:
    (folder / "config.json").write_text("{}")


def damage_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


def change_model(folder: Path) -> None:
    content = json.loads((folder / "config.json").read_text())
    content["model"]["num_identities"] = 6
    (folder / "config.json").write_text(json.dumps(content))


def flip_a_byte(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-5] ^= 0x40
    (folder / "model.safetensors").write_bytes(bytes(content))


def not_a_number(folder: Path) -> None:
    """With the right digest, as if training itself had gone wrong."""
    weights = load_file(folder / "model.safetensors")
    next(value for value in weights.values() if value.is_floating_point()).view(-1)[0] = float("nan")
    save_file(weights, folder / "model.safetensors")
    change(folder, ("weights",), hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest())


def change(folder: Path, keys: tuple[str, ...], value: object) -> None:
    content = json.loads((folder / "config.json").read_text())
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    (folder / "config.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (flip_a_byte, r"model\.safetensors is not the one"),
        (not_a_number, "hold NaN or infinity"),
        (partial(change, keys=("model", "dim"), value=10**10), "dim: Input should be less than or equal"),
        (partial(change, keys=("model", "backbone"), value="hf-hub:someone/model"), "no model 'hf-hub:someone/model'"),
        (partial(change, keys=("model", "backbone"), value="local-dir:/etc"), "no model 'local-dir:/etc'"),
        (partial(change, keys=("embedder", "size"), value=[0, 64]), "greater than or equal to 32"),
        (partial(change, keys=("embedder", "size"), value=[128, -1]), "greater than or equal to 32"),
    ],
    ids=["flipped byte", "nan", "huge", "hub", "folder", "size 0", "size -1"],
)
def test_a_checkpoint_is_input_like_any_other(
    saved: Path, damage: Callable[[Path], None], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*arguments: object) -> None:
        raise AssertionError("loading reached for the network")

    monkeypatch.setattr("socket.socket.connect", connect)
    damage(saved)
    with pytest.raises(ReseenError, match=says) as error:
        reseen.load(saved)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("damage", [damage_config, damage_weights, change_model])
def test_damaged_checkpoints_say_so_in_one_line(saved: Path, damage: object) -> None:
    assert callable(damage)
    damage(saved)
    with pytest.raises(ReseenError, match="cannot load checkpoint") as error:
        reseen.load(saved)
    assert "\n" not in str(error.value)


@pytest.fixture
def learnt(tmp_path: Path) -> Path:
    """A checkpoint whose descriptors are compared by their first two, the second one doubled."""
    torch.manual_seed(3)
    model = models.build(models.config_of({"system": "ide", "backbone": "test_resnet", "num_identities": 5}))
    config = EmbedderConfig(size=(64, 32))
    width = Embedder(model, config).describe(Image.new("RGB", (32, 64))).embedding.shape[1]
    matrix = np.zeros((2, width))
    matrix[0, 0], matrix[1, 1] = 1, 2
    checkpoint.save(tmp_path / "learnt", model, config, card="# card", distance=Mahalanobis(matrix=matrix))
    return tmp_path / "learnt"


def test_a_checkpoint_carries_its_distance(learnt: Path, picture: Path, tmp_path: Path) -> None:
    assert {path.name for path in learnt.iterdir()} == {
        "model.safetensors",
        "config.json",
        "README.md",
        "distance.safetensors",
    }
    Image.new("RGB", (32, 64), "red").save(tmp_path / "red.png")
    embedder = reseen.load(learnt)
    one, other = embedder.embed([picture]), embedder.embed([tmp_path / "red.png"])
    assert one.distance == embedder.distance == Mahalanobis(matrix=embedder.distance.arrays()["matrix"])
    first, second = (one.features - other.features)[0, :2]
    assert one.distances_to(other)[0, 0] == pytest.approx(np.hypot(first, 2 * second), rel=1e-5)
    plain = Embedder(embedder.model, embedder.config).embed([picture])
    with pytest.raises(ReseenError, match="for the distance euclidean and for mahalanobis"):
        plain.check_comparable(other)


def test_a_distance_without_arrays_needs_no_file(saved: Path, tmp_path: Path) -> None:
    embedder, distance = reseen.load(saved), Euclidean(features=("global",))
    checkpoint.save(tmp_path / "global", embedder.model, embedder.config, card="", distance=distance)
    assert not (tmp_path / "global" / "distance.safetensors").exists()
    assert reseen.load(tmp_path / "global").distance == distance
    assert embedder.distance == Euclidean()


def learn(folder: Path, matrix: NDArray[np.float32]) -> None:
    """Puts another matrix in, with its right digest."""
    save_arrays({"matrix": matrix}, folder / "distance.safetensors")
    digest = hashlib.sha256((folder / "distance.safetensors").read_bytes()).hexdigest()
    change(folder, ("distance", "arrays"), digest)


def flip_a_byte_of_the_distance(folder: Path) -> None:
    content = bytearray((folder / "distance.safetensors").read_bytes())
    content[-5] ^= 0x40
    (folder / "distance.safetensors").write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (flip_a_byte_of_the_distance, r"distance\.safetensors is not the one"),
        (lambda folder: (folder / "distance.safetensors").unlink(), r"it has no distance\.safetensors"),
        (partial(learn, matrix=np.full((2, 512), np.nan, np.float32)), "matrix: holds NaN or infinity"),
        (partial(learn, matrix=np.eye(3, dtype=np.float32)), "for descriptor of length 3, here it has"),
        (partial(change, keys=("distance", "settings", "kind"), value="cosine"), "'cosine'"),
        (partial(change, keys=("distance", "settings", "features"), value=["part"]), "no feature 'part'"),
        (partial(change, keys=("distance",), value=7), "cannot load checkpoint"),
    ],
    ids=["flipped byte", "missing", "nan", "size", "kind", "feature", "number"],
)
def test_a_damaged_distance_says_so(learnt: Path, damage: Callable[[Path], None], says: str) -> None:
    damage(learnt)
    with pytest.raises(ReseenError, match=says) as error:
        reseen.load(learnt)
    assert "\n" not in str(error.value)


def test_a_folder_without_weights_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=r"is not a checkpoint: it has no config\.json"):
        reseen.load(tmp_path)
