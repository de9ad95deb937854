"""From the maps of a crop to the joints of the one person it is of.

Each joint has a few candidates, the peaks of its map. Of all ways to choose one for each, the one whose peaks are
highest and whose limbs follow their fields best is found exactly, since the skeleton is a tree: so a passer-by's arm
is not taken for the person's, nor left for right as often as by the highest peaks alone.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from reseen.data.skeleton import COCO18
from reseen.pose.maps import JOINTS, LIMBS, STRIDE, PoseMaps, with_margin

_CANDIDATES = 5
_SAMPLES = 10
"""Places along a limb where its field is looked up."""
_ROOT = COCO18.joints.index("neck")


def decode(maps: PoseMaps) -> Tensor:
    """Returns the joints of one person in each of B pictures.

    Args:
        maps: Of pictures, each of which is a crop of one person.

    Returns:
        (B, 18, 3) x, y in pixels of the pictures, and the height of the peak from 0 to 1; all 0 of a joint without.
    """
    confidence, affinity = (each.float() for each in maps)
    places, heights = peaks(confidence[:, :JOINTS], _CANDIDATES)  # (B, 18, K, 2), (B, 18, K)
    there = heights > 0  # what is no peak has no limb either
    agreements = {
        (one, other): agreement(affinity, places, (one, other)) * (there[:, one, :, None] & there[:, other, None])
        for one, other in COCO18.limbs
    }
    chosen = _best(heights, agreements)
    points = places.gather(2, chosen[..., None, None].expand(-1, -1, 1, 2))[:, :, 0]
    sure = heights.gather(2, chosen[..., None]).clamp(0, 1)  # (B, 18, 1)
    return torch.cat([points * STRIDE + (STRIDE - 1) / 2, sure], -1) * (sure > 0)


def joints_in(
    pictures: Tensor, margin: tuple[int, int], ask: Callable[[Tensor], PoseMaps], *, normalized: bool = False
) -> Tensor:
    """Returns the joints (B, 18, 3) in pictures that a network is shown with grey around them, in their own pixels.

    Args:
        pictures: (B, 3, H, W), of one person each.
        margin: Of grey; see `with_margin`.
        ask: Returns the network's maps of the pictures with their margin.
        normalized: See `with_margin`.
    """
    down, right = margin
    found = decode(ask(with_margin(pictures, margin, normalized=normalized)))
    found[..., :2] -= found.new_tensor([right, down])
    return found


def peaks(maps: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Returns x, y (B, J, K, 2) in cells and height (B, J, K) of the highest peaks; 0 high if there are fewer than K.

    Args:
        maps: (B, J, h, w) confidence.
        most: K.
    """
    width = maps.shape[-1]
    highest = maps.where(maps == functional.max_pool2d(maps, 3, 1, 1), 0)
    heights, cells = highest.flatten(2).topk(most)
    padded = functional.pad(maps, (1, 1, 1, 1), "replicate").flatten(2)
    columns, rows = cells % width, cells // width
    here = (rows + 1) * (width + 2) + columns + 1
    x, y = columns + _summit(padded, here, 1), rows + _summit(padded, here, width + 2)
    return torch.stack([x, y], -1), heights.clamp(min=0)


def _summit(maps: Tensor, cells: Tensor, step: int) -> Tensor:
    """Returns how far, in cells from -0.5 to 0.5, the top of the parabola through a peak and its neighbours lies."""
    before, top, after = (maps.gather(2, cells + move) for move in (-step, 0, step))
    bend = (2 * top - before - after).clamp(min=1e-6)
    return ((after - before) / (2 * bend)).clamp(-0.5, 0.5)


def agreement(affinity: Tensor, places: Tensor, limb: tuple[int, int]) -> Tensor:
    """Returns (B, K, K): how well the field of a limb runs from each candidate of one joint to each of the other.

    Args:
        affinity: (B, 38, h, w) fields.
        places: (B, 18, K, 2) x, y of the candidates in cells.
        limb: One of `COCO18`'s.
    """
    number, sign = (LIMBS.index(limb), 1) if limb in LIMBS else (LIMBS.index(limb[::-1]), -1)
    field = sign * affinity[:, 2 * number : 2 * number + 2]  # (B, 2, h, w)
    start, end = places[:, limb[0], :, None], places[:, limb[1], None, :]  # (B, K, 1, 2), (B, 1, K, 2)
    direction = functional.normalize(end - start, dim=-1)  # (B, K, K, 2)
    along = torch.linspace(0, 1, _SAMPLES, device=places.device)[:, None]
    points = start[..., None, :] + along * (end - start)[..., None, :]  # (B, K, K, S, 2)
    height, width = field.shape[-2:]
    columns, rows = points.round().long().unbind(-1)
    cells = rows.clamp(0, height - 1) * width + columns.clamp(0, width - 1)
    vectors = field.flatten(2).gather(2, cells.flatten(1)[:, None].expand(-1, 2, -1))
    vectors = vectors.view(field.shape[0], 2, *cells.shape[1:])  # (B, 2, K, K, S)
    return torch.einsum("bckls,bklc->bkl", vectors, direction) / _SAMPLES


def _best(heights: Tensor, agreements: dict[tuple[int, int], Tensor]) -> Tensor:
    """Returns the chosen candidate (B, 18): the greatest sum of heights and agreements over the tree of limbs."""
    children: dict[int, list[int]] = {}
    for parent, child in agreements:
        children.setdefault(parent, []).append(child)
    scores = list(heights.unbind(1))  # of each joint with what hangs on it, (B, K)
    answers: dict[int, Tensor] = {}

    def gather(joint: int) -> Tensor:
        for child in children.get(joint, ()):
            # (B, K, K): candidate of the joint, candidate of the child
            best, answers[child] = (agreements[joint, child] + gather(child)[:, None]).max(2)
            scores[joint] = scores[joint] + best
        return scores[joint]

    chosen = torch.zeros(heights.shape[:2], dtype=torch.long, device=heights.device)
    chosen[:, _ROOT] = gather(_ROOT).argmax(1)

    def spread(joint: int) -> None:
        for child in children.get(joint, ()):
            chosen[:, child] = answers[child].gather(1, chosen[:, joint, None])[:, 0]
            spread(child)

    spread(_ROOT)
    return chosen
