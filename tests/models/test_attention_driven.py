"""The attention-driven net: its size, what its descriptor is made of, and which joints its crops follow."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reseen.data.batch import PersonBatch
from reseen.data.person import PersonImage
from reseen.losses.objective import Objective, ObjectiveConfig
from reseen.models import checkpoint
from reseen.models.attention_driven import PARTS, AttentionDrivenConfig, AttentionDrivenNet
from reseen.models.contained import contained_systems
from reseen.models.cost import cost_of
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.models.initial import initialise
from reseen.pose.canonical import default_poses
from reseen.pose.network import PoseNet, PoseNetConfig, save_pose_net
from tests.drawn import draw_person

SIZE = (64, 32)
BASE = {"intra_attention": None, "fusion": "concatenation"}
OBJECTIVE = {
    "terms": [{"kind": "identity", "heads": ["intra"], "weight": 0.1}, {"kind": "identity", "heads": ["inter"]}]
}
FEATURES = ["whole", *(f"part/{part}" for part in PARTS)]
POSE = PoseNetConfig(width=0.05, streams=1, size=(64, 32))


def small(**options: object) -> AttentionDrivenNet:
    torch.manual_seed(0)
    sizes = {"whole_size": SIZE, "part_size": (32, 32), "width": 8, "dim": 16, "part_dim": 8}
    options = {"num_identities": 5, **sizes, **options}
    return AttentionDrivenNet(AttentionDrivenConfig(**options))


def standing(count: int, size: tuple[int, int] = SIZE) -> Tensor:
    """Returns the joints (B, 18, 3) of persons who stand in the middle of pictures."""
    places = default_poses().centres[:count] * size[0] * 0.2 + torch.tensor([size[1] / 2, size[0] / 2])
    return torch.cat([places, torch.ones(count, 18, 1)], -1)


def batch(count: int = 4) -> PersonBatch:
    images = torch.rand(count, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    return PersonBatch(images, labels=torch.arange(count) % 3, keypoints=standing(count))


@torch.no_grad()
def embedding(model: AttentionDrivenNet, persons: PersonBatch) -> Tensor:
    return model.eval()(persons).embedding


@pytest.mark.parametrize(
    ("options", "parameters", "products", "exactly"),
    [(BASE, 6.8e6, 2.26e9, 6_915_232), ({}, 10.4e6, 2.69e9, 10_504_755)],
    ids=["base", "both attentions"],
)
def test_size_is_that_of_table_12(options: dict[str, object], parameters: float, products: float, exactly: int) -> None:
    cost = cost_of(AttentionDrivenConfig(**options), (384, 192))
    assert cost.parameters == exactly
    assert exactly == pytest.approx(parameters, rel=0.05)
    assert cost.multiply_adds == pytest.approx(products, rel=0.05)


def test_descriptor_is_whole_and_parts_of_equal_weight() -> None:
    output = small().eval()(batch())
    assert list(output.features) == FEATURES
    assert output.embedding.shape == (4, 16 + 4 * 8)
    parts = torch.cat([output.features[name] for name in FEATURES[1:]], 1)
    torch.testing.assert_close(output.features["whole"].norm(dim=1), torch.ones(4))
    torch.testing.assert_close(parts.norm(dim=1), torch.ones(4))


def test_parts_are_fused_as_equation_9_says() -> None:
    model = small(dim=2, part_dim=1)
    for part in PARTS:
        nn.init.zeros_(model.inter.scores[part].weight)
        nn.init.zeros_(model.inter.scores[part].bias)
    nn.init.constant_(model.inter.scores["head"].bias, math.log(3))  # μ = 3/4; the others' is 1/2
    own = dict(zip(PARTS, torch.tensor([[[4.0]], [[2.0]], [[0.0]], [[-1.0]]]), strict=True))
    with torch.no_grad():
        features, weights = model._fused({"whole": torch.tensor([[3.0, 4.0]]), **own})
    length = math.sqrt(7**2 + 3**2 + 1.5**2)
    assert [float(value) for value in torch.cat(list(features.values()), 1)[0]] == pytest.approx(
        [0.6, 0.8, 7 / length, 3 / length, 0, -1.5 / length]
    )
    assert {part: float(weight) for part, weight in weights.items()} == pytest.approx(
        {"head": 0.75, "upper": 0.5, "upper_leg": 0.5, "lower_leg": 0.5}
    )


@pytest.mark.parametrize(
    ("options", "features", "heads"),
    [
        ({}, FEATURES, True),
        ({"fusion": "concatenation"}, FEATURES, False),
        ({"fusion": "fully_connected"}, ["fused"], True),
        ({"intra_attention": "none"}, FEATURES, True),
        (BASE | {"alignment": "strips"}, FEATURES, False),
    ],
)
def test_rows_of_the_tables(options: dict[str, object], features: list[str], heads: bool) -> None:
    output = small(**options).eval()(batch())
    assert list(output.features) == features
    torch.testing.assert_close(output.embedding.norm(dim=1), torch.full((4,), math.sqrt(2)))
    expected = ["intra/whole", *(f"intra/{part}" for part in PARTS), *(["inter"] if heads else [])]
    assert sorted(output.identity_logits) == sorted(expected)
    assert (len(output.weights) == 4) == (options.get("fusion", "inter_attention") == "inter_attention")
    assert bool(output.maps) == (options.get("intra_attention", "") is not None)


@pytest.mark.parametrize("fusion", ["inter_attention", "fully_connected"])
def test_gradient_reaches_every_head_and_attention(fusion: str) -> None:
    model = small(fusion=fusion, dropout=0.0, pose=POSE).train()
    objective = Objective(ObjectiveConfig.model_validate(OBJECTIVE))
    loss, _ = objective(model(batch()), batch())
    loss.backward()
    for name, parameter in model.named_parameters():
        reached = parameter.grad is not None and bool(parameter.grad.any())
        assert reached != name.startswith("pose."), name
    assert not any(module.training for module in model.pose.modules())


def test_crops_follow_the_joints() -> None:
    """A person who stands elsewhere in a picture of nothing looks the same."""
    model = small()
    images = torch.zeros(2, 3, 96, 96)
    person = torch.rand(2, 3, 40, 16)
    images[:, :, 24:64, 24:40] = person
    moved = torch.zeros_like(images)
    moved[:, :, 34:74, 44:60] = person
    joints = standing(2, (40, 16)) + torch.tensor([24.0, 24.0, 0.0])
    there = joints + torch.tensor([20.0, 10.0, 0.0])
    here = embedding(model, PersonBatch(images, keypoints=joints))
    torch.testing.assert_close(embedding(model, PersonBatch(moved, keypoints=there)), here, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(embedding(model, PersonBatch(moved, keypoints=joints)), here, atol=1e-2)


def test_strips_where_no_joint_is_known() -> None:
    model, strips = small(), small(alignment="strips")
    persons = batch()
    nobody = persons.keypoints.clone()
    nobody[1:, :, 2] = 0
    expected = embedding(strips, persons)
    torch.testing.assert_close(embedding(model, replace(persons, keypoints=None)), expected)
    some = embedding(model, replace(persons, keypoints=nobody))
    torch.testing.assert_close(some[1:], expected[1:])
    assert not torch.allclose(some[0], expected[0], atol=1e-2)


def test_heads_are_exact_whatever_the_network_computes_in() -> None:
    model, unknown = small(pose=POSE), replace(batch(), keypoints=None)
    with torch.autocast("cpu", torch.bfloat16):
        output = model(unknown)
    heads = [*output.features.values(), *output.identity_logits.values(), *output.metric_features.values()]
    assert {head.dtype for head in heads} == {torch.float32}


def test_strips_need_no_pose_network() -> None:
    assert small(alignment="strips", pose=POSE).pose is None


def test_maps_lie_in_the_picture() -> None:
    output = small().eval()(batch())
    assert list(output.maps) == [f"{title}/block {number}" for title in ("whole", "parts") for number in (2, 3, 4)]
    for values in output.maps.values():
        assert values.shape == (4, 16, 8)
        assert ((values >= 0) & (values <= 1)).all()
        assert values.any()
    assert all(((weights > 0) & (weights < 1)).all() for weights in output.weights.values())
    assert not small().eval()(replace(batch(), wants_maps=False)).maps


def test_learns_a_few_persons_by_heart() -> None:
    pixels = [np.asarray(draw_person(0, pid, camid, SIZE), np.float32) / 255 for pid in (1, 2, 3) for camid in (1, 2)]
    images = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2) - 0.5
    persons = PersonBatch(images, labels=torch.arange(6) // 2, keypoints=standing(1).expand(6, -1, -1))
    model = small(dropout=0.0, num_identities=3).train()
    objective = Objective(ObjectiveConfig.model_validate(OBJECTIVE))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(12):
        optimizer.zero_grad()
        output = model(persons)
        objective(output, persons)[0].backward()
        optimizer.step()
    for name, logits in output.identity_logits.items():
        assert (logits.argmax(1) == persons.labels).all(), name


def test_checkpoint_has_pose_network_and_canonical_poses(tmp_path: Path) -> None:
    save_pose_net(tmp_path / "pose", PoseNet(POSE))
    told = contained_systems(AttentionDrivenConfig, {"pose": str(tmp_path / "pose")})
    model = small(**told)
    initialise(model, "pose", str(tmp_path / "pose"))
    model.boxes.centres.mul_(1.1)  # of another data set
    checkpoint.save(tmp_path / "last", model, EmbedderConfig(size=SIZE), card="")
    loaded = checkpoint.load(tmp_path / "last").model
    assert loaded.config == model.config
    torch.testing.assert_close(loaded.boxes.centres, default_poses().centres * 1.1)
    unknown = PersonBatch(batch().images)
    torch.testing.assert_close(embedding(loaded, unknown), embedding(model, unknown))
    assert contained_systems(AttentionDrivenConfig, {"pose": str(tmp_path / "last")}) == told


def test_parts_can_be_compared_alone(tmp_path: Path) -> None:
    """Tables 7 and 9: ``evaluate --feature``."""
    for pid in (1, 2):
        draw_person(0, pid, 1, SIZE).save(tmp_path / f"{pid}.png")
    images = [PersonImage(tmp_path / f"{pid}.png", pid, 1) for pid in (1, 2)]
    found = Embedder(small(), EmbedderConfig(size=SIZE)).embed(images)
    whole, head, parts = (found.feature(name).features for name in ("whole", "part/head", "part"))
    assert (whole.shape, head.shape, parts.shape) == ((2, 16), (2, 8), (2, 32))
    np.testing.assert_array_equal(np.concatenate([whole, parts], 1), found.features)
    np.testing.assert_array_equal(parts[:, :8], head)


def test_configuration_survives_json() -> None:
    config = small(pose=POSE, intra_attention="none").config
    assert AttentionDrivenConfig.model_validate_json(config.model_dump_json()) == config
