"""The head Z → V → C that turns a pooled feature into a descriptor and identity logits."""

from __future__ import annotations

from typing import Literal, NamedTuple

from torch import Tensor, nn

NeckName = Literal["none", "relu", "bnneck"]


class HeadOutput(NamedTuple):
    """What a head gives for B pooled features.

    Attributes:
        embedding: (B, V) descriptor.
        metric: (B, V) feature for metric losses.
        logits: (B, C); (B, 0) without a classifier.
    """

    embedding: Tensor
    metric: Tensor
    logits: Tensor


class IdentityHead(nn.Module):
    """Reduction, neck and identity classifier.

    ``relu`` (AANet, section 3.1): 1x1 convolution → batch norm → ReLU = descriptor → linear.
    ``bnneck`` (Luo et al. 2019, section 3.5): the reduced feature is for metric losses, its batch norm
    without a learnt shift is the descriptor, and the classifier has no bias.
    ``none``: the (reduced) feature is everything.

    Args:
        in_channels: Z.
        num_identities: C, or None for no classifier.
        dim: V, or None for no reduction (then V = Z).
        neck: See above.
    """

    def __init__(
        self, in_channels: int, num_identities: int | None, dim: int | None = 256, neck: NeckName = "relu"
    ) -> None:
        super().__init__()
        self.neck = neck
        width = in_channels if dim is None else dim
        # A 1x1 convolution of a 1x1 map is a linear layer; batch norm follows, so a bias would be lost.
        self.reduction = nn.Identity() if dim is None else nn.Linear(in_channels, dim, bias=neck == "none")
        self.norm = nn.Identity() if neck == "none" else nn.BatchNorm1d(width)
        self.classifier = None if num_identities is None else nn.Linear(width, num_identities, bias=neck != "bnneck")
        if isinstance(self.reduction, nn.Linear):
            # fan_in: distances between metric features start no larger than between pooled ones, else the
            # triplet loss outweighs the classifier in the first steps and pulls all features together.
            nn.init.kaiming_normal_(self.reduction.weight, mode="fan_in", nonlinearity="relu")
            if self.reduction.bias is not None:
                nn.init.zeros_(self.reduction.bias)
        if neck == "bnneck" and isinstance(self.norm, nn.BatchNorm1d):
            self.norm.bias.requires_grad_(False)
        if self.classifier is not None:
            nn.init.normal_(self.classifier.weight, std=0.001)
            if self.classifier.bias is not None:
                nn.init.zeros_(self.classifier.bias)

    def forward(self, pooled: Tensor) -> HeadOutput:
        """Maps pooled features (B, Z) to descriptor, metric feature and logits."""
        reduced = self.reduction(pooled)
        normed = self.norm(reduced)
        embedding = normed.relu() if self.neck == "relu" else normed
        metric = embedding if self.neck == "relu" else reduced
        logits = embedding[:, :0] if self.classifier is None else self.classifier(embedding)
        return HeadOutput(embedding, metric, logits)

    def linearised(self, output: HeadOutput) -> Tensor:
        """Returns the direction (B, Z) in which the pooled feature raises the predicted identity's logit, in eval mode.

        Without a classifier: in which the descriptor's product with itself, as it is, grows.

        Args:
            output: What `forward` gave.
        """
        classes = None if self.classifier is None else self.classifier.weight[output.logits.argmax(1)]
        return self.direction(output.embedding, output.embedding if classes is None else classes)

    def direction(self, embedding: Tensor, rows: Tensor) -> Tensor:
        """Returns the direction (B, Z) in which the pooled feature raises row · embedding, in eval mode.

        Around one image the head is linear: batch norm is a scale S and a shift, ReLU passes the units that
        are active. So row · embedding = d · pooled + constant with d = (row ⊙ [V > 0] ⊙ S) · reduction.

        Args:
            embedding: (B, V) what `forward` gave; tells which units are active.
            rows: (B, V), such as those of a classifier.
        """
        direction = rows
        if self.neck == "relu":
            direction = direction * (embedding > 0)
        if isinstance(self.norm, nn.BatchNorm1d):
            assert self.norm.running_var is not None
            direction = direction * self.norm.weight * (self.norm.running_var + self.norm.eps).rsqrt()
        return direction @ self.reduction.weight if isinstance(self.reduction, nn.Linear) else direction
