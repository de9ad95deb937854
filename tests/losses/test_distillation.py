"""What a teacher says: values by hand and by torch's own divergences, and what is missing."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from reseen.data.attributes import Attribute, AttributeSchema, binary, multi_class
from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.losses.distillation import divergence, similarity_loss
from reseen.losses.objective import Objective, ObjectiveConfig
from reseen.losses.term import Training
from reseen.models.output import PersonOutput

HAT, AGE = binary("hat"), multi_class("age", "child", "adult", "old")
COLORS = Attribute("colors", ("red", "blue"), "multi_label")


def test_similarity_by_hand() -> None:
    """Cosines of the student: 1·2 → 0, 1·3 → 1/√2, 2·3 → 1/√2; of the teacher, twice as long: 1, 0, 0."""
    student = torch.tensor([[2.0, 0], [0, 1], [1, 1]])
    teacher = torch.tensor([[1.0, 0, 0], [3, 0, 0], [0, 0, 2]])
    assert similarity_loss(student, teacher).item() == pytest.approx((1 + 0.5 + 0.5) / 3)


def test_similarity_is_nought_for_turned_and_stretched_descriptors_and_falls_along_its_gradient() -> None:
    torch.manual_seed(0)
    teacher = torch.randn(6, 4)
    turn, _ = torch.linalg.qr(torch.randn(4, 4))
    assert similarity_loss(3 * teacher @ turn, teacher).item() == pytest.approx(0, abs=1e-12)
    student = torch.randn(6, 3, requires_grad=True)
    before = similarity_loss(student, teacher)
    (slope,) = torch.autograd.grad(before, student)
    assert similarity_loss(student - 0.1 * slope, teacher) < before


def test_divergence_is_torchs() -> None:
    torch.manual_seed(0)
    logits, taught = torch.randn(5, 3), torch.randn(5, 3).softmax(1)
    expected = functional.kl_div(logits.log_softmax(1), taught, reduction="batchmean")
    torch.testing.assert_close(divergence(AGE, logits, taught), expected)
    two = torch.randn(5, 2)  # a softmax of two logits is a sigmoid of their difference
    torch.testing.assert_close(
        divergence(HAT, two[:, 1:] - two[:, :1], taught[:, :2] / taught[:, :2].sum(1, keepdim=True)),
        divergence(HAT, two, taught[:, :2] / taught[:, :2].sum(1, keepdim=True)),
    )


def test_divergence_of_several_at_once_by_hand() -> None:
    """Surely red and not blue, told as even chances: ln 2 each."""
    assert divergence(COLORS, torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])).item() == pytest.approx(2 * math.log(2))


def batch(**taught: torch.Tensor) -> PersonBatch:
    return PersonBatch(torch.zeros(2, 3, 8, 4), taught={name.replace("_", "/"): each for name, each in taught.items()})


@pytest.fixture
def output() -> PersonOutput:
    return PersonOutput(
        {"global": torch.eye(2), "local": torch.ones(2, 2)},
        descriptor=("global",),
        attribute_logits={"attribute": {"hat": torch.zeros(2, 2), "age": torch.zeros(2, 3)}},
    )


def test_terms_work_on_the_descriptor_and_on_what_the_teacher_knows(output: PersonOutput) -> None:
    terms = [{"kind": "similarity"}, {"kind": "taught_attributes"}]
    objective = Objective(ObjectiveConfig.model_validate({"terms": terms}), Training(AttributeSchema("x", (HAT, AGE))))
    objective.check(output)
    sure = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    total, told = objective(output, batch(descriptor=torch.ones(2, 7), attribute_hat=sure))
    assert told["similarity"].item() == pytest.approx(1)  # at right angles, and should be the same
    assert told["taught_attributes"].item() == pytest.approx(math.log(2) / 2)
    assert total.item() == pytest.approx(1 + math.log(2) / 2)


@pytest.mark.parametrize("kind", ["similarity", "taught_attributes"])
def test_without_a_teacher(kind: str, output: PersonOutput) -> None:
    objective = Objective(ObjectiveConfig.model_validate({"terms": [{"kind": kind}]}))
    with pytest.raises(ReseenError, match=rf"'{kind}' learns from a teacher.*init\.teacher"):
        objective(output, batch())
