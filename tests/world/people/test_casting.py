"""Drawn persons are as frequent as they should be, and what they wear is what their labels say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from reseen.data.annotations.lin_attributes import read_lin_attributes
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.images.source import Entry
from reseen.errors import ReseenError
from reseen.world.bodies.body import make_body
from reseen.world.people.casting import TWINS, draw_pedestrians, twin_of
from reseen.world.people.colours import LOWER_COLOURS, UPPER_COLOURS, blend, colour_class, distance
from reseen.world.people.pedestrian import Cloth, Pedestrian

COUNT = 4000


@pytest.fixture(scope="module")
def people() -> tuple[Pedestrian, ...]:
    return draw_pedestrians(0, COUNT)


def label(person: Pedestrian, name: str) -> str | None:
    index = person.attributes.get(name)
    return None if index is None else MARKET1501_SCHEMA[name].classes[index]


def share(people: tuple[Pedestrian, ...], name: str, value: str | None, gender: str | None = None) -> float:
    return float(np.mean([label(p, name) == value for p in people if gender in (None, label(p, "gender"))]))


@pytest.mark.parametrize(
    ("name", "value", "gender", "expected"),
    [
        ("gender", "male", None, 0.563),
        ("age", "child", None, 0.011),
        ("age", "teenager", None, 0.806),
        ("age", "adult", None, 0.175),
        ("hair", "long", "male", 0.006),
        ("hair", "long", "female", 0.785),
        ("sleeve", "long", None, 0.26),
        ("lower_length", "short", None, 0.50),
        ("lower_type", "dress", "male", 0.0),
        ("lower_type", "dress", "female", 0.297),
        ("hat", "yes", None, 0.06),
        ("backpack", "yes", "male", 0.30),
        ("backpack", "yes", "female", 0.21),
        ("bag", "yes", "male", 0.155),
        ("bag", "yes", "female", 0.364),
        ("handbag", "yes", None, 0.108),
        ("upper_color", None, None, 0.08),
        ("upper_color", "black", None, 0.155),
        ("upper_color", "white", None, 0.295),
        ("upper_color", "red", None, 0.105),
        ("upper_color", "purple", None, 0.036),
        ("upper_color", "gray", None, 0.131),
        ("upper_color", "blue", None, 0.066),
        ("upper_color", "green", None, 0.068),
        ("upper_color", "yellow", None, 0.066),
        ("lower_color", None, None, 0.049),
        ("lower_color", "black", None, 0.378),
        ("lower_color", "white", None, 0.08),
        ("lower_color", "pink", None, 0.033),
        ("lower_color", "gray", None, 0.166),
        ("lower_color", "blue", None, 0.183),
        ("lower_color", "brown", None, 0.078),
    ],
)
def test_attributes_are_as_frequent_as_they_should_be(
    people: tuple[Pedestrian, ...], name: str, value: str | None, gender: str | None, expected: float
) -> None:
    count = COUNT * (1 if gender is None else 0.43)
    error = np.sqrt(expected * (1 - expected) / count)
    assert share(people, name, value, gender) == pytest.approx(expected, abs=4 * error + 0.002)


MORE_OFTEN = {
    ("sleeve", "long"): 0.15,
    ("lower_length", "long"): 0.08,
    ("hat", "yes"): 0.02,
    ("lower_color", "purple"): 0.005,
}
"""Classes that are drawn more often than they occur in Market-1501, by this much at least: to be learnt, or seen."""


@pytest.mark.shared
def test_attributes_are_as_frequent_as_in_market1501(people: tuple[Pedestrian, ...], shared: Path) -> None:
    labels = read_lin_attributes(Entry(shared / "data" / "annotations" / "market_attribute.mat"), MARKET1501_SCHEMA)
    drawn, real = [person.attributes for person in people], list(labels.values())
    for attribute in MARKET1501_SCHEMA:
        classes = [*attribute.classes, "unknown"]
        more = sum(least for (name, _), least in MORE_OFTEN.items() if name == attribute.name)
        for index, value in enumerate(classes):
            here, there = (
                float(np.mean([person.get(attribute.name, len(attribute.classes)) == index for person in persons]))
                for persons in (drawn, real)
            )
            error = np.sqrt(there * (1 - there) * (1 / len(real) + 1 / len(drawn)))
            if (attribute.name, value) in MORE_OFTEN:
                assert here > there + more
            elif not more or len(classes) > 3:
                assert here == pytest.approx(there, abs=4 * error), f"{attribute.name} {value}"


@pytest.mark.parametrize(
    "holds",
    [
        lambda p: (p.sleeve <= 0.55) == (label(p, "sleeve") == "short"),
        lambda p: p.sleeve <= 0.55 or p.sleeve >= 0.8,
        lambda p: p.upper_kind in ("shirt", "blouse") or label(p, "sleeve") == "long",
        lambda p: (p.lower_length <= 0.6) == (label(p, "lower_length") == "short"),
        lambda p: p.lower_length <= 0.6 or p.lower_length >= 0.85,
        lambda p: p.upper_kind != "coat" or label(p, "lower_length") == "long",
        lambda p: (p.hair in ("bob", "ponytail", "long")) == (label(p, "hair") == "long"),
        lambda p: (p.lower_kind == "skirt") == (label(p, "lower_type") == "dress"),
        lambda p: p.lower_kind == "trousers" or label(p, "gender") == "female",
        lambda p: (p.hat is not None) == (label(p, "hat") == "yes"),
        lambda p: (p.backpack is not None) == (label(p, "backpack") == "yes"),
        lambda p: (p.bag is not None) == (label(p, "bag") == "yes"),
        lambda p: (p.handbag is not None) == (label(p, "handbag") == "yes"),
        lambda p: (p.body["gender"] > 0.5) == (label(p, "gender") == "female"),
        lambda p: all(0 <= value <= 1 for value in p.body.values()),
        lambda p: set(p.attributes) | {"upper_color", "lower_color"} == set(MARKET1501_SCHEMA.names),
    ],
)
def test_persons_are_as_their_labels_say(people: tuple[Pedestrian, ...], holds: Callable[[Pedestrian], bool]) -> None:
    assert [person.pid for person in people if not holds(person)] == []


BLENDED = {"stripes": 0.5, "pinstripes": 0.28, "checks": 0.48, "print": 0.4, "gradient": 0.5}
"""Most that each pattern shows of the second colour."""


@pytest.mark.parametrize(("name", "names"), [("upper_color", UPPER_COLOURS), ("lower_color", LOWER_COLOURS)])
def test_clothes_have_the_colour_of_their_label(
    people: tuple[Pedestrian, ...], name: str, names: tuple[str, ...]
) -> None:
    def cloth(person: Pedestrian) -> Cloth:
        return person.upper if name == "upper_color" else person.lower

    known = [person for person in people if name in person.attributes]
    assert [p.pid for p in known if colour_class(cloth(p).colour, names) != label(p, name)] == []
    # From afar a pattern's two colours are one.
    mixed = [(p, blend(cloth(p).colour, cloth(p).second, BLENDED.get(cloth(p).pattern, 0))) for p in known]
    assert [p.pid for p, colour in mixed if colour_class(colour, names) != label(p, name)] == []
    several = [cloth(person) for person in people if name not in person.attributes]
    assert all(each.pattern in ("stripes", "checks", "print") for each in several)
    assert min(distance(each.colour, each.second) for each in several) > 0.3


def test_patterns_vary(people: tuple[Pedestrian, ...]) -> None:
    patterns = [person.upper.pattern for person in people]
    assert np.mean([pattern == "plain" for pattern in patterns]) == pytest.approx(0.6, abs=0.05)
    assert len(set(patterns)) == 8
    assert 0.02 < np.mean([p.upper == p.lower for p in people if p.lower_kind == "skirt"]) < 0.4  # real dresses


def test_a_backpack_and_a_bag_hardly_go_together(people: tuple[Pedestrian, ...]) -> None:
    with_backpack = [person for person in people if person.backpack]
    assert np.mean([person.bag is not None for person in with_backpack]) < 0.12


def test_twins_differ_in_exactly_one_attribute(people: tuple[Pedestrian, ...]) -> None:
    twins = [(people[pid - 1], people[other - 1]) for pid in range(1, COUNT + 1) if (other := twin_of(0, pid))]
    assert len(twins) / COUNT == pytest.approx(TWINS, abs=0.02)
    changed = set()
    for one, other in twins:
        differing = [n for n in MARKET1501_SCHEMA.names if one.attributes.get(n) != other.attributes.get(n)]
        assert len(differing) == 1
        changed.add(differing[0])
        shown = [f.name for f in fields(one) if getattr(one, f.name) != getattr(other, f.name)]
        assert len(shown) == 3  # pid, attributes and what shows the one that differs
        assert twin_of(0, other.pid) is None
    assert changed == set(MARKET1501_SCHEMA.names) - {"gender", "age", "lower_type"}
    alone = [person for person in people if twin_of(0, person.pid) is None]
    assert len({person.seed for person in alone}) == len(alone)


def test_bodies_are_as_tall_as_people(people: tuple[Pedestrian, ...]) -> None:
    def statures(gender: str, age: str, count: int) -> list[float]:
        chosen = [p for p in people if label(p, "gender") == gender and label(p, "age") == age][:count]
        return [make_body(person.body).height for person in chosen]

    men, women = statures("male", "teenager", 12), statures("female", "teenager", 12)
    assert np.mean(men) == pytest.approx(1.72, abs=0.06)
    assert np.mean(women) == pytest.approx(1.60, abs=0.052)
    assert 0.03 < np.std(men) < 0.11
    assert 0.03 < np.std(women) < 0.10
    for gender in ("male", "female"):
        for child in statures(gender, "child", 3):
            assert 1.14 < child < 1.56
        for grown in statures(gender, "old", 2) + statures(gender, "adult", 2):
            assert 1.40 < grown < 1.95


def test_a_person_stays_the_same_however_many_are_drawn(people: tuple[Pedestrian, ...]) -> None:
    assert draw_pedestrians(0, 50) == draw_pedestrians(0, 200)[:50] == people[:50]
    assert [person.pid for person in people] == list(range(1, COUNT + 1))


def test_other_seeds_draw_other_persons() -> None:
    one, other = draw_pedestrians(1, 50), draw_pedestrians(2, 50)
    assert not {person.seed for person in one} & {person.seed for person in other}
    assert draw_pedestrians(1, 0) == ()


def test_a_negative_seed_is_an_error() -> None:
    with pytest.raises(ReseenError, match="seed -1 is negative; give 0 or more"):
        draw_pedestrians(-1, 3)
