"""Holding persons of the training set back, so that settings are chosen without looking at the test set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reseen.data.person import UNKNOWN_CAMERA, PersonImage, Split
from reseen.errors import ReseenError


def hold_out(split: Split, share: float, seed: int) -> tuple[Split, Split]:
    """Divides the training persons of a split into those to train on and those to validate on.

    The validation part is built like the test part: compared across cameras, one query a person and camera, all other
    images in the gallery; for VIPeR's protocol one camera against the other; without queries where only attributes
    are learnt. Images of unknown persons and distractors stay in training.

    Args:
        split: Any data set.
        share: Of the training persons to hold back.
        seed: Of the generator that draws them.

    Returns:
        The split with fewer training images, and one whose query and gallery are the persons held back.

    Raises:
        ReseenError: If that leaves nobody on either side, or nobody held back is seen by two cameras.
    """
    persons = sorted({image.pid for image in split.train if image.pid > 0})
    count = round(share * len(persons))
    if not 0 < count < len(persons):
        raise ReseenError(
            f"a share of {share:g} of {len(persons)} training persons is {count} to validate on; choose another share"
        )
    generator = np.random.default_rng(seed)
    chosen = set(generator.choice(persons, count, replace=False).tolist())
    held = [image for image in split.train if image.pid in chosen]
    query, gallery = _divided(split, held, generator)
    note = f"validated on {count:,} of the {len(persons):,} training persons, drawn with seed {seed}"
    return (
        replace(split, train=tuple(image for image in split.train if image.pid not in chosen)),
        replace(split, train=(), query=query, gallery=gallery, notes=(*split.notes, note)),
    )


def _divided(
    split: Split, held: Sequence[PersonImage], generator: np.random.Generator
) -> tuple[tuple[PersonImage, ...], tuple[PersonImage, ...]]:
    if not split.query:
        return (), tuple(held)
    if split.protocol.kind == "single_gallery_shot":
        return tuple(held), tuple(held)  # probes and shots are drawn from these, a person's from two cameras
    cameras: dict[int, list[int]] = defaultdict(list)
    for image in held:
        cameras[image.pid].append(image.camid)
    unknown = UNKNOWN_CAMERA  # each a camera of its own
    seen_twice = {pid for pid, own in cameras.items() if len({*own} - {unknown}) + own.count(unknown) > 1}
    if not seen_twice:
        raise ReseenError(f"none of {len(cameras)} persons to validate on is seen by two cameras; choose another seed")
    if split.protocol.kind == "two_way":
        first = min(image.camid for image in held)
        return (
            tuple(image for image in held if image.camid == first),
            tuple(image for image in held if image.camid != first),
        )
    chosen: dict[tuple[int, int], int] = {}
    for row in generator.permutation(len(held)).tolist():
        if held[row].pid in seen_twice:
            chosen.setdefault((held[row].pid, held[row].camid), row)
    rows = set(chosen.values())
    return (
        tuple(held[row] for row in sorted(rows)),
        tuple(image for row, image in enumerate(held) if row not in rows),
    )
