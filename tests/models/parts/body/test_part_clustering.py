"""Body parts from peaks, against hand-made maps and plain k-means on the points."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from reseen.models.parts.body.part_clustering import (
    cluster_rows,
    part_rows,
    peak_counts,
    quantile_rows,
    uniform_rows,
)


def features_with_peaks(rows: list[int], height: int, width: int = 4) -> Tensor:
    """Returns (1, len(rows), height, width): channel z peaks in ``rows[z]``, at a column that varies."""
    features = torch.rand(1, len(rows), height, width) * 0.5
    for channel, row in enumerate(rows):
        features[0, channel, row, channel % width] = 1.0
    return features


def spans(mask: Tensor) -> list[tuple[int, int]]:
    """Returns each part's first and last row."""
    return [(int(rows.nonzero()[0]), int(rows.nonzero()[-1])) for rows in mask]


def test_peaks_are_counted_by_row_and_flat_channels_left_out() -> None:
    features = features_with_peaks([0, 2, 2, 5], 6)
    features = torch.cat([features, torch.zeros(1, 3, 6, 4), torch.full((1, 1, 6, 4), 0.7)], 1)
    assert peak_counts(features).tolist() == [[1, 0, 2, 0, 0, 1]]


def test_separated_groups_are_found() -> None:
    peaks = [0, 1, 1, 1, 4, 5, 5, 6, 9, 9, 10, 10, 13, 13, 14, 14, 17, 17, 18, 18, 21, 22, 22, 23]
    mask = part_rows(features_with_peaks(peaks, 24), 6)
    assert spans(mask[0]) == [(0, 1), (4, 6), (9, 10), (13, 14), (17, 18), (21, 23)]


def test_parts_follow_the_person() -> None:
    """Six pairs of peaks in rows 6 to 17: uniform stripes would waste the outer rows."""
    peaks = [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]
    assert spans(part_rows(features_with_peaks(peaks, 24), 6)[0]) == [(r, r + 1) for r in range(6, 18, 2)]
    assert spans(part_rows(features_with_peaks(peaks, 24), 6, "uniform")[0]) == [(r, r + 3) for r in range(0, 24, 4)]


def test_empty_clusters_fall_back_to_their_stripe() -> None:
    mask = part_rows(features_with_peaks([7] * 20, 12), 6)[0]
    found = spans(mask)
    assert found.count((7, 7)) == 1
    stripes = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)]
    assert sum(part == stripe for part, stripe in zip(found, stripes, strict=True)) == 5


def test_without_any_peak_the_stripes_remain() -> None:
    assert part_rows(torch.ones(3, 8, 12, 4), 6).equal(uniform_rows(6, 12).expand(3, -1, -1))


def test_batched_row_clustering_equals_k_means_on_the_points() -> None:
    rng = np.random.default_rng(3)
    height, parts = 24, 6
    points = [np.sort(rng.binomial(height - 1, rng.uniform(0.2, 0.8, 1999))) for _ in range(8)]
    points += [np.sort(rng.integers(0, height, 1999)) for _ in range(8)]
    counts = torch.tensor(np.stack([np.bincount(p, minlength=height) for p in points]), dtype=torch.float32)
    for found, heights in zip(cluster_rows(counts, parts), points, strict=True):
        for part, members in enumerate(k_means(heights, parts)):
            assert bool(found[part].any()) == bool(len(members))
            if len(members):
                assert found[part].nonzero().flatten().tolist() == list(range(members.min(), members.max() + 1))


def k_means(points: np.ndarray, parts: int) -> list[np.ndarray]:
    """Plain Lloyd iterations on sorted points, from equal quantiles, five times."""
    centres = np.array([points[int(np.ceil(len(points) * (i + 0.5) / parts)) - 1] for i in range(parts)], float)
    for _ in range(5):
        nearest = np.abs(points[:, None] - centres).argmin(1)
        centres = np.sort([points[nearest == i].mean() if (nearest == i).any() else centres[i] for i in range(parts)])
    nearest = np.abs(points[:, None] - centres).argmin(1)
    return [points[nearest == i] for i in range(parts)]


def test_quantiles_share_the_peaks_equally() -> None:
    counts = torch.tensor([[4, 0, 0, 2, 1, 1, 0, 4.0]])  # 12 peaks, 4 a part
    assert spans(quantile_rows(counts, 3)[0]) == [(0, 0), (3, 5), (7, 7)]


@pytest.mark.parametrize(
    ("height", "expected"),
    [(12, [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)]), (7, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6)])],
)
def test_uniform_stripes(height: int, expected: list[tuple[int, int]]) -> None:
    assert spans(uniform_rows(6, height)) == expected


@pytest.mark.parametrize("method", ["clusters", "quantile", "uniform"])
@pytest.mark.parametrize("height", [4, 8, 12, 24])
def test_every_part_is_a_run_of_rows(method: str, height: int) -> None:
    torch.manual_seed(height)
    features = torch.randn(16, 64, height, 4).relu().to(torch.bfloat16)
    mask = part_rows(features, 6, method)
    assert mask.shape == (16, 6, height)
    for part in mask.flatten(0, 1):
        first, last = int(part.nonzero()[0]), int(part.nonzero()[-1])
        assert part[first : last + 1].all()
