"""An objective: loss terms, and how they add up. A new loss is a file beside this one and a line in `TERMS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from reseen.data.batch import PersonBatch
from reseen.losses.attribute_triplet import AttributeTriplet, AttributeTripletConfig
from reseen.losses.attributes import Attributes, AttributesConfig
from reseen.losses.distillation import Similarity, SimilarityConfig, TaughtAttributes, TaughtAttributesConfig
from reseen.losses.identity import Identity, IdentityConfig
from reseen.losses.term import Term, TermConfig, Training
from reseen.losses.triplet import Triplet, TripletConfig
from reseen.losses.uncertainty import FixedWeighting, UncertaintyWeighting
from reseen.models.output import PersonOutput

TERMS: Mapping[type[TermConfig], type[Term[Any]]] = {
    IdentityConfig: Identity,
    AttributesConfig: Attributes,
    TripletConfig: Triplet,
    AttributeTripletConfig: AttributeTriplet,
    SimilarityConfig: Similarity,
    TaughtAttributesConfig: TaughtAttributes,
}
"""Term by its configuration, whose field ``kind`` names it in recipes."""

if TYPE_CHECKING:
    AnyTerm = TermConfig
else:
    AnyTerm = Annotated[Union[tuple(TERMS)], Field(discriminator="kind")]  # noqa: UP007


class ObjectiveConfig(BaseModel):
    """What a phase of training minimises.

    Attributes:
        terms: The terms, each of a kind with settings of its own.
        weighting: ``fixed``: each term's own ``weight``. ``uncertainty`` learns the weights.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    terms: tuple[AnyTerm, ...] = Field(min_length=1)
    weighting: Literal["uncertainty", "fixed"] = "fixed"

    @model_validator(mode="after")
    def _terms_can_be_told_apart(self) -> ObjectiveConfig:
        titles = [term.title for term in self.terms]
        if double := next((title for title in titles if titles.count(title) > 1), None):
            raise ValueError(f"two terms are called {double!r}: give one of them a name")
        if "loss" in titles:
            raise ValueError("no term can be called 'loss': that is the total's name")
        return self

    @model_validator(mode="after")
    def _weights_mean_something(self) -> ObjectiveConfig:
        if self.weighting == "uncertainty" and any(term.weight != 1 for term in self.terms):
            raise ValueError("a term's weight has no effect with weighting: uncertainty; leave one of them out")
        return self


class Objective(nn.Module):
    """Loss terms of one batch, and their weighted sum; learnt weights are its parameters.

    Args:
        config: The configuration.
        training: What terms may know about the training set.
    """

    def __init__(self, config: ObjectiveConfig, training: Training | None = None) -> None:
        super().__init__()
        self.terms = {term.title: TERMS[type(term)](term, training or Training()) for term in config.terms}
        self.weighting = (
            UncertaintyWeighting(self.terms)
            if config.weighting == "uncertainty"
            else FixedWeighting({term.title: term.weight for term in config.terms})
        )

    def forward(self, output: PersonOutput, batch: PersonBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns the total and each term by name, scalars in float32.

        Raises:
            ReseenError: If a term does not find its heads or labels.
        """
        with torch.autocast(next(iter(output.features.values())).device.type, enabled=False):
            terms = {name: term(output, batch) for name, term in self.terms.items()}
            return self.weighting(terms), terms

    def check(self, output: PersonOutput) -> None:
        """Makes sure that a system has the heads that the terms work on.

        Raises:
            ReseenError: If it does not; names term, head, and those there are.
        """
        for term in self.terms.values():
            term.heads(output)

    def learnt_weights(self) -> dict[str, float]:
        """Returns the current weight of each term, if they are learnt."""
        return self.weighting.weights() if isinstance(self.weighting, UncertaintyWeighting) else {}
