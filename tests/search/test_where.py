"""`--where`: what is read, what is refused and how, and which candidates stay."""

from __future__ import annotations

import numpy as np
import pytest

from reseen.data.attributes import MARKET1501_SCHEMA, Attribute, AttributeSchema, binary, multi_class
from reseen.errors import ReseenError
from reseen.search import AttributeFilter, parse_where
from reseen.search.where import Shows

SCHEMA = AttributeSchema(
    "small",
    (
        binary("gender", ("male", "female")),
        binary("backpack"),
        multi_class("color", "black", "red", "blue"),
    ),
)
PREDICTED = {  # rows: male yes red | female no blue | male no blue, unsure | female yes black
    "gender": np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.0, 1.0]], dtype=np.float32),
    "backpack": np.array([[0.1, 0.9], [0.7, 0.3], [0.8, 0.2], [0.4, 0.6]], dtype=np.float32),
    "color": np.array([[0.1, 0.8, 0.1], [0.0, 0.1, 0.9], [0.3, 0.3, 0.4], [1.0, 0.0, 0.0]], dtype=np.float32),
}
BLUE = ("blue",)
SEVERAL = AttributeSchema("several", (Attribute("color", ("black", "red", "blue"), "multi_label"), binary("hat")))
APART = AttributeSchema("apart", (*SEVERAL.as_binary(),))
SHOWN = np.array([[0.9, 0.5, 0.1], [0.2, 0.4, 0.8], [0.1, 0.2, 0.4]], dtype=np.float32)
"""Rows: black and red | blue | none."""
PREDICTIONS = {
    "several": (SEVERAL, {"color": SHOWN}),
    "apart": (
        APART,
        {f"color:{name}": np.stack([1 - p, p], 1) for name, p in zip(("black", "red", "blue"), SHOWN.T, strict=True)},
    ),
}


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("gender=male", {"gender": ("male",)}),
        ("  Gender == MALE  ", {"gender": ("male",)}),
        ("gender=male and backpack=yes", {"gender": ("male",), "backpack": ("yes",)}),
        ("gender=male AND backpack != yes", {"gender": ("male",), "backpack": ("no",)}),
        ("color in (red, blue)", {"color": ("red", "blue")}),
        ("color in (blue,red,blue)", {"color": ("red", "blue")}),
        ("color IN(red)", {"color": ("red",)}),
        ("color not in (red, blue)", {"color": ("black",)}),
        ("color!=red", {"color": ("black", "blue")}),
        ("color!=red and color!=black", {"color": BLUE}),
        ("color in (red, blue) and color!=red and gender=female", {"color": BLUE, "gender": ("female",)}),
        ("'color'=\"blue\"", {"color": BLUE}),
    ],
)
def test_parse(text: str, allowed: dict[str, tuple[str, ...]]) -> None:
    assert parse_where(text, SCHEMA) == AttributeFilter(allowed)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ["ends where an attribute is needed", "e.g."]),
        ("gendr=male", ["no attribute is called 'gendr'", "did you mean gender?", "gender, backpack, color"]),
        ("colour=red", ["did you mean color?"]),
        ("xyz=red", ["no attribute is called 'xyz'; there are: gender, backpack, color"]),
        ("color=rad", ["no value of attribute 'color' is called 'rad'", "did you mean red?", "black, red, blue"]),
        ("backpack=true", ["no value of attribute 'backpack'", "there are: no, yes"]),
        ("gender", ["ends where =, != or in after 'gender' is needed"]),
        ("gender=", ["ends where a value of 'gender' is needed"]),
        ("gender male", ["found 'male'", "=, != or in"]),
        ("gender=male and", ["ends where an attribute is needed"]),
        ("gender=male backpack=yes", ["found 'backpack' where 'and' is needed"]),
        ("gender=male or backpack=yes", ["'and' only", "attribute in (value, value)"]),
        ("(gender=male)", ["found '(' where an attribute is needed"]),
        ("color in red", ["found 'red' where '('"]),
        ("color in (red", ["ends where a comma or ) is needed"]),
        ("color in (red blue)", ["found 'blue' where a comma or )"]),
        ("color in ()", ["no value of attribute 'color' is called ')'"]),
        ("color not red", ["found 'red' where 'in' is needed"]),
        ("color > red", ["cannot read '> red'"]),
        ("color=red and color=blue", ["no value of 'color' is left"]),
    ],
)
def test_refused_in_one_line(text: str, says: list[str]) -> None:
    with pytest.raises(ReseenError) as raised:
        parse_where(text, SCHEMA)
    message = str(raised.value)
    assert "\n" not in message
    for part in says:
        assert part in message


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("gender=male", [True, False, True, False]),
        ("gender!=male", [False, True, False, True]),
        ("backpack=yes", [True, False, False, True]),
        ("gender=male and backpack=yes", [True, False, False, False]),
        ("color in (red, blue)", [True, True, True, False]),
        ("color in (red, blue) and backpack=no", [False, True, True, False]),
        # Row 2: red and black together are likelier than blue, but the predicted class is blue.
        ("color!=blue", [True, False, False, True]),
        ("gender=female and color=red", [False, False, False, False]),
    ],
)
def test_matches_by_predicted_class(text: str, mask: list[bool]) -> None:
    kept = parse_where(text, SCHEMA).matches(PREDICTED, SCHEMA)
    assert kept.dtype == bool
    assert kept.tolist() == mask


