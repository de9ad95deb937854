"""How well people are found and followed in rendered clips, whose truth is known, and how fast.

Each clip has a scene and people of its own, and goes through a video file, as a camera's would.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import av
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from reseen.console import run
from reseen.explain.drawing.saving import save_picture
from reseen.ingest.crops import best_of
from reseen.ingest.detectors.detector import open_detector
from reseen.ingest.into_gallery import Person
from reseen.ingest.judging import Places, judge
from reseen.ingest.sheet import sheet_of
from reseen.ingest.tracker import ByteTrack
from reseen.ingest.tracks import follow
from reseen.ingest.video import Video
from reseen.world import RenderConfig
from reseen.world.film import draw_walks, film
from reseen.world.world import World

console = Console()


def main(
    detector: Annotated[list[str], typer.Option(help="Detector; may be repeated.")] = ["hog"],  # noqa: B006
    camera: Annotated[list[int], typer.Option(help="Camera of the rendered world; may be repeated.")] = [2],  # noqa: B006
    persons: Annotated[int, typer.Option(min=1, help="Persons in each clip.")] = 5,
    seconds: Annotated[float, typer.Option(help="Length of each clip.")] = 12.0,
    rate: Annotated[float, typer.Option(help="Frames a second.")] = 5.0,
    sheet: Annotated[Path | None, typer.Option(help="Contact sheet of the last detector's last clip.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Print recall of persons and of boxes, purity of tracks, switches and frames a second."""
    world = World(RenderConfig(persons=max(24, 2 * persons), images_per_camera=2, cameras=6, cameras_per_person=4))
    table = Table("detector", "camera", "persons found", "boxes found", "purity", "switches", "tracks", "frames/s")
    figures = []
    with TemporaryDirectory(prefix="reseen-") as folder:
        clips = {camid: Path(folder) / f"{camid}.mp4" for camid in camera}
        truths = {camid: _render(world, camid, persons, seconds, rate, path) for camid, path in clips.items()}
        for wanted in detector:
            finder = open_detector(wanted)
            for camid, path in clips.items():
                spent = 0.0

                def find(frame, finder=finder):  # type: ignore[no-untyped-def]
                    nonlocal spent
                    started = time.perf_counter()
                    people = finder.detect(frame.pixels)
                    spent += time.perf_counter() - started
                    return people

                tracks = list(follow(Video(path).frames(rate), find, ByteTrack(rate), smallest=48))
                result = judge(tracks, truths[camid])
                speed = round(seconds * rate) / spent
                figures.append({"detector": finder.name, "camera": camid, **asdict(result), "frames_a_second": speed})
                table.add_row(
                    finder.name, str(camid), f"{result.people:.0%}", f"{result.boxes:.0%}", f"{result.purity:.0%}",
                    str(result.switches), str(len(tracks)), f"{speed:.1f}",
                )  # fmt: skip
    console.print(table)
    if sheet:
        people = [Person(own.number, own.first, own.last, best_of(own.candidates.values(), 4)) for own in tracks]
        save_picture(sheet_of(sorted(people, key=lambda person: person.number)), sheet)
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


def _render(world: World, camid: int, persons: int, seconds: float, rate: float, path: Path) -> Places:
    """Writes a clip and returns who is where in it."""
    rng = np.random.default_rng(camid)
    pids = (1 + rng.choice(len(world.pedestrians), persons, replace=False)).tolist()
    walks = draw_walks(world.scene(camid), pids, seconds, rng)
    truth: dict[int, list[tuple[float, np.ndarray]]] = {}
    started = time.perf_counter()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=round(rate))
        stream.bit_rate = 6_000_000
        for number, frame in enumerate(film(world, camid, walks, seconds=seconds, rate=round(rate))):
            if not number:
                stream.height, stream.width = frame.pixels.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.pixels, format="rgb24")))
            for pid, box in frame.boxes.items():
                truth.setdefault(pid, []).append((frame.seconds, box))
        container.mux(stream.encode(None))
    console.print(f"camera {camid}: rendered in {time.perf_counter() - started:.0f} s", highlight=False)
    return truth


if __name__ == "__main__":
    run(lambda: typer.run(main))
