"""Rows of one table differ in what their names say, and in nothing else: neither data, schedule nor evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reseen.training.recipe import Recipe, content_of, load_recipe

LEAVES = {"terms", "distance"}
"""Keys whose values are compared as a whole."""
TERMS = "phases.0.objective.terms"


def flat(value: Any, *keys: str) -> Iterator[tuple[str, Any]]:
    if keys[-1:] == ("phases",):
        value = {str(number): phase for number, phase in enumerate(value)}
    if isinstance(value, dict) and value and keys[-1] not in LEAVES:
        for key, inner in value.items():
            yield from flat(inner, *keys, key)
    else:
        yield ".".join(keys), value


def content(recipe: Recipe, phases: int) -> dict[str, Any]:
    """Returns what a recipe does by key: in place of a phase's changes to the system, the system it trains."""
    found = content_of(recipe)
    del found["name"], found["model"]
    for number, phase in enumerate(found["phases"]):
        phase["model"] = recipe.system(number).model_dump(mode="json")
    if not found["phases"]:
        found["model"] = recipe.system(0).model_dump(mode="json")
    found["phases"] = found["phases"][:phases]
    return dict(pair for key, value in found.items() for pair in flat(value, key))


def changes(row: str, whole: str) -> dict[str, Any]:
    """Returns in what a row differs from the whole, in the phases that it has: its values, None for what it has not."""
    one, other = load_recipe(row), load_recipe(whole)
    own, before = (content(recipe, len(one.phases)) for recipe in (one, other))
    return {key: own.get(key) for key in own.keys() | before.keys() if own.get(key) != before.get(key)}


def terms(recipe: str, *titles: str, phase: int = 0) -> list[dict[str, Any]]:
    """Returns those of a recipe's terms that have these titles, or kinds, as plain values."""
    chosen = load_recipe(recipe).phases[phase].objective.terms
    found = [term.model_dump(mode="json") for term in chosen if {term.title, term.kind} & set(titles)]
    assert len(found) == len(titles)
    return found


@pytest.mark.parametrize("data", ["duke", "market1501"])
def test_rows_of_aanet(data: str) -> None:
    whole = f"aanet50-{data}"
    alone = {"phases.0.model.attribute": False, "phases.0.model.attention": []}
    fixed = {"phases.0.objective.weighting": "fixed"}
    parts = terms(whole, "global", "part")
    expected: dict[str, dict[str, Any]] = {
        "1-global": alone | fixed | {"phases.0.model.parts": None, TERMS: terms(whole, "global")},
        "2-parts": alone | fixed | {TERMS: parts},
        "3-attributes": fixed | {"phases.0.model.attention": [], TERMS: parts + terms(whole, "attribute")},
        "4-uncertainty": {"phases.0.model.attention": [], TERMS: parts + terms(whole, "attribute")},
        "5-attention": {},
    }
    assert {row: changes(f"{whole}-ablation-{row}", whole) for row in expected} == expected


@pytest.mark.parametrize(("family", "whole"), [("ablation", "iva50-market1501"), ("short", "iva50-market1501-short")])
def test_rows_of_iva(family: str, whole: str) -> None:
    without = {"identity": {"phases.0.model.identity": False}, "attribute": {"phases.0.model.attribute": False}}
    own = {"evaluation.reranking": False} if family == "ablation" else {}
    expected: dict[str, dict[str, Any]] = {
        "woid": own | without["identity"] | {TERMS: terms(whole, "attribute", "triplet")},
        "woattr": own | without["attribute"] | {TERMS: terms(whole, "identity", "triplet")},
        "woim": own | without["identity"] | without["attribute"] | {TERMS: terms(whole, "triplet")},
        "wovm": own | {"phases.0.model.verification": False, TERMS: terms(whole, "identity", "attribute")},
    }
    assert {row: changes(f"iva50-market1501-{family}-{row}", whole) for row in expected} == expected


@pytest.mark.parametrize("whole", ["iva50-market1501-short", "iva50-market1501-quick"])
def test_the_sum_of_ivas_attributes_weighs_each_head_by_how_many_it_has(whole: str) -> None:
    found = changes(f"{whole}-sum", whole)
    (attribute,) = terms(whole, "attribute")
    heads = {"global": 27.0, "upper": 16.0, "lower": 11.0}
    summed = [attribute | {"name": f"attribute/{head}", "heads": [head], "weight": n} for head, n in heads.items()]
    own = [*terms(whole, "identity"), *summed, *terms(whole, "triplet")]
    assert found == {TERMS.replace("0", str(phase)): own for phase in range(len(load_recipe(whole).phases))}


