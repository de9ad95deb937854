"""IVA: six features of three regions, what each sees and learns, maps that equal the classifiers' evidence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reseen.data.attribute_forms import convert
from reseen.data.attributes import DUKE_SCHEMA, MARKET1501_SCHEMA, AttributeSchema, binary
from reseen.data.batch import PersonBatch
from reseen.losses.objective import Objective, ObjectiveConfig
from reseen.losses.term import Training
from reseen.models.iva import IdentityVerificationAttributeNet, IVAConfig, colors_apart
from reseen.models.parts.body.halves import REGIONS
from reseen.training.recipe import load_recipe
from tests.drawn import draw_person, labels_of

SCHEMA = colors_apart(MARKET1501_SCHEMA)
IDENTITY = {"kind": "identity"}
ATTRIBUTE = {"kind": "attribute"}
TRIPLET = {"kind": "triplet", "heads": list(REGIONS), "margin": 1.2}


def objective_of(*terms: dict[str, object]) -> Objective:
    return Objective(ObjectiveConfig.model_validate({"terms": terms}), Training(SCHEMA))


def small(**options: object) -> IdentityVerificationAttributeNet:
    """Returns an IVA on ResNet-18 whose batch norms and classifiers are not at their plain start."""
    torch.manual_seed(0)
    model = IdentityVerificationAttributeNet(IVAConfig(**({"backbone": "resnet18", "num_identities": 5} | options)))
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            if module.bias.requires_grad:
                nn.init.uniform_(module.bias, -0.2, 0.2)
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
        elif isinstance(module, nn.Linear) and "linear" not in name.split(".")[-2:-1]:
            nn.init.normal_(module.weight, std=0.1)
    return model


def test_maps_that_nobody_wants_are_not_made(images: Tensor) -> None:
    model = small(attributes=SCHEMA).eval()
    with torch.no_grad():
        with_maps, without = model(PersonBatch(images)), model(PersonBatch(images, wants_maps=False))
    assert with_maps.maps
    assert not without.maps
    torch.testing.assert_close(without.embedding, with_maps.embedding, rtol=0, atol=0)


@pytest.fixture
def images() -> Tensor:
    return torch.randn(4, 3, 96, 48, generator=torch.Generator().manual_seed(1))  # maps of 3x2 and 6x3


def test_six_features_make_the_descriptor() -> None:
    model = IdentityVerificationAttributeNet(IVAConfig()).eval()
    with torch.no_grad():
        output = model(PersonBatch(torch.zeros(1, 3, 384, 128)))
    assert {name: tuple(feature.shape) for name, feature in output.features.items()} == {
        f"{region}/{what}": (1, 512) for region in REGIONS for what in ("identification", "verification")
    }
    assert output.embedding.shape == (1, 3072)
    assert {name: tuple(logits.shape) for name, logits in output.identity_logits.items()} == dict.fromkeys(
        REGIONS, (1, 751)
    )
    assert tuple(output.metric_features) == REGIONS
    assert set(output.maps) == {"id", *(f"attribute/{name}" for name in SCHEMA.names)}
    assert {tuple(values.shape) for values in output.maps.values()} == {(1, 24, 8)}


def test_parameters_by_hand() -> None:
    with torch.device("meta"):
        model = IdentityVerificationAttributeNet(IVAConfig())
    resnet50 = 23_508_032  # without its classifier
    bottleneck = 1024 * 256 + 256 * 256 * 9 + 256 * 1024 + 2 * (256 + 256 + 1024)  # of res_conv4_2 … res_conv4_6
    layer4 = 14_964_736
    reduction = 2048 * 512 + 2 * 512
    outputs = 30 + 19 + 11  # 26 sigmoids and the 4 ages; of the upper half 11 + 8 colours, of the lower 2 + 9
    heads = 6 * reduction + 3 * (512 + 1) * 751 + outputs * (512 + 1)
    assert sum(p.numel() for p in model.parameters()) == resnet50 + 5 * bottleneck + layer4 + heads == 51_542_857


@pytest.mark.parametrize(("schema", "columns"), [(MARKET1501_SCHEMA, 27), (DUKE_SCHEMA, 23)])
def test_attributes_are_the_papers(schema: AttributeSchema, columns: int) -> None:
    form = IVAConfig.own_form(schema)
    assert len(form) == columns == form.encode([{}]).shape[1]
    assert {attribute.name for attribute in form if attribute.kind != "binary"} <= {"age"}
    labels = convert(schema.encode([{"upper_color": 2}, {}]), schema, form)
    reds = form.columns["upper_color:red"].start
    assert labels[0, reds] == 1
    assert labels[0].tolist().count(0) == 7
    assert (labels[1] == -1).all()  # an unknown colour is none of the colours' absence


def test_heads_predict_their_attributes(images: Tensor) -> None:
    logits = small()(PersonBatch(images)).attribute_logits
    assert tuple(logits["global"]) == SCHEMA.names
    colors = {part: {name for name in SCHEMA.names if name.startswith(f"{part}_color")} for part in ("upper", "lower")}
    assert set(logits["upper"]) == {
        "age", "gender", "hair", "sleeve", "bag", "backpack", "hat", "handbag", *colors["upper"]
    }  # fmt: skip
    assert set(logits["lower"]) == {"lower_length", "lower_type", *colors["lower"]}
    assert {name: own.shape[1] for name, own in logits["upper"].items() if own.shape[1] != 1} == {"age": 4}


def test_an_attribute_of_no_half_is_read_from_the_whole(images: Tensor) -> None:
    model = small(attributes=AttributeSchema("own", (binary("cap"),)), identity=False).eval()
    output = model(PersonBatch(images))
    assert {region: set(own) for region, own in output.attribute_logits.items()} == {"global": {"cap"}}
    # Nothing would teach the halves' identification features.
    assert tuple(output.features) == (
        "global/identification", "global/verification", "upper/verification", "lower/verification"
    )  # fmt: skip
    assert output.maps["attribute/cap"].shape == (4, 6, 3)


@pytest.mark.parametrize("rows", [6, 7])
def test_halves_see_only_their_rows(rows: int, images: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes in the lower rows of the part branch's map changes nothing above, and the other way round."""
    model = small().eval()
    whole, parts = torch.rand(2, 512, 3, 2), torch.rand(2, 512, rows, 3)
    upper_rows = (rows + 1) // 2

    def features(changed: Tensor) -> dict[str, Tensor]:
        monkeypatch.setattr(model.backbone, "branches", lambda images: (whole, changed))
        return dict(model(PersonBatch(images)).features)

    before = features(parts)
    for half, own in (("upper", slice(0, upper_rows)), ("lower", slice(upper_rows, None))):
        changed = parts.clone()
        changed[:, :, own] += 3
        after = features(changed)
        different = {name for name in before if not before[name].equal(after[name])}
        assert different == {f"{half}/identification", f"{half}/verification"}
    # Max pooling: below a region's maximum nothing counts.
    assert all(before[name].equal(value) for name, value in features(torch.where(parts < 0.2, 0.0, parts)).items())


