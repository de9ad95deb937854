"""The multi-view attribute net."""

from __future__ import annotations

import pytest
import torch

from reseen.data.attributes import Attribute, AttributeSchema, binary, multi_class
from reseen.data.batch import PersonBatch
from reseen.losses.attributes import attribute_loss
from reseen.models.mva import LocalView, MultiViewAttributeNet, MultiViewAttributeNetConfig

SCHEMA = AttributeSchema(
    "own",
    (binary("hat"), multi_class("age", "child", "adult", "old"), Attribute("color", ("red", "blue"), "multi_label")),
)


def build(**options: object) -> MultiViewAttributeNet:
    torch.manual_seed(0)
    return MultiViewAttributeNet(
        MultiViewAttributeNetConfig(**{"backbone": "resnet18", "attributes": SCHEMA, **options})
    )


@pytest.mark.parametrize(("local_views", "width"), [(True, 600 + 3 * 200), (False, 600)])
def test_output(local_views: bool, width: int) -> None:
    model = build(local_views=local_views).eval()
    output = model(PersonBatch(torch.rand(2, 3, 96, 32)))
    assert model.combined[0].weight.shape == (2048, width)
    assert output.features["combined"].shape == (2, 2048)
    assert {name: logits.shape[1] for name, logits in output.attribute_logits["attribute"].items()} == {
        "hat": 1,
        "age": 3,
        "color": 2,
    }
    # What a binary attribute does not say twice, the descriptor does not have twice.
    assert model.columns == ("hat", "age:child", "age:adult", "age:old", "color:red", "color:blue")
    told = output.attribute_probabilities(SCHEMA)
    torch.testing.assert_close(output.embedding, torch.cat([told["hat"][:, 1:], told["age"], told["color"]], 1))


@pytest.mark.parametrize("backbone", ["convnext_atto", "mobilenetv3_small_050"])
def test_other_backbones_have_a_stem(backbone: str) -> None:
    assert build(backbone=backbone).eval()(PersonBatch(torch.rand(1, 3, 96, 64))).embedding.shape == (1, 6)


def test_each_local_view_sees_its_third() -> None:
    """What happens in the lowest rows reaches the last view alone, but for a convolution's width at the border."""
    model = build().eval()
    images = torch.rand(1, 3, 96, 32)
    changed = images.clone()
    changed[:, :, 80:] = 0
    seen: list[list[torch.Tensor]] = [[], [], []]
    for view, outputs in zip(model.local_views, seen, strict=True):
        view.register_forward_hook(lambda module, inputs, output, outputs=outputs: outputs.append(output))
    with torch.no_grad():
        model(PersonBatch(images))
        model(PersonBatch(changed))
    assert [torch.equal(before, after) for before, after in seen] == [True, True, False]


def test_number_of_weights() -> None:
    """Of a local view: 3×3 convolutions with batch norm, two residual blocks with 1×1 ones around them, 16 cells."""
    convolutions = 2 * (64 * 64 * 9 + 2 * 64)
    first = 2 * (64 * 64 * 9 + 2 * 64) + 64 * 64 + 2 * 64
    second = 64 * 128 * 9 + 128 * 128 * 9 + 64 * 128 + 3 * 2 * 128
    linear = 128 * 16 * 200 + 2 * 200
    assert sum(p.numel() for p in LocalView(64).parameters()) == convolutions + first + second + linear


def test_every_parameter_is_reached() -> None:
    model = build(freeze_stages=1)
    output = model(PersonBatch(torch.rand(4, 3, 64, 32)))
    labels = torch.tensor([[0, 1, 0, 1], [1, 0, 1, 1], [0, 2, 0, 0], [1, 2, 1, 0]])
    attribute_loss(output.attribute_logits["attribute"], labels, SCHEMA).backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name


def test_learns_a_few_persons_by_heart() -> None:
    model = build(backbone="resnet10t")
    images = torch.rand(6, 3, 64, 32)
    labels = torch.tensor([[0, 1, 0, 1], [1, 0, 1, 1], [0, 2, 0, 0], [1, 2, 1, 0], [0, 0, 1, 1], [1, 1, 0, 0]])
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(6):
        optimizer.zero_grad()
        loss = attribute_loss(model(PersonBatch(images)).attribute_logits["attribute"], labels, SCHEMA)
        loss.backward()
        optimizer.step()
    assert loss < 0.1
