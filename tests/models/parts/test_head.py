"""Identity heads: what is descriptor, what the metric loss sees, and the linearisation for the map."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from reseen.models.parts.head import IdentityHead, NeckName


def used_head(neck: NeckName, dim: int | None) -> IdentityHead:
    """Returns a head in eval mode whose batch norm has seen something."""
    torch.manual_seed(0)
    head = IdentityHead(8, 5, dim, neck)
    if isinstance(head.norm, nn.BatchNorm1d):
        nn.init.uniform_(head.norm.weight, 0.5, 1.5)
        if neck == "relu":
            nn.init.uniform_(head.norm.bias, -0.5, 0.5)
    for _ in range(5):
        head(torch.randn(16, 8) * 2 + 1)
    return head.eval()


def test_relu_head_is_the_papers() -> None:
    """1x1 convolution, batch norm, ReLU = V, linear with bias."""
    head = used_head("relu", 6)
    pooled = torch.randn(3, 8)
    convolved = functional.conv2d(pooled[:, :, None, None], head.reduction.weight[:, :, None, None])[:, :, 0, 0]
    output = head(pooled)
    torch.testing.assert_close(output.embedding, head.norm(convolved).relu())
    assert output.metric is output.embedding
    expected = output.embedding @ head.classifier.weight.T + head.classifier.bias
    torch.testing.assert_close(output.logits, expected)


@pytest.mark.parametrize("dim", [6, None])
def test_bnneck(dim: int | None) -> None:
    head = used_head("bnneck", dim)
    pooled = torch.randn(3, 8)
    output = head(pooled)
    torch.testing.assert_close(output.metric, pooled if dim is None else pooled @ head.reduction.weight.T)
    torch.testing.assert_close(output.embedding, head.norm(output.metric))
    assert head.classifier.bias is None
    assert not head.norm.bias.requires_grad
    assert head.norm.bias.eq(0).all()


@pytest.mark.parametrize("dim", [6, None])
def test_no_neck(dim: int | None) -> None:
    output = used_head("none", dim)(torch.randn(3, 8))
    assert output.embedding is output.metric
    assert output.embedding.shape == (3, dim or 8)


@pytest.mark.parametrize(("neck", "dim"), [("relu", 6), ("bnneck", 6), ("bnneck", None), ("none", 6), ("none", None)])
def test_direction_is_the_gradient_of_the_logit(neck: NeckName, dim: int | None) -> None:
    head = used_head(neck, dim)
    pooled = torch.randn(4, 8, requires_grad=True)
    classes = torch.tensor([0, 4, 2, 2])
    output = head(pooled)
    output.logits.gather(1, classes[:, None]).sum().backward()
    direction = head.direction(output.embedding, head.classifier.weight[classes])
    torch.testing.assert_close(direction, pooled.grad)
    predicted = head.direction(output.embedding, head.classifier.weight[output.logits.argmax(1)])
    assert torch.equal(head.linearised(output), predicted)


def test_without_a_classifier_the_direction_is_that_of_the_descriptor() -> None:
    torch.manual_seed(0)
    head = IdentityHead(8, None, 6, "bnneck").eval()
    pooled = torch.randn(4, 8, requires_grad=True)
    output = head(pooled)
    assert output.logits.shape == (4, 0)
    (output.embedding * output.embedding.detach()).sum().backward()
    torch.testing.assert_close(head.linearised(output), pooled.grad)
