"""Persons held back are in validation alone, and can be ranked."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.data.person import UNKNOWN_PID, PersonImage, Protocol, Split
from reseen.data.validation import hold_out
from reseen.errors import ReseenError


def images(persons: int, cameras: int = 3, each: int = 2) -> tuple[PersonImage, ...]:
    return tuple(
        PersonImage(Path(f"{pid}-{camid}-{k}.jpg"), pid, camid)
        for pid in range(1, persons + 1)
        for camid in range(1, cameras + 1)
        for k in range(each)
    )


def split(train: tuple[PersonImage, ...], query: bool = True, **options: object) -> Split:
    other = (PersonImage(Path("test.jpg"), 99, 1),)
    return Split("drawn", train, other if query else (), other, **options)  # type: ignore[arg-type]


def test_persons_are_on_one_side_only_and_nothing_is_lost() -> None:
    junk = PersonImage(Path("junk.jpg"), UNKNOWN_PID, 1)
    whole = split((*images(10), junk))
    train, validation = hold_out(whole, 0.3, seed=0)
    held = (*validation.query, *validation.gallery)
    assert len({image.pid for image in held}) == 3
    assert {image.pid for image in held}.isdisjoint(image.pid for image in train.train)
    assert sorted(image.name for image in (*train.train, *held)) == sorted(image.name for image in whole.train)
    assert junk in train.train
    assert (train.query, train.gallery) == (whole.query, whole.gallery)


def test_each_camera_of_a_person_asks_once_and_has_an_answer_elsewhere() -> None:
    _, validation = hold_out(split(images(10)), 0.3, seed=0)
    assert len({(image.pid, image.camid) for image in validation.query}) == len(validation.query) == 3 * 3
    for query in validation.query:
        assert any(image.pid == query.pid and image.camid != query.camid for image in validation.gallery)


def test_the_seed_decides_and_nothing_else() -> None:
    whole = split(images(20))
    assert hold_out(whole, 0.5, 1) == hold_out(whole, 0.5, 1)
    assert hold_out(whole, 0.5, 1)[1].gallery != hold_out(whole, 0.5, 2)[1].gallery


def test_two_way_compares_one_camera_with_the_other() -> None:
    whole = split(images(10, cameras=2, each=1), protocol=Protocol("two_way"))
    _, validation = hold_out(whole, 0.5, 0)
    assert {image.camid for image in validation.query} == {1}
    assert {image.camid for image in validation.gallery} == {2}
    assert len(validation.query) == len(validation.gallery) == 5


def test_attributes_alone_need_no_queries() -> None:
    _, validation = hold_out(split(images(10, cameras=1), query=False), 0.2, 0)
    assert (len(validation.query), len(validation.gallery)) == (0, 2 * 2)


@pytest.mark.parametrize(
    ("train", "share", "message"),
    [
        (images(3), 0.1, "a share of 0.1 of 3 training persons is 0"),
        (images(3), 0.9, "is 3 to validate on"),
        (images(4, cameras=1), 0.5, "none of 2 persons to validate on is seen by two cameras"),
    ],
)
def test_what_cannot_be_divided(train: tuple[PersonImage, ...], share: float, message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        hold_out(split(train), share, 0)


def test_unknown_cameras_are_cameras_of_their_own() -> None:
    whole = split(tuple(PersonImage(Path(f"{pid}-{k}.jpg"), pid) for pid in range(1, 11) for k in range(3)))
    _, validation = hold_out(whole, 0.3, seed=0)
    assert [image.pid for image in validation.query] == sorted({image.pid for image in validation.gallery})
    assert len(validation.gallery) == 3 * 2
