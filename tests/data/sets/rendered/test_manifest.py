"""``rendered.json`` says what a folder is, and whether it may be gone on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.data.images.source import open_folder
from reseen.data.sets.rendered.config import VERSION, RenderConfig
from reseen.data.sets.rendered.manifest import MANIFEST, Manifest, find, read
from reseen.errors import ReseenError


def manifest(**changes: object) -> Manifest:
    config = RenderConfig(persons=4, size=(64, 32))
    content = {"version": VERSION, "complete": True, "digest": "0", "images": {"train": 2}, "persons": {"train": 1}}
    return Manifest.model_validate(content | {"config": config} | changes)


def test_it_is_found_and_read_as_it_was_written(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "down"
    root.mkdir(parents=True)
    manifest().write(root)
    assert [path.name for path in root.iterdir()] == [MANIFEST]
    folder = find(open_folder(tmp_path))
    assert folder is not None
    assert folder.path == root
    assert read(folder) == manifest()


def test_what_reseen_has_not_written_is_refused(tmp_path: Path) -> None:
    assert find(open_folder(tmp_path)) is None
    with pytest.raises(ReseenError, match=r"no rendered pictures in .*: make some with reseen data render"):
        read(open_folder(tmp_path))
    (tmp_path / MANIFEST).write_text("{}")
    with pytest.raises(ReseenError, match=r"rendered\.json is not what reseen data render writes"):
        read(open_folder(tmp_path))


def test_another_configuration_is_named_by_its_first_difference(tmp_path: Path) -> None:
    before = manifest()
    before.check_same(before.config, tmp_path)
    with pytest.raises(ReseenError, match="was rendered with size 64x32, not 128x64; name a new folder"):
        before.check_same(RenderConfig(persons=4, size=(128, 64)), tmp_path)
    with pytest.raises(ReseenError, match=f"was rendered by version 0 of the renderer, this is {VERSION}"):
        manifest(version=0).check_same(before.config, tmp_path)
