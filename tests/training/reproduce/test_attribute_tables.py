"""Single attributes beside the paper's, from made result files."""

from __future__ import annotations

from reseen.training.reproduce.attribute_tables import NAMED, learnt_weights, named_attributes
from reseen.training.reproduce.results import Result


def scored(value: float, dataset: str = "peta", **more: float) -> Result:
    table = dict.fromkeys(NAMED, value) | more
    return Result("x", {"dataset": dataset, "attributes": {"balanced_accuracy": {"colors_binary": table}}})


def weighed(dataset: str, **weights: float) -> Result:
    return Result("x", {"dataset": dataset, "attribute_weights": weights})


def test_seeds_are_averaged_beside_the_papers_values() -> None:
    others = {"market": [Result("x", {"attributes": {"balanced_accuracy": {"colors_binary": {"hat": 1.0}}}})]}
    ours = {"mva": [scored(0.5, hairLong=0.9), scored(0.7, hairLong=0.8)], "none": [], **others}
    head, lines = named_attributes({**ours, "other": [scored(0.25)]})
    assert head == ("attribute", "the paper", "`mva`", "`other`")
    assert lines[0] == ("`personalLarger60`", "92.8", "60.0", "25.0")
    assert ("`hairLong`", "90.5", "85.0", "25.0") in lines
    assert len(lines) == 12
    assert named_attributes(others)[1] == []


def test_both_ends_of_the_weights_stand_below_the_papers() -> None:
    letters = {letter: number / 10 for number, letter in enumerate("abcdefghijkl")}
    first, second = weighed("market1501", **letters), weighed("market1501", **(letters | {"a": 3.0}))
    head, lines = learnt_weights({"acrn": [first, second], "plain": [scored(0.5)], "own": [weighed("table", x=1.0)]})
    assert head == ("", "highest", "lowest")
    assert lines == [
        ("the paper, market1501", "backpack, skirt, male", "long hair, hat, V-neck"),
        ("`acrn`", "a 1.50, l 1.10, k 1.00, j 0.90, i 0.80", "f 0.50, e 0.40, d 0.30, c 0.20, b 0.10"),
        ("`own`", "x 1.00", "x 1.00"),
    ]
