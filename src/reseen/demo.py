"""`reseen demo`: the whole chain in minutes, on rendered persons or real images, ending in pictures to look at."""

from __future__ import annotations

import shlex
import shutil
import time
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from reseen.checkpoint_files import RECIPE, REPORT, STATE, WORST
from reseen.data import open_split, recognise
from reseen.data.images.reference import image_of
from reseen.data.person import PersonImage
from reseen.descriptors.embeddings import Embeddings
from reseen.errors import ReseenError
from reseen.evaluation.split import evaluate_split
from reseen.explain.drawing.curves import training_figure
from reseen.explain.drawing.saving import save_figure, save_picture
from reseen.explain.evaluation import draw_evaluation
from reseen.explain.explanation import explain
from reseen.models.checkpoint import load
from reseen.models.embedder import Embedder
from reseen.progress import progress_of
from reseen.search.gallery import Gallery
from reseen.search.wanted import Found, look_for
from reseen.training.fit import Run
from reseen.training.recipe import Recipe, dump_recipe
from reseen.training.recipe.locate import resolve
from reseen.training.rendering import render_missing

_SEARCHES = ("search.png", "search-where.png", "search-both.png")
_PICTURES = ("curves.png", "cmc.png", "worst.png", *_SEARCHES, "explain.png")
_FILTER = "upper_color in (red, white) and lower_length=short"
_CHANGED = 0.25
"""Share of a list by picture that a description must leave out, so that the list by both looks different."""


