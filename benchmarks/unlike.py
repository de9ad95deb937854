"""What pictures of whom it is, and of whom it is not, are worth in a search, by several formulas.

    python benchmarks/unlike.py --checkpoint runs/NAME/last --data DATA --keep descriptors/ --out unlike.json
    python benchmarks/unlike.py --query descriptors/query.parquet --gallery descriptors/gallery.parquet

Somebody looks at the first 50 pictures a query finds, and confirms up to three right and three wrong ones, top down.
These are taken out of the gallery for every formula, and the rest is ranked anew: mean AP of what is still to be found.
Formula and weight are chosen on one half of the persons and reported on the other. All is told by squared distances: l
are the query and the pictures confirmed, u the wrong ones, g a picture of the gallery; small is near. Embedding takes
nearly all of the time: --keep keeps the descriptors, which then take the model's place, as those of `reseen embed` do.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from reseen import Embeddings, ReseenError
from reseen.console import run
from reseen.descriptors.distances import squared_distances
from reseen.evaluation.cross_camera import own_camera
from reseen.search.gallery.finding.sought import UNLIKE_WEIGHT

SEEN = 50
"""So many pictures of a query's list are looked at."""
MOST = 3
_BLOCK = 128
"""Queries at a time, so that distances are matrix products."""
WEIGHTS = tuple(sorted({0.05, 0.1, 0.25, 0.4, 0.6, UNLIKE_WEIGHT}))
Squares = NDArray[np.float64]
Formula = Callable[[Squares, Squares], Squares]
"""From squared distances (n, G) to those that are like and (m, G) to those that are not, to what to rank by (G,)."""


def formulas() -> dict[str, Formula]:
    """Returns all formulas by name; those with a weight need someone unlike, and without are the first two."""

    def rocchio(like: Squares, unlike: Squares, *, weight: float) -> Squares:
        return like.mean(axis=0) - weight * unlike.mean(axis=0) if len(unlike) else like.mean(axis=0)

    def nearest_unlike(like: Squares, unlike: Squares, *, weight: float) -> Squares:
        return like.mean(axis=0) - weight * unlike.min(axis=0) if len(unlike) else like.mean(axis=0)

    def nearest_of_both(like: Squares, unlike: Squares, *, weight: float) -> Squares:
        return like.min(axis=0) - weight * unlike.min(axis=0) if len(unlike) else like.min(axis=0)

    found: dict[str, Formula] = {
        "mean |g-l|²": lambda like, unlike: like.mean(axis=0),
        "min |g-l|²": lambda like, unlike: like.min(axis=0),
    }
    for weight in WEIGHTS:
        found[f"mean |g-l|² - {weight} mean |g-u|²"] = partial(rocchio, weight=weight)
        found[f"mean |g-l|² - {weight} min |g-u|²"] = partial(nearest_unlike, weight=weight)
        found[f"min |g-l|² - {weight} min |g-u|²"] = partial(nearest_of_both, weight=weight)
    return found


def average_precision(score: Squares, right: NDArray[np.bool_]) -> float:
    """Returns the mean over right pictures of the precision at each, as `reseen.evaluation` counts it."""
    near = np.flatnonzero(score <= score[right].max())  # whoever is behind the last right one changes nothing
    hits = right[near[np.argsort(score[near], kind="stable")]]
    return float((np.cumsum(hits)[hits] / (np.flatnonzero(hits) + 1)).mean())


def squares(one: Embeddings, rows: Sequence[int], many: Embeddings) -> NDArray[np.float32]:
    """Returns the squared distances (n, N) of some rows to all of many."""
    chunks = squared_distances([space[list(rows)] for space in one.spaces()], many.spaces())
    return np.concatenate([chunk.copy() for _, chunk in chunks])


def searches(
    query: Embeddings, gallery: Embeddings, rows: NDArray[np.int64]
) -> Iterator[tuple[int, NDArray[np.bool_], list[int], list[int], Squares, Squares, Squares]]:
    """Yields each query's person, which pictures are right, the confirmed ones' rows, and squared distances."""
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK].tolist()
        looked = []
        for row, to_query in zip(block, squares(query, block, gallery), strict=True):
            pid, camid = int(query.pids[row]), int(query.camids[row])
            kept = np.flatnonzero((gallery.pids >= 0) & ~own_camera(gallery.pids, gallery.camids, pid, camid))
            right = gallery.pids[kept] == pid
            first = np.argsort(to_query[kept], kind="stable")[:SEEN]
            like, unlike = (first[right[first] == kind][:MOST].tolist() for kind in (True, False))
            looked.append((pid, kept, right, like, unlike, to_query[kept]))
        confirmed = [int(kept[place]) for _, kept, _, like, unlike, _ in looked for place in (*like, *unlike)]
        if not confirmed:
            continue
        theirs = iter(squares(gallery, confirmed, gallery))
        for pid, kept, right, like, unlike, to_query in looked:
            to_like, to_unlike = (
                np.array([next(theirs)[kept] for _ in places], np.float64).reshape(len(places), len(kept))
                for places in (like, unlike)
            )
            yield pid, right, like, unlike, to_query.astype(np.float64), to_like, to_unlike


