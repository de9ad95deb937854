"""Full-size recipes have the papers' numbers, wherever a paper gives one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from reseen.training.loop.schedule import factor
from reseen.training.recipe import PhaseSection, load_recipe


@dataclass(frozen=True)
class Phase:
    """What a paper says of a phase: epochs, images a batch (P × K, triplets), rates by part, factors by epoch."""

    epochs: int
    batch: tuple[int, ...]
    optimizer: str
    rates: dict[str, float]
    factors: dict[float, float]
    terms: dict[str, dict[str, Any]]
    model: dict[str, Any] = field(default_factory=dict)


IDENTITY: dict[str, dict[str, Any]] = {"identity": {}}
IVA = Phase(
    320,
    (8, 4),
    "sgd",
    {"": 2e-4},
    {0: 1, 160: 1, 240: 0.001**0.5, 320: 0.001},
    {"identity": {"weight": 1}, "attribute": {"weight": 1}, "triplet": {"weight": 1, "margin": 1.2}},
)
LRDNN = ({"": 1e-4}, {epoch: 0.96**epoch for epoch in (0, 1, 10, 59)})
LRDNN_BOTH: dict[str, dict[str, Any]] = {"identity": {"weight": 1}, "attribute": {"weight": 12}}
ATTENTION_FACTORS: dict[float, float] = {0: 1, 39.9: 1, 40: 0.1, 79.9: 0.1, 80: 0.01, 99.9: 0.01}
ACRN_FACTORS: dict[float, float] = {0: 1, 1.9: 1, 2: 0.8, 4: 0.8**2, 9.9: 0.8**4}
STEPS = 178  # of 64 images, in an epoch of PETA's 11,400
PUBLISHED: dict[str, tuple[dict[str, Any], list[Phase]]] = {
    "aanet50-market1501": (
        {"size": (384, 128)},
        [
            Phase(
                40,
                (32,),
                "sgd",
                {"": 0.1, "backbone": 0.01},
                {0: 1, 19.9: 1, 20: 0.1, 39.9: 0.1},
                {"global": {}, "part": {}, "attention": {}, "attribute": {}},
                {"parts": "clusters", "dim": 256},
            )
        ],
    ),
    "iva50-market1501": ({"size": (384, 128)}, [IVA]),
    "attention-driven-market1501": (
        {},
        [
            Phase(
                100,
                (32,),
                "sgd",
                {"": 0.01},
                ATTENTION_FACTORS,
                {"intra": {"weight": 0.5}, "inter": {"weight": 1}},
                {"whole_size": (384, 192), "part_size": (96, 192), "dropout": 0.5, "beta": 0.1},
            )
        ],
    ),
    "attention-driven-market1501-best": (
        {},
        [
            Phase(
                100,
                (32,),
                "sgd",
                {"": 0.01},
                ATTENTION_FACTORS,
                {"intra": {"weight": 0.1}, "inter": {"weight": 1}},
                {"beta": 3 / 48},
            )
        ],
    ),
    "lrdnn50-market1501": (
        {},
        [
            Phase(100, (32,), "adam", *LRDNN, IDENTITY, {"attribute": False, "pose_maps": ()}),
            Phase(60, (32,), "adam", *LRDNN, LRDNN_BOTH, {"attribute": True, "pose_maps": ()}),
            Phase(100, (32,), "adam", *LRDNN, LRDNN_BOTH, {"pose_maps": ("confidence", "affinity"), "dim": 8000}),
        ],
    ),
    "mva-peta": (
        {"size": (256, 128)},
        [
            Phase(
                394,
                (64,),
                "sgd",
                {"": 1e-3, "local_views": 1e-2},
                {29_900 / STEPS: 1, 30_100 / STEPS: 0.1, 59_900 / STEPS: 0.1, 60_100 / STEPS: 0.01},
                {"attribute": {"balanced": True}},
                {"backbone": "googlenet"},
            )
        ],
    ),
    "acrn-market1501": (
        {"size": (160, 64)},
        [
            Phase(10, (64,), "sgd", {"": 1e-2}, ACRN_FACTORS, IDENTITY),
            Phase(
                20,
                (40,),
                "sgd",
                {"": 1e-2},
                ACRN_FACTORS | {18: 0.8**9},
                {"triplet": {"margin": 0.3, "beside": "attributes"}, "attributes": {"margin": 0.3}},
                {"gamma": 0.5, "dim": 512},
            ),
        ],
    ),
}


def batch_of(phase: PhaseSection) -> tuple[int, ...]:
    return tuple(phase.sampler.model_dump(exclude={"kind"}).values())


@pytest.mark.parametrize("name", PUBLISHED)
def test_recipes_have_the_papers_numbers(name: str) -> None:
    data, phases = PUBLISHED[name]
    recipe = load_recipe(name)
    assert {key: getattr(recipe.data, key) for key in data} == data
    assert len(recipe.phases) == len(phases)
    for number, (phase, said) in enumerate(zip(recipe.phases, phases, strict=True)):
        assert (phase.epochs, batch_of(phase)) == (said.epochs, said.batch)
        rates = {"": phase.optimizer.lr, **phase.optimizer.lr_of}
        assert (phase.optimizer.name, rates) == (said.optimizer, said.rates)
        found = {epoch: factor(phase.schedule, epoch, phase.epochs) for epoch in said.factors}
        assert found == pytest.approx(said.factors, rel=1e-3)
        terms = {term.title: term.model_dump() for term in phase.objective.terms}
        assert terms.keys() == said.terms.keys()
        for title, own in said.terms.items():
            assert {key: terms[title][key] for key in own} == own
        system = recipe.system(number).model_dump()
        assert {key: system[key] for key in said.model} == said.model


def test_what_papers_say_beside() -> None:
    assert {phase.optimizer.weight_decay for phase in load_recipe("lrdnn50-market1501").phases} == {0}
    assert batch_of(load_recipe("aanet152-market1501").phases[0]) == (24,)
    assert 70_000 <= load_recipe("mva-peta").phases[0].epochs * STEPS < 70_000 + STEPS
