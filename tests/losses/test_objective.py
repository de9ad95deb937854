"""Terms of an objective by name, and the weighting they get."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from pydantic import ValidationError

from reseen.data.attributes import AttributeSchema, binary
from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.losses.attributes import attribute_loss
from reseen.losses.identity import identity_loss
from reseen.losses.objective import Objective, ObjectiveConfig, term_names, weighting_for
from reseen.losses.triplet import batch_hard_triplet_loss
from reseen.losses.uncertainty import FixedWeighting, UncertaintyWeighting
from reseen.models.output import PersonOutput

LABELS = torch.tensor([0, 0, 1, 1])
SCHEMA = AttributeSchema("own", (binary("hat"),))
HEADS = ("global", "part/0", "part/1", "attention")


@pytest.fixture
def output() -> PersonOutput:
    torch.manual_seed(0)
    return PersonOutput(
        features={"global": torch.rand(4, 6)},
        identity_logits={head: torch.randn(4, 3) for head in HEADS},
        attribute_logits={"attribute": {"hat": torch.randn(4, 2)}},
        metric_features={head: torch.randn(4, 5) for head in HEADS},
    )


def batch(attributes: bool = True) -> PersonBatch:
    return PersonBatch(
        torch.zeros(4, 3, 8, 4), LABELS, None, torch.tensor([[0], [1], [-1], [1]]) if attributes else None
    )


def test_parts_add_up_to_one_term(output: PersonOutput) -> None:
    config = ObjectiveConfig(label_smoothing=0.1)
    terms = Objective(config, SCHEMA)(output, batch())
    identity = {head: identity_loss(output.identity_logits[head], LABELS, 0.1) for head in HEADS}
    expected = {
        "global": identity["global"],
        "part": identity["part/0"] + identity["part/1"],
        "attention": identity["attention"],
        "attribute": attribute_loss(output.attribute_logits["attribute"], batch().attributes, SCHEMA),
    }
    assert list(terms) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(terms[name], value)
    assert term_names(config, output) == tuple(terms)


@pytest.mark.parametrize(
    ("groups", "heads"),
    [(("global",), ["global"]), (("global", "part"), ["global", "part/0", "part/1"]), (("attention",), ["attention"])],
)
@pytest.mark.parametrize("margin", [0.3, "soft"])
def test_triplets_work_on_the_chosen_heads(
    output: PersonOutput, margin: float | Literal["soft"], groups: tuple[str, ...], heads: list[str]
) -> None:
    config = ObjectiveConfig(triplet_margin=margin, triplet_heads=groups)
    terms = Objective(config, SCHEMA)(output, batch())
    expected = sum(batch_hard_triplet_loss(output.metric_features[head], LABELS, margin) for head in heads)
    torch.testing.assert_close(terms["triplet"], expected)
    torch.testing.assert_close(terms["global"], identity_loss(output.identity_logits["global"], LABELS))
    assert term_names(config, output) == tuple(terms)


def test_triplets_need_heads_that_exist(output: PersonOutput) -> None:
    config = ObjectiveConfig(triplet_margin=0.3, triplet_heads=("global", "verification"))
    with pytest.raises(ReseenError, match="names 'verification', but the heads are: global, part, attention"):
        Objective(config, SCHEMA)(output, batch())


def test_without_attribute_labels_there_is_no_attribute_term(output: PersonOutput) -> None:
    assert list(Objective(ObjectiveConfig(), SCHEMA)(output, batch(attributes=False))) == [
        "global",
        "part",
        "attention",
    ]


def test_losses_are_float32_under_autocast(output: PersonOutput) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        terms = Objective(ObjectiveConfig(triplet_margin=0.3), SCHEMA)(output, batch())
    assert {term.dtype for term in terms.values()} == {torch.float32}


def test_batch_without_labels(output: PersonOutput) -> None:
    with pytest.raises(ReseenError, match="no identity labels"):
        Objective(ObjectiveConfig(), SCHEMA)(output, PersonBatch(torch.zeros(4, 3, 8, 4)))


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        (ObjectiveConfig(weighting="uncertainty"), UncertaintyWeighting),
        (ObjectiveConfig(weights={"part": 0.5}), FixedWeighting),
    ],
)
def test_weighting_follows_the_configuration(config: ObjectiveConfig, kind: type) -> None:
    assert type(weighting_for(config, ("global", "part"))) is kind


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (ObjectiveConfig(weights={"parts": 0.5}), "names 'parts', but the terms are: global, part"),
        (ObjectiveConfig(weights={"part": 0.5}, weighting="uncertainty"), "no effect"),
    ],
)
def test_weights_that_mean_nothing(config: ObjectiveConfig, message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        weighting_for(config, ("global", "part"))


@pytest.mark.parametrize("options", [{"label_smoothing": 1.0}, {"triplet_margin": "hard"}, {"margin": 0.3}])
def test_wrong_configurations(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ObjectiveConfig(**options)
