"""A gallery is told from other folders by its note alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from reseen.errors import ReseenError
from reseen.gallery_files import check_gallery, check_new_gallery, is_gallery


def test_folders_are_told_apart(tmp_path: Path) -> None:
    made, empty, other = tmp_path / "made", tmp_path / "empty", tmp_path / "other"
    for folder in (made, empty, other):
        folder.mkdir()
    (made / "gallery.json").touch()
    (other / "x.jpg").touch()
    missing = tmp_path / "missing"
    assert [is_gallery(each) for each in (made, empty, other, missing)] == [True, False, False, False]
    assert check_gallery(made) == made
    assert [check_new_gallery(each) for each in (made, empty, missing)] == [made, empty, missing]
    for each in (empty, other, missing):
        with pytest.raises(ReseenError, match="is no gallery; reseen gallery add makes one"):
            check_gallery(each)
    (empty / ".lock").touch()
    (empty / "gallery.json.7.partial").touch()
    assert check_new_gallery(empty) == empty, "whoever was making it was killed"
    for each in (other, other / "x.jpg"):
        with pytest.raises(ReseenError, match="is no gallery and not empty"):
            check_new_gallery(each)
