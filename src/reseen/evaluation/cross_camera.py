"""The rule of cross-camera search: a person's images by the query's own camera are passed over."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def own_camera(pids: ArrayLike, camids: ArrayLike, pid: ArrayLike, camid: ArrayLike) -> NDArray[np.bool_]:
    """Returns which gallery images show the query's person under the query's camera: neither right nor wrong.

    Args:
        pids: (G,) persons of the gallery.
        camids: (G,) its cameras.
        pid: The query's person; or (G,), one query for each gallery image.
        camid: Its camera, likewise.
    """
    same_person = np.asarray(pids) == np.asarray(pid)
    return np.asarray(same_person & (np.asarray(camids) == np.asarray(camid)), dtype=np.bool_)
