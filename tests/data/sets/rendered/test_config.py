"""What can be asked for, and what tells one rendered data set from another."""

from __future__ import annotations

import pytest

from reseen.data.sets.rendered import RenderConfig, make_config
from reseen.errors import ReseenError

OTHER = {
    "persons": 201,
    "images_per_camera": 3,
    "cameras": 5,
    "cameras_per_person": 5,
    "seed": 1,
    "size": (256, 128),
    "test_share": 0.25,
    "quality": 90,
}


def test_every_key_makes_another_data_set() -> None:
    assert OTHER.keys() == RenderConfig.model_fields.keys()
    digests = {RenderConfig().digest, *(make_config({key: value}).digest for key, value in OTHER.items())}
    assert len(digests) == 1 + len(OTHER)


@pytest.mark.parametrize("size", ["256x128", "256×128", "256X128", " 256x128 ", [256, 128]])
def test_size_in_every_spelling(size: object) -> None:
    assert make_config({"size": size}) == RenderConfig(size=(256, 128))


@pytest.mark.parametrize(
    ("persons", "share", "tested"), [(200, 0.5, 100), (24, 0.25, 6), (3, 0.01, 1), (3, 0.99, 2), (200, 0, 0)]
)
def test_persons_of_the_test_part(persons: int, share: float, tested: int) -> None:
    assert RenderConfig(persons=persons, test_share=share).test_persons == tested


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"persons": 1}, "persons: .*greater than or equal to 2, not 1"),
        ({"size": "128"}, "size: .*no HEIGHTxWIDTH such as 128x64"),
        ({"size": 128}, "size: .*no HEIGHTxWIDTH such as 128x64"),
        ({"size": "64x128"}, "64x128 is wider than high; height comes first: 128x64"),
        ({"size": "16x8"}, "size: .*greater than or equal to 32"),
        ({"person": 5}, r"no key 'person', did you mean 'persons'\?"),
        ({"images_per_camera": 1}, "needs images_per_camera to be 2 or more; .*set test_share to 0"),
        ({"cameras": 1}, "needs cameras to be 2"),
        ({"cameras_per_person": 1}, "needs cameras_per_person to be 2"),
    ],
)
def test_mistakes_are_named_in_one_line(values: dict[str, object], message: str) -> None:
    with pytest.raises(ReseenError, match=message) as error:
        make_config(values)
    assert "\n" not in str(error.value)


def test_nobody_is_seen_by_more_cameras_than_there_are() -> None:
    assert make_config({"cameras": 4}) == make_config({"cameras": 4, "cameras_per_person": 4})


def test_without_a_test_part_one_image_is_enough() -> None:
    assert make_config({"images_per_camera": 1, "cameras": 1, "test_share": 0}).test_persons == 0
