"""The application under load: 32 clients for five minutes on 100,000 rows, then 10,000 calls by schemathesis.

    python benchmarks/soak.py
    python benchmarks/soak.py --rows 10000 --clients 8 --seconds 30 --calls 500

Prints percentiles of each kind of call, errors, and the server's memory at the beginning and in the end. Rows have
descriptors and attributes, and one picture between them all. schemathesis is called where it is installed
(pip install schemathesis). Linux only.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import httpx2
import numpy as np
import torch
from PIL import Image

from reseen import models
from reseen.descriptors.embeddings import Embeddings
from reseen.models import checkpoint
from reseen.models.embedder import EmbedderConfig
from reseen.search.gallery import Gallery

BATCH = 20_000


def write(folder: Path, rows: int) -> None:
    """Writes a small untrained model and a gallery of made-up rows."""
    torch.manual_seed(0)
    config = models.config_of({"system": "aanet", "backbone": "resnet18", "dim": 48, "num_identities": 8})
    checkpoint.save(folder / "last", models.build(config), EmbedderConfig(size=(128, 64)), card="# Made up\n")
    embedder = checkpoint.load(folder / "last")
    one = embedder.embed([picture_file(folder)])
    rng = np.random.default_rng(0)
    with Gallery.open(folder / "hall") as gallery:
        for start in range(0, rows, BATCH):
            count = min(BATCH, rows - start)
            attributes = {
                name: rng.dirichlet(np.ones(table.shape[1]), count) for name, table in (one.attributes or {}).items()
            }
            made = Embeddings(
                one.features
                + one.features.std() * rng.standard_normal((count, one.features.shape[1]), dtype=np.float32),
                np.full(count, -1),
                rng.integers(30, size=count),
                attributes,
                [f"made/{row}.jpg" for row in range(start, start + count)],
                one.model,
                one.parts,
                one.distance,
            )
            gallery.add(made, schema=embedder.schema, seconds=1.7e9 + np.arange(start, start + count))


def picture_file(folder: Path) -> Path:
    path = folder / "query.jpg"
    if not path.exists():
        noise = np.random.default_rng(1).integers(0, 256, (128, 64, 3), dtype=np.uint8)
        Image.fromarray(noise).save(path, quality=90)
    return path


def memory(process: subprocess.Popen[bytes]) -> float:
    """Returns how much memory a process holds, in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmRSS"))


def visit(address: str, picture: bytes, until: float, times: dict[str, list[float]], errors: list[str]) -> None:
    """Does what a visitor does, over and over: searches by picture and by row, pages on, looks at facets."""
    with httpx2.Client(base_url=address, timeout=60) as http:

        def call(kind: str, method: str, path: str, **content: object) -> httpx2.Response:
            began = time.perf_counter()
            answer = http.request(method, path, **content)  # type: ignore[arg-type]
            times[kind].append(time.perf_counter() - began)
            if answer.is_error:
                errors.append(f"{answer.status_code} {path}: {answer.text[:120]}")
            return answer

        purpose = {"purpose": "soak"}
        while time.monotonic() < until:
            found = call(
                "search by a picture", "POST", "/api/searches", data=purpose, files=[("picture", ("q.jpg", picture))]
            )
            row = found.json()["results"][0]["id"] if found.is_success else ""
            data = {**purpose, "like_ref": [f"row:{row}"], "camera": ["3", "4"], "where": "hat=yes"}
            again = call("search by a row, filtered", "POST", "/api/searches", data=data)
            if again.is_success:
                path = f"/api/searches/{again.json()['id']}"
                call("next page", "GET", path, params={"cursor": "24"})
                call("page", "GET", path.removeprefix("/api"), headers={"accept": "text/html"})
            call("facets", "GET", "/api/facets", params={"where": "hat=yes"})
            call("browse", "GET", "/api/rows")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("rows", 100_000), ("clients", 32), ("seconds", 300), ("calls", 10_000), ("port", 8911)):
        parser.add_argument(f"--{name}", type=int, default=value)
    told = parser.parse_args()
    address = f"http://127.0.0.1:{told.port}"
    with tempfile.TemporaryDirectory(prefix="soak-") as place:
        folder = Path(place)
        write(folder, told.rows)
        command = [sys.executable, "-m", "reseen.cli", "serve", str(folder / "hall"), "--model", str(folder / "last")]
        server = subprocess.Popen([*command, "--port", str(told.port), "--device", "cpu"])
        try:
            failed = soak(server, address, picture_file(folder).read_bytes(), told.clients, told.seconds)
            return int(failed or made_up_calls(address, told.calls))
        finally:
            server.terminate()
            server.wait()


def soak(server: subprocess.Popen[bytes], address: str, picture: bytes, clients: int, seconds: int) -> bool:
    """Lets clients visit, and prints how it went; returns whether there were errors."""
    while True:
        try:
            httpx2.get(f"{address}/health")
            break
        except httpx2.HTTPError:
            time.sleep(0.5)
    times: dict[str, list[float]] = defaultdict(list)
    errors: list[str] = []
    visit(address, picture, time.monotonic() + 3, defaultdict(list), errors)  # what is read once is read
    before = memory(server)
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=visit, args=(address, picture, until, times, errors)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{clients} clients, {seconds} s")
    for kind, taken in times.items():
        p50, p95, p99 = np.percentile(taken, [50, 95, 99]) * 1000
        print(f"{kind:<28} {len(taken):>7,} calls   p50 {p50:7.0f} ms   p95 {p95:7.0f} ms   p99 {p99:7.0f} ms")
    print(f"errors: {len(errors)}; memory {before:,.0f} MB before, {memory(server):,.0f} MB after")
    for error in errors[:5]:
        print(f"  {error}")
    return bool(errors)


def made_up_calls(address: str, calls: int) -> bool:
    """Lets schemathesis make up calls; returns whether the server failed in one of them."""
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent)) or shutil.which("schemathesis")
    if program is None:
        print("schemathesis is not installed: pip install schemathesis")
        return False
    paths = httpx2.get(f"{address}/openapi.json").json()["paths"]
    operations = sum(len(methods) for methods in paths.values())
    command = [program, "run", f"{address}/openapi.json", "--checks", "not_a_server_error", "--phases", "fuzzing"]
    command += ["-n", str(-(-calls // operations)), "--continue-on-failure", "--exclude-path-regex", "events"]
    return subprocess.run(command, check=False).returncode != 0


if __name__ == "__main__":
    sys.exit(main())