def measure(query: Embeddings, gallery: Embeddings, queries: int, seed: int = 0) -> dict[str, Any]:
    """Returns mean AP by half, numbers of confirmed pictures and formula, and how many queries were counted."""
    rng = np.random.default_rng(seed)
    persons = np.unique(query.pids)
    choosing = set(rng.choice(persons, len(persons) // 2, replace=False).tolist())
    rows = np.sort(rng.choice(len(query), min(queries, len(query)), replace=False))
    scores: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    every = formulas()
    for pid, right, like, unlike, to_query, to_like, to_unlike in searches(query, gallery, rows):
        half = "chosen on" if pid in choosing else "reported on"
        rest = np.ones(len(right), dtype=bool)
        rest[[*like, *unlike]] = False  # the same rest in every column, so that columns can be compared
        if not right[rest].any() or len(like) < MOST or len(unlike) < MOST:
            continue
        near, far, wanted = np.concatenate([to_query[None], to_like])[:, rest], to_unlike[:, rest], right[rest]
        for n, m in product(range(MOST + 1), repeat=2):
            for name, formula in every.items():
                found = average_precision(formula(near[: n + 1], far[:m]), wanted)
                scores[half, f"{n}+{m}"][name].append(found)
    if {half for half, _ in scores} != {"chosen on", "reported on"}:
        raise ReseenError(f"too few queries find {MOST} right and wrong pictures among the first {SEEN}; give more")
    return {
        half: {
            "queries": len(next(iter(scores[half, "0+0"].values()))),
            "mAP": {
                key: {name: float(np.mean(each)) for name, each in found.items()}
                for (own, key), found in scores.items()
                if own == half
            },
        }
        for half in ("chosen on", "reported on")
    }


def best(found: dict[str, Any], names: Iterable[str]) -> str:
    """Returns which of some formulas has the greatest mean over all numbers of wrong pictures, where it is chosen."""
    table = [column for key, column in found["chosen on"]["mAP"].items() if not key.endswith("+0")]
    return max(names, key=lambda name: float(np.mean([column[name] for column in table])))


def main(
    checkpoint: Annotated[Path | None, typer.Option(help="A trained model.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder or zip of Market-1501 or another data set.")] = None,
    query: Annotated[Path | None, typer.Option(help="Saved descriptors, instead of a model.")] = None,
    gallery: Annotated[Path | None, typer.Option(help="Saved descriptors, instead of a model.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Write the model's descriptors into this folder.")] = None,
    queries: Annotated[int, typer.Option(min=10, help="At most so many, drawn at random.")] = 3368,
    json_file: Annotated[Path | None, typer.Option("--out", help="Write all figures here.")] = None,
) -> None:
    """Print mean AP by formula, on the half of the persons that the formula was not chosen on."""
    if query and gallery:
        one, many = Embeddings.load(query), Embeddings.load(gallery)
    elif checkpoint and data:
        from reseen import load, open_split
        from reseen.data import recognise
        from reseen.evaluation.split import evaluate_split
        from reseen.progress import progress_of

        split = open_split(recognise(data), data)
        made = evaluate_split(load(checkpoint), split, bars=partial(progress_of, Console(stderr=True)))
        if made.query is None:
            raise ReseenError(f"{split.name} has no queries")
        one, many = made.query, made.gallery
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            one.save(keep / "query.parquet")
            many.save(keep / "gallery.parquet")
    else:
        raise ReseenError("give --checkpoint and --data, or --query and --gallery")
    found = measure(one, many, queries)
    one_point = [name for name in formulas() if "min" not in name]  # is served by any index; the gallery's is of these
    chosen, searched, reported = best(found, formulas()), best(found, one_point), found["reported on"]
    columns = ["0+0", "1+0", "3+0", "0+1", "0+3", "1+1", "3+3"]
    table = Table(title=f"mAP on {reported['queries']:,} queries; right + wrong pictures confirmed")
    for name in ("formula", *columns):
        table.add_column(name, justify="left" if name == "formula" else "right")
    for name in formulas():
        style = "bold" if name in (chosen, searched) else None
        table.add_row(name, *(f"{reported['mAP'][column][name]:.1%}" for column in columns), style=style)
    Console(width=120).print(table)
    print(f"chosen on {found['chosen on']['queries']:,} queries of the other persons: {chosen}")
    print(f"of those that a gallery can search by one point: {searched} (it has the weight {UNLIKE_WEIGHT} now)")
    if json_file:
        json_file.write_text(json.dumps({"chosen": chosen, "chosen of one point": searched, **found}, indent=1) + "\n")


if __name__ == "__main__":
    run(lambda: typer.run(main))
