"""Attribute classification with unknown labels left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from reseen.data.attributes import UNKNOWN
from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.losses.term import Term, TermConfig
from reseen.models.output import PersonOutput


def attribute_loss(logits: Mapping[str, Tensor], labels: Tensor) -> Tensor:
    """Returns the softmax cross-entropy of each attribute over its known labels, averaged over attributes.

    An attribute without a known label in the batch does not count; if none has one the loss is 0 (with a
    gradient of 0).

    Args:
        logits: (B, classes) by attribute name, in schema order.
        labels: (B, A) class indices, ``UNKNOWN`` where not known.
    """
    known = (labels != UNKNOWN).sum(0)  # (A,)
    sums = [
        functional.cross_entropy(scores.float(), column, ignore_index=UNKNOWN, reduction="sum")
        for scores, column in zip(logits.values(), labels.unbind(1), strict=True)
    ]
    means = torch.stack(sums) / known.clamp(min=1)
    return means.sum() / (known > 0).sum().clamp(min=1)


class AttributesConfig(TermConfig):
    """`attribute_loss` of the attributes a system predicts."""

    kind: Literal["attribute"]
    name: str = "attribute"


class Attributes(Term[AttributesConfig]):
    """`attribute_loss` (AANet: L_a, equation 3)."""

    def heads(self, output: PersonOutput) -> Mapping[str, Tensor]:
        if not output.attribute_logits:
            raise ReseenError(f"objective term {self.config.title!r}: the system predicts no attributes; take it out")
        return output.attribute_logits

    def __call__(self, output: PersonOutput, batch: PersonBatch) -> Tensor:
        if batch.attributes is None:
            raise ReseenError(f"objective term {self.config.title!r}: these images have no attribute labels")
        return attribute_loss(self.heads(output), batch.attributes)
