"""The rule of cross-camera search: a person's images by the query's own camera are passed over."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.data.person import UNKNOWN_CAMERA


def own_camera(pids: ArrayLike, camids: ArrayLike, pid: ArrayLike, camid: ArrayLike) -> NDArray[np.bool_]:
    """Returns which gallery images show the query's person under the query's camera: neither right nor wrong.

    An unknown camera is nobody's own.

    Args:
        pids: (G,) persons of the gallery.
        camids: (G,) its cameras.
        pid: The query's person; or (G,), one query for each gallery image.
        camid: Its camera, likewise.
    """
    same_person = np.asarray(pids) == np.asarray(pid)
    same_camera = (np.asarray(camids) == np.asarray(camid)) & (np.asarray(camid) != UNKNOWN_CAMERA)
    return np.asarray(same_person & same_camera, dtype=np.bool_)


def apart(camids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns cameras (N,) where each unknown one has a number of its own, so that equal numbers mean one camera."""
    own = min(0, camids.min(initial=0)) - 1 - np.arange(len(camids))
    return np.where(camids == UNKNOWN_CAMERA, own, camids)
