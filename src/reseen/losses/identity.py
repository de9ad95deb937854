"""Identity classification."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def identity_loss(logits: Tensor, labels: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Returns the softmax cross-entropy, a scalar, in float32.

    Args:
        logits: (B, C).
        labels: (B,) class indices.
        label_smoothing: ε of Szegedy et al. (CVPR 2016): the target is (1 - ε)·one-hot + ε/C.
    """
    return functional.cross_entropy(logits.float(), labels, label_smoothing=label_smoothing)
