"""Rendering a data set to disk, in Market-1501's layout, on all cores; what is interrupted can be gone on with."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache, partial
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from reseen.data.images.source import Folder
from reseen.data.sets.layout import PARTS
from reseen.data.sets.rendered.config import VERSION, RenderConfig
from reseen.data.sets.rendered.files import Taken, finished
from reseen.data.sets.rendered.manifest import KEYPOINTS, MANIFEST, MASKS, Manifest, read
from reseen.errors import ReseenError, ReseenWarning
from reseen.files import PARTIAL, locked, replacing
from reseen.progress import Progress
from reseen.world.labels import encode_attributes, encode_keypoints, encode_mask
from reseen.world.workers import run_in_processes, stoppable

if TYPE_CHECKING:
    from reseen.world.world import World

ATTRIBUTES = "market_attribute.mat"
SCENES = ".scenes-"
"""How a folder's name begins that is there while several processes render: up to 18 MB for each camera."""
_MOST_WORKERS = 8
"""Unless more are asked for: each takes one gigabyte."""
_CHUNK = 16
"""Images, at least, that a worker makes before it reports."""


def _cores() -> int:
    """Cores this process may use, but no more than memory is likely to hold workers for."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, _MOST_WORKERS)


@stoppable()
def render(
    root: Path | str, config: RenderConfig, *, workers: int | None = None, progress: Progress | None = None
) -> int:
    """Renders a data set, or what is missing of it.

    The folder gets Market-1501's three folders of images, ``market_attribute.mat``, ``keypoints.parquet``, body-part
    masks in ``parts`` and ``rendered.json``. An image is there only if it and its labels are complete, so that
    this may be stopped at any time and called again. What is made does not depend on the number of workers.

    Args:
        root: A new or empty folder, or one that this was called for before.
        config: What to render.
        workers: Processes; one for each core by default, 1 for this process alone. A script that uses more needs
            Python's ``if __name__ == "__main__":``.
        progress: Told how many images are there and how many there will be.

    Returns:
        How many images were made.

    Raises:
        ReseenError: If the folder holds other things, or was rendered with another configuration.
    """
    from reseen.world.world import World

    root = Path(root)
    _check_folder(root, config)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReseenError(f"cannot make the folder {root}: {error.strerror}; name another one") from error
    with _alone(root):
        _check_folder(root, config)
        world = World(config)
        tasks = [
            Taken(pid, camid, number)
            for pid in range(1, config.persons + 1)
            for camid in world.cameras_of(pid)
            for number in range(config.images_per_camera)
        ]
        there = finished(root)
        missing = sorted(set(tasks) - there.keys())
        names = (MANIFEST, ATTRIBUTES, KEYPOINTS)
        if not missing and all((root / name).exists() for name in names) and read(Folder(root)).complete:
            return 0
        manifest = _manifest(config, tasks)
        manifest.write(root)
        if progress:
            progress(len(tasks) - len(missing), len(tasks))
        for folder in {_folder(config, task) for task in tasks}:
            (root / folder).mkdir(exist_ok=True)
            (root / MASKS / folder).mkdir(parents=True, exist_ok=True)
        done = len(tasks) - len(missing)
        with closing(_make(root, config, world, _chunks(missing), workers or _cores())) as batches:
            for made in batches:
                done += made
                if progress:
                    progress(done, len(tasks))
        _finish(root, config, world)
        manifest.model_copy(update={"complete": True}).write(root)
    return len(missing)


def preparation() -> str:
    """Says what a first rendering on a machine begins with; empty if it is done."""
    from reseen.world.bodies.body import is_prepared

    return "" if is_prepared() else "preparing bodies and compiling the renderer, once on a machine: a minute or two"


def _check_folder(root: Path, config: RenderConfig) -> None:
    if not root.exists():
        return
    if not root.is_dir():
        raise ReseenError(f"{root} is no folder; name a new or empty one")
    if (root / MANIFEST).exists():
        read(Folder(root)).check_same(config, root)
    elif any(not path.name.startswith(".") and not path.match(f"{MANIFEST}.*{PARTIAL}") for path in root.iterdir()):
        raise ReseenError(f"{root} holds other things; name a new or empty folder")


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Two trainings that start at once may want the same pictures: the second one waits and finds them there."""

    def busy() -> None:
        warnings.warn(f"waiting for another process that renders into {root}", ReseenWarning, stacklevel=6)

    with locked(root, busy) as held:
        if held:  # else what is half written may be another process's
            _remove_partial(root)
        try:
            yield
        finally:
            if held:
                _remove_partial(root)


