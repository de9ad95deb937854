"""AANet: shapes, what each head sees, maps that equal the classifiers' evidence, and that it learns."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reseen.data.attributes import DUKE_SCHEMA, MARKET1501_SCHEMA, Attribute, AttributeSchema, binary, multi_class
from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.losses.objective import Objective, ObjectiveConfig
from reseen.losses.term import Training
from reseen.models.aanet import ATTRIBUTE_HEAD, AANet, AANetConfig
from reseen.models.parts.attention.cam import min_max_scale
from reseen.models.parts.body.regions import region_weights, shows_on
from tests.drawn import draw_person, labels_of

HEADS = ["global", *(f"part/{i}" for i in range(6)), "attention"]


def objective_of(*more: dict[str, object], **options: object) -> Objective:
    """The paper's four terms, and more."""
    heads = [{"kind": "identity", "heads": [head]} for head in ("global", "part", "attention")]
    content = {"terms": [*heads, {"kind": "attribute"}, *more], **options}
    return Objective(ObjectiveConfig.model_validate(content), Training(MARKET1501_SCHEMA))


def small(**options: object) -> AANet:
    """Returns an AANet on ResNet-18 whose residual branches and batch norms are not at their zero start."""
    torch.manual_seed(0)
    model = AANet(AANetConfig(**({"backbone": "resnet18", "num_identities": 5} | options)))
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            if module.bias.requires_grad:
                nn.init.uniform_(module.bias, -0.2, 0.2)
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
        elif isinstance(module, nn.Linear) and "classifier" in name:
            nn.init.normal_(module.weight, std=0.1)
    return model


@pytest.fixture
def images() -> Tensor:
    return torch.randn(4, 3, 96, 48, generator=torch.Generator().manual_seed(1))  # X: 512×6×3


def test_descriptor_and_shapes_of_aanet50() -> None:
    model = AANet(AANetConfig()).eval()
    with torch.no_grad():
        output = model(PersonBatch(torch.zeros(1, 3, 384, 128)))
    assert output.embedding.shape == (1, 3072)
    assert {name: tuple(logits.shape) for name, logits in output.identity_logits.items()} == dict.fromkeys(
        HEADS, (1, 751)
    )
    assert {name: logits.shape[1] for name, logits in output.attribute_logits[ATTRIBUTE_HEAD].items()} == {
        attribute.name: len(attribute.classes) for attribute in MARKET1501_SCHEMA
    }
    expected = {"id", "attention", "attention_kept", *(f"attribute/{name}" for name in MARKET1501_SCHEMA.names)}
    assert set(output.maps) == expected
    assert {tuple(values.shape) for values in output.maps.values()} == {(1, 24, 8)}


def test_aanet152_is_as_large_as_its_backbone_says() -> None:
    with torch.device("meta"):
        model = AANet(AANetConfig(backbone="resnet152", num_identities=702))
    assert sum(p.numel() for p in model.backbone.parameters()) == 58_143_808  # ResNet-152 without its classifier
    head = 2048 * 256 + 2 * 256 + 256 * 702 + 702
    assert all(sum(p.numel() for p in one.parameters()) == head for one in [model.global_head, *model.part_heads])


@pytest.mark.parametrize(
    ("options", "vectors", "terms"),
    [
        ({"parts": None, "attribute": False, "attention": ()}, 1, {"global"}),
        ({"attribute": False, "attention": ()}, 7, {"global", "part"}),
        ({"attention": ()}, 11, {"global", "part", "attribute"}),
        ({}, 12, {"global", "part", "attribute", "attention"}),
        ({"parts": None}, 6, {"global", "attribute", "attention"}),
        ({"dim": 32, "num_parts": 3}, 9, {"global", "part", "attribute", "attention"}),
    ],
)
def test_heads_switch_off(options: dict[str, object], vectors: int, terms: set[str], images: Tensor) -> None:
    model = small(**options).eval()
    output = model(PersonBatch(images))
    assert output.embedding.shape == (4, vectors * model.config.dim)
    groups = {head.partition("/")[0] for head in output.identity_logits}
    assert groups | ({"attribute"} if output.attribute_logits else set()) == terms
    assert ("attention" in output.maps) == ("attention" in terms)


