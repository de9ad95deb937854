"""Two pictures compared, with a system whose arithmetic can be done by hand."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import BaseModel, ConfigDict
from torch import nn

from reseen.data.attributes import AttributeSchema, binary
from reseen.data.batch import PersonBatch
from reseen.data.person import PersonImage
from reseen.errors import ReseenError
from reseen.explain.occlusion import occlusion_maps
from reseen.explain.pair import compare
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.models.output import PersonOutput

SIZE = (64, 32)


class Brightness(nn.Module):
    """Its two features are the mean brightness of the upper and lower half, its map is hot in the upper one alone."""

    class Config(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        attributes: AttributeSchema = AttributeSchema("x", (binary("bright"),))

    def __init__(self, *, maps: bool = True) -> None:
        super().__init__()
        self.config = self.Config()
        self.maps = maps
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, batch: PersonBatch) -> PersonOutput:
        pixels = batch.images.mean(1) * self.weight
        upper, lower = pixels[:, :32].mean((1, 2)), pixels[:, 32:].mean((1, 2))
        hot = torch.zeros(len(pixels), 4, 2)
        hot[:, 0] = 1
        maps: Mapping[str, torch.Tensor] = {"id": hot} if self.maps else {}
        logits = torch.stack([-upper, upper], 1)
        return PersonOutput(
            {"upper": upper[:, None], "lower": lower[:, None]}, (), {}, {"head": {"bright": logits}}, maps
        )


def halves(upper: int, lower: int) -> PersonImage:
    pixels = np.full((*SIZE, 3), upper, dtype=np.uint8)
    pixels[32:] = lower
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return PersonImage(file.getvalue(), -1, 0)


@pytest.fixture
def embedder() -> Embedder:
    return Embedder(Brightness(), EmbedderConfig(size=SIZE, flip=False))


def test_the_parts_are_the_squares_of_what_differs(embedder: Embedder) -> None:
    pair = compare(embedder, halves(200, 90), halves(200, 30))
    assert pair.parts["upper"] == pytest.approx(0, abs=1e-9)
    assert pair.parts["lower"] == pytest.approx(pair.distance**2, rel=1e-5)
    assert sum(pair.parts.values()) == pytest.approx(pair.total, rel=1e-5)
    one, other = (embedder.embed([each]).features[0] for each in (halves(200, 90), halves(200, 30)))
    assert pair.distance == pytest.approx(float(np.linalg.norm(one - other)), rel=1e-5)


def test_attributes_stand_side_by_side_with_the_probability_that_they_are_the_same(embedder: Embedder) -> None:
    pair = compare(embedder, halves(250, 90), halves(5, 90))
    (bright,) = pair.attributes
    assert (bright.one[0], bright.other[0], bright.agrees) == ("yes", "no", False)
    p, q = bright.one[1], 1 - bright.other[1]
    assert bright.same == pytest.approx(p * q + (1 - p) * (1 - q), rel=1e-5)


def test_covering_what_the_map_marks_is_told_beside_other_places(embedder: Embedder) -> None:
    pair = compare(embedder, halves(255, 0), halves(255, 0))
    assert pair.distance == pytest.approx(0, abs=1e-6)
    covering = pair.covering
    assert covering is not None
    changed = np.asarray(covering.picture) != np.asarray(halves(255, 0).open())
    assert changed[:11].all()
    assert not changed[20:].any(), "a fifth of the picture, where the map is hot"
    assert covering.by_map > 0.1
    assert len(covering.by_chance) == 4
    assert compare(embedder, halves(255, 0), halves(255, 0)).covering.by_chance == covering.by_chance  # type: ignore[union-attr]


def test_a_part_depends_on_the_places_it_looks_at_as_much_as_covering_them_moves_it(embedder: Embedder) -> None:
    """The upper feature is the mean of the upper half, so no square of the lower one has to do with it."""
    one, other = halves(200, 90), halves(30, 90)
    maps = occlusion_maps(embedder, one, other)
    assert maps["upper"].shape == (8, 4)
    np.testing.assert_allclose(maps["upper"][4:], 0, atol=1e-9)
    covered = np.asarray(one.open()).copy()
    covered[:8, :8] = 145
    file = io.BytesIO()
    Image.fromarray(covered).save(file, "PNG")
    moved = compare(embedder, PersonImage(file.getvalue(), -1, 0), other).parts["upper"]
    np.testing.assert_allclose(
        maps["upper"][0, 0], abs(moved - compare(embedder, one, other).parts["upper"]), rtol=1e-4
    )
    assert maps["upper"][:4].min() > 0


def test_a_system_without_maps_is_compared_all_the_same(embedder: Embedder) -> None:
    assert compare(Embedder(Brightness(maps=False), embedder.config), halves(9, 9), halves(1, 9)).covering is None
    with pytest.raises(ReseenError, match="no map 'hat' of this picture; there are: id"):
        compare(embedder, halves(9, 9), halves(1, 9), map_name="hat")