@pytest.mark.parametrize(
    ("options", "terms", "features"),
    [
        ({"identity": False}, [ATTRIBUTE, TRIPLET], 6),  # woID
        ({"attribute": False}, [IDENTITY, TRIPLET], 6),  # woAttr
        ({"identity": False, "attribute": False}, [TRIPLET], 3),  # woIM
        ({"verification": False}, [IDENTITY, ATTRIBUTE], 3),  # woVM
        ({}, [IDENTITY, ATTRIBUTE, TRIPLET], 6),
        ({"neck": "bnneck", "pooling": "gem", "last_stride": 1}, [IDENTITY, ATTRIBUTE, TRIPLET], 6),
        ({"freeze_stages": 3}, [IDENTITY, ATTRIBUTE, TRIPLET], 6),
    ],
)
def test_gradients_reach_every_parameter(
    options: dict[str, object], terms: list[dict[str, object]], features: int, images: Tensor
) -> None:
    model = small(**options)
    attributes = torch.tensor([[i % 2] * len(SCHEMA) for i in range(4)])
    batch = PersonBatch(images, torch.tensor([0, 0, 1, 1]), None, attributes)
    output = model(batch)
    assert output.embedding.shape == (4, features * 512)
    objective = objective_of(*({**term, "margin": 100.0} if term is TRIPLET else term for term in terms))
    objective(output, batch)[0].backward()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name
        else:
            assert parameter.grad is None, name


