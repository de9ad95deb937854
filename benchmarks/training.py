"""Images a second in training on a processor: quick gradients of convolutions, and oneDNN's own.

    python benchmarks/training.py
    python benchmarks/training.py --recipes iva50-market1501-short --size 192 64 --steps 10

Network, objective and optimiser are those of a recipe's last phase, in bfloat16 with channels last, on noise. Both
ways take their steps in turn, so that whatever else the machine does slows both; told is the median step. A processor
without bfloat16 trains in float32, and both ways are one.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext

import torch

from reseen import models
from reseen.console import run
from reseen.data.attributes import MARKET1501_SCHEMA
from reseen.data.batch import PersonBatch
from reseen.losses.objective import Objective
from reseen.losses.term import Training
from reseen.precision import runs_bfloat16
from reseen.training.loop.gradients import quick_gradients
from reseen.training.loop.optimizer import build_optimizer
from reseen.training.recipe import load_recipe

RECIPES = ("ide50-market1501-short", "aanet50-market1501-short", "iva50-market1501-short")
BATCH, PER_PERSON = 64, 4
CPU = torch.device("cpu")


def step_of(name: str, size: tuple[int, int]) -> Callable[[bool], float]:
    """Returns what takes a step of a recipe, with quick gradients or without, and tells its seconds."""
    torch.manual_seed(0)
    recipe = load_recipe(name)
    index, phase = len(recipe.phases) - 1, recipe.phases[-1]
    config = recipe.system(index, num_identities=751, attributes=MARKET1501_SCHEMA)
    model = models.build(config).to(memory_format=torch.channels_last).train()
    schema = getattr(config, "attributes", None) or MARKET1501_SCHEMA
    attributes = torch.stack([torch.randint(0, len(each.classes), (BATCH,)) for each in schema], dim=1)
    objective = Objective(phase.objective, Training(schema, attributes))
    optimizer = build_optimizer(phase.optimizer, model, list(objective.parameters()))
    images = torch.randn(BATCH, 3, *size).contiguous(memory_format=torch.channels_last)
    batch = PersonBatch(images, labels=torch.arange(BATCH) // PER_PERSON, attributes=attributes)
    low = torch.autocast("cpu", torch.bfloat16, enabled=runs_bfloat16(CPU))

    def take(quick: bool) -> float:
        start = time.perf_counter()
        optimizer.zero_grad()
        with low:
            with quick_gradients(CPU) if quick else nullcontext():
                output = model(batch)
            loss, _ = objective(output, batch)
        loss.backward()
        optimizer.step()
        return time.perf_counter() - start

    return take


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES))
    parser.add_argument("--size", type=int, nargs=2, default=(128, 48), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--steps", type=int, default=8)
    given = parser.parse_args()
    height, width = given.size
    print(f"batches of {BATCH} at {height}x{width}, {torch.get_num_threads()} threads, images a second\n")
    print(f"{'':<28}{'oneDNN':>10}{'quick':>10}", flush=True)
    for name in given.recipes:
        take = step_of(name, (height, width))
        for way in (False, True):
            take(way)  # which looks for memory and ways of computing
        seconds = [(take(False), take(True)) for _ in range(given.steps)]
        own, quick = (BATCH / statistics.median(each) for each in zip(*seconds, strict=True))
        print(f"{name:<28}{own:>10.1f}{quick:>10.1f}{quick / own:>8.2f}×", flush=True)


if __name__ == "__main__":
    run(main)