def test_quick_iva_may_start_from_rendered_persons() -> None:
    quick = "iva50-market1501-quick"
    assert changes(f"{quick}-rendered", quick) == {"init.backbone": "runs/aanet50-rendered/last"}


@pytest.mark.parametrize("family", ["", "short-"])
def test_rows_of_the_attention_driven_net(family: str) -> None:
    """Full-size rows take from the rendered start what they have, short ones have all one start: the baseline's."""
    name = f"attention-driven-market1501-{family}"
    strips, aligned, intra, inter = (f"{name}{row}" for row in ("strips", "aligned", "intra", "inter"))
    both = name.removesuffix("-")
    joints = {"data.joints": "market1501-joints.parquet", "init.pose": "pose-net"}
    within: dict[str, Any] = {"phases.0.model.intra_attention": "spatial_channel"}
    (identity,) = terms(strips, "identity")
    fused = [identity | {"weight": 0.5}, identity | {"heads": ["inter"]}]  # λ of the text
    between: dict[str, Any] = {"phases.0.model.fusion": "inter_attention", TERMS: fused}
    start = f"runs/attention-driven-rendered{'-strips' if family else ''}/last"
    if not family:
        within["init.intra"] = between["init.inter"] = start
    assert load_recipe(strips).init == {"backbone": start}
    assert changes(aligned, strips) == joints | {"phases.0.model.alignment": "joints"}
    assert changes(intra, aligned) == within
    assert changes(inter, aligned) == between
    assert changes(both, aligned) == within | between


def test_the_short_rows_of_the_attention_driven_net_start_from_their_baseline() -> None:
    """Of the same system, at the same size."""
    start, row = (load_recipe(f"attention-driven-{name}") for name in ("rendered-strips", "market1501-short-strips"))
    assert (start.model, start.data.size) == (row.model, row.data.size)


def test_other_rows_of_the_attention_driven_net() -> None:
    both = "attention-driven-market1501"
    (intra, inter) = terms(both, "intra", "inter")
    assert changes(f"{both}-best", both) == {"phases.0.model.beta": 3 / 48, TERMS: [intra | {"weight": 0.1}, inter]}
    assert changes(f"{both}-undecomposed", both) == {"phases.0.model.intra_attention": "none", "init.intra": None}
    connected = {"phases.0.model.fusion": "fully_connected", TERMS: [intra, inter]}
    assert changes(f"{both}-connected", f"{both}-aligned") == connected


@pytest.mark.parametrize("suffix", ["", "-mva50"])
def test_rows_of_acrn(suffix: str) -> None:
    """Of ReIdCNN ACRN has the first phase; the others train nothing."""
    net = {"init.attribute_net": "runs/mva50-peta-all-quick/last" if suffix else "runs/mva-peta-all/last"}
    alone, acrn = "acrn-market1501-attributes", f"acrn-market1501{suffix}"
    (plain,) = terms("acrn-market1501-reidcnn", "attribute_triplet", phase=1)
    beside = [plain | {"beside": "attributes"}, plain | {"name": "attributes", "heads": ["attributes"]}]
    found = changes(acrn, "acrn-market1501-reidcnn")
    assert found == {"init": None, **net, "phases.1.objective.terms": beside}
    assert plain["beside"] is None
    assert plain["heads"] == ["global"]

    kissme = changes(f"{alone}-kissme{suffix}", f"{alone}{suffix}")
    assert (kissme.keys(), kissme["distance"]["kind"]) == ({"distance"}, "kissme")
    both = changes(f"{alone.replace('attributes', 'reidcnn-attributes')}{suffix}", f"{alone}{suffix}")
    distance = both.pop("distance")
    summed = [(each["kind"], each["features"], each["weight"]) for each in distance["terms"]]
    assert (distance["kind"], summed) == ("sum", [("euclidean", ["global"], 1), ("euclidean", ["attributes"], 0.5)])
    assert both == {"model.reid_net": True, "model.gamma": 1, "init.reid_net": "runs/acrn-market1501-reidcnn/last"}
    assert load_recipe(f"{alone}{suffix}").phases == ()
    if suffix:
        assert changes(f"{alone}{suffix}", alone) == net
        assert changes(acrn, "acrn-market1501") == net