@pytest.mark.parametrize(
    ("text", "probabilities"),
    [
        ("gender=male", [0.9, 0.2, 0.6, 0.0]),
        ("color in (red, blue)", [0.9, 1.0, 0.7, 0.0]),
        ("gender=male and color in (red, blue)", [0.81, 0.2, 0.42, 0.0]),
    ],
)
def test_joint_probability(text: str, probabilities: list[float]) -> None:
    assert parse_where(text, SCHEMA).probability(PREDICTED, SCHEMA) == pytest.approx(probabilities, abs=1e-6)


def test_gallery_without_the_attribute_is_named() -> None:
    wanted = parse_where("gender=male", SCHEMA)
    with pytest.raises(ReseenError, match=r"no predictions of attribute 'gender' \(it has: color\)"):
        wanted.matches({"color": PREDICTED["color"]}, SCHEMA)
    with pytest.raises(ReseenError, match="it has none"):
        wanted.matches({}, SCHEMA)


def test_gallery_with_other_classes_is_refused() -> None:
    with pytest.raises(ReseenError, match="3 classes of attribute 'gender'"):
        parse_where("gender=male", SCHEMA).matches({"gender": PREDICTED["color"]}, SCHEMA)


@pytest.mark.parametrize("text", ["gender=male", "upper_color in (red, blue) and hat!=yes", "age not in (old, child)"])
def test_text_of_a_filter_reads_back(text: str) -> None:
    wanted = parse_where(text, MARKET1501_SCHEMA)
    assert parse_where(str(wanted), MARKET1501_SCHEMA) == wanted


@pytest.mark.parametrize("form", PREDICTIONS)
@pytest.mark.parametrize(
    ("text", "mask", "probabilities"),
    [
        ("color=red", [True, False, False], [0.5, 0.4, 0.2]),
        ("color!=red", [False, True, True], [0.5, 0.6, 0.8]),
        ("color=red and color=black", [True, False, False], [0.45, 0.08, 0.02]),
        ("color in (red, blue)", [True, True, False], [0.55, 0.88, 0.52]),
        ("color not in (red, blue)", [False, False, True], [0.45, 0.12, 0.48]),
        ("color in (red, blue) and color!=red", [False, True, False], [0.05, 0.48, 0.32]),
        ("color=red and color=red", [True, False, False], [0.5, 0.4, 0.2]),
    ],
)
def test_several_classes_at_once(form: str, text: str, mask: list[bool], probabilities: list[float]) -> None:
    """A class is there from one half on, whether the colours are one attribute or were predicted one by one."""
    schema, predicted = PREDICTIONS[form]
    wanted = parse_where(text, schema)
    assert wanted.matches(predicted, schema).tolist() == mask
    assert wanted.probability(predicted, schema) == pytest.approx(probabilities, abs=1e-6)
    assert parse_where(str(wanted), schema) == wanted


def test_a_colour_predicted_by_itself_can_be_asked_for_by_its_own_name() -> None:
    schema, predicted = PREDICTIONS["apart"]
    wanted = parse_where("color:red=yes", schema)
    assert wanted == AttributeFilter({"color:red": ("yes",)})
    assert wanted.matches(predicted, schema).tolist() == [False, False, False]  # 0.5 each: the first class is no
    assert parse_where("color=red", schema).names == ("color", "color:red")


def test_what_is_asked_for_and_forbidden_is_refused() -> None:
    with pytest.raises(ReseenError, match="no value of 'color' is left"):
        parse_where("color=red and color!=red", SEVERAL)
    assert parse_where("color in (red, blue) and color!=red", SEVERAL).shows == (
        Shows("color", BLUE),
        Shows("color", ("red",), negated=True),
    )


@pytest.mark.parametrize("form", PREDICTIONS)
def test_gallery_without_the_colours_is_named(form: str) -> None:
    with pytest.raises(ReseenError, match=r"no predictions of attribute 'color' \(it has: hat\)"):
        parse_where("color=red", PREDICTIONS[form][0]).matches({"hat": SHOWN[:, :2]}, PREDICTIONS[form][0])
