"""The tensor sketch: by polynomials and by Fourier transforms, and what its inner products are worth."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from reseen.models.parts.compact_bilinear import CompactBilinearPooling, signed_root


def count_sketch(values: Tensor, bins: Tensor, signs: Tensor, dim: int) -> Tensor:
    """Returns (..., d), of values (..., C)."""
    return values * signs @ functional.one_hot(bins, dim).to(values)


def test_a_tiny_case_by_polynomial_multiplication() -> None:
    """f = (2, 3) becomes 2x - 3x², g = (5, 7) becomes 5x³ + 7: their product mod x⁴ - 1 is the sketch."""
    pooling = CompactBilinearPooling(2, 2, 4)
    pooling.first_bins.copy_(torch.tensor([1, 2]))
    pooling.first_signs.copy_(torch.tensor([1.0, -1.0]))
    pooling.second_bins.copy_(torch.tensor([3, 0]))
    pooling.second_signs.copy_(torch.tensor([1.0, 1.0]))
    first, second = torch.tensor([2.0, 3.0]).view(1, 2, 1, 1), torch.tensor([5.0, 7.0]).view(1, 2, 1, 1)
    # (2x - 3x²)(5x³ + 7) = 10x⁴ - 15x⁵ + 14x - 21x² = 10 - x - 21x²
    torch.testing.assert_close(pooling(first, second), torch.tensor([[10.0, -1.0, -21.0, 0.0]]))


def test_equals_the_product_in_the_fourier_domain_at_each_location() -> None:
    torch.manual_seed(0)
    pooling = CompactBilinearPooling(12, 5, 50)
    first, second = torch.randn(3, 12, 4, 2), torch.randn(3, 5, 4, 2)
    sketches = [
        count_sketch(values.flatten(2).mT.double(), bins, signs.double(), 50)  # (B, locations, d)
        for values, bins, signs in (
            (first, pooling.first_bins, pooling.first_signs),
            (second, pooling.second_bins, pooling.second_signs),
        )
    ]
    product = torch.fft.rfft(sketches[0]) * torch.fft.rfft(sketches[1])
    expected = torch.fft.irfft(product, n=50).sum(1)
    torch.testing.assert_close(pooling(first, second).double(), expected, rtol=1e-4, atol=1e-4)


def errors(dim: int, draws: int) -> Tensor:
    """Returns how far inner products of sketches are off the bilinear features' own, relative to their lengths."""
    generator = torch.Generator().manual_seed(1)
    first = torch.randn(2, 20, 3, 1, generator=generator)
    second = torch.randn(2, 6, 3, 1, generator=generator)
    exact = torch.einsum("bihw,bjhw->bij", first, second).flatten(1)
    lengths = exact.norm(dim=1).prod()
    sketches = [CompactBilinearPooling(20, 6, dim, seed)(first, second) for seed in range(draws)]
    return torch.stack([(a @ b - exact[0] @ exact[1]) / lengths for a, b in sketches])


def test_inner_products_are_right_on_average_and_closer_with_more_numbers() -> None:
    """The error is about 1/√d, so a 16th of the variance at 16 times the numbers."""
    few, many = errors(64, 400), errors(1024, 400)
    for found, dim in ((few, 64), (many, 1024)):
        assert found.mean().abs() < 4 * found.std() / 20, "within four standard errors of 400 draws"
        assert 0.5 < found.std() * dim**0.5 < 2
    assert 3 < few.std() / many.std() < 5.5


def test_bins_and_signs_are_always_the_same() -> None:
    torch.manual_seed(0)
    one = CompactBilinearPooling(100, 7)
    torch.manual_seed(5)
    other = CompactBilinearPooling(100, 7)
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())
    assert set(one.state_dict()) == {"first_bins", "first_signs", "second_bins", "second_signs"}
    assert not list(one.parameters())
    assert len(one.bins.unique()) > 600  # 700 entries in 8000 bins: some thirty fall together
    assert set(one.first_signs.tolist()) == {-1.0, 1.0}
    assert not torch.equal(one.first_bins, CompactBilinearPooling(100, 7, seed=1).first_bins)


def test_gradients() -> None:
    torch.manual_seed(0)
    pooling = CompactBilinearPooling(4, 3, 6).double()
    first = torch.randn(2, 4, 2, 2, dtype=torch.float64, requires_grad=True)
    second = torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, b: signed_root(pooling(a, b))[0], (first, second))


def test_shares_of_the_locations_add_up() -> None:
    """And each is what that location alone would have given."""
    torch.manual_seed(0)
    pooling = CompactBilinearPooling(12, 5, 30)
    first, second, direction = torch.randn(2, 12, 3, 2), torch.randn(2, 5, 3, 2), torch.randn(2, 30)
    shares = pooling.shares(first, second, direction)
    torch.testing.assert_close(shares.sum((1, 2)), (pooling(first, second) * direction).sum(1), rtol=1e-4, atol=1e-4)
    alone = pooling(first[:, :, 1:2, :1], second[:, :, 1:2, :1])
    torch.testing.assert_close(shares[:, 1, 0], (alone * direction).sum(1), rtol=1e-4, atol=1e-4)


def test_signed_root() -> None:
    sketch = torch.tensor([[9.0, -16.0, 0.0]])
    root, factor = signed_root(sketch)
    torch.testing.assert_close(root, torch.tensor([[0.6, -0.8, 0.0]]), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(sketch * factor, root)


@pytest.mark.parametrize("value", [0.0, 1e-8])
def test_no_slope_is_infinite(value: float) -> None:
    """Bins that nothing falls into are 0, and so are all where a picture has no pose."""
    sketch = torch.full((1, 4), value, requires_grad=True)
    (signed_root(sketch)[0] @ torch.arange(4.0)).sum().backward()
    assert sketch.grad.isfinite().all()
