"""Reading MATLAB files up to version 7; those of 7.3 are HDF5 and are read where they occur."""

from __future__ import annotations

import io
from typing import Any

from scipy.io import loadmat

from reseen.data.images.source import Entry
from reseen.errors import ReseenError


def read_mat(entry: Entry, *, simple: bool = False) -> dict[str, Any]:
    """Returns the variables of a ``.mat`` file by name.

    Args:
        entry: The file.
        simple: Whether structs become objects and axes of length one are dropped.

    Raises:
        ReseenError: If it is not such a file.
    """
    data = entry.read()
    try:
        content = loadmat(io.BytesIO(data), squeeze_me=simple, struct_as_record=not simple)
    except Exception as error:  # SciPy raises whatever broken bytes lead it to, down to zlib.error
        raise ReseenError(f"cannot read {entry.path}: {error}; download or unpack it again") from error
    return {name: value for name, value in content.items() if not name.startswith("__")}
