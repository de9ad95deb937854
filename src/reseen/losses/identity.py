"""Identity classification."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from reseen.data.person import NO_LABEL


def identity_loss(logits: Tensor, labels: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Returns the softmax cross-entropy over images of known persons, a scalar, in float32; 0 if there are none.

    Args:
        logits: (B, C).
        labels: (B,) class indices, ``NO_LABEL`` for unknown persons.
        label_smoothing: ε of Szegedy et al. (CVPR 2016): the target is (1 - ε)·one-hot + ε/C.
    """
    if bool((labels == NO_LABEL).all()):
        return logits.float().sum() * 0  # keeps the graph whole
    return functional.cross_entropy(logits.float(), labels, ignore_index=NO_LABEL, label_smoothing=label_smoothing)