def test_losses_add_up_over_the_heads(images: Tensor) -> None:
    model = small()
    attributes = torch.tensor([[i % 2] * len(SCHEMA) for i in range(4)])
    batch = PersonBatch(images, torch.tensor([0, 0, 1, 1]), None, attributes)
    output = model(batch)
    _, terms = objective_of(IDENTITY, ATTRIBUTE, TRIPLET)(output, batch)
    identities = sum(nn.functional.cross_entropy(output.identity_logits[region], batch.labels) for region in REGIONS)
    torch.testing.assert_close(terms["identity"], identities)
    # Each region's mean over its attributes, equation 6 with the mean in the sum's place.
    means = [torch.stack(of_attributes(output.attribute_logits[region], batch)).mean() for region in REGIONS]
    torch.testing.assert_close(terms["attribute"], sum(means))
    # Of four pictures two each are of one person: one positive, and the nearer of two negatives.
    triplets = torch.zeros(())
    for region in REGIONS:
        lengths = [[(one - other).square().sum().sqrt() for other in output.metric_features[region]]
                   for one in output.metric_features[region]]  # fmt: skip
        hinges = [lengths[a][p] - min(lengths[a][n] for n in ns) + 1.2
                  for a, p, ns in [(0, 1, (2, 3)), (1, 0, (2, 3)), (2, 3, (0, 1)), (3, 2, (0, 1))]]  # fmt: skip
        triplets = triplets + torch.stack(hinges).relu().mean()
    assert triplets > 0
    torch.testing.assert_close(terms["triplet"], triplets)


def test_the_sum_over_attributes_is_equation_6(images: Tensor) -> None:
    """As the recipe iva50-market1501-short-sum has it: the mean times the number of a head's attributes."""
    attributes = torch.tensor([[i % 2] * len(SCHEMA) for i in range(4)])
    batch = PersonBatch(images, torch.tensor([0, 0, 1, 1]), None, attributes)
    output = small()(batch)
    chosen = load_recipe("iva50-market1501-short-sum").phases[0].objective.terms
    total, _ = objective_of(*(term.model_dump() for term in chosen if term.kind == "attribute"))(output, batch)
    summed = [torch.stack(of_attributes(output.attribute_logits[region], batch)).sum() for region in REGIONS]
    torch.testing.assert_close(total, sum(summed))


def of_attributes(logits: Mapping[str, Tensor], batch: PersonBatch) -> list[Tensor]:
    """Returns the cross-entropy of each attribute: a softmax of age, a sigmoid of the others."""
    assert batch.attributes is not None
    wanted = batch.attributes[:, 0]  # the same of all attributes
    return [
        nn.functional.cross_entropy(own, wanted)
        if own.shape[1] > 1
        else nn.functional.binary_cross_entropy_with_logits(own[:, 0], wanted.float())
        for own in logits.values()
    ]


def test_metric_features_are_the_verification_features(images: Tensor) -> None:
    output = small()(PersonBatch(images))
    assert all(output.metric_features[region] is output.features[f"{region}/verification"] for region in REGIONS)
    model = small(neck="bnneck")
    output = model(PersonBatch(images))
    normed = model.heads["upper"].verification.norm(output.metric_features["upper"])
    torch.testing.assert_close(normed, output.features["upper/verification"])


