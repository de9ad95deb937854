"""A student comes to see persons as its teacher does, from pictures alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import reseen
from reseen import models
from reseen.checkpoint_files import trained_on
from reseen.data import open_split
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.images.cache import cached_images
from reseen.data.images.preparation import prepare
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.models import checkpoint
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.progress import silent
from reseen.training.beforehand import taught
from reseen.training.images import TrainingImages
from reseen.training.recipe import Recipe, recipe_from
from tests.training.test_fit import fit

SYSTEM: dict[str, Any] = {
    "system": "aanet",
    "backbone": "test_resnet",
    "parts": None,
    "attention": [],
    "neck": "bnneck",
    "descriptor": "global",
}
TERMS = [{"kind": "similarity"}, {"kind": "taught_attributes", "weight": 0.1}]


@pytest.fixture(scope="module")
def teacher(market_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network nobody has trained, but whose batch norms know these pictures: it sees colours and shapes, somehow."""
    torch.manual_seed(1)
    config = SYSTEM | {"dim": 4, "attributes": MARKET1501_SCHEMA}
    model = models.build(models.config_of(config))
    torch.nn.init.normal_(model.attribute_network.classifiers[0].weight)  # else it is sure of nothing
    pictures = cached_images(open_split("market1501", market_drawn).train, (64, 32)).pixels
    with torch.no_grad():
        for _ in range(30):
            model(prepare(torch.from_numpy(np.array(pictures)), (64, 32)))
    folder = tmp_path_factory.mktemp("teacher") / "last"
    checkpoint.save(folder, model.eval(), EmbedderConfig(size=(64, 32), normalize=True), card="", trained_on=["viper"])
    return folder


def recipe(root: Path, teacher: Path, *, lr: float = 3e-3, epochs: int = 12, **changes: Any) -> Recipe:
    phase = {
        "epochs": epochs,
        "sampler": {"kind": "random", "batch_size": 16},
        "objective": {"terms": TERMS},
        "optimizer": {"name": "adam", "lr": lr},
        "augmentation": {"flip": 0.5},
    }
    content = {
        "name": "student",
        "data": {"name": "market1501", "root": str(root), "size": [64, 32]},
        "model": SYSTEM | {"dim": 8, "identity": False},
        "init": {"teacher": str(teacher)},
        "precision": "32-true",
        "phases": [phase],
        "evaluation": {"flip": False, "normalize": True},
    }
    return recipe_from(content | changes, "test")


def cosines(embeddings: Embeddings) -> np.ndarray:
    """Returns the cosines of all pairs of pictures."""
    rows, columns = np.triu_indices(len(embeddings), 1)
    return (embeddings.features @ embeddings.features.T)[rows, columns]


def test_descriptors_and_attributes_approach_the_teachers(teacher: Path, market_drawn: Path, tmp_path: Path) -> None:
    """No term of the objective has seen a label, and yet pictures are as much alike as the teacher finds them."""
    pictures = sorted((market_drawn / "bounding_box_train").glob("*.jpg"))
    wanted = reseen.load(teacher).embed(pictures)
    agreements, differences = [], []
    for name, options in (("untaught", {"lr": 1e-9, "epochs": 2}), ("taught", {})):  # the first goes nowhere
        fit(recipe(market_drawn, teacher, **options), tmp_path / name)
        told = reseen.load(tmp_path / name / "last").embed(pictures)
        agreements.append(np.corrcoef(cosines(told), cosines(wanted))[0, 1])
        assert told.attributes is not None
        assert wanted.attributes is not None
        differences.append(np.abs(told.attributes["gender"] - wanted.attributes["gender"]).mean())
    assert agreements[1] > max(0.75, agreements[0] + 0.2)
    assert differences[1] < 0.8 * differences[0]
    kept = tmp_path / "taught" / "last"
    assert trained_on(kept) == ("market1501", "viper")  # what the teacher has seen, too
    assert not any("teacher" in name for name in reseen.load(kept).model.state_dict())


def test_a_teacher_is_asked_once(
    teacher: Path, market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resumed run, and a phase with the same pictures at another size, have its answers; other pictures have not."""
    monkeypatch.setenv("RESEEN_CACHE", str(tmp_path))
    split, student = open_split("market1501", market_drawn), recipe(market_drawn, teacher)

    def ask(size: tuple[int, int], count: int) -> dict[str, torch.Tensor]:
        images = TrainingImages(cached_images(split.train[:count], size), split, MARKET1501_SCHEMA)
        return taught(student, student.phases[0], images, torch.device("cpu"), silent)

    first = ask((64, 32), 4)
    (kept,) = (tmp_path / "taught").iterdir()
    assert kept.stat().st_mode & 0o077 == 0

    def refuse(*args: Any, **options: Any) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(Embedder, "embed", refuse)
    again = ask((32, 32), 4)
    assert again.keys() == first.keys() > {"descriptor"}
    assert all(torch.equal(again[name], values) for name, values in first.items())
    with pytest.raises(AssertionError, match="asked again"):
        ask((64, 32), 3)
    kept.write_bytes(kept.read_bytes()[:100])
    with pytest.raises(AssertionError, match="asked again"):
        ask((64, 32), 4)


def test_teacher_without_ears_and_ears_without_teacher(teacher: Path, market_drawn: Path) -> None:
    with pytest.raises(ReseenError, match=r"'similarity' learns from a teacher: name its checkpoint in init\.teacher"):
        recipe(market_drawn, teacher, init={})
    phase = {"epochs": 1, "objective": {"terms": [{"kind": "attribute"}]}}
    with pytest.raises(ReseenError, match=r"init\.teacher: no term of any objective learns from it"):
        recipe(market_drawn, teacher, phases=[phase])


def test_no_checkpoint_is_no_teacher(teacher: Path, market_drawn: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReseenError, match=r"empty is not a checkpoint: it has no config\.json"):
        fit(recipe(market_drawn, tmp_path / "empty"), tmp_path / "run")
    assert not (tmp_path / "run").exists()
