"""Distillation: what a trained model, the teacher, says of the same pictures is learnt, without any label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional

from reseen.data.attributes import Attribute
from reseen.data.batch import TAUGHT_DESCRIPTOR, PersonBatch, taught_attribute
from reseen.errors import ReseenError
from reseen.losses.term import Term, TermConfig, Training
from reseen.models.output import PersonOutput


def similarity_loss(features: Tensor, taught: Tensor) -> Tensor:
    """Returns the mean squared difference of two models' cosines over all pairs of different pictures, in float32.

    Cosines rank persons, and exist whatever the models' descriptors measure: Peng et al., Correlation Congruence for
    Knowledge Distillation (ICCV 2019), equation 6 with a linear kernel; Tung, Mori (ICCV 2019) compare rows of the same
    matrix.

    Args:
        features: (B, d) the student's descriptors, of any length.
        taught: (B, D) the teacher's.
    """
    own, wanted = (functional.normalize(each.float()) for each in (features, taught))
    others = ~torch.eye(len(own), dtype=torch.bool, device=own.device)
    return (own @ own.T - wanted @ wanted.T)[others].square().mean()


def divergence(attribute: Attribute, logits: Tensor, taught: Tensor) -> Tensor:
    """Returns the mean of KL(teacher ‖ student) over B pictures, in float32 (Hinton et al. 2015, temperature 1).

    Args:
        attribute: Of a multi-label attribute the classes' divergences add up, each a matter of its own.
        logits: (B, classes), or (B, 1) for a sigmoid: the student's.
        taught: (B, classes) the teacher's probabilities.
    """
    logits, taught = logits.float(), taught.float()
    if attribute.kind == "multi_label" or logits.shape[1] == 1:
        present = taught if attribute.kind == "multi_label" else taught[:, 1:]
        taught = torch.stack([1 - present, present], -1)  # (B, K, 2)
        told = torch.stack([functional.logsigmoid(-logits), functional.logsigmoid(logits)], -1)
    else:
        told = logits.log_softmax(1)
    return (torch.xlogy(taught, taught) - taught * told).sum() / len(logits)


class SimilarityConfig(TermConfig):
    """`similarity_loss` of what descriptors are made of."""

    learns_from_teacher: ClassVar[bool] = True

    kind: Literal["similarity"]
    name: str = "similarity"


class Similarity(Term[SimilarityConfig]):
    """`similarity_loss` of the descriptor, or of those of its features that are named, side by side."""

    def heads(self, output: PersonOutput) -> dict[str, Tensor]:
        return self.chosen({name: output.features[name] for name in output.descriptor}, "descriptors")

    def __call__(self, output: PersonOutput, batch: PersonBatch) -> Tensor:
        taught = batch.taught.get(TAUGHT_DESCRIPTOR)
        if taught is None:
            raise _no_teacher(self.config)
        return similarity_loss(torch.cat(list(self.heads(output).values()), 1), taught)


class TaughtAttributesConfig(TermConfig):
    """`divergence` of the attributes that heads predict and the teacher knows as well."""

    learns_from_teacher: ClassVar[bool] = True

    kind: Literal["taught_attributes"]
    name: str = "taught_attributes"


class TaughtAttributes(Term[TaughtAttributesConfig]):
    """Sum over heads of the mean over attributes of `divergence`."""

    def __init__(self, config: TaughtAttributesConfig, training: Training) -> None:
        super().__init__(config, training)
        self.schema = training.schema

    def heads(self, output: PersonOutput) -> Mapping[str, Mapping[str, Tensor]]:
        return self.chosen(output.attribute_logits, "attribute logits")

    def __call__(self, output: PersonOutput, batch: PersonBatch) -> Tensor:
        losses = []
        for logits in self.heads(output).values():
            told = {name: batch.taught.get(taught_attribute(name)) for name in logits}
            own = [
                divergence(self.schema[name], logits[name], taught)
                for name, taught in told.items()
                if self.schema is not None and taught is not None
            ]
            if not own:
                raise _no_teacher(self.config)
            losses.append(torch.stack(own).mean())
        return torch.stack(losses).sum()


def _no_teacher(config: TermConfig) -> ReseenError:
    return ReseenError(
        f"objective term {config.title!r} learns from a teacher, and none has seen these images: "
        "name its checkpoint in init.teacher"
    )
