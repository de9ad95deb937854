"""What a surveillance camera makes of the light: from linear radiance to a compressed picture."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]

_GREY = np.array([0.299, 0.587, 0.114], np.float32)
_STEPS = 4096
"""Entries of the tone curve's table."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """A camera's optics, chip, processing and compression.

    Attributes:
        gains: White balance of red, green and blue.
        exposure: Factor on the light; at 1 a radiance of 1 is white.
        contrast: Strength of an S-shaped tone curve, at most 0.9.
        gamma: Exponent on the encoded picture; above 1 darker mid-tones.
        shoulder: How softly highlights run into white, 0 (clipped) to 1.
        saturation: Distance of colours from their grey, 1 as they are.
        noise: Deviation of the encoded picture at mid-grey that shot noise gives.
        read_noise: Deviation of the linear signal that the chip's own noise gives.
        blur: Deviation of the lens's blur in native pixels.
        sharpening: Strength of the halo that the camera's sharpening leaves.
        quality: JPEG quality.
        haze: Share of veiling light.
        veil: Colour of the veiling light, linear.
    """

    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    exposure: float = 1.0
    contrast: float = 0.0
    gamma: float = 1.0
    shoulder: float = 0.0
    saturation: float = 1.0
    noise: float = 0.0
    read_noise: float = 0.0
    blur: float = 0.0
    sharpening: float = 0.0
    quality: int = 95
    haze: float = 0.0
    veil: tuple[float, float, float] = (0.5, 0.5, 0.5)

    def expose(self, radiance: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Takes a picture.

        Args:
            radiance: (h, w, 3) float32, linear, at the camera's own resolution.
            rng: Source of the noise.

        Returns:
            (h, w, 3) uint8 sRGB as it comes out of the camera's JPEG.
        """
        height, width, _ = radiance.shape
        gains = np.asarray(self.gains, np.float32) * np.float32(self.exposure * (1 - self.haze))
        veil = np.asarray(self.veil, np.float32) * np.float32(self.haze)
        light = np.asarray(radiance, np.float32) * gains + veil
        if self.blur > 0:
            light = _smooth(light.reshape(height, -1), _kernel(self.blur), 3).reshape(light.shape)
        if self.noise > 0 or self.read_noise > 0:
            grain = rng.standard_normal((height, width, 3), dtype=np.float32)
            # At encoded mid-grey (linear 0.21) the tone curve's slope is about 1 / 1.1.
            shot = self.noise * 1.1 / np.sqrt(0.21)
            light = _noisy(light, grain, np.float32(shot**2), np.float32(self.read_noise**2))
        picture = _develop(light, self._curve(), np.float32(self.saturation))
        if self.sharpening > 0:
            grey = picture @ _GREY
            _add(picture, grey - _smooth(grey, _kernel(1.1), 1), np.float32(self.sharpening))
        return _through_jpeg(_quantise(picture), self.quality)

    def _curve(self) -> Floats:
        """Returns the encoded value (_STEPS,) of linear values spread evenly over the square root of 0 to 4."""
        x = np.linspace(0, 2, _STEPS) ** 2
        soft = 1 - np.exp(-1.6 * x)  # close to x in the mid-tones, reaches white slowly
        x = np.minimum((1 - self.shoulder) * x + self.shoulder * soft, 1)
        encoded = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)
        encoded = encoded**self.gamma
        bent = encoded + self.contrast * (encoded * encoded * (3 - 2 * encoded) - encoded)
        return bent.astype(np.float32)


def draw_sensor(rng: np.random.Generator) -> Sensor:
    """Draws a camera's sensor, from good to poor.

    Args:
        rng: Source of randomness.
    """
    poor = rng.beta(1.3, 1.7)  # a cheap camera is noisy, soft and compressed all at once
    warm, green = rng.normal(0, 0.085), rng.normal(0, 0.015)
    gains = np.array([np.exp(warm - green), np.exp(green), np.exp(-warm - green)])
    gains = np.clip(gains / gains.mean(), 0.78, 1.25)
    veil = 0.45 * np.exp(rng.normal(0, 0.08, 3))
    return Sensor(
        gains=(float(gains[0]), float(gains[1]), float(gains[2])),
        exposure=float(np.exp(rng.normal(0.02, 0.2))),
        contrast=float(rng.uniform(0.0, 0.75)),
        gamma=float(np.exp(rng.normal(0, 0.09))),
        shoulder=float(rng.uniform(0, 0.7)),
        saturation=float(rng.uniform(0.65, 1.1)),
        noise=float(0.003 + 0.013 * poor * rng.uniform(0.3, 1)),
        read_noise=float(0.001 + 0.003 * poor * rng.uniform(0, 1)),
        blur=float(0.3 + 1.0 * poor * rng.uniform(0.2, 1)),
        sharpening=float(rng.choice([rng.uniform(0, 0.5), rng.uniform(0.6, 1.3)])),
        quality=round(92 - 50 * poor * rng.uniform(0.5, 1)),
        haze=float(max(0.0, rng.normal(0.02, 0.03))),
        veil=(float(veil[0]), float(veil[1]), float(veil[2])),
    )