def test_each_head_sees_its_region(images: Tensor) -> None:
    model = small(parts="uniform").eval()
    output = model(PersonBatch(images))
    features = model.backbone(images)
    kept = output.maps["attention_kept"]
    pooled = {
        "global": features.mean((2, 3)),
        **{f"part/{i}": features[:, :, i].mean(2) for i in range(6)},  # six rows, one a part
        "attention": (features * kept[:, None]).mean((2, 3)),
    }
    heads = dict(zip(HEADS, [model.global_head, *model.part_heads, model.attention_head], strict=True))
    vectors = []
    for name, head in heads.items():
        expected = head(pooled[name])
        vectors.append(expected.embedding)
        torch.testing.assert_close(output.identity_logits[name], expected.logits, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(output.metric_features[name], expected.metric, rtol=1e-4, atol=1e-5)
    reduced = model.attribute_network.reduction(features)
    thirds = [reduced, reduced[:, :, :2], reduced[:, :, 2:4], reduced[:, :, 4:]]
    vectors[-1:-1] = [part.mean((2, 3)) for part in thirds]
    torch.testing.assert_close(output.embedding, torch.cat(vectors, 1), rtol=1e-4, atol=1e-5)


def test_attribute_classifiers_see_the_mean_of_their_regions(images: Tensor) -> None:
    model = small().eval()
    features = model.backbone(images)
    _, vectors, logits = model.attribute_network(features)
    top, middle = vectors[:, 1], vectors[:, 2]
    classifiers = dict(model.attribute_network._classifiers())
    sleeve, hair = (classifiers[name] for name in ("sleeve", "hair"))
    torch.testing.assert_close(logits["sleeve"], sleeve((top + middle) / 2))
    torch.testing.assert_close(logits["hair"], hair(top))


@pytest.mark.parametrize("height", [6, 7, 8, 12, 24])
def test_regions_are_thirds_without_overlap(height: int) -> None:
    weights = region_weights(torch.zeros(1, 1, height, 5))
    torch.testing.assert_close(weights.sum((1, 2)), torch.ones(4))
    assert (weights[1:] > 0).sum(0).eq(1).all()


@pytest.mark.parametrize("height", [96, 112])  # 6 rows, and 7, which is no multiple of three
def test_attribute_map_is_the_classifiers_evidence(height: int) -> None:
    """Averaged as the classifier averages, each map is the logit without the bias, and is zero elsewhere."""
    model = small().eval()
    network = model.attribute_network
    features = model.backbone(torch.randn(3, 3, height, 48))
    reduced, _, logits = network(features)
    maps, weights = network.activation_maps(reduced, logits), network.location_weights(reduced)
    for index, name in enumerate(MARKET1501_SCHEMA.names):
        predicted = logits[name].argmax(1)
        bias = dict(network._classifiers())[name].get_parameter("bias")
        evidence = logits[name].amax(1) - bias[predicted]
        torch.testing.assert_close((maps[:, index] * weights[index]).sum((1, 2)), evidence, rtol=1e-4, atol=1e-5)
        assert maps[:, index][:, weights[index] == 0].eq(0).all()
        if shows_on(name) == ("top",):
            third = -(-maps.shape[2] // 3)
            torch.testing.assert_close(maps[:, index, :third].mean((1, 2)), evidence, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pooling", ["average", "gem"])
@pytest.mark.parametrize("neck", ["relu", "bnneck"])
def test_identity_map_is_the_logit_without_constants(pooling: str, neck: str, images: Tensor) -> None:
    model = small(pooling=pooling, neck=neck).eval()
    output = model(PersonBatch(images))
    head, logits = model.global_head, output.identity_logits["global"]
    predicted = logits.argmax(1)
    embedding = output.embedding[:, :256]
    active = (embedding > 0).float() if neck == "relu" else torch.ones_like(embedding)
    shift = head.norm.bias - head.norm.running_mean * head.norm.weight / (head.norm.running_var + head.norm.eps).sqrt()
    constants = (head.classifier.weight[predicted] * active * shift).sum(1)
    if head.classifier.bias is not None:
        constants = constants + head.classifier.bias[predicted]
    mean = output.maps["id"].mean((1, 2))
    torch.testing.assert_close(mean, logits.amax(1) - constants, rtol=1e-3, atol=1e-4)


def test_without_identities_the_map_is_the_descriptors(images: Tensor) -> None:
    """Its mean is the descriptor's product with itself, without the batch norm's constants."""
    model = small(identity=False, descriptor="global", parts=None, attention=(), neck="bnneck").eval()
    output = model(PersonBatch(images))
    assert not output.identity_logits
    assert output.features.keys() > {"global", "attribute/top"}
    torch.testing.assert_close(output.embedding, output.features["global"])
    norm = model.global_head.norm
    shift = norm.bias - norm.running_mean * norm.weight / (norm.running_var + norm.eps).sqrt()
    expected = (output.embedding * (output.embedding - shift)).sum(1)
    torch.testing.assert_close(output.maps["id"].mean((1, 2)), expected, rtol=1e-3, atol=1e-4)


def test_attention_merges_the_selected_attributes(images: Tensor) -> None:
    model = small().eval()
    maps = model(PersonBatch(images)).maps
    selected = ["gender", "hair", "lower_length", "lower_type", "upper_color", "lower_color"]
    # hair is looked for in the top third only, lower garments in the middle and bottom ones: outside, all is 0
    inside = model.attribute_network.location_weights(torch.zeros(1, 1, *maps["attention"].shape[1:])) > 0
    of = dict(zip(MARKET1501_SCHEMA.names, inside, strict=True))
    merged = torch.stack([min_max_scale(maps[f"attribute/{name}"], of[name]) for name in selected]).amax(0)
    assert maps["attention"].equal(merged)
    assert merged.min() >= 0
    assert merged.amax((1, 2)).eq(1).all()
    threshold = merged.mean((1, 2)) + 0.5 * merged.std((1, 2), correction=0)
    assert maps["attention_kept"].equal(merged * (merged > threshold[:, None, None]))


@pytest.mark.parametrize("threshold", ["mean_std", "otsu"])
@pytest.mark.parametrize("pooling", ["average", "gem"])
def test_without_any_evidence_everything_stays_finite(threshold: str, pooling: str, images: Tensor) -> None:
    model = small(threshold=threshold, pooling=pooling)
    nn.init.zeros_(model.attribute_network.reduction[1].weight)
    nn.init.zeros_(model.attribute_network.reduction[1].bias)  # F = 0, all maps flat
    output = model(PersonBatch(images))
    assert output.maps["attention_kept"].eq(0).all()
    output.embedding.sum().backward()
    assert output.embedding.isfinite().all()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pooling": "gem", "neck": "bnneck", "normalize_heads": True},
        {"parts": "quantile", "threshold": "otsu"},
        {"freeze_stages": 2},
    ],
)
def test_gradients_reach_every_parameter(options: dict[str, object], images: Tensor) -> None:
    model = small(**options)
    objective = objective_of({"kind": "triplet", "margin": 5.0}, weighting="uncertainty")
    attributes = torch.tensor([[i % 2] * 12 for i in range(4)])
    batch = PersonBatch(images, torch.tensor([0, 0, 1, 1]), None, attributes)
    objective(model(batch), batch)[0].backward()
    for name, parameter in [*model.named_parameters(), *objective.named_parameters()]:
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.abs().sum() > 0, name
        else:
            assert parameter.grad is None, name


def test_attention_loss_teaches_the_attribute_network(images: Tensor) -> None:
    """Gradient passes through the kept values of the map into AFN, though not through the threshold."""
    model = small()
    batch = PersonBatch(images, torch.tensor([0, 0, 1, 1]))
    terms = [{"kind": "identity", "heads": ["attention"]}]
    Objective(ObjectiveConfig.model_validate({"terms": terms}))(model(batch), batch)[0].backward()
    assert model.attribute_network.reduction[0].weight.grad.abs().sum() > 0
    assert model.global_head.reduction.weight.grad is None


def test_normalised_heads_weigh_the_same(images: Tensor) -> None:
    embedding = small(normalize_heads=True).eval()(PersonBatch(images)).embedding
    torch.testing.assert_close(embedding.unflatten(1, (12, 256)).norm(dim=2), torch.ones(4, 12))


def test_half_precision_backbone_gives_float32_output(images: Tensor) -> None:
    model = small().to(memory_format=torch.channels_last).eval()
    exact = model(PersonBatch(images)).embedding
    with torch.autocast("cpu", torch.bfloat16):
        output = model(PersonBatch(images))
    assert {output.embedding.dtype, output.identity_logits["global"].dtype, output.maps["id"].dtype} == {torch.float32}
    assert nn.functional.cosine_similarity(output.embedding, exact).min() > 0.99


def test_configuration_survives_json() -> None:
    schema = AttributeSchema("own", (binary("cap"), multi_class("coat", "red", "green", "blue")))
    config = AANetConfig(parts=None, attributes=schema, regions={"cap": ("top", "middle")}, attention=("cap",))
    again = AANetConfig.model_validate_json(config.model_dump_json())
    assert again == config
    assert again.attributes["coat"].kind == "multi_class"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attribute": False}, "set attribute: true, or attention"),
        ({"attributes": AttributeSchema("own", (binary("cap"),))}, "none of the attributes of 'own'"),
        ({"attributes": DUKE_SCHEMA, "attention": ["boot"]}, "attention names 'boot', but 'dukemtmc' has: gender, hat"),
        ({"attributes": DUKE_SCHEMA, "regions": {"hair": ["top"]}}, "regions names 'hair'"),
        ({"regions": {"hat": []}}, "regions"),
        ({"regions": {"hat": ["left"]}}, "regions"),
        ({"parts": "stripes"}, "parts"),
        ({"colour": 1}, "colour"),
    ],
)
def test_wrong_configurations(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        AANetConfig(**options)


@pytest.mark.slow
def test_overfits_eight_persons() -> None:
    """Drawn persons, 4 pictures each: every same-person pair ends up closer than any other pair of either picture."""
    torch.manual_seed(0)
    pids = [pid for pid in range(8) for _ in range(4)]
    pixels = np.stack([np.asarray(draw_person(i, pid, i % 2, size=(64, 32))) for i, pid in enumerate(pids)])
    labels = torch.tensor(pids)
    attributes = torch.from_numpy(MARKET1501_SCHEMA.encode([labels_of(pid) for pid in pids]))
    batch = PersonBatch(torch.from_numpy(pixels).permute(0, 3, 1, 2) / 127.5 - 1, labels, None, attributes)
    model = AANet(AANetConfig(backbone="test_resnet", num_identities=8))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 0.3  # running statistics that keep up with so few steps
    objective = objective_of()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(40):
        optimizer.zero_grad()
        objective(model(batch), batch)[0].backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(batch)
    distances = torch.cdist(output.embedding, output.embedding)
    same = labels[:, None] == labels
    farthest_same = distances.masked_fill(~same, 0).amax(1)
    nearest_other = distances.masked_fill(same, torch.inf).amin(1)
    assert (farthest_same < nearest_other).all()
    for logits in output.identity_logits.values():
        assert logits.argmax(1).equal(labels)
    predicted = torch.stack([logits.argmax(1) for logits in output.attribute_logits[ATTRIBUTE_HEAD].values()], 1)
    assert predicted.equal(attributes)


@pytest.mark.parametrize("name", ["type", "float", "keys", "v.neck", "training"])
def test_an_attribute_may_have_any_name(name: str) -> None:
    """Such a column of a user's table was once a traceback: modules cannot be called so."""
    schema = AttributeSchema("own", (binary(name),))
    output = small(attributes=schema, attention=(name,)).eval()(PersonBatch(torch.rand(2, 3, 64, 32)))
    assert output.attribute_logits[ATTRIBUTE_HEAD][name].shape == (2, 2)


def test_what_follows_from_the_data_is_checked_when_the_model_is_built() -> None:
    """A recipe says which attributes make the map before anybody knows the data set's."""
    for options in ({"attention": ("boots",)}, {"regions": {"boots": ("bottom",)}}):
        config = AANetConfig(backbone="resnet18", **options)
        with pytest.raises(ReseenError, match="has no attribute 'boots'"):
            AANet(config)


def test_regions_and_attention_can_be_chosen(images: Tensor) -> None:
    model = small(regions={"hair": ("bottom",)}, attention=("hair", "backpack")).eval()
    network = model.attribute_network
    _, vectors, logits = network(model.backbone(images))
    torch.testing.assert_close(logits["hair"], dict(network._classifiers())["hair"](vectors[:, 3]))
    maps = model(PersonBatch(images)).maps
    inside = dict(zip(MARKET1501_SCHEMA.names, network.location_weights(images[:, :, :6, :3]) > 0, strict=True))
    scaled = [min_max_scale(maps[f"attribute/{name}"], inside[name]) for name in ("hair", "backpack")]
    assert maps["attention"].equal(torch.maximum(*scaled))


def test_several_classes_at_once_have_a_logit_each(images: Tensor) -> None:
    schema = AttributeSchema(
        "own", (binary("gender"), Attribute("upper_color", ("red", "blue", "gray"), "multi_label"))
    )
    output = small(attributes=schema).eval()(PersonBatch(images))
    probabilities = output.attribute_probabilities(schema)
    assert output.attribute_logits[ATTRIBUTE_HEAD]["upper_color"].shape == (4, 3)
    assert probabilities["upper_color"].equal(output.attribute_logits[ATTRIBUTE_HEAD]["upper_color"].sigmoid())
    assert probabilities["gender"].equal(output.attribute_logits[ATTRIBUTE_HEAD]["gender"].softmax(1))
