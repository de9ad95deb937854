"""A step on a GPU that PyTorch only imagines: nothing is left behind on the processor, and nothing is read back.

Imagined tensors have a device and a shape but no numbers, so whoever asks for one (as ``if`` does, and what chooses
rows by a mask) fails, and so does an operation on two devices.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from reseen import models
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.batch import PersonBatch
from reseen.data.images.transforms import Augmentation, augment, normalize, to_float
from reseen.losses.objective import Objective
from reseen.losses.term import Training
from reseen.training.loop.optimizer import build_optimizer
from reseen.training.recipe import OptimizerSection, load_recipe
from tests.imagined import imagines_gpu

pytestmark = imagines_gpu
SMALL = {"backbone": "test_resnet", "num_identities": 5, "dim": 8}


@pytest.fixture
def imagined() -> Iterator[None]:
    with FakeTensorMode(), torch.device("cuda"), torch.no_grad():
        yield


def labelled(count: int = 4) -> PersonBatch:
    return PersonBatch(
        torch.zeros(count, 3, 64, 32),
        labels=torch.zeros(count, dtype=torch.int64),
        attributes=torch.zeros(count, sum(each.columns for each in MARKET1501_SCHEMA), dtype=torch.int64),
    )


def loss_of(recipe: str, **changes: Any) -> torch.Tensor:
    """Returns the loss of a recipe's first phase, by its own system made small."""
    read = load_recipe(Path(recipe))
    model = models.build(read.system(0).model_copy(update=SMALL | changes)).train()
    objective = Objective(read.phases[0].objective, Training(MARKET1501_SCHEMA, None))
    batch = labelled()
    loss: torch.Tensor = objective(model(batch), batch)[0]
    return loss


@pytest.mark.parametrize("recipe", ["aanet50-market1501", "aanet50-market1501-ablation-3-attributes"])
def test_the_papers_step_asks_for_no_number(recipe: str, imagined: None) -> None:
    assert loss_of(recipe).device.type == "cuda"


def test_asking_would_be_noticed(imagined: None) -> None:
    """The triplet loss looks whether there is any triplet, once a step."""
    with pytest.raises(DataDependentOutputException, match="_local_scalar_dense"):
        loss_of("aanet50-market1501-improved")


def test_pictures_are_changed_where_they_lie(imagined: None) -> None:
    pixels = torch.zeros(4, 24, 12, 3, dtype=torch.uint8)
    augmentation = Augmentation(flip=0.5, pad_crop=2, erasing=0.5, jitter=0.3)
    images, _ = augment(to_float(pixels, (16, 8)), augmentation, None)  # type: ignore[arg-type]
    prepared = normalize(images)
    assert (prepared.device.type, prepared.shape) == ("cuda", (4, 3, 16, 8))


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_one_kernel_moves_all_weights(name: str, imagined: None) -> None:
    section = OptimizerSection(name=name)  # type: ignore[arg-type]
    on_gpu = build_optimizer(section, torch.nn.Linear(2, 2))
    assert on_gpu.defaults["fused"] is True


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_on_a_processor_they_are_moved_in_one_pass_over_memory(name: str) -> None:
    section = OptimizerSection(name=name)  # type: ignore[arg-type]
    assert build_optimizer(section, torch.nn.Linear(2, 2)).defaults["fused"] is True
