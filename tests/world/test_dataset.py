"""Rendering to disk: complete or not there, the same whatever way it came about, nothing of others touched."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reseen.data.annotations.lin_attributes import read_lin_attributes
from reseen.data.images.source import Entry
from reseen.data.sets.market1501 import LAYOUT
from reseen.data.sets.rendered import RenderConfig, load, make_config
from reseen.data.sets.rendered.config import VERSION
from reseen.errors import ReseenError, ReseenWarning
from reseen.world import preparation, render
from reseen.world.labels import decode_joints
from tests.flat_world import FlatWorld

SMALL = RenderConfig(persons=5, images_per_camera=3, cameras=4, cameras_per_person=2, size=(64, 32), test_share=0.4)
IMAGES = 5 * 2 * 3


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def root(flat_world: type[FlatWorld], tmp_path: Path) -> Path:
    assert render(tmp_path / "new" / "root", SMALL) == IMAGES
    return tmp_path / "new" / "root"


def test_the_layout_is_market1501s(root: Path) -> None:
    images = ["bounding_box_test", "bounding_box_train", "query"]
    assert set(names(root)) == {*images, "keypoints.parquet", "market_attribute.mat", "parts", "rendered.json"}
    assert names(root / "parts") == images
    for folder in images:
        assert all(re.fullmatch(r"000[1-5]_c[1-4]s1_\d{6}_0[0-2]\.jpg", name) for name in names(root / folder))
        assert all(LAYOUT.pattern.match(name) for name in names(root / folder))
        assert [name.replace(".png", ".jpg") for name in names(root / "parts" / folder)] == names(root / folder)
    # Person 1 is seen by cameras 2 and 3; 100 + 10 × 2 + 1.5 × 2 seconds are 3,075 frames.
    assert names(root / "bounding_box_train")[2] == "0001_c2s1_003075_02.jpg"


def test_test_persons_are_queries_once_a_camera(root: Path) -> None:
    assert {name[:4] for name in names(root / "bounding_box_train")} == {"0001", "0002", "0003"}
    queries, gallery = names(root / "query"), names(root / "bounding_box_test")
    assert {name[:4] for name in queries} == {name[:4] for name in gallery} == {"0004", "0005"}
    assert len(queries) == len({name[:7] for name in queries}) == 4
    assert len(gallery) == 8
    assert not set(queries) & set(gallery)


def test_pictures_masks_and_joints_are_the_worlds(root: Path) -> None:
    world = FlatWorld(SMALL)
    (path,) = (root / "query").glob("0005_c3*.jpg")
    shot = world.shot(5, 3, 0, SMALL.size)
    with Image.open(path) as picture:
        assert picture.size == (32, 64)
        assert np.abs(np.asarray(picture).astype(int) - shot.pixels).mean() < 6  # JPEG blurs the edges of colours
    mask = root / "parts" / "query" / f"{path.stem}.png"
    with Image.open(mask) as picture:
        np.testing.assert_array_equal(np.asarray(picture), shot.parts)
    np.testing.assert_allclose(decode_joints(mask), shot.keypoints, atol=0.006)


def test_attributes_are_the_worlds(root: Path) -> None:
    split = load(root)
    assert split.schema is not None
    found = read_lin_attributes(Entry(root / "market_attribute.mat"), split.schema)
    assert found == {person.pid: person.attributes for person in FlatWorld(SMALL).pedestrians}


def test_what_is_rendered_is_written_down(root: Path) -> None:
    content = json.loads((root / "rendered.json").read_text())
    assert content["complete"] is True
    assert content["images"] == {"train": 18, "query": 4, "gallery": 8}
    assert content["persons"] == {"train": 3, "test": 2}
    assert make_config(content["config"]) == SMALL
    assert content["digest"] == SMALL.digest


def test_same_seed_same_bytes(root: Path, tmp_path: Path) -> None:
    render(tmp_path / "again", SMALL)
    render(tmp_path / "other", SMALL.model_copy(update={"seed": 1}))
    first, again, other = (contents(folder) for folder in (root, tmp_path / "again", tmp_path / "other"))
    assert again == first
    assert not [name for name, data in other.items() if name.endswith(".jpg") and data in first.values()]


def test_without_a_test_part(flat_world: type[FlatWorld], tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"test_share": 0.0, "images_per_camera": 1})
    assert render(tmp_path, config) == 10
    assert len(names(tmp_path / "bounding_box_train")) == 10
    assert not (tmp_path / "query").exists()
    assert [len(images) for images in load(tmp_path).parts().values()] == [10, 0, 0]
    assert all(image.attributes for image in load(tmp_path).train)


@pytest.mark.parametrize("stop_at", [0, 1, 17, IMAGES - 1])
def test_what_is_interrupted_goes_on(flat_world: type[FlatWorld], tmp_path: Path, stop_at: int) -> None:
    render(tmp_path / "straight", SMALL)
    flat_world.made, flat_world.stop_at = 0, stop_at
    with pytest.raises(KeyboardInterrupt):
        render(tmp_path / "stopped", SMALL)
    there = contents(tmp_path / "stopped")
    assert sum(name.endswith(".jpg") for name in there) == stop_at
    assert not [name for name in there if "partial" in name]
    with pytest.raises(ReseenError, match=f"stopped at {stop_at} of {IMAGES} images: run reseen data render again"):
        load(tmp_path / "stopped")
    flat_world.made, flat_world.stop_at = 0, None
    steps: list[tuple[int, int]] = []
    left = render(tmp_path / "stopped", SMALL, progress=lambda done, total: steps.append((done, total)))
    assert left == flat_world.made == IMAGES - stop_at
    assert steps == [(done, IMAGES) for done in range(stop_at, IMAGES + 1)]
    assert contents(tmp_path / "stopped") == contents(tmp_path / "straight")


def test_nothing_is_done_twice(root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    steps: list[tuple[int, int]] = []
    assert render(root, SMALL, progress=lambda done, total: steps.append((done, total))) == 0
    assert steps == []
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.parametrize("lost", ["*/0001_*.jpg", "parts/query/*.png", "keypoints.parquet", "market_attribute.mat"])
def test_what_is_lost_is_made_again(root: Path, lost: str) -> None:
    before = contents(root)
    paths = list(root.glob(lost))
    for path in paths:
        path.unlink()
    assert render(root, SMALL) == (len(paths) if "*" in lost else 0)
    assert contents(root) == before


def test_what_a_killed_process_left_half_written_is_removed(root: Path) -> None:
    before = contents(root)
    path = next((root / "query").iterdir())
    path.rename(path.with_name(f"{path.name}.123.partial"))
    (root / ".scenes-abc").mkdir()
    (root / ".scenes-abc" / "3.npy").write_bytes(b"half a scene")
    assert render(root, SMALL) == 1
    assert contents(root) == before


def test_a_process_killed_at_its_first_file_is_no_hindrance(flat_world: type[FlatWorld], tmp_path: Path) -> None:
    (tmp_path / "rendered.json.123.partial").write_text("{")
    assert render(tmp_path, SMALL) == IMAGES
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("persons", 6, "rendered with persons 5, not 6"),
        ("seed", 3, "rendered with seed 0, not 3"),
        ("size", (128, 64), "rendered with size 64x32, not 128x64"),
        ("test_share", 0.0, r"rendered with test_share 0\.4, not 0\.0"),
    ],
)
def test_another_configuration_is_refused(root: Path, key: str, value: Any, message: str) -> None:
    before = contents(root)
    with pytest.raises(ReseenError, match=f"root was {message}; name a new folder"):
        render(root, SMALL.model_copy(update={key: value}))
    assert contents(root) == before


def test_another_version_is_refused(root: Path) -> None:
    path = root / "rendered.json"
    path.write_text(path.read_text().replace(f'"version": {VERSION}', '"version": 0'))
    with pytest.raises(
        ReseenError, match=f"rendered by version 0 of the renderer, this is {VERSION}; name a new folder"
    ):
        render(root, SMALL)
    assert len(load(root).train) == 18  # what was rendered once stays readable


def test_folders_with_other_things_are_refused(flat_world: type[FlatWorld], tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(ReseenError, match="holds other things; name a new or empty folder"):
        render(tmp_path, SMALL)
    with pytest.raises(ReseenError, match="is no folder"):
        render(tmp_path / "holiday.jpg", SMALL)
    assert names(tmp_path) == ["holiday.jpg"]
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".DS_Store").touch()
    assert render(tmp_path / "empty", SMALL) == IMAGES


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReseenError, match=r"cannot make the folder .*file/below: Not a directory"):
        render(tmp_path / "file" / "below", SMALL)


def test_a_first_rendering_says_what_takes_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNY_CACHE_DIR", str(tmp_path))
    assert "once on a machine" in preparation()
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "model.safetensors").touch()
    assert preparation() == ""


def test_who_comes_second_waits_and_finds_everything_there(root: Path) -> None:
    folder = os.open(root, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    threading.Timer(0.3, os.close, [folder]).start()
    with pytest.warns(ReseenWarning, match="waiting for another process that renders into .*root"):
        assert render(root, SMALL) == 0


@pytest.mark.long
def test_processes_make_what_one_makes(rendered: Path, tmp_path: Path) -> None:
    shutil.copytree(rendered, tmp_path / "root")
    config = RenderConfig(persons=24, images_per_camera=2, cameras=4, cameras_per_person=4)
    lost = [path for path in sorted((tmp_path / "root").glob("*/*.jpg")) if int(path.name[:4]) % 8 == 5]
    for path in lost:
        path.unlink()
    assert render(tmp_path / "root", config, workers=2) == len(lost) == 24
    assert contents(tmp_path / "root") == contents(rendered)


def test_what_is_rendered_later_is_the_same_to_the_byte(rendered: Path, tmp_path: Path) -> None:
    """Real pictures, three of them rendered by a second call that has seen none of the others."""
    shutil.copytree(rendered, tmp_path / "root")
    config = RenderConfig(persons=24, images_per_camera=2, cameras=4, cameras_per_person=4)
    for lost in ("bounding_box_train/0007_c2*_01.jpg", "query/0013_c4*.jpg", "parts/bounding_box_test/0024_c1*.png"):
        next((tmp_path / "root").glob(lost)).unlink()
    assert render(tmp_path / "root", config, workers=1) == 3
    assert contents(tmp_path / "root") == contents(rendered)


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_program_leaves_a_folder_to_go_on_with(tmp_path: Path, how: signal.Signals) -> None:
    """Also one that ignores SIGINT from the start, as everything behind ``nohup … &`` does."""
    root = tmp_path / "root"
    arguments = ["data", "render", root, "--persons", 400, "--workers", 2]
    command = [sys.executable, "-m", "reseen.cli", *map(str, arguments)]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_IGN),
    ) as program:
        wait_until(lambda: len(list(root.glob("*/*.jpg"))) > 20)
        program.send_signal(how)
        printed = program.communicate()
    if how != signal.SIGKILL:
        assert program.returncode == 130
        assert printed[0] == ""
        first, *between, last = printed[1].splitlines()
        assert (first, last) == ("rendering pedestrians: 9,600 …", "stopped; the same command goes on")
        assert all(re.fullmatch(r"rendering pedestrians: [\d,]+ of 9,600", line) for line in between)
        assert not list(root.rglob("*.partial"))
        assert not [path for path in root.iterdir() if path.name.startswith(".")]
    # Without their parent the workers end, and nothing more appears.
    time.sleep(2)
    there = len(list(root.glob("*/*.jpg")))
    time.sleep(2)
    assert len(list(root.glob("*/*.jpg"))) == there < 9600
    for path in root.glob("*/*.jpg"):
        with Image.open(path) as picture:
            picture.load()
        assert decode_joints(root / "parts" / path.parent.name / f"{path.stem}.png").shape == (18, 3)


def wait_until(happened: Any, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.1)
