"""A gallery's speed and memory beside faiss and brute force, on the same made-up descriptors.

    python benchmarks/search.py
    python benchmarks/search.py --rows 10000 --dim 128
    python benchmarks/search.py --growth
    python benchmarks/search.py --growth 2000 4000 --dim 64

Each engine is a process of its own; "memory" is its peak once the descriptors are made, these included. faiss-cpu is
measured where it can be imported (pip install faiss-cpu) and has no filters by camera, time and attribute. --growth
measures the gallery alone, from ten thousand rows to a million, or at the sizes given. Linux only.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WHERE = "hat=yes"
CAMERAS = (1, 2, 3)
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
"""Rows of the galleries that growth is shown by."""


def made(rows: int, dim: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Returns descriptors (N, D) of clustered persons, the probability of a hat (N,), and 50 queries."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((max(2, rows // 20), dim), dtype=np.float32)
    features = centres[rng.integers(len(centres), size=rows)]
    for start in range(0, rows, 65_536):
        part = features[start : start + 65_536]
        part += 0.6 * rng.standard_normal(part.shape, dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    queries = features[rng.integers(rows, size=50)] + 0.01 * rng.standard_normal((50, dim), dtype=np.float32)
    return features, rng.random(rows, dtype=np.float32), queries


def passing(rows: int, hat: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Returns which rows pass the three filters: by camera, time and attribute."""
    return np.isin(np.arange(rows) % 30, CAMERAS) & (np.arange(rows) >= rows // 10) & (hat > 0.5)


def truth(
    features: NDArray[np.float32], queries: NDArray[np.float32], mask: NDArray[np.bool_] | None
) -> list[set[int]]:
    """Returns the ten nearest rows to each query: among a hundred by a matrix product, told apart by differences."""
    squares = np.einsum("nd,nd->n", features, features)
    if mask is not None:
        squares[~mask] = np.inf
    answers = []
    for query in queries:
        near = np.argpartition(squares - 2 * (features @ query), min(100, len(squares) - 1))[:100]
        near = near[np.isfinite(squares[near])]
        exact = np.square(features[near].astype(np.float64) - query).sum(axis=1)
        answers.append(set(near[np.argsort(exact)[:10]].tolist()))
    return answers


def timed(look: Callable[[NDArray[np.float32]], list[int]], queries: Any, answers: list[set[int]]) -> dict[str, float]:
    look(queries[0])
    seconds, hits = [], 0
    for query, answer in zip(queries, answers, strict=True):
        start = time.perf_counter()
        found = look(query)
        seconds.append(time.perf_counter() - start)
        hits += len(answer.intersection(found))
    return {"median ms": 1e3 * float(np.median(seconds)), "recall": hits / 10 / len(answers)}


def peak() -> float:
    """Returns the most memory (MB) since the last call, and begins anew."""
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measure(engine: str, rows: int, dim: int) -> dict[str, Any]:
    if engine == "gallery":
        return gallery(rows, dim)
    features, hat, queries = made(rows, dim)
    mask = passing(rows, hat)
    answers = truth(features, queries, None)
    filtered = truth(features, queries, mask)
    peak()
    if engine == "faiss":
        found = faiss_flat(features, queries, answers)
    else:
        found = brute_force(features, queries, mask, answers, filtered)
    return {**found, "memory MB": peak()}


def brute_force(features: Any, queries: Any, mask: Any, answers: Any, filtered: Any) -> dict[str, Any]:
    squares = np.square(features).sum(axis=1)
    chosen = np.flatnonzero(mask)

    def plain(query: NDArray[np.float32]) -> list[int]:
        return np.argpartition(squares - 2 * (features @ query), 10)[:10].tolist()  # type: ignore[no-any-return]

    def some(query: NDArray[np.float32]) -> list[int]:
        rough = squares[chosen] - 2 * (features[chosen] @ query)
        return chosen[np.argpartition(rough, 10)[:10]].tolist()  # type: ignore[no-any-return]

    return {"plain": timed(plain, queries, answers), "three filters": timed(some, queries, filtered)}


def faiss_flat(features: Any, queries: Any, answers: Any) -> dict[str, Any]:
    import faiss

    start = time.perf_counter()
    index = faiss.IndexFlatL2(features.shape[1])
    index.add(features)
    rate = len(features) / (time.perf_counter() - start)
    return {
        "add rows/s": rate,
        "plain": timed(lambda query: index.search(query[None], 10)[1][0].tolist(), queries, answers),
    }


def gallery(rows: int, dim: int) -> dict[str, Any]:
    from reseen import Embeddings, Gallery
    from reseen.search.gallery.finding import index

    built: list[float] = []

    def build(*given: Any) -> None:
        start = time.perf_counter()
        build_if_due(*given)
        built.append(time.perf_counter() - start)

    build_if_due, index.build_if_due = index.build_if_due, build
    features, hat, queries = made(rows, dim)
    answers, filtered = truth(features, queries, None), truth(features, queries, passing(rows, hat))
    people = Embeddings(
        features,
        np.full(rows, -1),
        np.arange(rows) % 30,
        {"hat": np.stack([1 - hat, hat], axis=1)},
        [f"{row}.jpg" for row in range(rows)],
    )
    with tempfile.TemporaryDirectory() as folder:
        kept = Gallery.open(folder)
        peak()
        start = time.perf_counter()
        kept.add(people, seconds=np.arange(rows, dtype=float))
        took = time.perf_counter() - start - sum(built)
        added = {
            "add rows/s": rows / took,
            "index s": sum(built),
            "adding MB": peak(),
            "bytes a row": sum(size for _, size in kept.store.files.sizes()) / rows,
        }
        del people, features  # whoever searches a gallery has them nowhere else
        kept.close()
        start = time.perf_counter()
        kept = Gallery.open(folder)
        len(kept)
        opened = time.perf_counter() - start
        start = time.perf_counter()
        kept.search(queries[0])
        first = time.perf_counter() - start

        def plain(query: NDArray[np.float32]) -> list[int]:
            return [int(match.path[:-4]) for match in kept.search(query)]

        def some(query: NDArray[np.float32]) -> list[int]:
            found = kept.search(query, cameras=CAMERAS, since=rows // 10, where=WHERE)
            return [int(match.path[:-4]) for match in found]

        figures = {
            **added,
            "open s": opened,
            "first search s": first,
            "plain": timed(plain, queries, answers),
            "three filters": timed(some, queries, filtered),
            "searching MB": peak(),
        }
        start = time.perf_counter()
        kept.delete(paths="5.jpg")
        return {**figures, "delete one s": time.perf_counter() - start, "deleting MB": peak()}


def measured_apart(engine: str, rows: int, dim: int) -> dict[str, Any]:
    """Returns an engine's figures from a process of its own, with the load average before it."""
    command = [sys.executable, str(Path(__file__)), "--engine", engine, "--rows", str(rows), "--dim", str(dim)]
    load = os.getloadavg()[0]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return {"load average": load, **found}


def growth(sizes: Sequence[int], dim: int) -> None:
    """Prints one line for each size of a gallery."""
    print(f"gallery, {dim} wide, on {os.cpu_count()} cores")
    for rows in sizes:
        found = measured_apart("gallery", rows, dim)
        told = ", ".join(
            f"{name} {value:,.2f}"
            for key, each in found.items()
            for name, value in (
                ((f"{key} {inner}", v) for inner, v in each.items()) if isinstance(each, dict) else ((key, each),)
            )
        )
        print(f"{rows:>9,} rows: {told}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--growth", type=int, nargs="*", metavar="ROWS", help="the gallery alone, up to a million rows")
    parser.add_argument("--engine", choices=["gallery", "faiss", "numpy"], help="measure only this one, here")
    given = parser.parse_args()
    if given.engine:
        print(json.dumps(measure(given.engine, given.rows, given.dim)))
        return
    if given.growth is not None:
        growth(given.growth or SIZES, given.dim)
        return
    for engine in ("gallery", "faiss", "numpy"):
        if engine == "faiss" and importlib.util.find_spec("faiss") is None:
            print("faiss: not installed")
            continue
        print(f"{engine} on {os.cpu_count()} cores")
        for name, value in measured_apart(engine, given.rows, given.dim).items():
            print(f"  {name}: {value if isinstance(value, dict) else round(value, 2)}")


if __name__ == "__main__":
    main()
