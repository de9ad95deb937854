"""The surface of the head by direction: where hair grows and hats sit, the same place on every body."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.world.bodies.body import JOINT_NAMES, Body, make_body, skeleton
from reseen.world.wardrobe.shapes import Binding

Floats = NDArray[np.float64]

_AZIMUTHS = 72
_POLAR = np.arange(0, 131, 5.0)
_EAR_ROW = 15  # polar angle 75
_EARS = [JOINT_NAMES.index("left_ear"), JOINT_NAMES.index("right_ear")]


@dataclass(frozen=True)
class Scalp:
    """The surface of one head, by azimuth (0 forwards, 90 to the left, in degrees) and polar angle (0 the crown).

    Attributes:
        centre: (3,) between the tops of the ears.
        scale: Size of the head against a grown man's.
        surface: (P, A, 3) skin without ears at the polar angles 0, 5, ... 130 and the azimuths 0, 5, ... 355.
        outside: (P, A, 3) the same with the ears.
    """

    centre: Floats
    scale: float
    surface: Floats
    outside: Floats

    def at(self, polar: NDArray[Any], azimuth: NDArray[Any], *, ears: bool = False) -> Floats:
        """Returns points of the surface (..., 3) at angles in degrees."""
        grid = self.outside if ears else self.surface
        row = np.clip(np.asarray(polar, np.float64) / 5, 0, len(_POLAR) - 1.001)
        column = (np.asarray(azimuth, np.float64) / 5) % _AZIMUTHS
        i, j = row.astype(int), column.astype(int)
        u, v = (row - i)[..., None], (column - j)[..., None]
        after = (j + 1) % _AZIMUTHS
        upper = grid[i, j] * (1 - v) + grid[i, after] * v
        lower = grid[i + 1, j] * (1 - v) + grid[i + 1, after] * v
        found: Floats = upper * (1 - u) + lower * u
        return found

    def pushed(
        self, polar: NDArray[Any], azimuth: NDArray[Any], thickness: NDArray[Any] | float, *, ears: bool = False
    ) -> Floats:
        """Returns points a distance in metres (of a grown man's head) outside the surface, away from the centre."""
        points = self.at(polar, azimuth, ears=ears)
        away = points - self.centre
        away /= np.linalg.norm(away, axis=-1, keepdims=True)
        found: Floats = points + self.scale * np.asarray(thickness)[..., None] * away
        return found


def scalp(body: Body) -> Scalp:
    """Returns the surface of a body's head."""
    corners, shares, _ = _rays()
    grids = np.einsum("spak,spakx->spax", shares, body.vertices[corners].astype(np.float64))
    middle = body.joints[_EARS].mean(axis=0).astype(np.float64)
    scale = (grids[0, 0, 0, 2] - middle[2]) / 0.1345
    centre = middle + np.array([0, 0, 0.03 * scale])
    # Behind the ears the first face hit is ragged: the head goes on there as round as beside them.
    for first in (13, 49):
        rays = grids[0, _EAR_ROW:, first : first + 11] - centre  # (P', 11, 3)
        radii = np.linalg.norm(rays, axis=-1, keepdims=True)
        share = np.linspace(0, 1, 11)[:, None]
        smooth = radii[:, :1] * (1 - share) + radii[:, -1:] * share
        grids[0, _EAR_ROW:, first : first + 11] = centre + _directions()[_EAR_ROW:, first : first + 11] * smooth
    return Scalp(centre, float(scale), grids[0], np.where(_ear_columns()[:, None], grids[1], grids[0]))


def scalp_binding(polar: NDArray[Any], azimuth: NDArray[Any]) -> Binding:
    """Returns the binding of vertices (V,) that go with the skin at these angles in degrees."""
    _, _, nearest = _rays()
    row = np.clip(np.rint(np.asarray(polar) / 5), 0, len(_POLAR) - 1).astype(int)
    column = np.rint(np.asarray(azimuth) / 5).astype(int) % _AZIMUTHS
    vertex = nearest[row, column]
    rig = skeleton()
    return rig.bones[vertex], rig.weights[vertex]


def _ear_columns() -> NDArray[np.bool_]:
    """Azimuths (A,) at which the ears lie."""
    return np.isin(np.arange(_AZIMUTHS), [*range(13, 24), *range(49, 60)])


@lru_cache(maxsize=1)
def _directions() -> Floats:
    """Unit vectors (P, A, 3) of the angles."""
    # A little off the vertical: the crown lies on the seam of the mesh's halves.
    polar = np.radians(np.maximum(_POLAR, 0.06))[:, None]
    turn = np.radians(np.arange(_AZIMUTHS) * 5.0)
    found: Floats = np.stack(
        [np.sin(polar) * np.sin(turn), -np.sin(polar) * np.cos(turn), np.cos(polar) * np.ones_like(turn)], axis=-1
    )
    return found


@lru_cache(maxsize=1)
def _rays() -> tuple[NDArray[np.int32], Floats, NDArray[np.int32]]:
    """Where rays from the head's centre leave the skin of an average body.

    Returns:
        Corners (2, P, A, 3) of the first and the last face hit, their shares (2, P, A, 3), and the vertex nearest to
        the first hit (P, A). The mesh has the same faces on all bodies, so these are the same places on all heads.
    """
    body = make_body({"age": 2 / 3})
    points = body.vertices.astype(np.float64)
    centre = body.joints[_EARS].mean(axis=0) + np.array([0, 0, 0.03])
    faces = body.skeleton.faces
    towards = points[faces].mean(axis=1) - centre
    far = np.linalg.norm(towards, axis=1)
    angle = np.degrees(np.arccos(towards[:, 2] / far))
    corners = np.zeros((2, len(_POLAR), _AZIMUTHS, 3), np.int32)
    shares = np.zeros((2, len(_POLAR), _AZIMUTHS, 3))
    for row, (polar, rays) in enumerate(zip(_POLAR, _directions(), strict=True)):
        near = faces[(far < 0.25) & (np.abs(angle - polar) < 12)]
        origin = points[near[:, 0]]
        u, v = points[near[:, 1]] - origin, points[near[:, 2]] - origin
        away = centre - origin  # (F, 3)
        across = np.cross(away, u)
        # Möller and Trumbore's test of every ray against every face.
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse = 1 / (rays @ np.cross(v, u).T)  # (A, F)
            b = (rays @ np.cross(v, away).T) * inverse
            c = (rays @ across.T) * inverse
            distance = (across * v).sum(axis=1) * inverse
            hit = (b >= -1e-6) & (c >= -1e-6) & (b + c <= 1 + 1e-6) & (distance > 0.03)
        for which, order in enumerate((np.where(hit, distance, np.inf), np.where(hit, -distance, np.inf))):
            face = order.argmin(axis=1)
            at = (np.arange(_AZIMUTHS), face)
            corners[which, row] = near[face]
            shares[which, row] = np.stack([1 - b[at] - c[at], b[at], c[at]], axis=1)
    nearest = np.take_along_axis(corners[0], shares[0].argmax(axis=-1)[..., None], axis=-1)[..., 0]
    return corners, shares, nearest
