"""MVA and ACRN from recipe to checkpoint: an attribute net, the net that complements it, and its baselines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import reseen
from reseen.data.batch import PersonBatch
from reseen.descriptors.distance import Euclidean, Mahalanobis, Sum
from reseen.errors import ReseenError
from reseen.explain.explanation import explain
from reseen.models.acrn import AttributeComplementaryNet
from reseen.models.embedder import as_person_image
from reseen.models.mva import MultiViewAttributeNet
from reseen.training.recipe import recipe_from
from tests.cli.calls import run
from tests.training.test_fit import fit, weights_of

TRIPLETS = [
    {"kind": "attribute_triplet", "beside": "attributes"},
    {"kind": "attribute_triplet", "name": "attributes", "heads": ["attributes"]},
]


def train(root: Path, folder: Path, **content: Any) -> None:
    content = {"name": "tiny", "data": {"name": "market1501", "root": str(root), "size": [64, 32]}} | content
    content |= {"precision": "32-true", "evaluation": {"flip": False}}
    fit(recipe_from(content, "test"), folder)


@pytest.fixture(scope="module")
def attribute_net(market_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mva")
    phase = {
        "epochs": 1,
        "sampler": {"kind": "random", "batch_size": 16},
        "objective": {"terms": [{"kind": "attribute", "balanced": True}]},
        "optimizer": {"lr": 1e-3, "lr_of": {"local_views": 1e-2}},
    }
    data = {"name": "market1501", "root": str(market_drawn), "size": [96, 32]}
    train(market_drawn, folder, data=data, model={"system": "mva", "backbone": "test_resnet"}, phases=[phase])
    return folder / "last"


@pytest.fixture(scope="module")
def complemented(attribute_net: Path, market_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("acrn")
    phases = [
        {"epochs": 1, "objective": {"terms": [{"kind": "identity"}]}},
        {"epochs": 1, "sampler": {"kind": "triplets", "triplets": 8}, "objective": {"terms": TRIPLETS}},
    ]
    init = {"attribute_net": str(attribute_net)}
    train(market_drawn, folder, model={"system": "acrn"}, init=init, phases=phases)
    return folder


def test_attribute_net_is_contained_as_it_was(attribute_net: Path, complemented: Path) -> None:
    before, after = weights_of(attribute_net.parent), weights_of(complemented)
    assert all(torch.equal(value, after[f"attribute_net.{name}"]) for name, value in before.items())
    assert after["weights.weight"].sub(1).abs().min() > 0  # every attribute's weight has been learnt
    model = reseen.load(complemented / "last").model
    assert isinstance(model, AttributeComplementaryNet)
    assert model.extra_sizes == {"attributes": (96, 32)}


def test_descriptor_has_the_attributes_that_the_net_alone_reads(
    attribute_net: Path, complemented: Path, market_drawn: Path
) -> None:
    pictures = sorted((market_drawn / "query").glob("*.jpg"))[:2]
    alone, whole = reseen.load(attribute_net), reseen.load(complemented / "last")
    weights = np.array(list(whole.model.attribute_weights().values()))
    found, expected = whole.embed(pictures), alone.embed(pictures)
    np.testing.assert_allclose(
        np.abs(found.named(["attributes"])["attributes"]), np.sqrt(0.5) * weights * expected.features, atol=1e-5
    )
    assert found.attributes is not None
    assert found.attributes.keys() == expected.attributes.keys()


def test_attributes_are_read_once_in_a_phase(
    attribute_net: Path, market_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frozen net sees each training picture once, however many epochs there are."""
    seen: list[int] = []
    forward = MultiViewAttributeNet.forward

    def counted(self: MultiViewAttributeNet, batch: PersonBatch) -> Any:
        seen.append(len(batch.images))
        return forward(self, batch)

    monkeypatch.setattr(MultiViewAttributeNet, "forward", counted)
    images = len(list((market_drawn / "bounding_box_train").glob("*.jpg")))
    tested = sum(len(list((market_drawn / part).glob("*.jpg"))) for part in ("query", "bounding_box_test"))
    phase = {"epochs": 2, "sampler": {"kind": "triplets", "triplets": 8}, "objective": {"terms": TRIPLETS[1:]}}
    init, model = {"attribute_net": str(attribute_net)}, {"system": "acrn", "reid_net": False}
    train(market_drawn, tmp_path / "run", model=model, init=init, phases=[phase])
    # One blank picture to see that every term finds its heads, and two to count what it costs.
    assert sum(seen) == images + 1 + tested + 2


