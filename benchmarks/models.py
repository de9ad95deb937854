"""How well models find persons, beside how many pictures they take a second: one plot of all that have a recipe.

    python benchmarks/models.py
    python benchmarks/models.py --only small-rendered --only 'aanet50-*' --again

Speed needs no training: every recipe's system is built with random weights, exported to OpenVINO as
`reseen export` does, and run on one core: batches of 32 pictures that lie in memory ready to be taken in. Measure on an
idle machine: other work halves even what is counted in CPU time. Figures are those in results/, on Market-1501's whole
test set; what has none yet is drawn where it should be one day. Where a figure was measured with descriptors averaged
over pictures and mirror images, each picture is seen twice, and its rate halved.
"""

from __future__ import annotations

import fnmatch
import json
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import matplotlib.pyplot as plt
import numpy as np
import torch
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from matplotlib.transforms import Bbox

from reseen import models
from reseen.console import run
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.images.preparation import NO_SIZES, prepare
from reseen.errors import ReseenError
from reseen.models.backends.exported import on_engine
from reseen.models.embedder import Embedder, EmbedderConfig
from reseen.precision import runs_bfloat16
from reseen.training.recipe import Recipe, load_recipe
from reseen.training.reproduce.queue import jobs_of
from reseen.training.reproduce.rows import ROWS

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results"
SPEED = RESULTS / "speed.json"
PLOT = ROOT / "docs" / "assets" / "models.png"
RECIPES = (
    "small-rendered",
    "small-market1501",
    "ide50-rendered",
    "aanet50-rendered",
    "ide50-market1501-quick",
    "aanet50-market1501-quick",
    "ide50-market1501-quick-rendered",
    "aanet50-market1501-quick-rendered",
    "aanet50-market1501-long",
    "iva50-market1501-quick",
    "lrdnn50-market1501-quick",
    "attention-driven-market1501-quick",
    "acrn-market1501-reidcnn",
    "aanet50-market1501",
    "aanet152-market1501",
)
BATCH, ROUNDS = 32, 8
REAL, RENDERED = "#31688e", "#d1603d"
SIDES = ((7, 0, "left"), (-7, 0, "right"), (0, 9, "center"), (0, -9, "center"))
"""Where a name can stand beside its point, the best first: offset in points, and alignment."""


@dataclass(frozen=True)
class Figures:
    """What a model reaches on Market-1501.

    Attributes:
        average_precision: mAP in %.
        rank1: In %.
        views: How often each picture was seen: 2 with its mirror image.
    """

    average_precision: float
    rank1: float
    views: int


def measure(recipe: Recipe) -> dict[str, float]:
    """Returns what a recipe's system costs: millions of parameters, and views a second of CPU time.

    Raises:
        ReseenError: If it cannot be built without another model's checkpoint.
    """
    last = len(recipe.phases) - 1
    try:
        system = recipe.system(last, num_identities=751, attributes=models.learnt_form(recipe.model, MARKET1501_SCHEMA))
    except ValueError as error:
        raise ReseenError(str(error)) from error
    torch.manual_seed(0)
    config = EmbedderConfig(size=recipe.data.size, precision="bfloat16")
    embedder = Embedder(models.build(system).eval(), config)
    parameters = sum(each.numel() for each in embedder.model.parameters())
    backend = on_engine(embedder, "openvino").backend
    pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (BATCH, *config.size, 3), dtype=np.uint8))
    batch = prepare(pixels, config.size, extra_sizes=getattr(embedder.model, "extra_sizes", NO_SIZES))
    backend.run(batch)  # what a first time costs is not the rate
    seconds = []
    for _ in range(ROUNDS):
        before = time.process_time()
        backend.run(batch)
        seconds.append(time.process_time() - before)
    return {"views_per_cpu_second": BATCH / min(seconds), "million_parameters": parameters / 1e6}


def figures(name: str, results: Path = RESULTS) -> Figures | None:
    """Returns what a recipe's model reaches on Market-1501, mean over seeds, or None if nobody has measured it."""
    files = (results / f"{job.name}.json" for job in jobs_of(ROWS) if job.row.recipe == name)
    seeds = [json.loads(file.read_text()) for file in files if file.is_file()]
    if seeds and seeds[0]["dataset"] == "market1501":
        flips = seeds[0].get("changes", {}).get("evaluation.flip", load_recipe(name).evaluation.flip)
        reached = (100 * statistics.fmean(each["ranking"][figure] for each in seeds) for figure in ("mAP", "rank1"))
        return Figures(*reached, views=2 if flips else 1)
    unseen = json.loads((results / "transfer.json").read_text())
    for title, own in unseen.items():
        if title.partition(",")[0] == name:
            return Figures(100 * own["Market-1501 mAP"], 100 * own["Market-1501 rank1"], own.get("views", 1))
    return None