def _kernel(sigma: float) -> Floats:
    reach = max(1, round(2.5 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel: Floats = (weights / weights.sum()).astype(np.float32)
    return kernel


def _through_jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    file.seek(0)
    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB")).copy()


@njit(cache=True, error_model="numpy")
def _smooth(image: Floats, kernel: Floats, channels: int) -> Floats:
    """Convolves (H, W * channels) with a kernel along both axes; the border repeats."""
    height, long = image.shape
    reach = len(kernel) // 2
    across = np.zeros_like(image)
    padded = np.empty(long + 2 * reach * channels, np.float32)
    for row in range(height):
        for i in range(reach * channels):
            padded[i] = image[row, i % channels]
            padded[long + reach * channels + i] = image[row, long - channels + i % channels]
        padded[reach * channels : reach * channels + long] = image[row]
        for k in range(len(kernel)):
            weight, shift = kernel[k], k * channels
            for i in range(long):
                across[row, i] += weight * padded[shift + i]
    result = np.zeros_like(image)
    for row in range(height):
        for k in range(len(kernel)):
            weight = kernel[k]
            source = min(max(row + k - reach, 0), height - 1)
            for i in range(long):
                result[row, i] += weight * across[source, i]
    return result


@njit(cache=True, error_model="numpy")
def _noisy(light: Floats, grain: Floats, shot: np.float32, read: np.float32) -> Floats:
    """Adds noise whose variance grows with the light.

    Grain is smoothed a little: cameras interpolate colours from a mosaic of single-colour pixels.
    """
    height, width, channels = light.shape
    result = np.empty_like(light)
    for row in range(height):
        above = max(row - 1, 0)
        for column in range(width):
            before = max(column - 1, 0)
            for channel in range(channels):
                value = light[row, column, channel]
                deviation = np.sqrt(shot * max(value, np.float32(0)) + read)
                drawn = np.float32(0.8) * grain[row, column, channel] + np.float32(0.42) * (
                    grain[row, before, channel] + grain[above, column, channel]
                )
                result[row, column, channel] = value + deviation * drawn
    return result


@njit(cache=True, error_model="numpy")
def _develop(light: Floats, curve: Floats, saturation: np.float32) -> Floats:
    """Applies the tone curve and the saturation; returns encoded values about 0 to 1 (H, W, 3)."""
    height, width, _ = light.shape
    result = np.empty_like(light)
    steps = len(curve) - 1
    scale = np.float32(steps / 2)
    encoded = np.empty(3, np.float32)
    for row in range(height):
        for column in range(width):
            for channel in range(3):
                place = np.sqrt(max(light[row, column, channel], np.float32(0))) * scale
                lower = min(int(place), steps - 1)
                part = min(place - lower, np.float32(1))
                encoded[channel] = curve[lower] + part * (curve[lower + 1] - curve[lower])
            grey = np.float32(0.299) * encoded[0] + np.float32(0.587) * encoded[1] + np.float32(0.114) * encoded[2]
            for channel in range(3):
                result[row, column, channel] = grey + saturation * (encoded[channel] - grey)
    return result


@njit(cache=True, error_model="numpy")
def _add(picture: Floats, edges: Floats, strength: np.float32) -> None:
    """Adds brightness (H, W) to all colours of a picture (H, W, 3)."""
    height, width, _ = picture.shape
    for row in range(height):
        for column in range(width):
            for channel in range(3):
                picture[row, column, channel] += strength * edges[row, column]


@njit(cache=True, error_model="numpy")
def _quantise(picture: Floats) -> NDArray[np.uint8]:
    height, width, channels = picture.shape
    result = np.empty((height, width, channels), np.uint8)
    for row in range(height):
        for column in range(width):
            for channel in range(channels):
                value = min(max(picture[row, column, channel], np.float32(0)), np.float32(1))
                result[row, column, channel] = np.uint8(value * np.float32(255) + np.float32(0.5))
    return result
