import numpy as np
import pytest

from reseen.world.optics.cameras import draw_camera
from reseen.world.places import candidates
from reseen.world.places.builder import Builder
from reseen.world.places.fixed import LOW, NEAR, clearances
from reseen.world.places.layouts import KINDS
from reseen.world.places.scenes import draw_light
from reseen.world.places.tracing import Index, Lamps, Rays, trace


def built(layout, seed):
    camera = draw_camera(seed, 1)
    builder = Builder(np.random.default_rng(seed))
    layout(builder, camera)
    return camera, builder.fixed()


@pytest.mark.parametrize("layout", KINDS)
def test_places_are_whole_and_the_camera_hangs_free(layout):
    for seed in range(8):
        camera, fixed = built(layout, seed)
        assert np.isfinite(fixed.solids).all()
        assert fixed.solids[:, 1].max() < len(fixed.materials)
        assert fixed.grounds[:, 6].max() < len(fixed.materials)
        assert (fixed.grounds[-1, 2:4] >= 1e4).all()  # there is ground everywhere
        assert (fixed.groups[:, :3] <= fixed.groups[:, 3:6]).all()
        assert (fixed.groups[1:, 6] == fixed.groups[:-1, 7]).all()
        assert clearances(fixed, np.array([camera.position[:2]]), camera.position[2])[0] > 0.3


def test_short_lists_change_nothing():
    camera, fixed = built(KINDS[1], 3)
    light = draw_light(np.random.default_rng(2), indoors=False)
    lamps = Lamps(*(np.array(v) for v in (light.direction, light.sun, light.sky, light.bounce)), light.softness, False)
    rays = Rays(np.array(camera.position), camera.rotation, camera.focal / 8, camera.width // 8, camera.height // 8)
    # The lists by pixel must be those of the smaller frame.
    small = type(camera)(1, camera.position, camera.yaw, camera.pitch, camera.roll, rays.focal, rays.width, rays.height,
                         camera.sensor)  # fmt: skip
    index = Index(
        candidates.by_pixel(small, fixed.groups),
        candidates.by_shadow(lamps.direction, light.softness, fixed.groups),
        candidates.by_ground(fixed.groups, NEAR, LOW),
    )
    everything = Index(*(lists._replace(columns=0) for lists in index))
    for short, long in zip(trace(fixed, index, lamps, rays), trace(fixed, everything, lamps, rays), strict=True):
        assert np.array_equal(short, long)
