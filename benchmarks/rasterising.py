"""Which triangles of a person a picture sees, and what light reaches them: our rasteriser beside Embree's ray casting.

Both get the same rendered persons at the size of one 128x64 picture with 2x2 samples a pixel. Ours draws what the
camera sees and ten shadow maps; Embree (embreex from PyPI) builds its hierarchy once, casts a ray a sample, and ten
more from each point seen towards the same directions. Looking points up in our maps, part of shading, is not in our
time: the shadows' ratio flatters us. One core for all. The same run checks that both see the same surface.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from reseen.console import run
from reseen.world.bodies.poses import draw_stance
from reseen.world.figure import Posed, make_figure, put
from reseen.world.optics import raster
from reseen.world.optics.shading import cast_shadows
from reseen.world.people.casting import draw_pedestrians

HEIGHT, WIDTH = 256, 128
FOCAL, AWAY, EYES = 1100.0, 9.0, 1.0  # pixels, metres
SUN = np.array([0.5, -0.5, 0.7], np.float32) / np.float32(0.995)
console = Console()


def main(
    persons: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    repeats: Annotated[int, typer.Option(min=1, help="The fastest of so many counts.")] = 5,
) -> None:
    """Print milliseconds a person, and how much of the surface both agree on."""
    try:
        import embreex  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        raise SystemExit("Embree is missing: pip install embreex, or make bench") from None
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rng = np.random.default_rng(0)
    times: list[tuple[float, ...]] = []
    agreed: list[float] = []
    for person in draw_pedestrians(0, persons):
        stance = draw_stance(rng, stride=1.0, bag=False, backpack=False, handbag=False)
        posed = put(make_figure(person), stance, np.zeros(2, np.float32), float(rng.uniform(0, 360)))
        scene = _scene(posed)
        (ours, depth), (theirs, distance) = _rasterised(posed), _cast(scene)
        both = (ours >= 0) & (theirs >= 0)
        agreed.append(float((np.abs(depth - distance)[both] < 0.005).sum() / ((ours >= 0) | (theirs >= 0)).sum()))
        lights = cast_shadows(posed.vertices, posed.faces, SUN, 0.0).axes[:, 2]
        times.append(
            (
                _fastest(lambda p=posed: _rasterised(p), repeats),  # type: ignore[misc]
                _fastest(lambda p=posed: cast_shadows(p.vertices, p.faces, SUN, 0.0), repeats),  # type: ignore[misc]
                _fastest(lambda p=posed: _build(p), repeats),  # type: ignore[misc]
                _fastest(lambda e=scene: _cast(e), repeats),  # type: ignore[misc]
                _fastest(lambda e=scene, d=distance, s=lights: _cast_shadows(e, d, s), repeats),  # type: ignore[misc]
            )
        )
    seen, shadows, build, cast, cast_light = 1000 * np.mean(times, axis=0)
    table = Table("milliseconds a person", "ours", "Embree", "ratio")
    table.add_row("hierarchy", "", f"{build:.1f}", "")
    for name, one, other in (
        ("what the camera sees", seen, cast),
        ("ten lights' shadows", shadows, cast_light),
        ("all", seen + shadows, build + cast + cast_light),
    ):
        table.add_row(name, f"{one:.1f}", f"{other:.1f}", f"{other / one:.1f}x")
    console.print(table)
    console.print(f"the same surface within 5 mm at {np.mean(agreed):.1%} of the samples", highlight=False)


def _rasterised(posed: Posed) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    x, y, z = (posed.vertices - np.array([0, -AWAY, EYES], np.float32)).T
    points = np.stack([FOCAL * x / y + WIDTH / 2, HEIGHT / 2 - FOCAL * z / y, y], axis=1).astype(np.float32)
    far = np.full((HEIGHT, WIDTH), 1e4, np.float32)
    seen, depth, _ = raster.rasterise(points, posed.faces, np.ones(len(points), np.float32), far)
    return seen, depth


def _build(posed: Posed) -> None:
    """Embree builds its hierarchy when the first ray is cast."""
    _scene(posed).run(np.float32([[0, -AWAY, EYES]]), np.float32([[0, -1, 0]]))


def _cast(scene: Any) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    rays = _rays()
    hit = scene.run(np.tile(np.float32([0, -AWAY, EYES]), (len(rays), 1)), rays, output=True)
    seen, distance = hit["geomID"], hit["tfar"]
    face = np.where(seen >= 0, hit["primID"], -1).astype(np.int32)
    return face.reshape(HEIGHT, WIDTH), distance.reshape(HEIGHT, WIDTH)


def _cast_shadows(scene: Any, distance: NDArray[np.float32], lights: NDArray[np.float32]) -> None:
    depth = distance.ravel()
    near = depth < 100
    points = np.float32([0, -AWAY, EYES]) + 0.999 * depth[near, None] * _rays()[near]
    for light in lights.astype(np.float32):
        scene.run(points.astype(np.float32), np.tile(light, (len(points), 1)), query="OCCLUDED")


def _scene(posed: Posed) -> Any:
    from embreex import rtcore_scene  # type: ignore[import-not-found]
    from embreex.mesh_construction import TriangleMesh  # type: ignore[import-not-found]

    scene = rtcore_scene.EmbreeScene()
    TriangleMesh(scene, posed.vertices, posed.faces)
    return scene


def _rays() -> NDArray[np.float32]:
    """Each sample's ray (N, 3), of length 1 along the view, so that its parameter is the depth."""
    u = (np.arange(WIDTH, dtype=np.float32) + 0.5 - WIDTH / 2) / FOCAL
    v = (HEIGHT / 2 - np.arange(HEIGHT, dtype=np.float32) - 0.5) / FOCAL
    rays = np.stack(np.broadcast_arrays(u, np.float32(1), v[:, None]), axis=-1)
    return np.ascontiguousarray(rays.reshape(-1, 3), dtype=np.float32)


def _fastest(call: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    run(lambda: typer.run(main))
