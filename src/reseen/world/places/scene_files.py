"""Scenes in files, so that processes which render side by side make each only once and share its memory."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np

from reseen.files import replacing
from reseen.world.places.scenes import Scene, make_scene


def shared_scene(folder: Path, seed: int, camid: int) -> Scene:
    """Returns a camera's scene from its files, or makes it and writes them.

    The large arrays lie in one file that is mapped into memory: the processes that read it hold it together.

    Args:
        folder: Where the files are; they belong to one run, on one machine.
        seed: Seed of the data set.
        camid: Camera id, from 1.
    """
    arrays, rest = folder / f"{camid}.npy", folder / f"{camid}.pickle"
    if not rest.exists():
        _write(make_scene(seed, camid), arrays, rest)
    # What another process wrote at the same time is the same to the byte.
    scene: Scene = pickle.loads(rest.read_bytes())
    height, width = scene.camera.height, scene.camera.width
    flat = np.asarray(np.load(arrays, mmap_mode="c"))
    frame, depth, share = np.split(flat, np.array([3, 4]) * height * width)
    return replace(
        scene,
        frame=frame.reshape(height, width, 3),
        depth=depth.reshape(height, width),
        sun_share=share.reshape(height, width),
    )


def _write(scene: Scene, arrays: Path, rest: Path) -> None:
    """Writes both files; the one that is looked for comes last."""
    with replacing(arrays) as partial, partial.open("wb") as file:
        np.save(file, np.concatenate([scene.frame.ravel(), scene.depth.ravel(), scene.sun_share.ravel()]))
    nothing = np.empty(0, np.float32)
    with replacing(rest) as partial:
        partial.write_bytes(pickle.dumps(replace(scene, frame=nothing, depth=nothing, sun_share=nothing)))
