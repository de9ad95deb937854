"""LRDNN: what each row of the ablation sees, what its losses reach, maps that equal the classifiers' evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reseen.data.attributes import DUKE_SCHEMA, MARKET1501_SCHEMA
from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.losses.objective import Objective, ObjectiveConfig
from reseen.losses.term import Training
from reseen.models import checkpoint
from reseen.models.contained import contained_systems
from reseen.models.embedder import EmbedderConfig
from reseen.models.initial import initialise
from reseen.models.lrdnn import LocalRefiningNet, LRDNNConfig
from reseen.models.parts.body.pose_branch import maps_within
from reseen.pose.maps import PoseMaps, channel_names
from reseen.pose.network import PoseNet, PoseNetConfig, save_pose_net
from tests.drawn import draw_person, labels_of

POSE = PoseNetConfig(width=0.05, streams=2, kernel=3, size=(64, 32), margin=0.25)
ROWS = {  # options of each row of table 3, and of table 4's, with the pose channels it has
    "B": ({"attribute": False, "pose_maps": ()}, 0),
    "B+A": ({"pose_maps": ()}, 0),
    "B+A+H": ({"pose_maps": ("confidence",)}, 19),
    "B+A+C": ({"pose_maps": ("affinity",)}, 38),
    "B+A+H+C": ({}, 57),
    "without CPB": ({"channel_parse": False}, 57),
}
OBJECTIVE = [{"kind": "identity"}, {"kind": "attribute", "weight": 12}]


def small(**options: object) -> LocalRefiningNet:
    torch.manual_seed(0)
    small = {"backbone": "resnet10t", "last_stride": 1, "num_identities": 5, "dim": 400, "pose": POSE}
    return LocalRefiningNet(LRDNNConfig(**(small | options)))


def used(**options: object) -> LocalRefiningNet:
    """Returns a system in eval mode whose batch norms have seen something and whose classifiers say something."""
    model = small(**options)
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) and "net" not in name.split("."):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            if module.bias.requires_grad:
                nn.init.uniform_(module.bias, -0.2, 0.2)
            module.momentum = 0.5
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight)
            if module.bias is not None:
                nn.init.normal_(module.bias)
    with torch.no_grad():
        for _ in range(2):
            model(PersonBatch(torch.randn(6, 3, 64, 32)))
    return model.eval()


@pytest.fixture
def batch() -> PersonBatch:
    generator = torch.Generator().manual_seed(1)
    attributes = torch.tensor([[i % 2] * len(MARKET1501_SCHEMA) for i in range(4)])
    return PersonBatch(torch.randn(4, 3, 64, 32, generator=generator), torch.tensor([0, 0, 1, 1]), None, attributes)


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_its_channels_and_every_loss_reaches_them(row: str, batch: PersonBatch) -> None:
    options, channels = ROWS[row]
    model = small(**options)
    for module in model.backbone.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)  # timm begins some with 0, behind which no gradient comes
    output = model(batch)
    assert not output.maps
    name, width = ("bilinear", 400) if channels else ("global", 512)
    assert {name: tuple(feature.shape) for name, feature in output.features.items()} == {name: (4, width)}
    assert output.identity_logits["global"].shape == (4, 5)
    widths = {name: own.shape[1] for name, own in output.attribute_logits.get("global", {}).items()}
    assert widths == ({} if row == "B" else {each.name: len(each.classes) for each in MARKET1501_SCHEMA})
    if channels:
        assert model.fusion.norm_pose.num_features == channels
        assert (model.fusion.parse is None) == (row == "without CPB")
    terms = OBJECTIVE[:1] if row == "B" else OBJECTIVE
    objective = Objective(ObjectiveConfig.model_validate({"terms": terms}), Training(MARKET1501_SCHEMA))
    objective(output, batch)[0].backward()
    unused = {"B+A+H": "pose.affinity.1.", "B+A+C": "pose.confidence.1."}.get(row)  # the last stage's other stream
    for name, parameter in model.named_parameters():
        reached = parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)
        assert reached != (unused is not None and name.startswith(unused)), name


def test_channels_are_weighed_by_name(batch: PersonBatch) -> None:
    weights = small().eval()(batch).weights
    assert tuple(weights) == channel_names()
    assert all(0 < value < 1 for own in weights.values() for value in own.tolist())
    assert tuple(small(pose_maps=("affinity",)).eval()(batch).weights) == channel_names()[19:]
    assert not small(channel_parse=False).eval()(batch).weights
    assert not small(pose_maps=()).eval()(batch).weights


def test_descriptor_is_the_sketch_of_normalised_maps_by_hand(batch: PersonBatch) -> None:
    """With as many numbers as the bilinear feature has, each in a bin of its own, the sketch is the feature itself."""
    model = small(dim=512 * 57, channel_parse=False).train()
    pooling = model.fusion.pooling
    pooling.first_bins.copy_(torch.arange(512) * 57)
    pooling.second_bins.copy_(torch.arange(57))
    for signs in (pooling.first_signs, pooling.second_signs):
        signs.fill_(1)
    with torch.no_grad():
        found = model(batch).features["bilinear"]
        main = model.backbone(batch.images)  # 4x2
        confidence, affinity = maps_within(model.pose, batch.images)  # 8x4
    pose = nn.functional.avg_pool2d(torch.cat([confidence, affinity], 1), 2)

    def normalised(maps: Tensor) -> Tensor:  # equations 5 to 7
        mean, variance = maps.mean((0, 2, 3)), maps.var((0, 2, 3), correction=0)
        return (maps - mean[:, None, None]) / (variance[:, None, None] + 1e-5).sqrt()

    # The pose maps' batch norm begins with a spread of a half around 1.
    bilinear = torch.einsum("bihw,bjhw->bij", normalised(main), normalised(pose) / 2 + 1).flatten(1)
    root = bilinear.sign() * bilinear.abs().sqrt()
    torch.testing.assert_close(found, root / root.norm(dim=1, keepdim=True), atol=2e-4, rtol=1e-2)


@pytest.mark.parametrize("neck", ["none", "bnneck"])
@pytest.mark.parametrize("pose_maps", [("confidence", "affinity"), ()])
def test_maps_are_the_classifiers_evidence(neck: str, pose_maps: tuple[str, ...], batch: PersonBatch) -> None:
    """The mean of a map is the logit of its class, without the constants of bias and batch norm."""
    model = used(neck=neck, pose_maps=pose_maps)
    with torch.no_grad():
        output = model(batch)
        nothing = model.head(torch.zeros(1, model.head.classifier.in_features))
        constants = {"id": nothing.logits[0], **{
            f"attribute/{name}": own[0] for name, own in model.attribute_classifier(nothing.embedding).items()
        }}  # fmt: skip
    logits = {"id": output.identity_logits["global"]}
    logits |= {f"attribute/{name}": own for name, own in output.attribute_logits["global"].items()}
    assert set(output.maps) == logits.keys() | ({"pose"} if pose_maps else set())
    for name, own in logits.items():
        classes = own.argmax(1)
        expected = own[range(4), classes] - constants[name][classes]
        assert output.maps[name].shape == (4, 4, 2)
        torch.testing.assert_close(output.maps[name].mean((1, 2)), expected, rtol=1e-3, atol=1e-3)


def test_evidence_of_a_place_is_gone_with_its_features(batch: PersonBatch) -> None:
    """What one place says is what the descriptor's numbers have from there: without it they lack just that."""
    model = used(channel_parse=False)
    with torch.no_grad():
        features = model.backbone(batch.images)
        pose = maps_within(model.pose, batch.images)
        seen = model.fusion(features, pose)
        direction = torch.randn(4, 400)
        whole = seen.evidence(direction)
        main = model.fusion.norm_main(features)
        at = torch.zeros(4, 2)
        at[1, 1] = 1
        maps = model.fusion.norm_pose(nn.functional.avg_pool2d(torch.cat(pose, 1), 2))
        sketch, there = model.fusion.pooling(main, maps), model.fusion.pooling(main * at, maps)
        scale = seen.pooled / sketch
    torch.testing.assert_close((direction * scale * there).sum(1) * 8, whole[:, 1, 1], rtol=1e-3, atol=1e-3)


