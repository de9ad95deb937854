"""What a batch holds, that nothing is lost, and that ranks share the work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from reseen.data.person import NO_LABEL
from reseen.data.samplers import BatchSampler, IdentitySampler, RandomSampler, TripletSampler
from reseen.errors import ReseenError

PIDS = np.repeat([5, 6, 7, 8, 9, 10], [9, 8, 2, 4, 5, 1])


def test_random_batches_hold_every_image_at_most_once() -> None:
    batches = list(RandomSampler(PIDS, batch_size=4))
    rows = [row for batch in batches for row in batch]
    assert len(batches) == len(PIDS) // 4
    assert {len(batch) for batch in batches} == {4}
    assert len(set(rows)) == len(rows)


def test_identity_batches_hold_k_images_of_p_persons() -> None:
    sampler = IdentitySampler(PIDS, persons=3, images_per_person=4, seed=1)
    batches = list(sampler)
    assert batches
    for batch in batches:
        assert sorted(Counter(PIDS[batch]).values()) == [4, 4, 4]
    full = Counter(row for batch in batches for row in batch if np.sum(PIDS[row] == PIDS) >= 4)
    assert max(full.values()) == 1  # only persons with fewer than K images repeat any


def test_persons_with_few_images_are_seen_to_the_end_of_an_epoch() -> None:
    """30 persons have 10 groups each, 100 one: a quarter of the groups, and so of every part of an epoch."""
    pids = np.repeat(np.arange(130), [40] * 30 + [4] * 100)
    epochs = [started(IdentitySampler(pids, persons=4, images_per_person=4), epoch) for epoch in range(20)]
    drawn = np.array([pids[batches[:96]].reshape(4, -1) >= 30 for batches in epochs])  # of some 100 batches
    np.testing.assert_allclose(drawn.mean((0, 2)), 0.25, atol=0.05)


@pytest.mark.parametrize("kind", ["random", "identities", "triplets"])
def test_epochs_differ_and_repeat_by_seed(kind: str) -> None:
    def make(seed: int) -> RandomSampler | IdentitySampler | TripletSampler:
        if kind == "random":
            return RandomSampler(PIDS, batch_size=4, seed=seed)
        if kind == "identities":
            return IdentitySampler(PIDS, persons=2, images_per_person=3, seed=seed)
        return TripletSampler(PIDS, triplets=3, seed=seed)

    sampler, again, other = make(0), make(0), make(1)
    first = list(sampler)
    assert first == list(again) != list(other)
    sampler.start(epoch=1)
    assert list(sampler) != first
    again.start(epoch=1, batch=2)
    assert list(again) == list(sampler)[2:]
    assert len(again) == len(sampler) - 2


def test_ranks_take_equal_numbers_of_different_batches() -> None:
    alone = RandomSampler(PIDS, batch_size=4).batches
    ranks = [RandomSampler(PIDS, batch_size=4, rank=rank, world_size=2).batches for rank in range(2)]
    assert len(ranks[0]) == len(ranks[1]) == len(alone) // 2
    joined = [batch.tolist() for pair in zip(*ranks, strict=True) for batch in pair]
    assert joined == [batch.tolist() for batch in alone[: len(joined)]]


def test_triplets_are_anchor_positive_negative() -> None:
    for batch in TripletSampler(PIDS, triplets=5):
        for anchor, positive, negative in np.reshape(batch, (5, 3)):
            assert anchor != positive
            assert PIDS[anchor] == PIDS[positive] != PIDS[negative]


def test_every_image_is_an_anchor_once_but_those_left_over() -> None:
    """28 of the 29: one person has but one image. Nine batches of three are full."""
    sampler = TripletSampler(PIDS, triplets=3)
    anchors = [row for batch in sampler for row in batch[::3]]
    assert (len(anchors), len(set(anchors)), len(sampler)) == (27, 27, 9)
    assert 28 not in anchors


def test_too_few_images_for_one_batch_is_an_error() -> None:
    with pytest.raises(ReseenError, match="too few for one batch"):
        IdentitySampler(PIDS, persons=8, images_per_person=4)
    with pytest.raises(ReseenError, match="at least two persons"):
        TripletSampler([1, 1, 1], triplets=1)


@pytest.mark.parametrize(
    "make",
    [
        lambda pids: IdentitySampler(pids, persons=2, images_per_person=2),
        lambda pids: TripletSampler(pids, triplets=2),
    ],
    ids=["identities", "triplets"],
)
def test_unknown_persons_are_in_no_batch_of_identities(make: Callable[[list[int]], BatchSampler]) -> None:
    pids = [NO_LABEL, 3, 3, NO_LABEL, 5, 5, NO_LABEL, NO_LABEL]
    rows = {row for epoch in range(20) for batch in started(make(pids), epoch) for row in batch}
    assert rows == {1, 2, 4, 5}


def started(sampler: BatchSampler, epoch: int) -> list[list[int]]:
    sampler.start(epoch=epoch)
    return list(sampler)
