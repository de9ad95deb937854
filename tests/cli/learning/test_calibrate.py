"""A checkpoint learns what its distances mean: in training if persons are held back, else by a command."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reseen
from reseen.checkpoint_files import held_back
from reseen.errors import ReseenError
from reseen.training.card import evidence_words
from tests.cli.calls import run


def said(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return " ".join(result.stdout.split())


def test_without_persons_held_back_the_test_persons_are_taken_and_it_says_so(
    trained: Path, market_drawn: Path, tmp_path: Path, query: Path
) -> None:
    last = tmp_path / "last"
    shutil.copytree(trained / "last", last)
    assert reseen.load(last).calibration is None
    told = said("calibrate", last, market_drawn, "--device", "cpu")
    assert "8 persons (test persons of market1501, as none were held back in training" in told

    model = reseen.load(last)
    assert model.calibration is not None
    assert model.calibration.model == model.digest
    assert model.calibration.persons == 8
    near, far = model.calibration.probability([0.0, 1e6], 30)
    assert 0 <= far <= near <= 1
    card = (last / "README.md").read_text()
    assert evidence_words(model.calibration) in told
    assert evidence_words(model.calibration) in card
    assert card.count("## Same person?") == 1
    assert card.index("## Figures") < card.index("## Same person?") < card.index("## Use")
    assert "![How often what is told is so](reliability.png)" in card
    assert re.search(r"expected calibration error \|\n\|---\|---\|\n\| 1 pair in 2 \| \d+\.\d\d% \|\n", card)
    with Image.open(last / "reliability.png") as picture:
        assert min(picture.size) > 300

    content = json.loads((last / "calibration.json").read_text())
    assert content["persons"] == 8
    said("calibrate", last, market_drawn, "--device", "cpu")
    assert (last / "README.md").read_text() == card, "the section is replaced by the same one"

    hall = tmp_path / "hall"
    said("gallery", "add", hall, last, "--images", market_drawn / "bounding_box_test", "--device", "cpu")
    found = said("gallery", "search", hall, "--checkpoint", last, "--query", query, "--rerank", "--device", "cpu")
    assert "same?" in found
    assert "same?" in said("search", last, "--gallery", hall, "--query", query, "--out", tmp_path / "f.png")
    assert "same person: calibrated on 8 test persons" in said("gallery", "info", hall)
    with reseen.Gallery.open(hall) as gallery:
        assert gallery.calibration == model.calibration
    nobody = said(
        *("gallery", "search", hall, "--checkpoint", last, "--query", query, "--device", "cpu"),
        *("--evidence-only", "--expected", "1e-9"),
    )
    assert "rather nobody in the gallery is this person" in nobody

    content["model"] = "0" * 64
    (last / "calibration.json").write_text(json.dumps(content))
    with pytest.raises(ReseenError, match=r"calibration\.json is of another model"):
        reseen.load(last)
    (last / "calibration.json").write_text('{"model": 5}')
    with pytest.raises(ReseenError, match="cannot load checkpoint") as error:
        reseen.load(last)
    assert "\n" not in str(error.value)


def test_a_training_with_persons_held_back_calibrates_on_them(recipe: Path, market_drawn: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    said("train", recipe, "--out", folder, "--accelerator", "cpu", "--set", "data.validation={share: 0.5, seed: 1}")
    last = folder / "last"
    assert held_back(last) == {"name": "market1501", "options": {}, "share": 0.5, "seed": 1}
    for place in (last, folder / "best"):
        calibration = reseen.load(place).calibration
        assert calibration is not None
        assert calibration.source == "training persons of market1501 that were held back"
        assert calibration.persons == 4
        assert "held back" in (place / "README.md").read_text()
    before = reseen.load(last).calibration
    assert "4 persons (training persons of market1501 that were held back)" in said(
        "calibrate", last, market_drawn, "--device", "cpu"
    )
    after = reseen.load(last).calibration
    assert before is not None
    assert after is not None
    assert np.allclose(after.curve.distances, before.curve.distances, rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nope", "{data}"], "nope is not a checkpoint"), (["{last}", "nope"], "nope does not exist")],
)
def test_mistakes(arguments: list[str], message: str, trained: Path, market_drawn: Path) -> None:
    places = {"last": trained / "last", "data": market_drawn}
    result = run("calibrate", *(word.format(**places) for word in arguments))
    assert isinstance(result.exception, ReseenError)
    assert message in str(result.exception)
