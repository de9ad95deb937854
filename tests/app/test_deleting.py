"""A receipt tells of what a deletion had to leave."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from reseen.app.desk import Desk


def test_a_drawn_picture_that_cannot_be_deleted_is_told_of(
    web: TestClient, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, unlink = tmp_path / "drawn.png", Path.unlink
    drawn.write_bytes(b"a picture")
    desk.gallery.remember(drawn, desk.overview().ids.tolist())

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path == drawn:
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    page = web.post("/delete", data={"camera": "1", "reason": "asked for", "sure": "yes"}).text
    assert "4 pictures were deleted for good" in page
    assert "0 deleted, <b>1 could not be" in page
    assert desk.state.audit.entries()[0].detail["undeleted"] == 1
