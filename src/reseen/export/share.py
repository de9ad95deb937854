"""A share of a data set, to see in minutes what a change of the model costs."""

from __future__ import annotations

import math
from dataclasses import replace

from reseen.data.person import Split


def share_of(split: Split, images: int) -> tuple[Split, str]:
    """Returns query and gallery of every n-th person, and every n-th image of nobody in particular.

    Args:
        split: The data set.
        images: How many images there may be, about.

    Returns:
        The share, and what a reader of figures on it has to know; nothing if it is the whole.
    """
    step = math.ceil((len(split.query) + len(split.gallery)) / images)
    if step <= 1:
        return split, ""
    persons = sorted({image.pid for image in (*split.query, *split.gallery) if image.pid > 0})
    chosen = set(persons[::step])
    query, gallery = (
        tuple(image for row, image in enumerate(part) if (image.pid in chosen if image.pid > 0 else row % step == 0))
        for part in (split.query, split.gallery)
    )
    note = f" ({len(chosen):,} of its {len(persons):,} persons: figures on fewer are higher)"
    return replace(split, query=query, gallery=gallery), note
