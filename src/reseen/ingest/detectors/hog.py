"""The detector that comes with OpenCV: histograms of oriented gradients (Dalal, Triggs; CVPR 2005).

It needs no weights, finds people who stand or walk upright and are seen whole, and takes some posts for people.
"""

from __future__ import annotations

import numpy as np

from reseen.ingest.detectors.opencv import opencv
from reseen.ingest.people import People, Pixels

_LEAST_HEIGHT, _MOST_ENLARGED = 864, 2.0
"""Smaller pictures are enlarged to this height, or so many times: persons lower than 96 pixels are not found."""
_MARGIN = (0.19, 0.09)
"""What the detector's window has beside and above a person, as shares of its width and height."""
_STRIDE = (8, 8)
_SCALE = 1.06
"""From one size of window to the next."""
_EVEN, _STEEP = 1.2, 2.0
"""Confidence is a logistic curve over the distance from the separating plane: half at the first number, and so steep.
Chosen by eye on a street scene."""
_OVERLAP = 0.4


class Hog:
    """OpenCV's people detector, trained on INRIA's persons.

    Raises:
        ReseenError: If OpenCV is not installed.
    """

    name = "hog"

    def __init__(self) -> None:
        cv2 = opencv()
        self._hog = cv2.HOGDescriptor()
        self._hog.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector(), np.float32))

    def detect(self, picture: Pixels) -> People:
        cv2 = opencv()
        scale = min(max(1.0, _LEAST_HEIGHT / picture.shape[0]), _MOST_ENLARGED)
        size = (max(64, round(picture.shape[1] * scale)), max(128, round(picture.shape[0] * scale)))
        enlarged = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
        windows, margins = self._hog.detectMultiScale(
            cv2.cvtColor(enlarged, cv2.COLOR_RGB2GRAY),
            winStride=_STRIDE,
            padding=(32, 32),
            scale=_SCALE,
            groupThreshold=0,
        )
        left, top, width, height = np.reshape(np.asarray(windows, np.float32), (-1, 4)).T
        boxes = np.stack(
            [
                left + _MARGIN[0] * width,
                top + _MARGIN[1] * height,
                left + (1 - _MARGIN[0]) * width,
                top + (1 - _MARGIN[1]) * height,
            ],
            axis=1,
        )
        confidence = 1 / (1 + np.exp(-_STEEP * (np.reshape(np.asarray(margins, np.float32), -1) - _EVEN)))
        shrink = np.array([picture.shape[1] / size[0], picture.shape[0] / size[1]] * 2, np.float32)
        return People.of(boxes * shrink, confidence).inside(picture).apart(_OVERLAP).whole()
