"""Compact bilinear pooling (Gao et al., CVPR 2016) by tensor sketch (Pham, Pagh; KDD 2013)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

EPS = 1e-4
"""Added below the signed square root, whose slope at 0 would be infinite."""
_SEED = 20130811


class CompactBilinearPooling(nn.Module):
    """Sketches the bilinear feature Σ_l f_l ⊗ g_l of two maps, I·J numbers, in d numbers.

    A count sketch throws entry i of f into bin h(i) with a random sign s(i); the tensor sketch of f ⊗ g is the circular
    convolution of the count sketches of f and g, a product in the Fourier domain. Written out, entry (i, j) of f ⊗ g
    falls into bin (h₁(i) + h₂(j)) mod d with the sign s₁(i)·s₂(j). The sketch is linear, so it may be taken once of the
    sum over all locations instead of at each: with J as small as a pose network's 57 channels, that is seven times
    faster than 2·h·w Fourier transforms, and the same.

    Inner products of sketches are those of the bilinear features in expectation, with a variance in 1/d.

    Args:
        first: I, channels of the first map.
        second: J, of the second.
        dim: d.
        seed: Of bins and signs, which are never learnt.
    """

    first_bins: Tensor
    first_signs: Tensor
    second_bins: Tensor
    second_signs: Tensor

    def __init__(self, first: int, second: int, dim: int = 8000, seed: int = _SEED) -> None:
        super().__init__()
        self.dim = dim
        generator = torch.Generator("cpu").manual_seed(seed)
        for name, channels in (("first", first), ("second", second)):
            bins = torch.randint(dim, (channels,), generator=generator, device="cpu")
            signs = torch.randint(2, (channels,), generator=generator, device="cpu") * 2.0 - 1
            self.register_buffer(f"{name}_bins", bins)
            self.register_buffer(f"{name}_signs", signs)

    @property
    def bins(self) -> Tensor:
        """(I·J,) the bin of each entry of a bilinear feature."""
        return ((self.first_bins[:, None] + self.second_bins) % self.dim).flatten()

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the sketch (B, d), summed over all locations.

        Args:
            first: f, (B, I, h, w).
            second: g, (B, J, h, w).
        """
        bilinear = torch.einsum("bin,bjn->bij", first.flatten(2), second.flatten(2))
        bilinear = bilinear * self.first_signs[:, None] * self.second_signs
        sketch = bilinear.new_zeros(bilinear.shape[0], self.dim)
        return sketch.index_add(1, self.bins, bilinear.flatten(1))

    def shares(self, first: Tensor, second: Tensor, direction: Tensor) -> Tensor:
        """Returns what each location has put into the sketch's product with a direction: (B, h, w), which sums to it.

        Args:
            first: f, (B, I, h, w).
            second: g, (B, J, h, w).
            direction: (B, d).
        """
        signs = self.first_signs[:, None] * self.second_signs
        entries = direction[:, self.bins].view(-1, *signs.shape) * signs  # (B, I, J)
        seen = torch.einsum("bij,bihw->bjhw", entries, first)
        return (seen * second).sum(1)


def signed_root(sketch: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the signed square root of a sketch (B, d), scaled to length 1, and each number's factor.

    The result is sketch times factor; where single shares of a number are asked for, each is as large as what it has
    put into the number.
    """
    factor = (sketch.abs() + EPS).rsqrt()
    length = (sketch * factor).norm(dim=1, keepdim=True).clamp(min=1e-12)
    factor = factor / length
    return sketch * factor, factor