def test_short_rows_of_acrn() -> None:
    """They differ as those of the paper's schedule do, and from these in how long they are."""
    whole, plain = "acrn-market1501-mva50", "acrn-market1501-reidcnn"
    short, short_plain = "acrn-market1501-short", "acrn-market1501-short-reidcnn"
    assert changes(short, short_plain) == changes(whole, plain)
    longer = {
        key for key in changes(short_plain, plain) if not key.startswith(("phases.0.schedule.", "phases.1.sched"))
    }
    assert longer == {"phases.0.epochs", "phases.1.epochs"}
    start = {"init.reid_net": f"runs/{short_plain}/last"}
    assert changes(f"{short_plain}-attributes", f"{plain}-attributes-mva50") == start


@pytest.mark.parametrize(
    ("data", "own"),
    [
        ("duke", {"data.name": "dukemtmc"}),
        (
            "cuhk03-detected",
            {"data.name": "cuhk03"}
            | {f"data.options.{key}": value for key, value in
               {"protocol": "classic", "boxes": "detected", "taught_boxes": "both", "fold": 0}.items()}
            | {"data.options": None},
        ),
    ],
)  # fmt: skip
def test_rows_of_acrn_on_other_data(data: str, own: dict[str, Any]) -> None:
    """Nothing but the data, and the ReIdCNN that has learnt from the same."""
    for row in ("", "-reidcnn", "-attributes", "-attributes-kissme", "-reidcnn-attributes"):
        start = {"init.reid_net": f"runs/acrn-{data}-reidcnn/last"} if row == "-reidcnn-attributes" else {}
        assert changes(f"acrn-{data}{row}", f"acrn-market1501{row}") == own | start


def test_rows_of_mva() -> None:
    assert changes("mva50-peta-quick-global", "mva50-peta-quick") == {
        "phases.0.model.local_views": False,
        "phases.1.model.local_views": False,
    }
    for whole in ("mva-peta", "mva50-peta-quick"):
        assert changes(f"{whole}-disjoint", whole) == {"data.options.split": "disjoint"}
    everything = changes("mva50-peta-all-quick", "mva50-peta-quick")
    assert everything.pop("data.options.attributes") == "all"
    start = dict.fromkeys(("backbone", "global_view", "local_views", "combined"), "runs/mva50-peta-quick/last")
    assert {key.removeprefix("init."): everything.pop(key) for key in list(everything) if "init." in key} == start
    assert all(key.startswith("phases.0.") for key in everything), "and fewer epochs"
    start = {"init.backbone": "runs/aanet50-rendered/last"}
    assert changes("mva50-peta-quick-rendered", "mva50-peta-quick") == start


def test_rows_of_lrdnn() -> None:
    """The first two are the first phases of the whole."""
    whole = "lrdnn50-market1501"
    maps = "phases.2.model.pose_maps"
    expected: dict[str, dict[str, Any]] = {
        "b": {"init.pose": None},
        "b-a": {"init.pose": None},
        "b-a-h": {maps: ["confidence"]},
        "b-a-c": {maps: ["affinity"]},
        "without-cpb": {f"phases.{phase}.model.channel_parse": False for phase in range(3)},
    }
    assert {row: changes(f"{whole}-ablation-{row}", whole) for row in expected} == expected
    phases = [len(load_recipe(f"{whole}-ablation-{row}").phases) for row in expected]
    assert phases == [1, 2, 3, 3, 3]


def test_short_rows_of_lrdnn() -> None:
    """All have three phases; classifiers begin anew where the whole's do, at the rate that suits their size."""
    whole = "lrdnn50-market1501-short"
    identity = terms(whole, "identity")
    rates = "phases.2.optimizer.lr_of"
    without_pose = {"init.pose": None, "phases.2.model.pose_maps": [], "phases.2.frozen": [], rates: {}}
    without_pose |= {f"{rates}.{part}": None for part in ("head", "attribute_classifier")}
    alone = {f"phases.{phase}.{key}": value for phase in (1, 2) for key, value in (
        ("model.attribute", False), ("objective.terms", identity),
    )}  # fmt: skip
    maps = "phases.2.model.pose_maps"
    expected: dict[str, dict[str, Any]] = {
        "b": without_pose | alone | {"phases.2.fresh": ["head"]},
        "b-a": without_pose | {"phases.2.fresh": ["head", "attribute_classifier"]},
        "b-a-h": {maps: ["confidence"]},
        "b-a-c": {maps: ["affinity"]},
        "without-cpb": {f"phases.{phase}.model.channel_parse": False for phase in range(3)},
    }
    assert {row: changes(f"{whole}-{row}", whole) for row in expected} == expected
    assert all(len(load_recipe(f"{whole}-{row}").phases) == 3 for row in expected)