def demo(
    recipe: Recipe,
    folder: Path,
    console: Console,
    *,
    data: Path | None = None,
    weights: Path | None = None,
    checkpoint: Path | None = None,
) -> list[Path]:
    """Renders or finds a recipe's data, trains it, evaluates, fills a gallery and searches it, and explains.

    Args:
        recipe: A short recipe.
        folder: Where everything is written; the run goes into ``run``, in place of an earlier one unless that is of the
            very same recipe and was stopped: it goes on; and the test pictures into ``gallery``. With a ``checkpoint``
            a run there stays as it is: it may be the checkpoint's, or one that was stopped.
        console: Where it is told about.
        data: See `reseen.training.recipe.locate.resolve`.
        weights: See `reseen.training.recipe.locate.resolve`.
        checkpoint: A model to show in place of one that is trained here.

    Returns:
        The pictures written; none if the user stopped the training.

    Raises:
        ReseenError: If data or weights are missing, or the data has no training images or no queries.
    """
    started = time.monotonic()
    console.rule("1. the data")
    if checkpoint is not None:  # nothing is trained, so nothing that parts would start from is looked for
        recipe = recipe.model_copy(update={"init": {}})
    recipe = resolve(recipe, data=data, weights=weights)
    render_missing(recipe, console, load=checkpoint is None)
    root = recipe.data.root
    assert root is not None
    split = open_split(recipe.data.name, root, **recipe.data.options)
    for part, images in split.parts().items():
        console.print(f"{part:<8} {len(images):>6,} images  {len({i.pid for i in images if i.pid > 0}):>5,} persons")
    if recognise(root) != recipe.data.name or not split.train or not split.query:
        raise ReseenError(f"the demo needs {recipe.data.name} with training, query and gallery images in {root}")

    stopped = checkpoint is None and _was_stopped(recipe, folder / "run")
    _clear(folder, and_run=checkpoint is None and not stopped)
    pictures: list[Path] = []
    if checkpoint is None:
        console.rule("2. training goes on" if stopped else "2. training")
        run = Run(recipe, folder / "run", resume=stopped, console=console)
        if run.train() is None or run.evaluation is None:
            console.print("or call the demo again as it was: it goes on from there to its end", highlight=False)
            return []
        embedder, evaluated, last = run.embedder(), run.evaluation, folder / "run" / "last"
        pictures.append(folder / "curves.png")
        save_figure(training_figure(folder / "run" / "metrics.csv"), pictures[0])
    else:
        console.rule(f"2. the model {checkpoint.name}")
        embedder, last = load(checkpoint), checkpoint
        evaluated = evaluate_split(embedder, split, bars=partial(progress_of, console))
    evaluation, query, gallery = evaluated.report, evaluated.query, evaluated.gallery
    assert query is not None

    console.rule("3. evaluation by the full protocol")
    console.print(evaluation.table())
    pictures += draw_evaluation(evaluation, query, gallery, folder)
    if checkpoint is None:
        shutil.copy(folder / WORST, folder / "run")  # the application shows it beside the run's figures

    console.rule("4. a gallery, searched by picture, by description, and by both")
    # A query the model is neither best nor worst at: the median of the average precisions.
    precision = evaluation.ranking.average_precision if evaluation.ranking else np.zeros(len(query))
    row = int(np.argsort(np.nan_to_num(precision, nan=-1.0))[len(query) // 2])
    person = image_of((query.paths or ())[row])
    pictures += _search(embedder, person, gallery, folder, console)

    console.rule("5. explanation")
    explanation = explain(embedder, person, title=Path(str(person.path)).name)
    save_figure(explanation.figure, folder / "explain.png")
    pictures.append(folder / "explain.png")
    for attribute, value, probability in explanation.predictions:
        console.print(f"{attribute:<14} {value:<10} {probability:.0%}", highlight=False)
    if checkpoint is None:
        console.print("Minutes teach little: docs/recipes.md lists recipes for figures worth having.", highlight=False)
    console.rule(f"done in {(time.monotonic() - started) / 60:.1f} minutes; go on with")
    places = (last, folder / "gallery", person.path)
    model, kept, picture = (shlex.quote(str(place)) for place in places)
    console.print(
        f"reseen gallery search {kept} --checkpoint {model} --query {picture} --out found.png\n"
        f"reseen gallery search {kept} --where '{_FILTER}' --out described.png\n"
        f"reseen explain {model} {picture} --out why.png",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    console.rule("look at")
    return pictures


def _was_stopped(recipe: Recipe, run: Path) -> bool:
    """Whether a folder has an unfinished run of this very recipe, on the same data."""
    unfinished = (run / STATE).is_file() and (run / RECIPE).is_file() and not (run / REPORT).exists()
    return unfinished and (run / RECIPE).read_text() == dump_recipe(recipe)


def _clear(folder: Path, *, and_run: bool) -> None:
    """Takes away what an earlier demo has written, and nothing else; its run only if that is not gone on with."""
    if and_run and (folder / "run" / RECIPE).exists():
        shutil.rmtree(folder / "run")
    if all((folder / name).exists() for name in _PICTURES[1:]):
        for former in ("gallery", "gallery.app"):
            shutil.rmtree(folder / former, ignore_errors=True)
        for name in _PICTURES:
            (folder / name).unlink(missing_ok=True)


def _search(embedder: Embedder, person: PersonImage, made: Embeddings, folder: Path, console: Console) -> list[Path]:
    with Gallery.open(folder / "gallery") as gallery:
        gallery.add(made, schema=embedder.schema, source="demo", copy=True)
        plain = look_for(embedder, person).find_in(gallery)
        # Without a picture any person who looks like this; with one, what changes the list.
        both = look_for(embedder, person, telling(plain))
        lists = (plain, look_for(embedder, where=_FILTER).find_in(gallery), both.find_in(gallery))
        for name, found in zip(_SEARCHES, lists, strict=True):
            said = " and ".join(str(part) for part in (found.wanted.person and person.name, found.wanted.where) if part)
            console.print(f"[bold]{said}[/]", highlight=False, soft_wrap=True)
            console.print(found.table())
            save_picture(found.picture(), folder / name)
            gallery.remember(folder / name, found.matches)
    return [folder / name for name in _SEARCHES]


def telling(found: Found) -> str:
    """Returns what sets a query apart from those found by its picture alone, such as ``backpack=yes``.

    That is what the model is surest of in the query among what at least a quarter of them do not show; if there is no
    such thing, what it is surest of; empty if it tells nothing.
    """
    wanted = found.wanted
    told = wanted.descriptor.attributes if wanted.descriptor is not None else None
    if wanted.schema is None or not told:
        return ""
    read = {name: (wanted.schema[name].classes[int(row.argmax())], float(row.max())) for name, (row,) in told.items()}

    def changes(name: str) -> bool:
        others = sum(read[name][0] not in match.attributes[name][0].split(" + ") for match in found.matches)
        return others >= max(1, _CHANGED * len(found.matches))

    name = max(read, key=lambda name: (changes(name), read[name][1]))
    return f"{name}={read[name][0]}"
