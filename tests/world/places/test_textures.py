import numpy as np
import pytest

from reseen.world.places import textures
from reseen.world.places.textures import Surface, albedo, linear

GREY, DARK = (0.5, 0.5, 0.5), (0.1, 0.1, 0.1)


def row(**settings):
    return np.array(Surface(**{"first": GREY, "grain": 0.0, "stains": 0.0, **settings}).row())


def test_a_plain_surface_has_its_colour_and_gloss():
    assert albedo(row(texture=textures.PLAIN, gloss=0.2), 1.0, 2.0, 0.01, 0.01) == pytest.approx(
        (*[linear(0.5)] * 3, 0.2)
    )


def test_stones_have_joints_where_their_size_says():
    paving = row(texture=textures.BLOCKS, third=DARK, size=(0.5, 0.25), line=0.02)
    stone, across, along = (albedo(paving, u, v, 1e-4, 1e-4)[0] for u, v in ((0.25, 0.1), (0.5, 0.1), (0.25, 0.25)))
    assert stone == pytest.approx(linear(0.5))
    assert across == along == pytest.approx(linear(0.1))


@pytest.mark.parametrize(
    "settings",
    [
        {"texture": textures.BLOCKS, "third": DARK, "size": (0.5, 0.25), "line": 0.05, "share": 0.3, "second": DARK},
        {"texture": textures.STRIPES, "second": DARK, "size": (1.0, 0.4), "share": 0.5},
        {"texture": textures.GRASS, "second": DARK, "grain": 0.3},
        {"texture": textures.FACADE, "second": DARK, "size": (1.0, 1.0), "share": 0.5},
    ],
)
def test_from_afar_a_texture_is_its_own_mean(settings):
    surface, rng = row(**settings), np.random.default_rng(0)
    places = rng.uniform(0, 40, (4000, 2))
    near, far = (np.array([albedo(surface, u, v, f, f)[1] for u, v in places]) for f in (1e-3, 0.4))
    assert far.mean() == pytest.approx(near.mean(), rel=0.1)
    assert far.std() < near.std()


def test_second_stones_come_as_often_as_their_share():
    paving = row(texture=textures.BLOCKS, second=DARK, size=(0.1, 0.1), line=0.0, share=0.3)
    dark = [albedo(paving, 0.1 * i + 0.05, 0.1 * j + 0.05, 1e-4, 1e-4)[0] < 0.1 for i in range(50) for j in range(50)]
    assert np.mean(dark) == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize("texture", range(11))
def test_every_texture_gives_sensible_colours(texture):
    surface = row(texture=texture, second=DARK, size=(1.2, 2.8) if texture == textures.SHOP else (0.8, 0.5), grain=0.2)
    places = np.random.default_rng(0).uniform((-20, 0), (20, 6), (2000, 2))
    seen = np.array([albedo(surface, u, v, 0.01, 0.01) for u, v in places])
    assert np.isfinite(seen).all()
    assert seen.min() >= -1e-9
    assert seen[:, :3].max() < 1