@pytest.mark.parametrize(
    ("distance", "kind"),
    [
        (None, Euclidean),
        ({"kind": "kissme", "components": 4}, Mahalanobis),
        (
            {
                "kind": "sum",
                "terms": [
                    {"kind": "euclidean", "features": ["global"]},
                    {"kind": "euclidean", "features": ["attributes"], "weight": 0.5},
                ],
            },
            Sum,
        ),
    ],
)
def test_baselines_are_put_together_without_training(
    distance: dict[str, Any] | None,
    kind: type,
    attribute_net: Path,
    complemented: Path,
    market_drawn: Path,
    tmp_path: Path,
) -> None:
    init = {"attribute_net": str(attribute_net)}
    model: dict[str, Any] = {"system": "acrn", "reid_net": kind is Sum, "gamma": 1}
    if kind is Sum:
        init["reid_net"] = str(complemented / "last")
    train(market_drawn, tmp_path / "run", model=model, init=init, phases=[], distance=distance)
    embedder = reseen.load(tmp_path / "run" / "last")
    assert isinstance(embedder.distance, kind)
    assert "attribute_weights" not in json.loads((tmp_path / "run" / "report.json").read_text()), "none were learnt"
    pictures = sorted((market_drawn / "query").glob("*.jpg"))[:2]
    pair = embedder.embed(pictures)
    found = pair[[0]].distances_to(pair[[1]]).item()
    by_name = {name: np.subtract(*features) for name, features in pair.named().items() if "/" not in name}
    told = reseen.load(attribute_net).embed(pictures).features
    np.testing.assert_allclose(by_name["attributes"], np.subtract(*told), atol=1e-5)
    lengths = {name: np.linalg.norm(difference) for name, difference in by_name.items()}
    if kind is Euclidean:
        assert found == pytest.approx(lengths["attributes"], abs=1e-5)
    elif kind is Sum:
        assert found == pytest.approx(lengths["global"] + 0.5 * lengths["attributes"], abs=1e-5)
    assert "No weights were trained here" in (tmp_path / "run" / "last" / "README.md").read_text()


def test_recipe_with_neither_phases_nor_weights() -> None:
    with pytest.raises(ReseenError, match="a recipe without phases needs init"):
        recipe_from({"name": "x", "data": {"name": "market1501"}, "model": {"system": "acrn"}, "phases": []}, "test")


def test_explained_with_its_attribute_weights(
    complemented: Path, attribute_net: Path, market_drawn: Path, tmp_path: Path
) -> None:
    place = sorted((market_drawn / "query").glob("*.jpg"))[0]
    picture = as_person_image(place)
    embedder = reseen.load(complemented / "last")
    figure = explain(embedder, picture).weights
    assert figure is not None
    weights = embedder.model.attribute_weights()
    assert figure.axes[0].patches[0].get_width() == max(weights.values())
    reported = json.loads((complemented / "report.json").read_text())["attribute_weights"]
    assert list(reported.items()) == sorted(weights.items(), key=lambda item: -item[1])
    assert explain(reseen.load(attribute_net), picture).weights is None
    told = run("explain", complemented / "last", place, "--out", tmp_path / "why.png").stdout
    (first, weight), *_, (last, least) = reported.items()
    assert f"highest weights of attributes: {first} {weight:.2f}, " in told
    assert f", {last} {least:.2f}\n" in told.partition("lowest weights of attributes: ")[2]
    assert (tmp_path / "why-weights.png").is_file()
