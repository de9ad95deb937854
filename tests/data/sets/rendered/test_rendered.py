"""Reading what was rendered: as what it is, as Market-1501, from a zip, and only when it is complete."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reseen.data import open_split, recognise
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.checks.check import check
from reseen.data.sets.rendered import RenderConfig, config_of, is_complete, load
from reseen.errors import ReseenError
from reseen.world import render
from tests.data.trees import zipped
from tests.flat_world import FlatWorld

SMALL = RenderConfig(persons=5, images_per_camera=3, cameras=4, cameras_per_person=2, size=(64, 32), test_share=0.4)


@pytest.fixture
def root(flat_world: type[FlatWorld], tmp_path: Path) -> Path:
    render(tmp_path / "above" / "root", SMALL)
    return tmp_path / "above" / "root"


@pytest.mark.parametrize("form", ["folder", "zip", "above"])
def test_all_forms_are_read(root: Path, tmp_path: Path, form: str) -> None:
    place = {"folder": root, "above": root.parent}.get(form) or zipped(root, tmp_path / "rendered.zip")
    assert recognise(place) == "rendered"
    split = open_split("rendered", place, keypoints=True, masks=True)
    assert {part: len(images) for part, images in split.parts().items()} == {"train": 18, "query": 4, "gallery": 8}
    assert (split.name, split.schema) == ("rendered", MARKET1501_SCHEMA)
    assert config_of(place) == SMALL
    world = FlatWorld(SMALL)
    image = split.gallery[-1]
    assert (image.pid, image.camid) == (5, 3)
    assert image.attributes == world.pedestrians[4].attributes
    assert image.open().size == (32, 64)
    assert image.keypoints is not None
    shot = world.shot(5, 3, 2, SMALL.size)
    np.testing.assert_allclose(image.keypoints[:, :2], shot.keypoints[:, :2] - 0.5, atol=0.006)
    np.testing.assert_array_equal(image.keypoints[:, 2], shot.keypoints[:, 2] / 2)
    np.testing.assert_array_equal(image.open_mask(), shot.parts)
    assert image.seconds == pytest.approx(shot.seconds, abs=0.02)  # half a frame


def test_joints_are_read_only_when_asked_for(root: Path) -> None:
    assert all(image.keypoints is None for images in load(root).parts().values() for image in images)
    (root / "keypoints.parquet").unlink()
    assert len(load(root).train) == 18
    with pytest.raises(ReseenError, match=r"no keypoints\.parquet: run reseen data render again"):
        load(root, keypoints=True)


def test_masks_are_read_only_when_asked_for(root: Path) -> None:
    image = load(root).train[0]
    with pytest.raises(ReseenError, match=r"has no mask: read rendered pedestrians with the option masks"):
        image.open_mask()
    masks = root / "parts" / "bounding_box_train"
    (masks / f"{Path(image.name).stem}.png").unlink()
    assert len(load(root).train) == 18
    with pytest.raises(ReseenError, match=r"has lost the mask of .*jpg: run reseen data render again"):
        load(root, masks=True)
    render(root, SMALL)
    assert load(root, masks=True).train[0].open_mask().shape == (64, 32)


def test_it_is_market1501_to_those_who_know_no_better(root: Path) -> None:
    split, same = open_split("market1501", root), load(root)
    assert split.parts() == same.parts()
    assert split.schema == MARKET1501_SCHEMA
    assert split.train[0].attributes == same.train[0].attributes


def test_terms_and_origin_are_told(root: Path) -> None:
    split = load(root)
    assert "nobody's pictures" in split.terms
    assert "anny" in split.terms
    assert split.notes == ("rendered: 5 persons, 4 cameras, seed 0",)


def test_beside_another_data_set_it_gives_way(root: Path, market_drawn: Path) -> None:
    """A folder of several data sets is not rendered, though something rendered lies in it."""
    shutil.copytree(market_drawn, root.parent / "market1501")
    assert recognise(root.parent) == "market1501"
    assert recognise(root) == "rendered"


def test_check_finds_nothing_wrong(root: Path) -> None:
    report = check(root)
    assert (report.dataset, report.problems) == ("rendered", ())
    assert all(part.mean_known == 1 for part in report.parts)


def test_what_is_not_there_is_said(root: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReseenError, match=r"no rendered pictures in .*empty: make some with reseen data render"):
        load(tmp_path / "empty")
    assert is_complete(root, SMALL)
    assert not is_complete(root, RenderConfig())
    assert not is_complete(tmp_path / "empty", SMALL)
    next((root / "query").iterdir()).unlink()
    assert not is_complete(root, SMALL)
    with pytest.raises(ReseenError, match="stopped at 29 of 30 images: run reseen data render again"):
        load(root)
    whole = json.loads((root / "rendered.json").read_text())
    (root / "rendered.json").write_text(json.dumps(whole | {"config": []}))
    with pytest.raises(ReseenError, match=r"rendered\.json is not what reseen data render writes: delete .*root"):
        load(root)
    (root / "rendered.json").write_text("{}")
    with pytest.raises(ReseenError, match=r"rendered\.json is not what reseen data render writes: delete .*root"):
        load(root)


def test_where_a_folder_is_missing_it_is_not_taken_for_another_data_set(root: Path) -> None:
    """The masks lie in folders of the same names, and are no persons."""
    shutil.rmtree(root / "query")
    assert recognise(root) == "rendered"
    with pytest.raises(ReseenError, match="stopped at 26 of 30 images"):
        load(root)


def test_lost_masks_are_missed(root: Path) -> None:
    next((root / "parts" / "query").iterdir()).unlink()
    assert not is_complete(root, SMALL)
    problems = check(root).problems
    assert len(problems) == 1
    assert "has lost the mask of" in str(problems[0])


def test_knowing_of_it_loads_no_renderer() -> None:
    program = "import sys, reseen.data; print({'anny', 'numba', 'torch', 'warp'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_what_other_tests_rely_on(rendered: Path) -> None:
    """12 + 12 persons, 4 cameras, 2 images in each."""
    report = check(rendered)
    assert report.ok
    assert [(part.images, part.persons, part.cameras) for part in report.parts] == [
        (96, 12, 4),
        (48, 12, 4),
        (48, 12, 4),
    ]
    split = load(rendered, keypoints=True)
    assert all(image.keypoints is not None and image.keypoints.shape == (18, 3) for image in split.train)


def test_lost_attributes_are_an_error_and_not_unknown(root: Path) -> None:
    (root / "market_attribute.mat").unlink()
    with pytest.raises(ReseenError, match=r"has lost its market_attribute\.mat: run reseen data render again"):
        load(root)
    render(root, SMALL)
    assert load(root).train[0].attributes
