"""Which images make a batch. Every batch follows from (seed, epoch), so a resumed run sees the same ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from reseen.data.person import NO_LABEL
from reseen.errors import ReseenError

Batch = NDArray[np.int64]


class BatchSampler(Sampler[list[int]], ABC):
    """Yields lists of image rows.

    Under DDP every rank plans the same batches and takes every ``world_size``-th, so ranks never share an
    image and always take the same number of steps.

    Args:
        pids: Person id (or label) of each image row; ``NO_LABEL`` where the person is not known. Such rows are in
            random batches only.
        seed: Seed of the sampler's own generator.
        rank: This process's number.
        world_size: Number of processes.
    """

    def __init__(self, pids: Sequence[int], *, seed: int = 0, rank: int = 0, world_size: int = 1) -> None:
        self.pids = np.asarray(pids, dtype=np.int64)
        self.seed, self.rank, self.world_size = seed, rank, world_size
        self.start(epoch=0)

    def start(self, *, epoch: int, batch: int = 0) -> None:
        """Plans an epoch; iteration begins at its ``batch``-th batch (of this rank)."""
        planned = list(self.plan(np.random.default_rng((self.seed, epoch))))
        usable = len(planned) - len(planned) % self.world_size
        if not usable:
            raise ReseenError(
                f"{len(self.pids)} images of {len(np.unique(self.pids))} persons are too few for one batch "
                f"on each of {self.world_size} processes; make the batch smaller"
            )
        self.batches = planned[self.rank : usable : self.world_size]
        self.first = batch

    @abstractmethod
    def plan(self, generator: np.random.Generator) -> Iterator[Batch]:
        """Yields one epoch's batches for all ranks."""

    def __iter__(self) -> Iterator[list[int]]:
        for batch in self.batches[self.first :]:
            yield batch.tolist()

    def __len__(self) -> int:
        return len(self.batches) - self.first


class RandomSampler(BatchSampler):
    """Shuffled images in batches of equal size; an incomplete last batch is left out."""

    def __init__(
        self, pids: Sequence[int], *, batch_size: int, seed: int = 0, rank: int = 0, world_size: int = 1
    ) -> None:
        self.batch_size = batch_size
        super().__init__(pids, seed=seed, rank=rank, world_size=world_size)

    def plan(self, generator: np.random.Generator) -> Iterator[Batch]:
        order = generator.permutation(len(self.pids))
        for start in range(0, len(order) - self.batch_size + 1, self.batch_size):
            yield order[start : start + self.batch_size]


class IdentitySampler(BatchSampler):
    """P persons × K images a batch (Hermans et al. 2017).

    A person's images are dealt into groups of K; a person with fewer than K repeats some, and what is left
    over after the last full group waits for another epoch. Persons are drawn with the groups they have left as
    weights, so that an epoch is of one kind from beginning to end: drawn with equal chances, those with many images
    would be alone towards its end, and a network would forget the others. The epoch ends when fewer than P persons
    have a group left.
    """

    def __init__(
        self,
        pids: Sequence[int],
        *,
        persons: int,
        images_per_person: int,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.persons, self.images_per_person = persons, images_per_person
        super().__init__(pids, seed=seed, rank=rank, world_size=world_size)

    def plan(self, generator: np.random.Generator) -> Iterator[Batch]:
        groups = {pid: self._groups(rows, generator) for pid, rows in rows_by_pid(self.pids).items()}
        while len(groups) >= self.persons:
            left = np.array([len(own) for own in groups.values()])
            chosen = generator.choice(list(groups), self.persons, replace=False, p=left / left.sum()).tolist()
            yield np.concatenate([groups[pid].pop() for pid in chosen])
            groups = {pid: own for pid, own in groups.items() if own}

    def _groups(self, rows: Batch, generator: np.random.Generator) -> list[Batch]:
        size = self.images_per_person
        if len(rows) < size:
            extra = generator.choice(rows, size - len(rows))
            return [np.concatenate([rows, extra])]
        shuffled = generator.permutation(rows)
        return [shuffled[start : start + size] for start in range(0, len(rows) - size + 1, size)]


class TripletSampler(BatchSampler):
    """Batches of (anchor, positive, negative) rows, one after the other; every image is an anchor once.

    The positive is another image of the anchor's person, the negative any image of another person. Persons
    with a single image are never anchors.
    """

    def __init__(
        self, pids: Sequence[int], *, triplets: int, seed: int = 0, rank: int = 0, world_size: int = 1
    ) -> None:
        self.triplets = triplets
        super().__init__(pids, seed=seed, rank=rank, world_size=world_size)

    def plan(self, generator: np.random.Generator) -> Iterator[Batch]:
        rows = rows_by_pid(self.pids)
        if len(rows) < 2:
            raise ReseenError("triplets need images of at least two persons: take another sampler, or other data")
        anchors = generator.permutation([row for own in rows.values() if len(own) > 1 for row in own])
        for start in range(0, len(anchors) - self.triplets + 1, self.triplets):
            chosen = anchors[start : start + self.triplets]
            yield np.array([self._triplet(anchor, rows, generator) for anchor in chosen], dtype=np.int64).reshape(-1)

    def _triplet(self, anchor: int, rows: dict[int, Batch], generator: np.random.Generator) -> tuple[int, int, int]:
        own = rows[int(self.pids[anchor])]
        positive = generator.choice(own[own != anchor])
        while self.pids[negative := generator.integers(len(self.pids))] in (self.pids[anchor], NO_LABEL):
            pass
        return anchor, positive, int(negative)


def rows_by_pid(pids: NDArray[np.int64]) -> dict[int, Batch]:
    """Returns each known person's rows, persons in ascending order."""
    order = np.argsort(pids, kind="stable")
    values, starts = np.unique(pids[order], return_index=True)
    rows = zip(values.tolist(), np.split(order, starts[1:]), strict=True)
    return {pid: own for pid, own in rows if pid != NO_LABEL}
