"""The attribute-complementary re-id net."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from reseen.data.attributes import AttributeSchema, binary, multi_class
from reseen.data.batch import PersonBatch
from reseen.losses.objective import Objective, ObjectiveConfig
from reseen.models.acrn import AttributeComplementaryNet, AttributeComplementaryNetConfig, ReIdNet

SCHEMA = AttributeSchema("own", (binary("hat"), multi_class("age", "child", "adult", "old")))
ATTRIBUTE_NET = {"model": {"backbone": "test_resnet", "attributes": SCHEMA}, "size": (64, 32)}
TERMS = [
    {"kind": "identity"},
    {"kind": "attribute_triplet", "beside": "attributes"},
    {"kind": "attribute_triplet", "name": "attributes", "heads": ["attributes"], "margin": 4},
]


def build(**options: object) -> AttributeComplementaryNet:
    torch.manual_seed(0)
    options = {"num_identities": 5, "attribute_net": ATTRIBUTE_NET, "dim": 16, **options}
    return AttributeComplementaryNet(AttributeComplementaryNetConfig(**options))


def batch(count: int = 6) -> PersonBatch:
    torch.manual_seed(1)
    return PersonBatch(
        torch.rand(count, 3, 160, 64),
        labels=torch.arange(count) % 2,
        views={"attributes": torch.rand(count, 3, 64, 32)},
        triplets=torch.tensor([[0, 2, 1], [3, 5, 4]]),
    )


def test_squared_distance_of_descriptors_is_the_papers_sum() -> None:
    """Feature distance + γ · weighted attribute distance (section 4), so that any index can serve the descriptor."""
    model = build(gamma=0.7).eval()
    torch.nn.init.uniform_(model.weights.weight)
    persons = batch(2)
    with torch.no_grad():
        output = model(persons)
        predicted = model.attribute_net(PersonBatch(persons.views["attributes"]))
    assert output.embedding.shape == (2, 16 + 4)
    f, a = output.features["global"], model.weights.weight * predicted.features["attributes"]
    torch.testing.assert_close(f.norm(dim=1), torch.ones(2))
    fused = (output.embedding[0] - output.embedding[1]).square().sum()
    torch.testing.assert_close(fused, (f[0] - f[1]).square().sum() + 0.7 * (a[0] - a[1]).square().sum())
    assert output.attribute_probabilities(model.config.attributes)["age"].shape == (2, 3)


def test_parts_stand_alone_for_the_baselines() -> None:
    reid = build(attribute_net=None)
    assert set(reid(batch()).features) == {"global"}
    assert not reid.extra_sizes
    assert not reid.fixed(batch())
    assert not reid.attribute_weights()
    alone = build(reid_net=False).eval()
    output = alone(batch())
    assert set(output.features) == {"attributes"}
    assert not output.identity_logits
    torch.testing.assert_close(output.embedding, math.sqrt(0.5) * alone.fixed(batch())["attributes"])


def test_what_is_given_is_not_computed_again() -> None:
    model, persons = build(), batch()
    expected = model(persons).features["attributes"]
    given = replace(persons, given=model.fixed(persons), views={})
    torch.testing.assert_close(model(given).features["attributes"], expected)


def test_attribute_net_stays_as_it_is() -> None:
    model = build().train()
    before = {name: value.clone() for name, value in model.attribute_net.state_dict().items()}
    model(batch())
    assert all(torch.equal(before[name], value) for name, value in model.attribute_net.state_dict().items())
    assert not any(parameter.requires_grad for parameter in model.attribute_net.parameters())


def test_every_trained_parameter_is_reached() -> None:
    model = build()
    objective = Objective(ObjectiveConfig.model_validate({"terms": TERMS}))
    loss, _ = objective(model(batch()), batch())
    loss.backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name
    assert model.weights.weight.grad.abs().min() > 0


def test_number_of_weights() -> None:
    """By hand from the layers; at 160×64 the last map is 5×2."""

    def conv(kernel: int, inputs: int, outputs: int) -> int:
        return kernel * kernel * inputs * outputs + 2 * outputs  # the batch norm's two; no bias

    def residual(channels: int, width: int) -> int:  # branches of one, two and three convolutions
        return 3 * conv(1, channels, width) + 3 * conv(3, width, width) + (3 * width + 1) * channels

    def pooling(inputs: int, outputs: int, width: int) -> int:  # beside the pooled map, a half each of what is new
        new = (outputs - inputs) // 2
        return 2 * conv(1, inputs, width) + conv(3, width, width) + 2 * conv(3, width, new)

    first = conv(3, 3, 32) + conv(3, 32, 32) + conv(3, 32, 48) + conv(3, 48, 64)
    plain = conv(1, 64, 64) + conv(1, 64, 48) + conv(5, 48, 64)  # Inception-v3's block: 1×1, 5×5,
    plain += conv(1, 64, 64) + conv(3, 64, 96) + conv(3, 96, 96) + conv(1, 64, 32)  # two of 3×3, and pooling
    blocks = residual(256, 32) + pooling(256, 384, 64) + residual(384, 96) + pooling(384, 640, 96)
    blocks += 3 * residual(640, 128) + pooling(640, 1024, 128)
    linear = (1024 * 5 * 2 + 1) * 512 + (512 + 1) * 751
    net = ReIdNet(751, 512, "none").eval()
    assert sum(parameter.numel() for parameter in net.parameters()) == first + plain + blocks + linear == 10_545_167
    with torch.no_grad():
        assert net.blocks(net.stem(torch.rand(1, 3, 160, 64))).shape == (1, 1024, 5, 2)


@pytest.mark.parametrize("neck", ["none", "bnneck"])
def test_features_for_the_losses_are_those_of_the_neck(neck: str) -> None:
    model = build(neck=neck, attribute_net=None).train()
    output = model(PersonBatch(torch.rand(4, 3, 64, 32)))
    torch.testing.assert_close(output.metric_features["global"].norm(dim=1), torch.ones(4))
    assert output.metric_features["global"].allclose(output.features["global"]) == (neck == "none")


def test_learns_a_few_persons_by_heart() -> None:
    model = build(attribute_net=None)
    persons, labels = torch.rand(6, 3, 64, 32), torch.arange(6) % 3
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(8):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(PersonBatch(persons)).identity_logits["global"], labels)
        loss.backward()
        optimizer.step()
    assert loss < 0.2


def test_attribute_weights_are_named_once_they_are_learnt() -> None:
    model = build()
    assert model.attribute_weights() == {}
    torch.nn.init.constant_(model.weights.weight, -2)
    assert model.attribute_weights() == {"hat": 2, "age:child": 2, "age:adult": 2, "age:old": 2}


def test_configuration_survives_json() -> None:
    config = build().config
    assert AttributeComplementaryNetConfig.model_validate_json(config.model_dump_json()) == config