@pytest.mark.parametrize("height", [96, 112])  # 6 rows, and 7, which is no multiple of two
@pytest.mark.parametrize("options", [{}, {"pooling": "gem", "neck": "bnneck"}])
def test_maps_are_the_classifiers_evidence(height: int, options: dict[str, object]) -> None:
    """The mean of a map is the mean of its class's logits over the regions, without the constants."""
    model = small(**options).eval()
    output = model(PersonBatch(torch.randn(3, 3, height, 48)))
    nothing = {region: head(torch.zeros(1, 512)) for region, head in model.heads.items()}
    person = torch.stack(list(output.identity_logits.values())).mean(0).argmax(1)
    expected = [
        logits[range(3), person] - nothing[region].identities[0, person]
        for region, logits in output.identity_logits.items()
    ]
    torch.testing.assert_close(output.maps["id"].mean((1, 2)), torch.stack(expected).mean(0), rtol=1e-3, atol=1e-4)

    told = output.attribute_probabilities(SCHEMA)
    for name, regions in (("hat", ["global", "upper"]), ("lower_color:blue", ["global", "lower"])):
        sign = told[name].argmax(1) * 2 - 1  # a single logit speaks for yes
        logits = {region: output.attribute_logits[region][name] for region in regions}
        evidence = [sign * (own - nothing[region].attributes[name])[:, 0] for region, own in logits.items()]
        mean = output.maps[f"attribute/{name}"].mean((1, 2))
        torch.testing.assert_close(mean, torch.stack(evidence).mean(0), rtol=1e-3, atol=1e-4)


def test_a_halfs_evidence_lies_in_its_rows(images: Tensor) -> None:
    """Without the whole body's say a map is zero in the other half."""
    model = small().eval()
    nn.init.zeros_(model.heads["global"].attributes.linear.weight)
    maps = model(PersonBatch(images)).maps
    assert maps["attribute/hat"][:, 3:].eq(0).all()
    assert maps["attribute/hat"][:, :3].ne(0).any()
    assert maps["attribute/lower_type"][:, :3].eq(0).all()
    assert maps["attribute/lower_type"].min() < 0  # evidence against stays what it is


def test_half_precision_backbone_gives_float32_output(images: Tensor) -> None:
    model = small().to(memory_format=torch.channels_last).eval()
    exact = model(PersonBatch(images)).embedding
    with torch.autocast("cpu", torch.bfloat16):
        output = model(PersonBatch(images))
    assert {output.embedding.dtype, output.identity_logits["upper"].dtype, output.maps["id"].dtype} == {torch.float32}
    assert nn.functional.cosine_similarity(output.embedding, exact).min() > 0.99


def test_configuration_survives_json() -> None:
    config = IVAConfig(stride_in="conv1", verification=False, attributes=colors_apart(DUKE_SCHEMA))
    assert IVAConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"identity": False, "attribute": False, "verification": False}, "nothing is left to learn"),
        ({"backbone": "convnext_atto"}, "'convnext_atto' is no ResNet"),
        ({"backbone": "resnet5"}, "no model 'resnet5'"),
        ({"freeze_stages": 4}, "freeze_stages"),  # beyond it the branches part
        ({"pooling": "average"}, "pooling"),
    ],
)
def test_wrong_configurations(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        IVAConfig(**options)


@pytest.mark.slow
def test_overfits_four_persons() -> None:
    """Drawn persons, 4 pictures each: everybody is told from everybody else, and the labels are learnt."""
    torch.manual_seed(0)
    pids = [pid for pid in range(4) for _ in range(4)]
    pixels = np.stack([np.asarray(draw_person(i, pid, i % 2, size=(64, 32))) for i, pid in enumerate(pids)])
    labels = torch.tensor(pids)
    encoded = MARKET1501_SCHEMA.encode([labels_of(pid) for pid in pids])
    attributes = torch.from_numpy(convert(encoded, MARKET1501_SCHEMA, SCHEMA))
    batch = PersonBatch(torch.from_numpy(pixels).permute(0, 3, 1, 2) / 127.5 - 1, labels, None, attributes)
    model = IdentityVerificationAttributeNet(IVAConfig(backbone="resnet10t", num_identities=4, dim=64))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 0.3  # running statistics that keep up with so few steps
    objective = objective_of(IDENTITY, ATTRIBUTE, TRIPLET)
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for _ in range(20):
        optimizer.zero_grad()
        objective(model(batch), batch)[0].backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(batch)
    distances = torch.cdist(output.embedding, output.embedding)
    same = labels[:, None] == labels
    assert (distances.masked_fill(~same, 0).amax(1) < distances.masked_fill(same, torch.inf).amin(1)).all()
    for logits in output.identity_logits.values():
        assert logits.argmax(1).equal(labels)
    predicted = torch.stack([table.argmax(1) for table in output.attribute_probabilities(SCHEMA).values()], 1)
    assert (predicted == attributes).float().mean() > 0.97  # nothing but noes: 0.8
