"""A gallery is told from other folders by its note alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reseen import extras
from reseen.errors import ReseenError
from reseen.gallery_files import check_gallery, check_new_gallery, gallery_at, is_gallery, new_gallery_at


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


@pytest.mark.parametrize("check", [gallery_at, new_gallery_at])
def test_what_an_address_needs_is_asked_for_before_anything_heavy_is_imported(
    check: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "obstore" else name)
    with pytest.raises(ReseenError, match=r"this needs obstore, .* 'reseen\[storage\]'"):
        check("s3://bucket/hall")
