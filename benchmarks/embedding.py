"""Images a second and peak memory from JPEG files to descriptors, beside a public toolbox's extractor.

    python benchmarks/embedding.py
    python benchmarks/embedding.py --images 512 --engines torchreid torch openvino

ResNet-50 with the same weights everywhere (random ones: the time does not depend on them), pictures of 128x64 that are
resized, no mirror images. The toolbox is torchreid's FeatureExtractor from PyPI (MIT), called with 64 paths at a time,
in an environment of its own in reseen's cache folder that borrows NumPy and PyTorch from the one this runs in. Each
engine is a process of its own; "memory" is its peak above what it held with the model loaded and the first batch done,
and "cosine" the smallest between its descriptors and torchreid's. Graphs are exported before the clock starts. Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TOOLBOX = ("torchreid==0.2.5", "gdown", "beautifulsoup4", "soupsieve", "opencv-python-headless")
BATCH = 64
ENGINES = (
    "torchreid",
    "torch",
    "torch-bfloat16",
    "onnx",
    "openvino",
    "openvino-bfloat16",
    "onnx-int8",
    "openvino-int8",
)
Embed = Callable[[list[Path]], NDArray[np.float32]]


# --- pictures and models ------------------------------------------------------------------------------------


def draw(folder: Path, count: int) -> None:
    """Writes JPEG pictures of soft patches of colour with some grain, of Market-1501's size."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(count):
        patches = Image.fromarray(rng.integers(0, 256, (8, 4, 3), dtype=np.uint8)).resize((64, 128), Image.BICUBIC)
        grain = rng.normal(0, 8, (128, 64, 3))
        pixels = np.clip(np.asarray(patches) + grain, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:06d}.jpg", quality=90)


def write_models(folder: Path, height: int, width: int, engines: list[str]) -> None:
    """Writes one network as a checkpoint, as graphs, and as the toolbox reads it."""
    import torch

    from reseen import models
    from reseen.models import checkpoint
    from reseen.models.embedder import EmbedderConfig

    torch.manual_seed(0)
    model = models.build(models.config_of({"system": "ide", "backbone": "resnet50", "last_stride": 2, "neck": "none"}))
    config = EmbedderConfig(size=(height, width), flip=False)
    checkpoint.save(folder / "float32", model, config, card="")
    low = config.model_copy(update={"precision": "bfloat16"})
    checkpoint.save(folder / "bfloat16", model, low, card="")
    backbone = {name.removeprefix("backbone.net."): value for name, value in model.state_dict().items()}
    torch.save(backbone, folder / "toolbox.pth")
    for name in engines:
        engine, _, kind = name.partition("-")
        if engine in ("onnx", "openvino"):
            write_graph(folder / name, engine, low if kind == "bfloat16" else config, model, kind == "int8")


def write_graph(folder: Path, engine: Any, config: Any, model: Any, eight: bool) -> None:
    """Writes a graph as `reseen export` does, but for the checks, which would need a data set."""
    from reseen.checkpoint_files import GRAPH_FILES
    from reseen.data.person import PersonImage
    from reseen.export import quantising
    from reseen.models import checkpoint
    from reseen.models.backends.graph import form_of, write_onnx

    folder.mkdir()
    form = form_of(model.eval(), config.size)
    plain = folder / GRAPH_FILES["onnx"]
    write_onnx(model, form, config.size, plain)
    known = [PersonImage(path, 1, 1) for path in sorted((folder.parent / "pictures").iterdir())[:32]] if eight else []
    quantising.write_graph(
        plain, plain.with_name(GRAPH_FILES[engine]), engine, list(quantising.inputs_of(form, config, known))
    )
    if engine != "onnx":
        plain.unlink()
    checkpoint.save_graph(folder, form, engine, config, card="")


# --- engines ----------------------------------------------------------------------------------------------------


