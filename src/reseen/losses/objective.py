"""An objective turns a system's output and the labels into named loss terms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from reseen.data.attributes import AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.losses.attributes import attribute_loss
from reseen.losses.identity import identity_loss
from reseen.losses.triplet import batch_hard_triplet_loss
from reseen.losses.uncertainty import FixedWeighting, UncertaintyWeighting
from reseen.models.output import PersonOutput

ATTRIBUTE_TERM, TRIPLET_TERM = "attribute", "triplet"


class ObjectiveConfig(BaseModel):
    """What a phase of training minimises.

    Attributes:
        label_smoothing: ε of the identity losses.
        triplet_margin: Adds the batch-hard triplet loss; ``soft`` for no margin, None for no such loss.
        triplet_heads: Groups of identity heads on whose metric features it works. Parts are left out by
            default: a part alone often cannot tell two persons apart, and the loss then collapses.
        weighting: ``uncertainty`` learns the terms' weights.
        weights: Fixed weights by term (``global``, ``part``, ``attention``, ``attribute``, ``triplet``);
            others weigh 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label_smoothing: float = Field(0.0, ge=0, lt=1)
    triplet_margin: float | Literal["soft"] | None = None
    triplet_heads: tuple[str, ...] = Field(("global",), min_length=1)
    weighting: Literal["uncertainty", "fixed"] = "fixed"
    weights: dict[str, float] = {}


class Objective:
    """Loss terms of one batch.

    Args:
        config: The configuration.
        schema: What the batches' attribute labels are encoded by, or None if they have none.
    """

    def __init__(self, config: ObjectiveConfig, schema: AttributeSchema | None = None) -> None:
        self.config = config
        self.schema = schema

    def __call__(self, output: PersonOutput, batch: PersonBatch) -> dict[str, Tensor]:
        """Returns scalar losses by name, in float32.

        Identity heads are grouped by their name up to the first ``/``; the losses of a group add up to
        one term (L_p is the sum over parts). ``triplet`` is the sum over the configured heads;
        ``attribute``, the mean over the heads that predict attributes, is there if the batch has labels of them.

        Raises:
            ReseenError: If the batch has no identity labels, or ``triplet_heads`` names a head that is not there.
        """
        if batch.labels is None:
            raise ReseenError("this batch has no identity labels; train on images with person ids")
        terms: dict[str, Tensor] = {}
        with torch.autocast(next(iter(output.features.values())).device.type, enabled=False):
            for head, logits in output.identity_logits.items():
                loss = identity_loss(logits, batch.labels, self.config.label_smoothing)
                group = head.partition("/")[0]
                terms[group] = terms[group] + loss if group in terms else loss
            if self.config.triplet_margin is not None:
                terms[TRIPLET_TERM] = self._triplet_loss(output, batch.labels, self.config.triplet_margin)
            if output.attribute_logits and batch.attributes is not None and self.schema is not None:
                losses = [
                    attribute_loss(head, batch.attributes, self.schema) for head in output.attribute_logits.values()
                ]
                terms[ATTRIBUTE_TERM] = losses[0] if len(losses) == 1 else torch.stack(losses).mean()
        return terms

    def _triplet_loss(self, output: PersonOutput, labels: Tensor, margin: float | Literal["soft"]) -> Tensor:
        groups: dict[str, list[Tensor]] = {}
        for head, features in output.metric_features.items():
            groups.setdefault(head.partition("/")[0], []).append(features)
        for group in self.config.triplet_heads:
            if group not in groups:
                raise ReseenError(f"objective.triplet_heads names {group!r}, but the heads are: {', '.join(groups)}")
        chosen = [features for group in self.config.triplet_heads for features in groups[group]]
        return torch.stack([batch_hard_triplet_loss(features, labels, margin) for features in chosen]).sum()


def term_names(config: ObjectiveConfig, output: PersonOutput) -> tuple[str, ...]:
    """Returns the names of all terms that an objective can find in a system's output."""
    names = dict.fromkeys(head.partition("/")[0] for head in output.identity_logits)
    if config.triplet_margin is not None:
        names[TRIPLET_TERM] = None
    if output.attribute_logits:
        names[ATTRIBUTE_TERM] = None
    return tuple(names)


def weighting_for(config: ObjectiveConfig, terms: Iterable[str]) -> UncertaintyWeighting | FixedWeighting:
    """Returns the weighting of the named terms.

    Raises:
        ReseenError: If a fixed weight is given to a term that is not there, or beside learnt ones.
    """
    terms = tuple(terms)
    if config.weighting == "uncertainty":
        if config.weights:
            raise ReseenError("objective.weights has no effect with weighting: uncertainty; leave one of them out")
        return UncertaintyWeighting(terms)
    unknown = sorted(config.weights.keys() - set(terms))
    if unknown:
        raise ReseenError(f"objective.weights names {unknown[0]!r}, but the terms are: {', '.join(terms)}")
    return FixedWeighting(config.weights)