def rate(own: dict[str, float], found: Figures | None, name: str) -> float:
    """Returns pictures a second on one core, seen as for the figures, or as the recipe says where there are none."""
    views = found.views if found else 2 if load_recipe(name).evaluation.flip else 1
    return own["views_per_cpu_second"] / views


def draw(speeds: dict[str, dict[str, float]], file: Path) -> None:
    """Draws mAP against speed: filled where it was measured, hollow where the aim of a recipe nobody has run."""
    aims = {row.recipe: row.aim.get("mAP") for row in ROWS}
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    points = []
    for name, own in speeds.items():
        found = figures(name)
        height = found.average_precision if found else aims[name]
        if height is not None:
            points.append((height, rate(own, found, name), name, found is not None))
    for height, speed, name, measured in points:
        color = REAL if "-market1501" in name else RENDERED
        axes.plot(speed, height, "o", color=color, markerfacecolor=color if measured else "white", markersize=7)
    axes.set(xscale="log", ylim=(0, 95), xlabel="images a second on one core, OpenVINO", ylabel="mAP on Market-1501, %")
    rates = [speed for _, speed, _, _ in points]
    axes.set_xlim(min(rates) / 2, max(rates) * 2.5)  # room for names
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.tick_params(labelsize=8)
    axes.grid(color="#eceff2", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    for color, text in ((REAL, "trained on Market-1501"), (RENDERED, "trained on rendered persons alone")):
        axes.plot([], [], "o", color=color, label=text)
    axes.plot([], [], "o", color=REAL, markerfacecolor="white", label="not trained yet: where it should be")
    axes.legend(frameon=False, fontsize=8, loc="lower left")
    write_names(figure, axes, points)
    file.parent.mkdir(exist_ok=True)
    figure.savefig(file, dpi=150)


def write_names(figure: Figure, axes: Axes, points: list[tuple[float, float, str, bool]]) -> None:
    """Writes each point's name where it lies on no point and no other name, if there is such a place."""
    figure.draw_without_rendering()  # from here on places are known
    marks = [Bbox.from_bounds(*(axes.transData.transform((x, y)) - 6), 12, 12) for y, x, _, _ in points]
    for (height, speed, name, _), own in zip(points, list(marks), strict=True):
        title = name.replace("-market1501", "") if "-market1501" in name else name.removesuffix("-rendered")
        for right, up, side in SIDES:
            text = axes.annotate(
                title, (speed, height), (right, up), textcoords="offset points", ha=side, va="center", fontsize=8
            )
            text.set_in_layout(False)
            place = text.get_window_extent()
            if not any(place.overlaps(other) for other in marks if other is not own):
                marks.append(place)
                break
            text.remove()
        else:
            marks.append(axes.annotate(title, (speed, height), fontsize=8).get_window_extent())


def main(
    only: Annotated[list[str] | None, typer.Option(help="Recipes, such as 'small-*'; all by default.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Measure also what has been measured.")] = False,
) -> None:
    """Measure speeds that are missing, write them to results/speed.json, and draw docs/assets/models.png."""
    torch.set_num_threads(1)
    content: dict[str, Any] = json.loads(SPEED.read_text()) if SPEED.is_file() else {}
    speeds = content.get("models", {})
    for name in RECIPES:
        wanted = not only or any(fnmatch.fnmatch(name, pattern) for pattern in only)
        if not wanted or (name in speeds and not again):
            continue
        try:
            speeds[name] = measure(load_recipe(name))
        except ReseenError as error:
            print(f"{name:<36}{error}", flush=True)
            continue
        low = "bfloat16" if runs_bfloat16(torch.device("cpu")) else "float32"
        ordered = {each: speeds[each] for each in RECIPES if each in speeds}
        content = {"engine": "openvino", "precision": low, "machine": platform.machine(), "models": ordered}
        SPEED.write_text(json.dumps(content, indent=1) + "\n")
    print(f"{'':<36}{'images/s':>10}{'parameters':>12}{'mAP':>8}{'rank-1':>8}")
    for name, own in content.get("models", {}).items():
        found = figures(name)
        told = f"{found.average_precision:>8.1f}{found.rank1:>8.1f}" if found else f"{'not trained yet':>16}"
        print(f"{name:<36}{rate(own, found, name):>10.1f}{own['million_parameters']:>10.1f} M{told}")
    if content:
        draw(content["models"], PLOT)


if __name__ == "__main__":
    run(lambda: typer.run(main))