def ours(folder: Path, engine: str) -> Embed:
    import reseen

    places = {"torch": "float32", "torch-bfloat16": "bfloat16"}
    model = reseen.load(folder / places.get(engine, engine))
    return lambda paths: model.embed(paths, batch_size=BATCH).features


def toolbox(folder: Path, size: tuple[int, int]) -> Embed:
    import torch
    from torchreid.reid.utils import FeatureExtractor

    extract = FeatureExtractor("resnet50", str(folder / "toolbox.pth"), image_size=size, device="cpu", verbose=False)

    def embed(paths: list[Path]) -> NDArray[np.float32]:
        batches = [[str(path) for path in paths[start : start + BATCH]] for start in range(0, len(paths), BATCH)]
        return torch.cat([extract(batch) for batch in batches]).numpy()

    return embed


def measure(engine: str, folder: Path, size: tuple[int, int]) -> None:
    """Runs in the child process: writes the descriptors to a file and prints the figures as JSON."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    paths = sorted((folder / "pictures").iterdir())
    embed = toolbox(folder, size) if engine == "torchreid" else ours(folder, engine)
    embed(paths[:BATCH])  # what a first time costs (compiling, buffers) is not the rate
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before, wall, cpu = memory("VmRSS"), time.perf_counter(), time.process_time()
    features = embed(paths)
    seconds = time.perf_counter() - wall
    figures = {
        "images_per_second": len(paths) / seconds,
        "cpu_seconds": time.process_time() - cpu,
        "megabytes": memory("VmHWM") - before,
        "megabytes_in_all": memory("VmHWM"),
    }
    np.save(folder / f"{engine}.npy", features)
    print(json.dumps(figures))


def memory(field: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def toolbox_python() -> Path:
    """Returns the interpreter of the toolbox's environment, which is made on the first call."""
    cache = Path(os.environ.get("RESEEN_CACHE") or Path.home() / ".cache" / "reseen")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = cache / "benchmarks" / f"torchreid-extractor-python{version}"
    python, stamp = folder / "bin" / "python", folder / "installed"
    if not stamp.is_file():
        print(f"installing {TOOLBOX[0]} into {folder}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        # Without dependencies: it borrows those that count, and needs none of the rest to extract.
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", *TOOLBOX], check=True)
        stamp.touch()
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "host.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--size", type=int, nargs=2, default=(256, 128), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    height, width = given.size
    if given.measure:
        measure(given.measure, given.folder, (height, width))
        return
    python = toolbox_python() if "torchreid" in given.engines else None
    cores = len(os.sched_getaffinity(0))
    print(f"{given.images:,} JPEG pictures, ResNet-50 at {height}x{width}, batches of {BATCH}, {cores} CPU cores")
    print(f"load before the start {os.getloadavg()[0]:.1f} (0 is idle)\n", flush=True)
    print(f"{'':<20}{'images/s':>10}{'':>8}{'CPU':>10}{'memory':>11}{'in all':>11}{'cosine':>10}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder / "pictures", given.images)
        write_models(folder, height, width, given.engines)
        first: dict[str, Any] = {}
        for engine in given.engines:
            command = [str(python if engine == "torchreid" else sys.executable), __file__, "--measure", engine]
            command += ["--folder", str(folder), "--size", str(height), str(width)]
            child = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            figures = json.loads(child.stdout.splitlines()[-1])
            features = np.load(folder / f"{engine}.npy").astype(np.float64)
            features /= np.linalg.norm(features, axis=1, keepdims=True)
            first = first or {"rate": figures["images_per_second"], "features": features}
            print(
                f"{engine:<20}{figures['images_per_second']:>10.1f}"
                f"{figures['images_per_second'] / first['rate']:>7.2f}×{figures['cpu_seconds']:>8.1f} s"
                f"{figures['megabytes']:>8.0f} MB{figures['megabytes_in_all']:>8.0f} MB"
                f"{(features * first['features']).sum(1).min():>10.5f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