def test_a_feature_begins_with_the_average_of_the_main_branch() -> None:
    """Where pose maps are as they mostly are, nothing but F's average is left; it is told apart by it as before."""
    fusion = small(channel_parse=False, dim=8000).fusion.eval()
    features = torch.randn(2, fusion.norm_main.num_features, 4, 2)
    same_average = features.flatten(2)[:, :, torch.randperm(8)].unflatten(2, (4, 2))
    usual = PoseMaps(torch.zeros(2, 19, 4, 2), torch.zeros(2, 38, 4, 2))
    with torch.inference_mode():
        one, other = fusion(features, usual).pooled, fusion(same_average, usual).pooled
    torch.testing.assert_close(one, other)
    assert (one[0] @ other[0]).item() == pytest.approx(1, abs=1e-3)
    assert abs((one[0] @ other[1]).item()) < 0.2


def test_pose_map_shows_the_joints_alone(batch: PersonBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    model = used()
    confidence = torch.zeros(4, 19, 8, 4)
    confidence[:, 3, 2, 1], confidence[:, 18], confidence[:, 5] = 0.7, 1.0, -0.1
    maps = (confidence, torch.zeros(4, 38, 8, 4))
    monkeypatch.setattr(
        "reseen.models.lrdnn.maps_within", lambda network, images: type(maps_within(network, images))(*maps)
    )
    shown = model(batch).maps["pose"]
    assert shown[:, 2, 1].allclose(torch.tensor(0.7))
    assert shown.sum().allclose(torch.tensor(4 * 0.7))


def test_maps_nobody_wants_are_not_drawn(batch: PersonBatch) -> None:
    model = small().eval()
    assert set(model(PersonBatch(batch.images, wants_maps=False)).maps) == {"pose"}


def test_losses_add_up_over_the_attributes(batch: PersonBatch) -> None:
    """The paper sums softmax losses; the term is a mean over twelve attributes, so its weight is 12."""
    model = small()
    output = model(batch)
    objective = Objective(ObjectiveConfig.model_validate({"terms": OBJECTIVE}), Training(MARKET1501_SCHEMA))
    total, _ = objective(output, batch)
    by_hand = nn.functional.cross_entropy(output.identity_logits["global"], batch.labels)
    for column, logits in enumerate(output.attribute_logits["global"].values()):
        by_hand = by_hand + nn.functional.cross_entropy(logits, batch.attributes[:, column])
    torch.testing.assert_close(total, by_hand)


def test_half_precision_branches_give_float32_output(batch: PersonBatch) -> None:
    model = used().to(memory_format=torch.channels_last)
    with torch.no_grad():
        exact = model(batch).embedding
        with torch.autocast("cpu", torch.bfloat16):
            output = model(batch)
    assert {output.embedding.dtype, output.identity_logits["global"].dtype, output.maps["id"].dtype} == {torch.float32}
    assert nn.functional.cosine_similarity(output.embedding, exact).min() > 0.97


def test_parameters_by_hand() -> None:
    """As docs/systems/lrdnn.md says."""
    with torch.device("meta"):
        model = LocalRefiningNet(LRDNNConfig(pose=PoseNetConfig()))
    count = {name: sum(p.numel() for p in part.parameters()) for name, part in model.named_children()}
    batch_norms, block = 2 * (2048 + 57), 57 * 14 + 14 + 14 * 57 + 57
    assert count["fusion"] == batch_norms + block == 5_877
    assert count["head"] == (8000 + 1) * 751
    assert count["attribute_classifier"] == (8000 + 1) * (9 * 2 + 4 + 8 + 9)  # binary ones, ages, colours
    assert count["backbone"] == 23_508_032
    assert sum(count.values()) - count["pose"] == 29_834_699


def test_pose_network_comes_from_its_folder_and_stays_in_the_checkpoint(tmp_path: Path, batch: PersonBatch) -> None:
    torch.manual_seed(3)
    network = PoseNet(POSE)
    save_pose_net(tmp_path / "pose-net", network)
    told = contained_systems(LRDNNConfig, {"pose": str(tmp_path / "pose-net")})
    model = LocalRefiningNet(LRDNNConfig(backbone="resnet10t", num_identities=5, dim=400, **told)).eval()
    initialise(model, "pose", str(tmp_path / "pose-net"))
    assert all(torch.equal(value, model.pose.state_dict()[name]) for name, value in network.state_dict().items())
    checkpoint.save(tmp_path / "last", model, EmbedderConfig(size=(64, 32)), card="")
    again = checkpoint.load(tmp_path / "last").model
    assert again.config == model.config
    with torch.no_grad():
        torch.testing.assert_close(again(batch).embedding, model(batch).embedding)


def test_configuration_survives_json() -> None:
    config = LRDNNConfig(stride_in="conv1", pose=POSE, pose_maps=("affinity",), attributes=DUKE_SCHEMA)
    assert LRDNNConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pose": None}, r"set init\.pose=pose-net, .*, or pose_maps=\[\]"),
        ({"pose_maps": ("affinity", "affinity")}, "pose_maps names one twice"),
        ({"pose_maps": ("heat",)}, "pose_maps"),
        ({"dim": 0}, "dim"),
    ],
)
def test_wrong_configurations(options: dict[str, object], message: str) -> None:
    with pytest.raises((ReseenError, ValueError), match=message):
        small(**options)


