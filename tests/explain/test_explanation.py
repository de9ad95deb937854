"""What a picture's explanation says in words."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from reseen.data.attributes import Attribute, AttributeSchema, binary
from reseen.data.batch import PersonBatch
from reseen.data.person import PersonImage
from reseen.explain.explanation import explain
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.models.output import PersonOutput
from tests.data.trees import paint_all

SCHEMA = AttributeSchema(
    "own", (binary("hat"), Attribute("color", ("red", "blue", "gray"), "multi_label"), binary("bag"))
)


class Constant(nn.Module):
    """Reads the same in every picture, and nothing about bags."""

    def __init__(self, schema: AttributeSchema | None) -> None:
        super().__init__()
        self.config = SimpleNamespace(attributes=schema)
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, batch: PersonBatch) -> PersonOutput:
        p = torch.tensor([[0.9, 0.8, 0.1]])
        logits = {"attribute": {"color": p.logit(), "hat": torch.tensor([[0.4]]).logit()}}
        features = {"global": torch.zeros(1, 2)}
        maps = {"id": torch.rand(1, 4, 2)}
        return PersonOutput(features, attribute_logits=logits if self.config.attributes else {}, maps=maps)


def test_predictions_stand_in_the_schemas_order_with_their_probabilities(tmp_path) -> None:
    paint_all(tmp_path, ["a.png"])
    image = PersonImage(tmp_path / "a.png", -1, 0)
    told = explain(Embedder(Constant(SCHEMA), EmbedderConfig(size=(64, 32))), image).predictions
    assert [(name, words) for name, words, _ in told] == [("hat", "no"), ("color", "red + blue")]
    assert [probability for *_, probability in told] == pytest.approx([0.6, 0.9 * 0.8 * 0.9])
    assert explain(Embedder(Constant(None), EmbedderConfig(size=(64, 32))), image).predictions == ()
