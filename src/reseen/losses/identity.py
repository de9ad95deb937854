"""Identity classification."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from reseen.data.batch import PersonBatch
from reseen.data.person import NO_LABEL
from reseen.errors import ReseenError
from reseen.losses.term import Term, TermConfig
from reseen.models.output import PersonOutput


def identity_loss(logits: Tensor, labels: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Returns the softmax cross-entropy over images of known persons, a scalar, in float32; 0 if there are none.

    Args:
        logits: (B, C).
        labels: (B,) class indices, ``NO_LABEL`` for unknown persons.
        label_smoothing: ε of Szegedy et al. (CVPR 2016): the target is (1 - ε)·one-hot + ε/C.
    """
    loss = functional.cross_entropy(logits.float(), labels, ignore_index=NO_LABEL, label_smoothing=label_smoothing)
    # Chosen on the device, which an `if` would make the host wait for.
    return torch.where((labels != NO_LABEL).any(), loss, torch.zeros_like(loss))


class IdentityConfig(TermConfig):
    """`identity_loss` of identity heads.

    Attributes:
        label_smoothing: ε.
    """

    kind: Literal["identity"]
    label_smoothing: float = Field(0.0, ge=0, lt=1)


class Identity(Term[IdentityConfig]):
    """Sum over heads of `identity_loss` (AANet: L_g, L_p, L_aa, equation 2)."""

    def heads(self, output: PersonOutput) -> dict[str, Tensor]:
        return self.chosen(output.identity_logits, "identity logits")

    def __call__(self, output: PersonOutput, batch: PersonBatch) -> Tensor:
        if batch.labels is None:
            raise ReseenError(f"objective term {self.config.title!r}: these images have no person ids to learn")
        heads = self.heads(output).values()
        first, *others = (identity_loss(logits, batch.labels, self.config.label_smoothing) for logits in heads)
        for loss in others:
            first = first + loss
        return first
