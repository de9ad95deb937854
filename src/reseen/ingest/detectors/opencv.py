"""OpenCV, whose wheel wants libraries of the system that a server without a screen may lack."""

from __future__ import annotations

from typing import Any

from reseen.errors import ReseenError, one_line
from reseen.extras import need


def opencv() -> Any:
    """Returns the module ``cv2``.

    Raises:
        ReseenError: If it is not installed, or cannot be loaded on this machine.
    """
    need("ingest")
    try:
        import cv2
    except ImportError as error:
        raise ReseenError(
            f"OpenCV is installed but cannot be loaded: {one_line(error)}; Debian has what it wants in libgl1 and "
            "libglib2.0-0"
        ) from error
    return cv2
