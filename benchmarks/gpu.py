"""Images a second in training AANet-50 at 384x128, and the share of the time a GPU is busy.

From the GPU's own memory, as `reseen train` does it, compiled too, and beside a DataLoader whose workers decode.

    python benchmarks/gpu.py
    python benchmarks/gpu.py --ways loader device --workers 16 --batch 64
    python benchmarks/gpu.py --backbone resnet10t --size 64 32 --batch 4 --images 32 --steps 2   # anywhere, in seconds

Pictures are drawn as JPEG files of Market-1501's size, 64x128. Network, objective, optimiser and augmentation are those
of the recipe, in bfloat16 with channels last, whichever way the pictures come; so the rows differ in the way alone.
Times are of steps after a warm-up. Then 40 more steps are taken, of which PyTorch's profiler sees 20: "busy" is the
share of their time in which any kernel or copy ran. "waits" counts how often a step makes the processor wait for the
GPU. The columns that need a GPU stay empty without one.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from reseen import models
from reseen.console import run
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.batch import PersonBatch
from reseen.data.images.cache import cached_images
from reseen.data.images.transforms import IMAGENET_MEAN, IMAGENET_STD
from reseen.data.person import PersonImage, Split
from reseen.losses.objective import Objective
from reseen.losses.term import Training
from reseen.precision import runs_bfloat16, tune
from reseen.provenance import peak_memory, provenance, restart_peak_memory
from reseen.training.images import TrainingImages
from reseen.training.loop.busy import BusyWatch
from reseen.training.loop.optimizer import build_optimizer
from reseen.training.loop.step import Step, build_sampler
from reseen.training.recipe import Recipe, load_recipe

WAYS = ("loader", "device", "device-compiled")
WATCHED = 40
"""Steps the busy share is seen in."""
PER_PERSON = 16


# --- pictures -----------------------------------------------------------------------------------------------


def draw(folder: Path, count: int) -> tuple[PersonImage, ...]:
    """Writes JPEG pictures of soft patches of colour with some grain; persons and attributes mean nothing."""
    rng = np.random.default_rng(0)
    images = []
    for number in range(count):
        patches = Image.fromarray(rng.integers(0, 256, (8, 4, 3), dtype=np.uint8)).resize((64, 128), Image.BICUBIC)
        pixels = np.clip(np.asarray(patches) + rng.normal(0, 8, (128, 64, 3)), 0, 255).astype(np.uint8)
        path = folder / f"{number:06d}.jpg"
        Image.fromarray(pixels).save(path, quality=90)
        person = 1 + number // PER_PERSON
        attributes = {a.name: person % len(a.classes) for a in MARKET1501_SCHEMA}
        images.append(PersonImage(path, person, number % 6, attributes))
    return tuple(images)


class Files(Dataset[tuple[Tensor, int]]):
    """Decodes a picture when it is asked for, as most training code does."""

    def __init__(self, images: tuple[PersonImage, ...], recipe: Recipe) -> None:
        self.images = images
        changes, size = recipe.phases[0].augmentation, list(recipe.data.size)
        self.transform = v2.Compose(
            [
                v2.Resize(size),
                v2.RandomHorizontalFlip(changes.flip),
                *([v2.RandomCrop(size, padding=changes.pad_crop)] if changes.pad_crop else []),
                v2.ToImage(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(IMAGENET_MEAN, IMAGENET_STD),
                v2.RandomErasing(changes.erasing, scale=(0.02, 0.4), ratio=(0.3, 3.3)),
            ]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        path = self.images[row].path
        assert isinstance(path, Path)
        return self.transform(Image.open(path).convert("RGB")), row


# --- ways -----------------------------------------------------------------------------------------------------


def from_files(files: Files, step: Step, rows: list[list[int]], workers: int) -> Iterator[PersonBatch]:
    """Yields batches that workers decode and a pinned copy brings to the device."""
    images, device = step.images, next(step.parameters()).device
    loader = DataLoader(files, batch_sampler=rows, num_workers=workers, pin_memory=device.type == "cuda")
    for pixels, index in loader:
        batch = pixels.to(device, non_blocking=True).contiguous(memory_format=torch.channels_last)
        index = index.to(images.labels.device, non_blocking=True)
        attributes = None if images.attributes is None else images.attributes[index].to(device)
        yield PersonBatch(batch, labels=images.labels[index].to(device), attributes=attributes)


def from_device(step: Step, rows: list[list[int]]) -> Iterator[PersonBatch]:
    """Yields batches as `reseen train` makes them."""
    yield from (step.batch(each, 0, number) for number, each in enumerate(rows))


# --- measuring ------------------------------------------------------------------------------------------------


def measure(way: str, recipe: Recipe, images: tuple[PersonImage, ...], given: argparse.Namespace) -> dict[str, Any]:
    """Returns the figures of one way."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tune(device)
    restart_peak_memory()
    torch.manual_seed(0)
    split, (phase, *_) = Split("drawn", images, (), (), MARKET1501_SCHEMA), recipe.phases
    told = {"num_identities": len({image.pid for image in images}), "attributes": MARKET1501_SCHEMA}
    model = models.build(recipe.system(0, **told)).to(device, memory_format=torch.channels_last).train()
    training = TrainingImages(cached_images(images, recipe.data.size), split, MARKET1501_SCHEMA)
    sampler = build_sampler(phase, training.labels.tolist(), 0, 0, 1)
    objective = Objective(phase.objective, Training(training.schema, training.attributes)).to(device)
    training.reside_on(device, pixels=way != "loader")
    step = Step(model, objective, training, phase, size=recipe.data.size, seed=0)
    optimizer = build_optimizer(phase.optimizer, model, list(objective.parameters()))
    if way == "device-compiled":
        model.get_submodule("backbone").compile(dynamic=False)
    needed = given.warm_up + given.steps + WATCHED + 1
    plan = [list(map(int, each)) for each in sampler.batches]
    rows = [plan[number % len(plan)] for number in range(needed)]
    batches = (
        from_files(Files(images, recipe), step, rows, given.workers) if way == "loader" else from_device(step, rows)
    )
    low = torch.autocast(device.type, dtype=torch.bfloat16, enabled=runs_bfloat16(device))

    def take() -> None:
        batch = next(batches)
        optimizer.zero_grad()
        with low:
            loss, _ = objective(model(batch), batch)
        loss.backward()
        optimizer.step()

    first = seconds_of(take, given.warm_up, device)
    seconds = seconds_of(take, given.steps, device)
    with BusyWatch(device, WATCHED) as watch:
        for _ in range(WATCHED if device.type == "cuda" else 0):
            take()
            watch.step_done()
    return {
        "images_per_second": given.steps * len(rows[0]) / seconds,
        "gpu_busy": watch.share,
        "waits_a_step": waits(take) if device.type == "cuda" else None,
        "warm_up_seconds": first,
        "peak_memory_bytes": peak_memory(),
    }


