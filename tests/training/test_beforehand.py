"""What is told of the training images before the first step and after the last."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar, cast

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor

from reseen.data.batch import PersonBatch
from reseen.data.person import Split
from reseen.descriptors.distance import Euclidean, Mahalanobis
from reseen.descriptors.embeddings import Embeddings
from reseen.models.embedder import Embedder
from reseen.progress import silent
from reseen.training.beforehand import final_distance, fixed_output
from reseen.training.recipe import Recipe, recipe_from
from tests.training.small import Tiny, noise, phase_of, step_of, training_images

FABRIC = Fabric(accelerator="cpu", devices=1, precision="32-true")


class Containing(Tiny):
    """Says of a picture the mean colour of a second view of it, and in which mode it was asked."""

    extra_sizes: ClassVar = {"second": (4, 4)}

    def fixed(self, batch: PersonBatch) -> dict[str, Tensor]:
        assert not self.training
        return {"color": batch.views["second"].mean((2, 3))}


def test_what_stays_comes_with_each_row_and_spares_the_view() -> None:
    images, model = training_images(noise(5), [7, 7, 3, 3, 3]), Containing().train()
    images.given = fixed_output(model, images, (8, 4), FABRIC, silent)
    assert model.training
    assert images.given["color"].shape == (5, 3)
    # Resized without a change of the mean: 8×4 to 4×4 pixels.
    step = step_of(images, phase_of(augmentation={"flip": 1.0}), model)
    batch = step.batch([4, 1], 0, 0)
    assert torch.equal(batch.given["color"], images.given["color"][[4, 1]])
    assert not batch.views
    torch.testing.assert_close(batch.given["color"], batch.images.mean((2, 3)), atol=0.05, rtol=0)
    assert step_of(training_images(noise(4), [7, 7, 3, 3]), model=model).batch([0], 0, 0).views.keys() == {"second"}


def test_most_systems_have_nothing_that_stays() -> None:
    images = training_images(noise(4), [7, 7, 3, 3])
    assert fixed_output(Tiny(), images, (8, 4), FABRIC, silent) == {}


def recipe(**changes: Any) -> Recipe:
    content = {"name": "x", "data": {"name": "market1501"}, "model": {"system": "ide"}, "init": {"backbone": "hub"}}
    return recipe_from(content | {"phases": []} | changes, "test")


def test_distance_is_learnt_on_the_training_images() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(30, 4)).repeat(2, axis=0) + 0.1 * rng.normal(size=(60, 4))
    embeddings = Embeddings(features.astype(np.float32), np.repeat(np.arange(1, 31), 2), np.tile([1, 2], 30))
    asked: list[Any] = []
    embedder = cast(Embedder, SimpleNamespace(embed=lambda images, **options: asked.append(images) or embeddings))
    split = Split("by hand", training_images(noise(2), [1, 2]).cached.images, (), ())
    learnt = final_distance(recipe(distance={"kind": "kissme", "components": 3}), embedder, split, silent)
    assert isinstance(learnt, Mahalanobis)
    assert learnt.matrix.shape == (3, 4)
    assert asked == [split.train]


def test_other_distances_need_no_images() -> None:
    nobody, split = cast(Embedder, None), Split("by hand", (), (), ())
    assert final_distance(recipe(), nobody, split, silent) == Euclidean()
    chosen = {"kind": "euclidean", "features": ["global"]}
    assert final_distance(recipe(distance=chosen), nobody, split, silent) == Euclidean(features=("global",))
