"""Time and memory of our evaluation beside a public toolbox's, on the same made-up descriptors.

    python benchmarks/evaluation.py
    python benchmarks/evaluation.py --queries 800 --gallery 4000 --dim 512 --no-dense

Each measurement is a process of its own. "memory" is the peak above what the process held once it had its
imports and the descriptors. The toolbox is torchreid from PyPI (MIT), whose re-ranking is the authors' dense
code; it lives in an environment of its own in the cache folder, and borrows NumPy and PyTorch from the
environment this runs in, so that both use the same matrix products. Linux only.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from reseen.descriptors.embeddings import Embeddings

TOOLBOX = "torchreid==0.2.5"
CAMERAS = 6
DISTRACTORS, JUNK = 0.176, 0.24  # Market-1501's shares: of the gallery that counts, and on top of it

Array = NDArray[Any]
Data = dict[str, Array]


# --- descriptors -----------------------------------------------------------------------------------------


def write_data(folder: Path, queries: int, gallery: int, dim: int, seed: int = 0) -> None:
    """Writes clustered unit-length descriptors of persons seen by six cameras, with distractors and junk."""
    rng = np.random.default_rng(seed)
    persons = max(2, gallery // 18)
    centres = rng.standard_normal((persons + 1, dim), dtype=np.float32)
    cameras = 0.6 * rng.standard_normal((CAMERAS, dim), dtype=np.float32)

    def write(name: str, pids: NDArray[np.int64]) -> None:
        camids = rng.integers(CAMERAS, size=len(pids))
        features = rng.standard_normal((len(pids), dim), dtype=np.float32)
        features *= rng.uniform(1, 6, size=(len(pids), 1)).astype(np.float32)  # some pictures are harder
        lone = pids < 1
        features[lone] *= 1.5
        features[~lone] += centres[pids[~lone]]
        features += cameras[camids]
        features /= np.linalg.norm(features, axis=1, keepdims=True)
        for key, values in (("features", features), ("pids", pids), ("camids", camids)):
            np.save(folder / f"{name}_{key}.npy", values)

    write("query", rng.integers(1, persons + 1, size=queries))
    distractors = int(DISTRACTORS * gallery)
    counting = np.concatenate([np.zeros(distractors, np.int64), rng.integers(1, persons + 1, gallery - distractors)])
    write("gallery", np.concatenate([rng.permutation(counting), np.full(int(JUNK * gallery), -1)]))


def read_data(folder: Path, *, junk: bool) -> Data:
    """Reads what `write_data` wrote; the toolbox's loader drops junk before its evaluator sees it."""
    data = {path.stem: np.load(path) for path in sorted(folder.glob("*_*.npy"))}
    if not junk:
        keep = data["gallery_pids"] != -1
        data |= {name: values[keep] for name, values in data.items() if name.startswith("gallery_")}
    return data


# --- what is measured, each in its own process ------------------------------------------------------------


def embeddings(folder: Path, *, junk: bool) -> list[Embeddings]:
    """Query and gallery as we take them."""
    from reseen.descriptors.embeddings import Embeddings

    data = read_data(folder, junk=junk)
    return [
        Embeddings(data[f"{part}_features"], data[f"{part}_pids"], data[f"{part}_camids"])
        for part in ("query", "gallery")
    ]


def ours_rank(folder: Path) -> Callable[[], Array]:
    """Our evaluator: mAP and CMC."""
    from reseen.evaluation import rank

    query, gallery = embeddings(folder, junk=True)
    warnings.simplefilter("ignore")  # queries without a match are counted on both sides

    def run() -> Array:
        report = rank(query, gallery)
        return np.concatenate([[report.mAP], report.cmc])

    return run


def ours_rerank(folder: Path) -> Callable[[], Array]:
    """Our re-ranking: distances (Q, G)."""
    from reseen.evaluation import ReRanking

    query, gallery = embeddings(folder, junk=False)
    return lambda: ReRanking().distances(query, gallery)


def toolbox_rank(folder: Path) -> Callable[[], Array]:
    """The toolbox's evaluator: mAP and CMC."""
    import torch

    distance, ranking = toolbox_module("metrics/distance.py"), toolbox_module("metrics/rank.py")
    data = read_data(folder, junk=False)
    ids = [data[f"{part}_{name}"] for name in ("pids", "camids") for part in ("query", "gallery")]

    def run() -> Array:
        query, gallery = (torch.from_numpy(data[f"{part}_features"]) for part in ("query", "gallery"))
        distances = distance.compute_distance_matrix(query, gallery).numpy()
        cmc, mean_ap = ranking.evaluate_rank(distances, *ids, max_rank=50)
        return np.concatenate([[mean_ap], cmc])

    return run


def toolbox_rerank(folder: Path) -> Callable[[], Array]:
    """The toolbox's re-ranking, the authors' dense code: distances (Q, G)."""
    import torch

    distance, rerank = toolbox_module("metrics/distance.py"), toolbox_module("utils/rerank.py")
    data = read_data(folder, junk=False)

    def run() -> Array:
        query, gallery = (torch.from_numpy(data[f"{part}_features"]) for part in ("query", "gallery"))
        # The authors' code squares what it is given, so it gets Euclidean distances.
        pairs = ((query, gallery), (query, query), (gallery, gallery))
        matrices = (distance.compute_distance_matrix(*pair).clamp_(min=0).sqrt_().numpy() for pair in pairs)
        distances: Array = rerank.re_ranking(*matrices)
        return distances

    return run


