from dataclasses import replace

import numpy as np
import pytest

from reseen.world.optics.sensor import Sensor, draw_sensor

RAMP = np.repeat(np.linspace(0.01, 0.6, 8), 16)[None, :, None].repeat(32, axis=0).repeat(3, axis=2).astype(np.float32)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def flat(colour, shape=(48, 48)):
    return np.broadcast_to(np.float32(colour), (*shape, 3)).copy()


def middle(pixels):
    return pixels[8:-8, 8:-8].astype(float)


def test_a_perfect_sensor_encodes_srgb():
    pixels = Sensor(quality=100).expose(flat([0.2140, 0.0513, 1.0]), rng())
    assert pixels.dtype == np.uint8
    assert middle(pixels).mean(axis=(0, 1)) == pytest.approx([127.5, 64, 255], abs=2)


@pytest.mark.parametrize("number", range(12))
def test_every_drawn_sensor_keeps_greys_in_order_and_colours_recognisable(number):
    sensor = draw_sensor(rng(number))
    steps = sensor.expose(RAMP, rng()).astype(float).mean(axis=2)[:, 8::16].mean(axis=0)
    assert (np.diff(steps)[:-1] > 3).all()  # the last may run into white
    assert steps[-1] >= steps[-2]
    for channel, colour in enumerate(([0.3, 0.03, 0.03], [0.03, 0.2, 0.03], [0.03, 0.05, 0.3])):
        seen = middle(sensor.expose(flat(colour), rng())).mean(axis=(0, 1))
        assert seen.argmax() == channel
        assert seen[channel] > 1.3 * np.delete(seen, channel).max()
    white = middle(sensor.expose(flat([0.6, 0.6, 0.6]), rng())).mean(axis=(0, 1))
    black = middle(sensor.expose(flat([0.02, 0.02, 0.02]), rng())).mean(axis=(0, 1))
    assert white.min() > 150
    assert black.max() < 80


def test_the_same_generator_gives_the_same_bytes_and_another_does_not():
    sensor = Sensor(noise=0.03)
    first, again, other = (sensor.expose(RAMP, rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_noise_grows_with_its_setting_and_stands_for_the_deviation_at_mid_grey():
    grey = flat([0.214] * 3, (96, 96))
    spread = [middle(Sensor(noise=n, quality=100).expose(grey, rng())).std(axis=(0, 1)).mean() for n in (0, 0.01, 0.04)]
    assert spread[0] < 0.5
    assert spread[0] < spread[1] < spread[2]
    assert spread[2] / 255 == pytest.approx(0.04, rel=0.25)


def test_read_noise_shows_in_the_dark():
    dark = flat([0.01] * 3, (96, 96))
    quiet, loud = (middle(Sensor(read_noise=n, quality=100).expose(dark, rng())).std() for n in (0.0, 0.005))
    assert loud > quiet + 2


def test_blur_softens_and_sharpening_overshoots_an_edge():
    edge = flat([0.1] * 3)
    edge[:, 24:] = 0.4
    plain, soft, sharp = (
        Sensor(quality=100, **setting).expose(edge, rng())[24, :, 1].astype(float)
        for setting in ({}, {"blur": 1.5}, {"sharpening": 1.0})
    )
    assert np.abs(np.diff(soft)).max() < 0.6 * np.abs(np.diff(plain)).max()
    assert sharp.max() > plain.max() + 8
    assert sharp.min() < plain.min() - 8


def test_jpeg_quality_changes_the_picture():
    textured = (flat([0.3] * 3) * rng(3).uniform(0.5, 1.5, (48, 48, 3))).astype(np.float32)
    clean, good, poor = (Sensor(quality=quality).expose(textured, rng()).astype(float) for quality in (100, 85, 30))
    assert np.abs(poor - clean).mean() > 1.5 * np.abs(good - clean).mean() > 0


def test_exposure_haze_saturation_and_white_balance_do_what_they_say():
    colour = flat([0.3, 0.1, 0.1])
    base = middle(Sensor(quality=100).expose(colour, rng())).mean(axis=(0, 1))

    def seen(**setting):
        return middle(replace(Sensor(quality=100), **setting).expose(colour, rng())).mean(axis=(0, 1))

    assert (seen(exposure=1.5) > base + 10).all()
    assert np.ptp(seen(saturation=0.5)) == pytest.approx(np.ptp(base) / 2, abs=3)
    assert seen(gains=(1.0, 1.0, 1.4))[2] > base[2] + 10
    assert np.ptp(seen(haze=0.3)) < np.ptp(base)
    assert (seen(gamma=1.2) < base).all()


def test_drawn_sensors_differ_as_much_as_real_cameras_do():
    grey = flat([0.2] * 3)
    seen = np.array([middle(draw_sensor(rng(n)).expose(grey, rng())).mean(axis=(0, 1)) for n in range(30)])
    assert 8 < seen.mean(axis=1).std() < 45
    assert (seen[:, 0] - seen[:, 2]).std() > 5
    assert draw_sensor(rng(5)) == draw_sensor(rng(5))
