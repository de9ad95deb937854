"""DukeMTMC-reID (Zheng et al., ICCV 2017) with Lin et al.'s attributes."""

from __future__ import annotations

import re
from pathlib import Path

from reseen.data.attributes import DUKE_SCHEMA
from reseen.data.images.source import Folder
from reseen.data.names import MARKET_NAME
from reseen.data.person import Split
from reseen.data.sets.layout import Layout, read_layout

TERMS = (
    "DukeMTMC-reID (Zheng et al., ICCV 2017; recorded for Ristani et al., ECCVW 2016) was withdrawn by its authors and "
    "is no longer distributed: do not pass its images on, and think twice before building on it."
)
LAYOUT = Layout(
    title="DukeMTMC-reID",
    pattern=re.compile(MARKET_NAME + r"_f\d+"),
    example="0001_c2_f0046182.jpg",
    annotation="duke_attribute.mat",
)


def recognise(folder: Folder) -> bool:
    """Whether any part of DukeMTMC-reID lies here."""
    return bool(LAYOUT.locate(folder))


def load(root: Path, *, attributes: Path | None = None, allow_missing: bool = False) -> Split:
    """Reads DukeMTMC-reID.

    Args:
        root: The data set's folder, one above it, a folder of its zips, or a zip.
        attributes: ``duke_attribute.mat``; else it is looked for in ``root``, in ``annotations``, and beside.
        allow_missing: Whether parts may be missing; else a missing folder is an error.

    Raises:
        ReseenError: If folders are missing.
    """
    parts = read_layout(root, LAYOUT, DUKE_SCHEMA, attributes=attributes, allow_missing=allow_missing)
    return Split(
        name="dukemtmc",
        train=parts.images["train"],
        query=parts.images["query"],
        gallery=parts.images["gallery"],
        schema=DUKE_SCHEMA if parts.labelled else None,
        terms=TERMS,
        notes=parts.notes,
    )
