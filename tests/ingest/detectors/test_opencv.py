"""OpenCV may be installed and still not be loaded."""

from __future__ import annotations

import sys

import pytest

from reseen.errors import ReseenError
from reseen.ingest.detectors import opencv


def test_a_library_of_the_system_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert opencv.opencv().HOGDescriptor
    monkeypatch.setattr(opencv, "need", lambda extra: None)
    monkeypatch.setitem(sys.modules, "cv2", None)  # importing it fails
    with pytest.raises(ReseenError, match=r"OpenCV is installed but cannot be loaded: .*libgl1"):
        opencv.opencv()
