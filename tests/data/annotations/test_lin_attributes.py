"""Labels are taken by field name; what is not certain is unknown."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from reseen.data.annotations.lin_attributes import read_lin_attributes
from reseen.data.attributes import DUKE_SCHEMA, MARKET1501_SCHEMA, UNKNOWN, AttributeSchema
from reseen.data.images.source import Entry
from reseen.data.sets import market1501
from reseen.errors import ReseenError

MARKET_FIELDS = (
    ["age", "backpack", "bag", "handbag", "clothes", "down", "up", "hair", "hat", "gender"]
    + [f"up{color}" for color in MARKET1501_SCHEMA["upper_color"].classes]
    + [f"down{color}" for color in MARKET1501_SCHEMA["lower_color"].classes]
)
DUKE_FIELDS = (
    ["backpack", "bag", "handbag", "boots", "gender", "hat", "shoes", "top"]
    + [f"up{color}" for color in DUKE_SCHEMA["upper_color"].classes]
    + [f"down{color}" for color in DUKE_SCHEMA["lower_color"].classes]
)


def person(fields: list[str], **values: int) -> dict[str, int]:
    return {name: values.get(name, 1) for name in fields}


def write(path: Path, name: str, **splits: dict[str, dict[str, int]]) -> Entry:
    """Writes Lin et al.'s structure; the fields stand in the order of the first person's dictionary."""
    content = {}
    for split, persons in splits.items():
        fields = next(iter(persons.values()))
        part: dict[str, np.ndarray] = {
            field: np.array([[values[field] for values in persons.values()]], dtype=np.uint8) for field in fields
        }
        part["image_index"] = np.array([list(persons)], dtype=object)
        content[split] = part
    savemat(path, {name: content})
    return Entry(path)


def test_fields_go_by_name_although_their_order_differs(tmp_path: Path) -> None:
    values = person(MARKET_FIELDS, age=4, gender=2, up=2, clothes=2, upred=2, downpink=2)
    entry = write(
        tmp_path / "market_attribute.mat",
        "market_attribute",
        train={"0002": values},
        test={"0001": dict(reversed(values.items()))},
    )
    labels = read_lin_attributes(entry, MARKET1501_SCHEMA)
    assert labels[1] == labels[2]
    named = {name: MARKET1501_SCHEMA[name].classes[index] for name, index in labels[1].items()}
    assert named == {
        "gender": "female", "age": "old", "hair": "short", "sleeve": "short", "lower_length": "long",
        "lower_type": "trousers", "hat": "no", "backpack": "no", "bag": "no", "handbag": "no",
        "upper_color": "red", "lower_color": "pink",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "attribute", "expected"),
    [
        ({"upblack": 2}, "upper_color", "black"),
        ({}, "upper_color", None),
        ({"upblack": 2, "upwhite": 2}, "upper_color", None),
        ({"downblack": 2, "downblue": 2, "downred": 2}, "lower_color", None),
        ({"downbrown": 2}, "lower_color", "brown"),
        ({"top": 0}, "upper_length", None),
        ({"top": 2}, "upper_length", "long"),
        ({"shoes": 1}, "shoe_color", "dark"),
        ({"boots": 2}, "boots", "yes"),
        ({"gender": 1}, "gender", "male"),
        ({"hat": 3}, "hat", None),
    ],
)
def test_no_colour_several_colours_and_zero_are_unknown(
    tmp_path: Path, values: dict[str, int], attribute: str, expected: str | None
) -> None:
    entry = write(tmp_path / "duke_attribute.mat", "duke_attribute", train={"0001": person(DUKE_FIELDS, **values)})
    index = read_lin_attributes(entry, DUKE_SCHEMA)[1].get(attribute)
    assert (None if index is None else DUKE_SCHEMA[attribute].classes[index]) == expected


def test_another_file_is_refused(tmp_path: Path) -> None:
    entry = write(tmp_path / "duke_attribute.mat", "duke_attribute", train={"0001": person(DUKE_FIELDS)})
    with pytest.raises(ReseenError, match=r"not an attribute file of Lin et al\. for market1501"):
        read_lin_attributes(entry, MARKET1501_SCHEMA)
    (tmp_path / "broken.mat").write_bytes(b"nothing")
    with pytest.raises(ReseenError, match=r"cannot read .*broken\.mat"):
        read_lin_attributes(Entry(tmp_path / "broken.mat"), DUKE_SCHEMA)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "schema", "persons", "unknown"),
    [
        ("market_attribute.mat", MARKET1501_SCHEMA, 1501, {"upper_color": 78 + 69, "lower_color": 30 + 44}),
        # 1 + 14 persons have no upper colour; of the test persons 11 have no lower one and 23 several.
        ("duke_attribute.mat", DUKE_SCHEMA, 702 + 1110, {"upper_length": 2, "upper_color": 15, "lower_color": 34}),
    ],
)
def test_published_files(
    shared: Path, name: str, schema: AttributeSchema, persons: int, unknown: dict[str, int]
) -> None:
    labels = read_lin_attributes(Entry(shared / "data" / "annotations" / name), schema)
    assert len(labels) == persons
    missing = Counter(attribute for known in labels.values() for attribute in schema.names if attribute not in known)
    assert missing == Counter(unknown)


@pytest.mark.shared
def test_example_prediction_scores_what_its_authors_say(shared: Path) -> None:
    """Class index = value - 1 for all twelve; their figures count a person of unknown colour as wrong."""
    expected = {
        "gender": 0.8645, "hair": 0.8365, "age": 0.8708, "sleeve": 0.9366, "lower_length": 0.9332,
        "lower_type": 0.9146, "hat": 0.9713, "backpack": 0.8279, "bag": 0.7507, "handbag": 0.8998,
        "upper_color": 0.7340, "lower_color": 0.6991,
    }  # fmt: skip
    predicted = loadmat(shared / "fixtures" / "lin_gallery_market_prediction.mat")["gallery"].astype(int) - 1
    gallery = [image for image in market1501.load(shared / "data").gallery if image.pid > 0]
    labels = MARKET1501_SCHEMA.encode([image.attributes for image in gallery])
    right = {
        name: labels[:, MARKET1501_SCHEMA.names.index(name)] == predicted[:, column]
        for column, name in enumerate(expected)
    }
    assert {name: round(float(hits.mean()), 4) for name, hits in right.items()} == expected
    assert np.mean([hits.mean() for hits in right.values()]) == pytest.approx(0.8533, abs=5e-5)
    known = labels[:, MARKET1501_SCHEMA.names.index("upper_color")] != UNKNOWN
    assert right["upper_color"][known].mean() == pytest.approx(9626 / 11966)
