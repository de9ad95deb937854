"""What can be told of training images before and after the steps: what never changes, a teacher's word, a distance."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import torch
from lightning.fabric import Fabric
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from reseen.data.batch import TAUGHT_DESCRIPTOR, taught_attribute
from reseen.data.images.cache import cache_directory, fingerprint
from reseen.data.images.keeping import TAUGHT, bound
from reseen.data.images.preparation import prepare
from reseen.data.person import Split
from reseen.descriptors.distance import Distance, Euclidean
from reseen.errors import ReseenError
from reseen.evaluation.kissme import Kissme
from reseen.files import make_private, replacing
from reseen.losses.distillation import TaughtAttributesConfig
from reseen.models import checkpoint
from reseen.models.backends.backend import evaluating
from reseen.models.embedder import Embedder
from reseen.progress import Bars
from reseen.training.images import TrainingImages
from reseen.training.recipe import TEACHER, PhaseSection, Recipe

_BATCH = 128


def fixed_output(
    model: nn.Module, images: TrainingImages, size: tuple[int, int], fabric: Fabric, bars: Bars
) -> dict[str, Tensor]:
    """Returns what of a system's output training never changes, (N, ...) by name, for the pictures as they are.

    A system that contains a frozen one has a method ``fixed``; what it says of a batch is then computed once instead of
    in every step, and comes with the batch as ``given``. Empty for all other systems.

    Args:
        model: The system.
        images: The training set.
        size: (H, W) of the network's input.
        fabric: Device and number format.
        bars: Shows how far it has come.
    """
    fixed = getattr(model, "fixed", None)
    told: list[dict[str, Tensor]] = []
    if fixed is None:
        return {}
    model.to(fabric.device)
    with bars("predicting what stays the same") as progress, evaluating(model), torch.no_grad(), fabric.autocast():
        for start in range(0, len(images), _BATCH):
            rows = range(start, min(start + _BATCH, len(images)))
            pixels = images.pixels(list(rows), fabric.device)
            batch = prepare(pixels, size, extra_sizes=getattr(model, "extra_sizes", {}))
            told.append({name: values.float().cpu() for name, values in fixed(batch).items()})
            if not told[-1]:  # it contains none this time
                return {}
            if progress:
                progress(rows.stop, len(images))
    return {name: torch.cat([each[name] for each in told]) for name in told[0]}


def taught(
    recipe: Recipe, phase: PhaseSection, images: TrainingImages, device: torch.device, bars: Bars
) -> dict[str, Tensor]:
    """Returns what the recipe's teacher says of the pictures as they are, (N, ...) by name; empty if no term learns it.

    These are descriptors, and probabilities of those attributes that are the same in both models. Each picture is
    looked at once, whatever training then changes in it: the student learns to say the same of it all the same. What
    was said is kept in the user's cache, for a run that goes on, a later phase and other students.

    Args:
        recipe: Names the teacher in ``init.teacher``.
        phase: Its terms.
        images: The training set.
        device: Where the teacher runs.
        bars: Shows how far it has come.

    Raises:
        ReseenError: If the teacher has no attribute that the student has, and a term learns them.
    """
    learning = [term for term in phase.objective.terms if term.learns_from_teacher]
    if not learning:
        return {}
    teacher = checkpoint.load(Path(recipe.init[TEACHER]), device=device)
    own = {} if images.schema is None else {each.name: each for each in images.schema}
    same = [each.name for each in teacher.schema or () if own.get(each.name) == each]
    if not same and any(isinstance(term, TaughtAttributesConfig) for term in learning):
        raise ReseenError(f"init.teacher: {recipe.init[TEACHER]} knows none of the attributes that are to be learnt")
    asked = f"{teacher.digest} {fingerprint(images.cached.images)} {same}"
    file = cache_directory() / TAUGHT / f"{hashlib.sha256(asked.encode()).hexdigest()[:20]}.safetensors"
    if (kept := _kept(file)) is not None:
        return kept
    with bars("asking the teacher") as report:
        embeddings = teacher.embed(images.cached.images, progress=report)
    tables = embeddings.attributes or {}
    arrays = {TAUGHT_DESCRIPTOR: embeddings.features} | {taught_attribute(name): tables[name] for name in same}
    told = {name: torch.from_numpy(values) for name, values in arrays.items()}
    make_private(file.parent)
    with replacing(file, private=True) as partial:
        save_file(told, partial)
    bound(cache_directory())
    return told


def _kept(file: Path) -> dict[str, Tensor] | None:
    """Returns what a teacher has said before, or None if nothing of it can be read."""
    try:
        told = load_file(file)
    except (FileNotFoundError, SafetensorError):
        return None
    os.utime(file)  # the last use tells what may go when there is too much
    return told


def final_distance(recipe: Recipe, embedder: Embedder, split: Split, bars: Bars) -> Distance:
    """Returns what descriptors are to be compared by, learnt on the training images if the recipe says so.

    Args:
        recipe: The recipe.
        embedder: The trained system.
        split: The data set.
        bars: Shows how far it has come.

    Raises:
        ReseenError: If there is too little to learn it from.
    """
    if not isinstance(recipe.distance, Kissme):
        return recipe.distance or Euclidean()
    with bars("embedding training images") as report:
        embeddings = embedder.embed(
            split.train,
            batch_size=recipe.evaluation.batch_size,
            max_corrupt=recipe.data.max_corrupt,
            cache=True,
            progress=report,
        )
    return recipe.distance.fit(embeddings)
