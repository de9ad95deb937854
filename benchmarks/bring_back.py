"""Lays out what a run on a lent machine has made, in few and small files; benchmarks/device.sh calls it there.

    python benchmarks/bring_back.py KNOWN OUT COMMIT

It runs in the working folder of `reseen reproduce`. Into OUT goes ``results.tar.gz``: the result files and pictures
that the folder KNOWN has not got, with the commit, which a machine without git cannot tell; each run's ``metrics.csv``
and ``log.txt``; and config and card of the last checkpoint. Its weights follow in half precision, as ``weights-0`` … in
pieces of 15 MiB, if they fit into four.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

PIECE = 15 * 2**20
MOST = 4
"""Pieces: 64 MiB come back at once."""


def main(known: Path, out: Path, commit: str) -> None:
    done = [path for path in Path("results").glob("*.json") if not (known / path.name).exists()]
    for path in done:
        content = json.loads(path.read_text())
        content.setdefault("provenance", {})["commit"] = content.get("provenance", {}).get("commit") or commit
        path.write_text(json.dumps(content, indent=2) + "\n")
    runs = sorted(Path("runs").glob("*/log.txt"), key=lambda path: path.stat().st_mtime)
    with tarfile.open(out / "results.tar.gz", "w:gz") as archive:
        for path in done:
            for each in (path, path.with_suffix(".png")):
                if each.exists():
                    archive.add(each)
        for log in runs:
            for name in ("log.txt", "metrics.csv", "recipe.yaml"):
                if (log.parent / name).exists():
                    archive.add(log.parent / name)
        if runs and (last := runs[-1].parent / "last").is_dir():
            archive.add(last / "README.md", "README.md")
            with tempfile.TemporaryDirectory() as folder:
                config = json.loads((last / "config.json").read_text())
                config["weights"] = split(last / "model.safetensors", out)
                (Path(folder) / "config.json").write_text(json.dumps(config, indent=2) + "\n")
                archive.add(Path(folder) / "config.json", "config.json")
    print(*(f"{path.stat().st_size / 2**20:7.1f} MiB  {path.name}" for path in sorted(out.iterdir())), sep="\n")


def split(weights: Path, out: Path) -> str:
    """Writes weights in half precision, in pieces; returns the digest by which a checkpoint's config knows them."""
    content = {
        name: value.half() if value.dtype == torch.float32 else value for name, value in load_file(weights).items()
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "half.safetensors"
        save_file(content, file)
        data = file.read_bytes()
    if len(data) > MOST * PIECE:
        print(f"{weights} has {len(data) / 2**20:.0f} MiB in half precision: too much to come back")
        return ""
    for number, start in enumerate(range(0, len(data), PIECE)):
        (out / f"weights-{number}").write_bytes(data[start : start + PIECE])
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
