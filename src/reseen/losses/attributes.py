"""Attribute classification with unknown labels left out, and rare classes weighed up where that is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from reseen.data.attributes import UNKNOWN, Attribute, AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.losses.term import Term, TermConfig, Training
from reseen.models.output import PersonOutput


def attribute_loss(
    logits: Mapping[str, Tensor], labels: Tensor, schema: AttributeSchema, weights: Mapping[str, Tensor] | None = None
) -> Tensor:
    """Returns the cross-entropy of each attribute over its known labels, averaged over attributes.

    Softmax cross-entropy over the classes; sigmoid cross-entropy for a binary attribute with one logit, and for each
    class of a multi-label attribute, whose classes' mean counts as one attribute. An attribute without a known label
    in the batch does not count; if none has one the loss is 0 (with a gradient of 0).

    Args:
        logits: What one head predicts, by attribute name: (B, classes), or (B, 1) for a sigmoid.
        labels: (B, L) encoded by the schema, ``UNKNOWN`` where not known.
        schema: The attributes; the head may predict some of them only.
        weights: Of each class, from `class_weights`; all weigh 1 without them.

    Raises:
        ReseenError: If the schema has no such attribute.
        ValueError: If the labels are not the schema's.
    """
    columns = schema.columns
    if labels.shape[1] != sum(attribute.columns for attribute in schema):
        raise ValueError(f"labels {tuple(labels.shape)} do not have the columns of schema {schema.name!r}")
    known_of = (labels != UNKNOWN).sum(0)  # (L,)
    sums, known = [], []
    for name, scores in logits.items():
        own = labels[:, columns[schema[name].name]]
        sums.append(_sum(schema[name], scores.float(), own, None if weights is None else weights[name]))
        known.append(known_of[columns[name]].sum())
    counts = torch.stack(known)  # (A,)
    means = torch.stack(sums) / counts.clamp(min=1)
    return means.sum() / (counts > 0).sum().clamp(min=1)


def _sum(attribute: Attribute, scores: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
    """Returns the sum over the known ones of labels (B, columns)."""
    if attribute.kind != "multi_label" and scores.shape[1] > 1:
        return functional.cross_entropy(scores, labels[:, 0], weights, ignore_index=UNKNOWN, reduction="sum")
    weight = (labels != UNKNOWN).float()
    if weights is not None:
        rows = weights.view(-1, 2).expand(labels.shape[1], 2)  # (columns, 2): of absence and presence
        weight = weight * torch.where(labels == 1, rows[:, 1], rows[:, 0])
    return functional.binary_cross_entropy_with_logits(scores, (labels == 1).float(), weight, reduction="sum")


def class_shares(labels: Tensor, schema: AttributeSchema) -> dict[str, Tensor]:
    """Returns how often each class stands among the known labels, by attribute name.

    Args:
        labels: (N, L) encoded by the schema: those of a training set.
        schema: The attributes.

    Returns:
        (K,) shares that sum to 1; of a multi-label attribute (classes, 2): where a class is absent, and present. All
        are 0 where nothing is known.
    """
    shares: dict[str, Tensor] = {}
    for attribute in schema:
        own = labels[:, schema.columns[attribute.name]]  # (N, columns)
        classes = 2 if attribute.kind == "multi_label" else len(attribute.classes)
        counts = torch.stack([(own == index).sum(0) for index in range(classes)], 1).double()  # (columns, K)
        rows = counts / counts.sum(1, keepdim=True).clamp(min=1)
        shares[attribute.name] = (rows if attribute.kind == "multi_label" else rows[0]).float()
    return shares


def class_weights(shares: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns the weight 1 / (K · share) of each of K classes, with which all classes have the same say.

    For a binary attribute, whose positives have the share w, the loss is Yu et al.'s weighted sigmoid cross-entropy:
    −[q log p / (2w) + (1 − q) log(1 − p) / (2(1 − w))]. A class that never occurs weighs nothing.
    """
    return {
        name: torch.where(share > 0, 1 / (share.shape[-1] * share), torch.zeros_like(share))
        for name, share in shares.items()
    }


class AttributesConfig(TermConfig):
    """`attribute_loss` of the attributes that heads predict.

    Attributes:
        balanced: Whether all classes of an attribute have the same say, however rare (`class_weights`).
    """

    kind: Literal["attribute"]
    name: str = "attribute"
    balanced: bool = False


class Attributes(Term[AttributesConfig]):
    """Sum over heads of `attribute_loss` (AANet: L_a, equation 3)."""

    def __init__(self, config: AttributesConfig, training: Training) -> None:
        super().__init__(config, training)
        self.schema = training.schema
        self.weights: dict[str, Tensor] | None = None
        if config.balanced and training.schema is not None and training.attributes is not None:
            self.weights = class_weights(class_shares(training.attributes, training.schema))

    def heads(self, output: PersonOutput) -> Mapping[str, Mapping[str, Tensor]]:
        return self.chosen(output.attribute_logits, "attribute logits")

    def __call__(self, output: PersonOutput, batch: PersonBatch) -> Tensor:
        if batch.attributes is None or self.schema is None:
            raise ReseenError(f"objective term {self.config.title!r}: these images have no attribute labels")
        if self.weights is not None:  # which travel to a GPU once
            self.weights = {name: each.to(batch.attributes.device) for name, each in self.weights.items()}
        heads = self.heads(output).values()
        first, *others = (attribute_loss(head, batch.attributes, self.schema, self.weights) for head in heads)
        for loss in others:
            first = first + loss
        return first
