"""The base network: which sizes its maps have, and where attention works."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reseen.models.parts.backbones.five_branches import Branch, FiveBranches, attention_paths, widths


class Half(nn.Module):
    """Scores everything alike."""

    def __init__(self, size: tuple[int, ...]) -> None:
        super().__init__()
        self.size = size

    def forward(self, features: Tensor) -> Tensor:
        return torch.full((len(features), *self.size), 0.5)


def sizes(branch: Branch, stem: Tensor) -> list[tuple[int, ...]]:
    seen: list[tuple[int, ...]] = []
    for block in branch.blocks:
        block.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape[1:])))
    branch.eval()(stem)
    return seen


def test_maps_are_those_of_table_1() -> None:
    whole = sizes(Branch(32, 32, (2, 2), 4), torch.rand(1, 32, 192, 96))
    assert whole == [(64, 96, 48), (128, 48, 24), (256, 24, 12), (512, 24, 12)]
    part = sizes(Branch(32, 16, (1, 2), 4), torch.rand(1, 32, 48, 96))
    assert part == [(32, 48, 48), (64, 24, 24), (128, 12, 12), (256, 12, 12)]


def test_attention_enhances_what_its_block_found() -> None:
    """Equation 7 with m = 0.5 everywhere in the last block: one and a half times the pooled map."""
    torch.manual_seed(0)
    branch, stem = Branch(32, 4, (2, 2), 8).eval(), torch.rand(2, 32, 16, 8)
    without, none = branch(stem)
    attended, scores = branch(stem, [Half((64, 2, 1))])
    assert not none
    assert [tuple(each.shape) for each in scores] == [(2, 64, 2, 1)]
    torch.testing.assert_close(attended, 1.5 * without)


def test_attention_paths_fit_their_blocks() -> None:
    paths = list(attention_paths(16, "spatial_channel"))
    _, scores = Branch(32, 16, (1, 2), 4).eval()(torch.rand(1, 32, 48, 96), [path.eval() for path in paths])
    assert [tuple(each.shape[1:]) for each in scores] == [(64, 24, 24), (128, 12, 12), (256, 12, 12)]
    assert [len(path.encoder) for path in paths] == [2, 1, 1]


def test_only_the_first_convolution_is_shared() -> None:
    network = FiveBranches(("head", "leg"), 8, 8, 4).eval()
    crops = {name: torch.rand(1, 3, 16, 16) for name in ("whole", "head", "leg")}
    found = network(crops, nn.ModuleDict())
    assert {name: tuple(feature.shape) for name, (feature, _) in found.items()} == {
        "whole": (1, 8),
        "head": (1, 4),
        "leg": (1, 4),
    }
    found["leg"][0].sum().backward()
    reached = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert {name.removeprefix("branches.").partition(".")[0] for name in reached} == {"stem", "leg"}


def test_widths_double() -> None:
    assert widths(16) == [16, 32, 64, 128]
