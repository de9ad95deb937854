"""Convolutions with gradients in other ways, where a processor's own in bfloat16 is slow.

oneDNN multiplies matrices of bfloat16 at the processor's full speed, but finds the gradients of a convolution's weights
on small maps, as re-identification has them, several times slower (`benchmarks/training.py`): there they are matrix
products. Those of depthwise convolutions it finds sooner in float32. The values are the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.grad import conv2d_input
from torch.overrides import TorchFunctionMode

_SMALL = 256
"""Up to so many pixels a map, kernels above 1x1 have their weights' gradients sooner by products."""
_SHORT = 9
"""Up to so many weights a channel, unless it steps over pixels, a depthwise convolution is fast as it is."""
_Pair = tuple[int, int]


def quick_gradients(device: torch.device) -> AbstractContextManager[object]:
    """Has a forward pass prepare for quick gradients, if it is one on a processor in bfloat16."""
    kind = device.type
    pays = kind == "cpu" and torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) == torch.bfloat16
    return _QuickGradients() if pays else nullcontext()


class _QuickGradients(TorchFunctionMode):
    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Collection[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        return (_convolve if func is torch.conv2d else func)(*args, **(kwargs or {}))


def _convolve(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | _Pair = 1,
    padding: int | _Pair | str = 0,
    dilation: int | _Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Returns what `torch.conv2d` does."""
    if input.dim() != 4 or _pair(dilation) != (1, 1) or isinstance(padding, str):
        return torch.conv2d(input, weight, bias, stride, padding, dilation, groups)
    stride, padding, kernel = _pair(stride), _pair(padding), tuple(weight.shape[2:])
    if groups == 1 and kernel == (1, 1) and padding == (0, 0):
        pixels = input[:, :, :: stride[0], :: stride[1]].permute(0, 2, 3, 1)
        return functional.linear(pixels, weight.flatten(1), bias).permute(0, 3, 1, 2)
    if groups == 1 and _pixels(input, weight, stride, padding) <= _SMALL:
        way: type[_WeightsByProducts | _GradientsInFloat32] = _WeightsByProducts
    elif 1 < groups == input.shape[1] == len(weight) and (stride != (1, 1) or math.prod(kernel) > _SHORT):
        way = _GradientsInFloat32
    else:
        return torch.conv2d(input, weight, bias, stride, padding, dilation, groups)
    if torch.is_autocast_enabled("cpu"):
        input, weight = input.bfloat16(), weight.bfloat16()
    output: Tensor = way.apply(input, weight, stride, padding)
    return output if bias is None else output + bias.to(output).view(-1, 1, 1)


def _pair(value: int | Sequence[int]) -> _Pair:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


def _pixels(image: Tensor, weight: Tensor, stride: _Pair, padding: _Pair) -> int:
    """Returns how many the map that comes out has."""
    sides = zip(image.shape[2:], weight.shape[2:], stride, padding, strict=True)
    return math.prod((side + 2 * pad - kernel) // step + 1 for side, kernel, step, pad in sides)


class _WeightsByProducts(torch.autograd.Function):
    """A convolution; the gradient of each row of its kernel is one product."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, weight: Tensor, stride: _Pair, padding: _Pair) -> Tensor:
        ctx.save_for_backward(image, weight)
        ctx.stride, ctx.padding = stride, padding
        return torch.conv2d(image, weight, None, stride, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        (image, weight), (down, right), (above, left) = ctx.saved_tensors, ctx.stride, ctx.padding
        gradient = gradients[0].contiguous(memory_format=torch.channels_last)
        of_image = of_weight = None
        if ctx.needs_input_grad[0]:
            of_image = conv2d_input(image.shape, weight, gradient, ctx.stride, ctx.padding)  # type: ignore[no-untyped-call]
        if ctx.needs_input_grad[1]:
            (out, width, kernel_height, kernel_width), (height, length) = weight.shape, gradient.shape[2:]
            pixels = gradient.permute(0, 2, 3, 1).reshape(-1, out).t()
            padded = functional.pad(image, (left, left, above, above)).permute(0, 2, 3, 1)
            rows = []
            for y in range(kernel_height):
                line = padded[:, y : y + down * (height - 1) + 1 : down]
                seen = [line[:, :, x : x + right * (length - 1) + 1 : right] for x in range(kernel_width)]
                rows.append(pixels @ torch.cat(seen, dim=3).view(-1, kernel_width * width))
            of_weight = torch.stack(rows, dim=1).view(out, kernel_height, kernel_width, width).permute(0, 3, 1, 2)
        return of_image, of_weight, None, None


class _GradientsInFloat32(torch.autograd.Function):
    """A depthwise convolution."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, weight: Tensor, stride: _Pair, padding: _Pair) -> Tensor:
        ctx.save_for_backward(image, weight)
        ctx.stride, ctx.padding = stride, padding
        return torch.conv2d(image, weight, None, stride, padding, 1, len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        image, weight = ctx.saved_tensors
        of_image, of_weight, _ = torch.ops.aten.convolution_backward(
            *(each.float() for each in (gradients[0], image, weight)),
            bias_sizes=None,
            stride=ctx.stride,
            padding=ctx.padding,
            dilation=(1, 1),
            transposed=False,
            output_padding=(0, 0),
            groups=len(weight),
            output_mask=(*ctx.needs_input_grad[:2], False),
        )
        return (
            None if of_image is None else of_image.to(image),
            None if of_weight is None else of_weight.to(weight),
            None,
            None,
        )
