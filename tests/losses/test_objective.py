"""Terms find their heads, add up as they should, and weights mean what they say."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from reseen.data.attributes import AttributeSchema, binary
from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.losses.attributes import attribute_loss
from reseen.losses.identity import identity_loss
from reseen.losses.objective import TERMS, Objective, ObjectiveConfig
from reseen.losses.term import Training
from reseen.losses.triplet import batch_hard_triplet_loss
from reseen.models.output import PersonOutput

LABELS = torch.tensor([0, 0, 1, 1])
SCHEMA = AttributeSchema("small", (binary("hat"),))
ATTRIBUTES = torch.tensor([[0], [1], [-1], [1]])
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
    return PersonBatch(torch.zeros(4, 3, 8, 4), LABELS, None, ATTRIBUTES if attributes else None)


def objective(*terms: dict[str, Any], **options: Any) -> Objective:
    return Objective(ObjectiveConfig.model_validate({"terms": terms, **options}), Training(SCHEMA, ATTRIBUTES))


def identity(*heads: str, **options: Any) -> dict[str, Any]:
    return {"kind": "identity", "heads": heads, **options}


def test_every_term_is_there_and_heads_of_one_name_add_up(output: PersonOutput) -> None:
    built = objective(
        identity("global", label_smoothing=0.1),
        identity("part", weight=0.25),
        {"kind": "triplet", "heads": ["global", "part"], "margin": 0.5, "weight": 2},
        {"kind": "attribute"},
    )
    total, terms = built(output, batch())
    logits, metric = output.identity_logits, output.metric_features
    expected = {
        "global": identity_loss(logits["global"], LABELS, 0.1),
        "part": identity_loss(logits["part/0"], LABELS) + identity_loss(logits["part/1"], LABELS),
        "triplet": sum(batch_hard_triplet_loss(metric[head], LABELS, 0.5) for head in ("global", "part/0", "part/1")),
        "attribute": attribute_loss(output.attribute_logits["attribute"], ATTRIBUTES, SCHEMA),
    }
    assert list(terms) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(terms[name], value)
    weighed = expected["global"] + 0.25 * expected["part"] + 2 * expected["triplet"] + expected["attribute"]
    torch.testing.assert_close(total, weighed)
    assert built.learnt_weights() == {}


def test_rare_classes_have_the_same_say_if_asked_for(output: PersonOutput) -> None:
    """One image of three has no hat: it weighs 1/(2/3), the others 1/(4/3)."""
    scores = output.attribute_logits["attribute"]["hat"]
    losses = torch.nn.functional.cross_entropy(scores[[0, 1, 3]], torch.tensor([0, 1, 1]), reduction="none")
    _, terms = objective({"kind": "attribute", "balanced": True})(output, batch())
    torch.testing.assert_close(terms["attribute"], (1.5 * losses[0] + 0.75 * losses[1] + 0.75 * losses[2]) / 3)


def test_no_head_named_means_all(output: PersonOutput) -> None:
    _, terms = objective(identity())(output, batch())
    torch.testing.assert_close(
        terms["identity"], sum(identity_loss(each, LABELS) for each in output.identity_logits.values())
    )


def test_learnt_weights_are_parameters_and_logged(output: PersonOutput) -> None:
    built = objective(identity("global"), {"kind": "attribute"}, weighting="uncertainty")
    optimizer = torch.optim.SGD(built.parameters(), lr=0.1)
    total, terms = built(output, batch())
    torch.testing.assert_close(total, terms["global"] + terms["attribute"])  # all weights start at 1
    total.backward()
    optimizer.step()
    # d/ds of exp(-s) L + s/2 at s = 0 is 1/2 - L
    expected = {name: float(torch.exp(0.1 * (0.5 - value))) for name, value in terms.items()}
    assert built.learnt_weights() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("term", "message"),
    [
        (
            identity("global", "verification"),
            "names the head 'verification', but those with identity logits",
        ),
        (
            {"kind": "triplet", "heads": ["neck"]},
            "names the head 'neck', but those with metric",
        ),
    ],
)
def test_heads_have_to_exist(output: PersonOutput, term: dict[str, Any], message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        objective(term).check(output)


@pytest.mark.parametrize("kind", ["identity", "triplet", "attribute"])
def test_what_a_system_does_not_have_cannot_be_trained(kind: str) -> None:
    with pytest.raises(ReseenError, match="take"):
        objective({"kind": kind}).check(PersonOutput({"global": torch.zeros(4, 2)}))


@pytest.mark.parametrize("kind", ["identity", "triplet", "attribute"])
def test_labels_have_to_be_there(output: PersonOutput, kind: str) -> None:
    with pytest.raises(ReseenError, match=f"term '{kind}': these images have no"):
        objective({"kind": kind})(output, PersonBatch(torch.zeros(4, 3, 8, 4)))


def test_losses_are_float32_under_autocast(output: PersonOutput) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        total, terms = objective(identity("global"), {"kind": "triplet"}, {"kind": "attribute"})(output, batch())
    assert {total.dtype, *(term.dtype for term in terms.values())} == {torch.float32}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"terms": []}, "at least 1 item"),
        ({"terms": [identity("global"), identity("global")]}, "two terms are called 'global': give one of them a name"),
        ({"terms": [identity("global", name="loss")]}, "that is the total's name"),
        ({"terms": [identity(weight=2)], "weighting": "uncertainty"}, "has no effect"),
        ({"terms": [{"kind": "nothing"}]}, "'identity', 'attribute', 'triplet'"),
        ({"terms": [identity(margin=0.3)]}, "margin"),
        ({"terms": [identity(label_smoothing=1.0)]}, "less than 1"),
        ({"terms": [{"kind": "triplet", "margin": "hard"}]}, "margin"),
    ],
)
def test_wrong_configurations(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ObjectiveConfig.model_validate(content)


def test_every_loss_is_in_the_dictionary_by_a_kind_of_its_own() -> None:
    kinds = [config.model_fields["kind"].annotation for config in TERMS]
    assert len(set(kinds)) == len(TERMS)