def toolbox_module(path: str) -> ModuleType:
    """Loads one file of torchreid; its package imports a whole training stack that is not needed here."""
    location = importlib.metadata.distribution("torchreid").locate_file(f"torchreid/reid/{path}")
    spec = importlib.util.spec_from_file_location(Path(path).stem, str(location))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has a compiled evaluator as well, which PyPI's package lacks
        spec.loader.exec_module(module)
    return module


def measure(what: str, folder: Path) -> None:
    """Runs in the child process: writes the result to a file and prints the figures as JSON."""
    run = {f.__name__: f for f in (ours_rank, ours_rerank, toolbox_rank, toolbox_rerank)}[what](folder)
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before, wall, cpu = _memory("VmRSS"), time.perf_counter(), time.process_time()
    result = run()
    figures = {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "megabytes": _memory("VmHWM") - before,
    }
    np.save(folder / f"{what}.npy", result)
    print(json.dumps(figures))


def _memory(field: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


# --- the comparison ----------------------------------------------------------------------------------------


def toolbox_python() -> Path:
    """Returns the interpreter of the toolbox's environment, which is made on the first call."""
    cache = Path(os.environ.get("RESEEN_CACHE") or Path.home() / ".cache" / "reseen")
    folder = (
        cache / "benchmarks" / f"{TOOLBOX.replace('==', '-')}-python{sys.version_info.major}.{sys.version_info.minor}"
    )
    python, stamp = folder / "bin" / "python", folder / "installed"
    if not stamp.is_file():
        print(f"installing {TOOLBOX} into {folder}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", TOOLBOX], check=True)
        stamp.touch()
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "host.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python


def run_in_process(python: Path | str, what: str, folder: Path) -> dict[str, float]:
    """Measures in a fresh process and prints a line of the table."""
    command = [str(python), __file__, "--measure", what, "--folder", str(folder)]
    child = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(child.stdout.splitlines()[-1])
    print(
        f"{what:<16}{figures['seconds']:>10.2f} s{figures['cpu_seconds']:>10.2f} s{figures['megabytes']:>10.0f} MB",
        flush=True,
    )
    return figures


def compare(
    ours: str, theirs: str, folder: Path, python: Path, tolerance: float | Array, share_beyond: float = 0.0
) -> bool:
    """Measures both, prints the ratios, and says whether the results are equal."""
    here, there = run_in_process(sys.executable, ours, folder), run_in_process(python, theirs, folder)
    ratios = (there[key] / max(here[key], 1e-9) for key in ("seconds", "cpu_seconds", "megabytes"))
    print("  toolbox / ours" + "".join(f"{ratio:>10.1f} ×" for ratio in ratios))
    one, other = (np.load(folder / f"{name}.npy") for name in (ours, theirs))
    difference = np.abs(one - other)
    beyond = float(np.mean(difference > tolerance))
    equal = beyond <= share_beyond
    verdict = f"{'equal' if equal else 'DIFFER'}: largest difference {difference.max():.1e}"
    print(f"  results {verdict}" + (f", {beyond:.3%} beyond the tolerance" if beyond else "") + "\n", flush=True)
    return equal


def main() -> int:
    """Parses the command line and runs the comparison; exit code 1 if results differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=3368)
    parser.add_argument("--gallery", type=int, default=15913)
    parser.add_argument("--dim", type=int, default=2048)
    parser.add_argument("--no-dense", action="store_true", help="leave out the dense re-ranking, which takes minutes")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure, arguments.folder)
        return 0

    python = toolbox_python()
    images = arguments.queries + arguments.gallery
    print(f"{arguments.queries:,} queries, {arguments.gallery:,} gallery images, {arguments.dim} dimensions")
    print(f"{len(os.sched_getaffinity(0))} CPU cores; load before the start {os.getloadavg()[0]:.1f} (0 is idle)\n")
    print(f"{'':<16}{'time':>12}{'CPU time':>12}{'memory':>13}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder, arguments.queries, arguments.gallery, arguments.dim)
        # The toolbox goes by float32 matrix products, ours by exact distances. So a near-tie may move one query
        # by a rank, and change the neighbours of an image or two, which moves all distances to them.
        one_query = 1.5 / arguments.queries
        equal = compare("ours_rank", "toolbox_rank", folder, python, np.array([1e-5] + 50 * [one_query]))
        if arguments.no_dense:
            run_in_process(sys.executable, "ours_rerank", folder)
        elif _memory_available() < 8 * 4 * images**2:  # the dense code holds about seven N × N arrays at its peak
            run_in_process(sys.executable, "ours_rerank", folder)
            print(f"too little free memory for dense re-ranking: {8 * 4 * images**2 / 2**30:.0f} GB needed")
        else:
            equal &= compare("ours_rerank", "toolbox_rerank", folder, python, 1e-4, share_beyond=1e-3)
    return 0 if equal else 1


def _memory_available() -> int:
    line = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    sys.exit(main())
