"""Convolutions with quick gradients are the convolutions they stand for, forwards and backwards."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reseen.training.loop.gradients import quick_gradients

CPU = torch.device("cpu")
SHAPES = [  # channels in and out, kernel, stride, padding, sides of the map; as many in as out: depthwise
    (3, 5, 1, 1, 0, (4, 3)),
    (3, 5, 1, 2, 0, (5, 4)),
    (3, 4, 3, 1, 1, (4, 2)),
    (3, 4, 3, 2, 1, (7, 4)),
    (2, 3, (1, 7), 1, (0, 3), (4, 5)),
    (2, 3, (3, 2), (2, 1), (1, 0), (6, 5)),
    (3, 4, 3, 1, 1, (20, 20)),  # a large map
    (4, 4, 5, 1, 2, (6, 5)),
    (4, 4, 3, 2, 1, (6, 5)),
    (4, 4, 3, 1, 1, (6, 5)),
]


def gradients(conv: nn.Conv2d, image: Tensor, pull: Tensor) -> list[Tensor]:
    image = image.clone().requires_grad_()
    conv.zero_grad()
    output = conv(image)
    output.backward(pull.to(output.dtype))
    assert image.grad is not None
    return [output.detach(), image.grad, *(each.grad for each in conv.parameters() if each.grad is not None)]


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("inwards", "out", "kernel", "stride", "padding", "sides"), SHAPES)
def test_values_and_gradients_are_those_of_the_convolution(
    inwards: int, out: int, kernel: int, stride: int, padding: int, sides: tuple[int, int], bias: bool
) -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(inwards, out, kernel, stride, padding, groups=out if inwards == out else 1, bias=bias)
    image = torch.randn(2, inwards, *sides).contiguous(memory_format=torch.channels_last)
    pull = torch.randn_like(conv(image))
    exact = gradients(conv.double(), image.double(), pull.double())
    conv.float()
    with torch.autocast("cpu", torch.bfloat16), quick_gradients(CPU):
        found = gradients(conv, image, pull)
    assert len(found) == 3 + bias
    for mine, true in zip(found, exact, strict=True):
        assert mine.shape == true.shape
        assert (mine - true).norm() < 0.01 * true.norm()


def test_small_maps_and_points_leave_the_convolution() -> None:
    image = torch.randn(2, 4, 6, 3)
    with torch.autocast("cpu", torch.bfloat16), quick_gradients(CPU):
        assert "Products" in str(nn.Conv2d(4, 4, 3, bias=False)(image).grad_fn)
        assert "Convolution" in str(nn.Conv2d(4, 4, 3, groups=4, bias=False)(image).grad_fn)
        assert "Float32" in str(nn.Conv2d(4, 4, 5, padding=2, groups=4, bias=False)(image).grad_fn)
        assert "Float32" in str(nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=4, bias=False)(image).grad_fn)
        assert "Convolution" in str(nn.Conv2d(4, 4, 3, padding=20, bias=False)(image).grad_fn)  # 44 x 41 pixels
        assert "Convolution" not in str(nn.Conv2d(4, 4, 1, bias=False)(image).grad_fn)


def test_nothing_changes_in_float32_and_what_need_not_be_known_is_not_computed() -> None:
    image, conv = torch.randn(2, 4, 6, 3), nn.Conv2d(4, 4, 3, bias=False)
    with quick_gradients(CPU):
        assert "Convolution" in str(conv(image).grad_fn)
    conv.requires_grad_(False)
    with torch.autocast("cpu", torch.bfloat16), quick_gradients(CPU):
        conv(image.requires_grad_()).sum().backward()
    assert conv.weight.grad is None
    assert image.grad is not None


@pytest.mark.parametrize(
    ("image", "weight", "settings"),
    [
        ((2, 3, 6, 5), (4, 3, 3, 3), {"stride": 2, "padding": 1}),  # numbers in place of pairs
        ((2, 3, 6, 5), (6, 1, 5, 5), {"padding": 2, "groups": 3}),  # two kernels a channel
        ((2, 1, 40, 20), (4, 1, 5, 5), {"padding": 2}),  # one channel
        ((3, 6, 5), (4, 3, 3, 3), {}),  # no batch
        ((2, 3, 8, 8), (4, 3, 3, 3), {"padding": "same", "dilation": 2}),
    ],
)
def test_whatever_else_a_convolution_may_be_stays_it(
    image: tuple[int, ...], weight: tuple[int, ...], settings: dict[str, Any]
) -> None:
    torch.manual_seed(0)
    pixels, kernel = torch.randn(image), torch.randn(weight).requires_grad_()
    (true,) = torch.autograd.grad(torch.conv2d(pixels, kernel, **settings).square().sum(), kernel)
    with torch.autocast("cpu", torch.bfloat16), quick_gradients(CPU):
        output = torch.conv2d(pixels, kernel, **settings)
    (found,) = torch.autograd.grad(output.float().square().sum(), kernel)
    assert (found - true).norm() < 0.02 * true.norm()