def _remove_partial(root: Path) -> None:
    """Removes what processes that were killed had begun to write, or had for themselves."""
    for path in root.glob(f"{SCENES}*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in root.rglob(f"*{PARTIAL}"):
        path.unlink(missing_ok=True)


def _manifest(config: RenderConfig, tasks: Sequence[Taken]) -> Manifest:
    folders = [_folder(config, task) for task in tasks]
    return Manifest(
        version=VERSION,
        complete=False,
        digest=config.digest,
        images={part: folders.count(folder) for part, folder in PARTS.items()},
        persons={"train": config.persons - config.test_persons, "test": config.test_persons},
        config=config,
    )


def _folder(config: RenderConfig, task: Taken) -> str:
    """Of the test persons, the first image in each camera is the query."""
    if task.pid <= config.persons - config.test_persons:
        return PARTS["train"]
    return PARTS["gallery"] if task.number else PARTS["query"]


def _chunks(tasks: Sequence[Taken]) -> list[list[Taken]]:
    """A worker gets whole persons, so that each is dressed only once."""
    chunks: list[list[Taken]] = []
    for _, own in groupby(tasks, key=lambda task: task.pid):
        if not chunks or len(chunks[-1]) >= _CHUNK:
            chunks.append([])
        chunks[-1] += own
    return chunks


def _make(
    root: Path, config: RenderConfig, world: World, chunks: Sequence[Sequence[Taken]], workers: int
) -> Generator[int, None, None]:
    """Renders chunks in any order and yields how many images have been made each time."""
    if min(workers, len(chunks)) > 1:
        camids = sorted({task.camid for task in chain.from_iterable(chunks)})
        work: list[Sequence[Taken | int]] = [*([camid] for camid in camids), *chunks]
        with tempfile.TemporaryDirectory(prefix=SCENES, dir=root, ignore_cleanup_errors=True) as scenes:
            function = partial(_make_in_process, root, config, Path(scenes))
            yield from run_in_processes(function, work, min(workers, len(chunks)))
        return
    for task in chain.from_iterable(chunks):
        _make_one(root, config, world, task)
        yield 1


def _make_in_process(root: Path, config: RenderConfig, scenes: Path, task: Taken | int) -> int:
    """Makes an image, or for a camid its scene; returns how many images that is."""
    world = _world(config, scenes)
    if isinstance(task, int):
        world.scene(task)
        return 0
    _make_one(root, config, world, task)
    return 1


@lru_cache(maxsize=1)
def _world(config: RenderConfig, scenes: Path) -> World:
    """A worker keeps its world, as the scenes and figures in it are what takes time."""
    from reseen.world.world import World

    return World(config, scenes)


def _make_one(root: Path, config: RenderConfig, world: World, task: Taken) -> None:
    shot = world.shot(task.pid, task.camid, task.number, config.size)
    stem = task.stem(shot.seconds)
    folder = _folder(config, task)
    with replacing(root / MASKS / folder / f"{stem}.png") as file:
        file.write_bytes(encode_mask(shot.parts, shot.keypoints))
    with replacing(root / folder / f"{stem}.jpg") as file:
        Image.fromarray(shot.pixels).save(file, "JPEG", quality=config.quality)


def _finish(root: Path, config: RenderConfig, world: World) -> None:
    """Writes the labels that are kept in one file for all images."""
    first_test = config.persons - config.test_persons + 1
    labels = {person.pid: person.attributes for person in world.pedestrians}
    parts = {
        "test": {pid: own for pid, own in labels.items() if pid >= first_test},
        "train": {pid: own for pid, own in labels.items() if pid < first_test},
    }
    with replacing(root / ATTRIBUTES) as file:
        file.write_bytes(encode_attributes(parts))
    images = sorted(finished(root).values())
    masks = ((image.as_posix(), root / MASKS / image.with_suffix(".png")) for image in images)
    with replacing(root / KEYPOINTS) as file:
        file.write_bytes(encode_keypoints(masks))