@pytest.mark.slow
def test_overfits_four_persons() -> None:
    """Drawn persons, 4 pictures each: everybody is told from everybody else, and the labels are learnt."""
    torch.manual_seed(0)
    pids = [pid for pid in range(4) for _ in range(4)]
    pixels = np.stack([np.asarray(draw_person(i, pid, i % 2, size=(64, 32))) for i, pid in enumerate(pids)])
    labels = torch.tensor(pids)
    attributes = torch.from_numpy(MARKET1501_SCHEMA.encode([labels_of(pid) for pid in pids]))
    batch = PersonBatch(torch.from_numpy(pixels).permute(0, 3, 1, 2) / 127.5 - 1, labels, None, attributes)
    model = small(num_identities=4, neck="bnneck", dim=1000)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 0.3  # running statistics that keep up with so few steps
    assert model.pose is not None
    model.pose.eval()  # as it is where a recipe freezes it
    terms = [*OBJECTIVE, {"kind": "triplet", "margin": 0.3}]
    objective = Objective(ObjectiveConfig.model_validate({"terms": terms}), Training(MARKET1501_SCHEMA))
    optimizer = torch.optim.Adam([p for name, p in model.named_parameters() if not name.startswith("pose.")], lr=2e-3)
    for _ in range(24):
        optimizer.zero_grad()
        objective(model(batch), batch)[0].backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(batch)
    distances = torch.cdist(output.embedding, output.embedding)
    same = labels[:, None] == labels
    assert (distances.masked_fill(~same, 0).amax(1) < distances.masked_fill(same, torch.inf).amin(1)).all()
    assert output.identity_logits["global"].argmax(1).equal(labels)
    predicted = torch.stack([t.argmax(1) for t in output.attribute_probabilities(MARKET1501_SCHEMA).values()], 1)
    assert (predicted == attributes).float().mean() > 0.9  # 0.69 by the commonest class of each