def seconds_of(take: Callable[[], None], steps: int, device: torch.device) -> float:
    begin = time.perf_counter()
    for _ in range(steps):
        take()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begin


def waits(take: Callable[[], None]) -> int:
    """Returns how often a step waits for the GPU, as PyTorch itself tells."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        take()
        torch.cuda.set_sync_debug_mode("default")
    return sum("synchroniz" in str(each.message) for each in told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="aanet50-market1501", help="its first phase is measured")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--backbone", default="resnet50")
    parser.add_argument("--size", type=int, nargs=2, default=(384, 128), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--images", type=int, default=4096)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--warm-up", type=int, default=20)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--json", type=Path, help="write the figures here")
    given = parser.parse_args()
    changes = [f"model.backbone={given.backbone}", f"phases.0.sampler={{kind: random, batch_size: {given.batch}}}"]
    recipe = load_recipe(given.recipe, [*changes, f"data.size={list(given.size)}"])
    made = provenance(seconds=0, device="cuda:0" if torch.cuda.is_available() else "cpu")
    where = (made["hardware"]["gpus"] or [made["hardware"]["cpu"]])[0]
    print(
        f"{given.recipe}, {given.backbone} at {given.size[0]}x{given.size[1]}, batches of {given.batch}, on {where}\n"
    )
    print(f"{'':<18}{'images/s':>10}{'':>8}{'busy':>8}{'waits':>7}{'warm-up':>10}{'GPU memory':>13}", flush=True)
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        os.environ["RESEEN_CACHE"] = f"{name}/cache"
        (Path(name) / "pictures").mkdir()
        images = draw(Path(name) / "pictures", given.images)
        for way in given.ways:
            own = figures[way] = measure(way, recipe, images, given)
            ratio = own["images_per_second"] / figures[given.ways[0]]["images_per_second"]
            busy = "–" if own["gpu_busy"] is None else f"{own['gpu_busy']:.1%}"
            wait = "–" if own["waits_a_step"] is None else own["waits_a_step"]
            memory = f"{own['peak_memory_bytes'].get('gpu', 0) / 2**30:.1f} GiB"
            print(
                f"{way:<18}{own['images_per_second']:>10.1f}{ratio:>7.2f}×{busy:>8}{wait:>7}"
                f"{own['warm_up_seconds']:>8.1f} s{memory:>13}",
                flush=True,
            )
    if given.json:
        given.json.write_text(
            json.dumps(
                {"settings": {k: str(v) for k, v in vars(given).items()}, "ways": figures, "provenance": made}, indent=1
            )
            + "\n"
        )


if __name__ == "__main__":
    run(main)
