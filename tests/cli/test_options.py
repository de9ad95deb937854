"""What of a call is looked at before anything heavy is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.cli.options import existing, existing_picture, existing_recipe
from reseen.errors import ReseenError
from tests.data.trees import paint, zipped


def test_what_is_there_is_passed_on(tmp_path: Path) -> None:
    picture = paint(tmp_path / "in" / "a.png")
    archive = zipped(picture.parent, tmp_path / "in.zip")
    assert existing(tmp_path) == tmp_path
    for place in (picture, Path(f"{archive}:in/a.png")):
        assert existing_picture(place) == place
    recipe = existing_recipe(Path("demo"))
    assert recipe is not None
    assert recipe.name == "demo.yaml"


def test_an_option_that_was_not_given_is_nothing_to_look_for() -> None:
    assert (existing(None), existing_picture(None), existing_recipe(None)) == (None, None, None)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    for check, message in [
        (existing, "gone does not exist; name the folder, zip or table that has the images"),
        (existing_picture, "there is no picture .*gone"),
        (existing_recipe, "cannot read recipe .*gone"),
    ]:
        with pytest.raises(ReseenError, match=message):
            check(tmp_path / "gone")


def test_a_file_that_is_no_picture_is_told_as_such(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("a man in red")
    told = rf"^cannot decode image {notes}: it is no picture; name a picture of a person$"
    with pytest.raises(ReseenError, match=told):
        existing_picture(notes)
