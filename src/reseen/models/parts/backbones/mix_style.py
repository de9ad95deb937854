"""MixStyle: pictures of a batch lend each other their look, so that a network learns not to rely on it."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MixStyle(nn.Module):
    """Mixes the channel statistics of feature maps within a batch (Zhou et al., ICLR 2021, equations 5 to 7).

    In eval mode features pass unchanged.

    Args:
        probability: Share of the batches that are changed.
        alpha: Of the Beta distribution the shares are drawn from; at 0.1 most pictures get almost all of the one or
            of the other look.
    """

    def __init__(self, probability: float, alpha: float = 0.1) -> None:
        super().__init__()
        self.probability = probability
        self.shares = torch.distributions.Beta(alpha, alpha)

    def forward(self, features: Tensor) -> Tensor:
        """Returns (B, C, h, w) with each map's mean and deviation moved towards those of another picture."""
        if not self.training or torch.rand(()) >= self.probability:
            return features
        with torch.autocast(features.device.type, enabled=False):
            exact = features.float()
            mean = exact.mean((2, 3), keepdim=True).detach()
            deviation = (exact.var((2, 3), keepdim=True).detach() + 1e-6).sqrt()
            other = torch.randperm(len(exact), device=exact.device)
            own = self.shares.sample((len(exact), 1, 1, 1)).to(exact.device)
            mixed = (exact - mean) / deviation * torch.lerp(deviation[other], deviation, own)
            mixed = mixed + torch.lerp(mean[other], mean, own)
        return mixed.to(features.dtype).contiguous(memory_format=torch.channels_last)
