"""What of a call is looked at before anything heavy is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.cli.options import drawable, existing, existing_picture, existing_recipe, known_device
from reseen.errors import ReseenError
from tests.cli.calls import run
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


@pytest.mark.parametrize(
    "command",
    [
        ("search", "{model}", "--gallery", ".", "--where", "hat=yes", "--out"),
        ("explain", "{model}", "{picture}", "--out"),
        ("gallery", "search", "{hall}", "--where", "hat=yes", "--out"),
        ("gallery", "erase", "{hall}", "--checkpoint", "{model}", "--like", "{picture}", "--show"),
    ],
)
def test_what_cannot_be_drawn_to_is_told_before_a_search(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "hall").mkdir()
    for name in ("model/config.json", "model/model.safetensors", "hall/gallery.json"):
        (tmp_path / name).touch()  # empty: whoever reads them says something else
    places = {"model": tmp_path / "model", "hall": tmp_path / "hall", "picture": paint(tmp_path / "a.png")}
    told = run(*(word.format(**places) for word in command), "o.xyz")
    assert str(told.exception).startswith("cannot draw to o.xyz: use one of .png, ")


def test_what_can_be_drawn_to_and_run_on_is_passed_on() -> None:
    assert drawable(None) is None
    assert [drawable(Path(name)) for name in ("a.png", "A.JPG", "b/c.webp")]
    assert [known_device(name) for name in ("auto", "cpu", "cuda:1", "mps")] == ["auto", "cpu", "cuda:1", "mps"]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--device", "gpu", "--device gpu: it can be auto, cpu, cuda, cuda:1, mps"),
        ("--expected", "-1", "--expected -1: it is a number of pictures above 0"),
        ("--expected", "nan", "--expected nan: it is a number of pictures above 0"),
    ],
)
def test_what_an_option_cannot_be_is_told(option: str, value: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "gallery.json").touch()
    told = run("gallery", "search", tmp_path, "--where", "hat=yes", option, value)
    assert str(told.exception) == message
