"""Ray Data runs the stage on as many processes as there are; what comes back goes straight into a gallery."""

from __future__ import annotations

import logging
import os
import socket
import time
import warnings
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reseen.data.attributes import AttributeSchema
from reseen.data.images.decoding import Skipped
from reseen.descriptors.embeddings import Embeddings
from reseen.distributed.stage import Stage, Work, unpacked
from reseen.errors import ReseenError, ReseenWarning
from reseen.extras import need
from reseen.progress import Progress
from reseen.search.gallery import Gallery
from reseen.search.gallery.adding import Admitted
from reseen.search.gallery.filling import known_hashes
from reseen.search.gallery.keeping.rows import Newcomers

_BLOCK = 256
"""Pictures of a piece of work: what a worker that dies has to be made up for."""
_ROWS, _SECONDS = 16_384, 30.0
"""Rows that are added to the gallery at once, and how long they wait at most: what a killed driver can cost."""


@dataclass(frozen=True, slots=True)
class Added:
    """What has become of listed pictures.

    Attributes:
        new: Rows that the gallery has got.
        known: Pictures that it had, or that are there twice.
        skipped: Pictures that could not be read.
    """

    new: int
    known: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where to run.

    Attributes:
        address: Of a Ray cluster; empty for processes on this machine.
        workers: How many embed; 0 for one a GPU, or one a processor where there is none.
        gpu: Whether each may have a GPU if there are any.
    """

    address: str = ""
    workers: int = 0
    gpu: bool = False


def embed_on_ray(
    listed: pa.Table,
    work: Work,
    gallery: Gallery,
    like: Embeddings,
    *,
    schema: AttributeSchema | None = None,
    cluster: Cluster = Cluster(),
    source: str = "",
    again: bool = False,
    max_corrupt: int = 0,
    progress: Progress | None = None,
) -> Added:
    """Embeds pictures on many processes and adds them to a gallery.

    A worker that dies is started anew and does its piece of work again; a row is known by its picture's content, so
    that nothing comes twice. The same call may be repeated after the driver itself was killed: pictures that the
    gallery has are read, but not embedded again.

    Args:
        listed: The pictures (`list_pictures`).
        work: What the workers do.
        gallery: Where the rows go; this process is its writer.
        like: Descriptors of no image, as the model makes them: ``embedder.embed([])``.
        schema: The model's attributes.
        cluster: Where to run.
        source: Where the pictures come from; by default what is listed.
        again: Whether to add also what was deleted from the gallery.
        max_corrupt: How many pictures may be left out that cannot be read.
        progress: Told how far it has come.

    Raises:
        ReseenError: If the gallery is another model's, there is no such cluster, a worker cannot load the model, or
            more pictures cannot be read. What was added until then stays.
    """
    layout = gallery.layout
    if layout is not None:
        layout.check(like, schema)
    writer = _Writer(gallery, like, schema, source, again, Skipped(max_corrupt))
    with closing(_stream(listed, work, known_hashes(gallery), cluster)) as stream:
        for made in stream:
            writer.take(made)
            if progress:
                progress(writer.seen, len(listed))
    writer.flush()
    skipped, admitted = len(writer.skipped.messages), writer.admitted
    writer.skipped.warn(len(listed))
    if note := admitted.note(gallery.place):
        warnings.warn(note, ReseenWarning, stacklevel=2)
    return Added(admitted.new, writer.seen - skipped - admitted.new - admitted.deleted, skipped)


@dataclass
class _Writer:
    """Adds what is made to a gallery, many rows at a time."""

    gallery: Gallery
    like: Embeddings
    schema: AttributeSchema | None
    source: str
    again: bool
    skipped: Skipped
    seen: int = 0
    admitted: Admitted = field(default_factory=Admitted)
    waiting: list[pa.Table] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    def take(self, made: pa.Table) -> None:
        for row in made.filter(pc.is_valid(made["error"])).to_pylist():
            self.skipped.add(len(self.skipped.messages), row["error"])
        self.seen += len(made)
        self.waiting.append(made.filter(pc.is_valid(made["numbers"])))
        if sum(map(len, self.waiting)) >= _ROWS or time.monotonic() - self.since > _SECONDS:
            self.flush()

    def flush(self) -> None:
        rows = pa.concat_tables(self.waiting) if self.waiting else None
        if rows is not None and len(rows):
            newcomers = Newcomers(
                unpacked(rows, self.like),
                ids=rows["id"].to_pylist(),
                pictures=rows["picture"].to_pylist(),
                source=self.source,
            )
            self.admitted += self.gallery.admit(newcomers, schema=self.schema, again=self.again)
        self.waiting, self.since = [], time.monotonic()


def _stream(listed: pa.Table, work: Work, known: Any, cluster: Cluster) -> Generator[pa.Table, None, None]:
    """Yields rows of `MADE` as workers make them, in whatever order."""
    need("distributed")
    with _connected(cluster) as (workers, cpus, gpus):
        import ray
        from ray.data import ActorPoolStrategy, DataContext

        context = DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        blocks = [listed.slice(start, _BLOCK) for start in range(0, len(listed), _BLOCK)]
        made = ray.data.from_arrow(blocks).map_batches(
            _Worker,
            batch_size=_BLOCK,
            batch_format="pyarrow",
            compute=ActorPoolStrategy(size=min(workers, len(blocks)), max_tasks_in_flight_per_actor=2),
            fn_constructor_args=(ray.put(work), ray.put(known)),
            num_cpus=cpus,
            num_gpus=gpus,
        )
        try:
            yield from made.iter_batches(batch_size=None, batch_format="pyarrow")
        except (ray.exceptions.RayError, RuntimeError) as error:
            raise ReseenError(f"a worker has failed: {str(error).strip().splitlines()[-1]}") from error


class _Worker(Stage):
    """The stage in a process of Ray's, which hands on large arguments by reference."""

    def __init__(self, work: Any, known: Any) -> None:
        import ray

        super().__init__(ray.get(work), ray.get(known))


@contextmanager
def _connected(cluster: Cluster) -> Iterator[tuple[int, int, int]]:
    """Yields how many workers there are, and how many processors and GPUs each may take."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    import ray

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    here = max(cluster.workers, os.cpu_count() or 1)
    alone: dict[str, Any] = {} if cluster.address else {"num_cpus": here, "include_dashboard": False}
    try:
        _knock(cluster.address)
        ray.init(cluster.address or "local", log_to_driver=False, logging_level=logging.ERROR, **alone)
    except (OSError, ValueError, RuntimeError) as error:
        where = cluster.address or "this machine"
        raise ReseenError(f"no Ray on {where}: {str(error).strip().splitlines()[0]}") from error
    try:
        there = ray.cluster_resources()
        gpus = int(there.get("GPU", 0)) if cluster.gpu else 0
        workers = cluster.workers or gpus or int(there.get("CPU", 1))
        yield workers, here // workers if alone else 1, int(gpus > 0)
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Makes sure that somebody listens at ``host:port``, for which Ray itself tries for minutes.

    Raises:
        OSError: If nobody does.
    """
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.rpartition("/")[2], int(port)), timeout=10).close()
