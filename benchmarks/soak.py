"""The application under load: one user, 20 users, 32 clients for five minutes on 100,000 rows, 10,000 made-up calls.

    python benchmarks/soak.py
    python benchmarks/soak.py --rows 10000 --minutes 0.5 --calls 500

Prints percentiles of each kind of call beside what was aimed at, how large the first page is and how soon it can be
used in Chromium, errors, and how the server's memory goes. Users think for a second after each answer; clients never
do. Rows have made-up descriptors and attributes, and one picture between them all. The calls are made up by
schemathesis from the API's description; none may make the server fail. Ends with 1 after an error, a failure, or if
memory grows; marks that are missed are only printed. Linux only.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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
PICTURE, ROW = "search by a picture that is sent", "search by a row's descriptor"
MARKS = {("1 user", ROW): 100, ("1 user", PICTURE): 1000, ("20 users", ROW): 500}
"""Milliseconds within which 95 of 100 calls are to be answered."""
FIRST_PAGE = 150_000
"""Bytes of the first page with all that it loads."""
USABLE = 1000
"""Milliseconds after which somebody can search on it: it is read, and its scripts have run."""
VISITS = 10
GROWTH = 0.03
"""So much more memory may be held in the last fifth of the time than in the second."""


@dataclass
class Load:
    """What some clients have seen.

    Attributes:
        name: Who they were.
        times: Seconds each call took, by kind.
        errors: Answers that were none.
    """

    name: str
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)

    def show(self) -> None:
        print(f"\n{self.name}: {sum(map(len, self.times.values())):,} calls, {len(self.errors)} errors")
        for kind, taken in self.times.items():
            p50, p95, p99 = np.percentile(taken, [50, 95, 99]) * 1000
            mark = MARKS.get((self.name, kind))
            aim = "" if mark is None else f"   aim {mark} ms: {'met' if p95 <= mark else 'missed'}"
            print(f"{kind:<33} {len(taken):>7,}   p50 {p50:6.0f} ms   p95 {p95:6.0f} ms   p99 {p99:6.0f} ms{aim}")
        for error in self.errors[:5]:
            print(f"  {error}")


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


@contextmanager
def served(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serves the gallery as `reseen serve` does, and waits until it answers."""
    command = [sys.executable, "-m", "reseen.cli", "serve", str(folder / "hall"), "--model", str(folder / "last")]
    server = subprocess.Popen([*command, "--port", str(port), "--device", "cpu"])
    try:
        while server.poll() is None:
            try:
                httpx2.get(f"http://127.0.0.1:{port}/health")
                break
            except httpx2.HTTPError:
                time.sleep(0.5)
        yield server
    finally:
        server.terminate()
        server.wait()


def visit(address: str, picture: bytes, until: float, pause: float, load: Load) -> None:
    """Does what a visitor does, over and over: searches by picture and by row, pages on, looks at facets."""
    with httpx2.Client(base_url=address, timeout=120) as http:

        def call(kind: str, method: str, path: str, **content: object) -> httpx2.Response:
            began = time.perf_counter()
            answer = http.request(method, path, **content)  # type: ignore[arg-type]
            load.times[kind].append(time.perf_counter() - began)
            if answer.is_error:
                load.errors.append(f"{answer.status_code} {path}: {answer.text[:120]}")
            time.sleep(pause)
            return answer

        purpose = {"purpose": "soak"}
        while time.monotonic() < until:
            found = call(PICTURE, "POST", "/api/searches", data=purpose, files=[("picture", ("q.jpg", picture))])
            row = found.json()["results"][0]["id"] if found.is_success else ""
            data = {**purpose, "like_ref": [f"row:{row}"]}
            call(ROW, "POST", "/api/searches", data=data)
            chosen = {"camera": ["3", "4"], "where": "hat=yes"}
            again = call("the same, filtered", "POST", "/api/searches", data={**data, **chosen})
            if again.is_success:
                path = f"/api/searches/{again.json()['id']}"
                call("next page of the list", "GET", path, params={"cursor": "24"})
                call("its page for people", "GET", path.removeprefix("/api"), headers={"accept": "text/html"})
            call("facets", "GET", "/api/facets", params={"where": "hat=yes"})
            call("browse", "GET", "/api/rows")


def soak(name: str, address: str, picture: bytes, clients: int, seconds: float, pause: float) -> Load:
    """Lets clients visit, and prints how it went."""
    load, until = Load(name), time.monotonic() + seconds
    visitors = [threading.Thread(target=visit, args=(address, picture, until, pause, load)) for _ in range(clients)]
    for visitor in visitors:
        visitor.start()
        time.sleep(pause / clients)
    for visitor in visitors:
        visitor.join()
    load.show()
    return load


@contextmanager
def watched(server: subprocess.Popen[bytes], grown: list[str]) -> Iterator[None]:
    """Looks at a process's memory once a second, and notes if it grows."""
    held: list[float] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(1.0):
            status = Path(f"/proc/{server.pid}/status").read_text()
            held.append(next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmRSS")))

    watcher = threading.Thread(target=look)
    watcher.start()
    yield
    done.set()
    watcher.join()
    fifth = max(1, len(held) // 5)
    early, late = float(np.median(held[fifth : 2 * fifth] or held)), float(np.median(held[-fifth:]))
    print(f"memory: {held[0]:,.0f} MB at first, {early:,.0f} MB in the second fifth, {late:,.0f} MB in the last")
    if late > early * (1 + GROWTH):
        grown.append(f"memory grows: from {early:,.0f} to {late:,.0f} MB")


def first_page(address: str) -> None:
    """Prints how many bytes the first page has, with style and scripts."""
    page = httpx2.get(address, headers={"accept": "text/html"})
    loaded = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text))
    total = len(page.content) + sum(len(httpx2.get(address + path).content) for path in loaded)
    verdict = "met" if total <= FIRST_PAGE else "missed"
    print(f"\nfirst page: {total:,} bytes in {1 + len(loaded)} files, aim {FIRST_PAGE:,}: {verdict}")


def usable(address: str) -> None:
    """Prints after how long the first page can be used in Chromium, by visitors whose browsers know nothing of it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("first page: there is no chromium to look at it")
        return
    from playwright.sync_api import sync_playwright

    taken: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(VISITS):
            with browser.new_context(base_url=address) as visitor:
                page = visitor.new_page()
                page.goto("/", wait_until="domcontentloaded")
                page.locator("#search [name=purpose]").fill("usable")
                taken.append(page.evaluate("performance.now()"))
        browser.close()
    worst = max(taken)
    print(
        f"first page usable in Chromium: median {np.median(taken):.0f} ms, worst of {VISITS} {worst:.0f} ms, "
        f"aim {USABLE} ms: {'met' if worst <= USABLE else 'missed'}"
    )


def made_up_calls(address: str, calls: int) -> list[str]:
    """Lets schemathesis make up calls until they are enough; returns what is wrong if the server failed in one of them.

    Of an operation without parameters it makes up one call a round, so that one round of as many calls for each would
    be too few.
    """
    paths = httpx2.get(f"{address}/openapi.json").json()["paths"]
    count = -(-calls // sum(len(methods) for methods in paths.values()))
    program = str(Path(sys.executable).with_name("schemathesis"))
    command = [program, "run", f"{address}/openapi.json", "--checks", "not_a_server_error", "--phases", "fuzzing"]
    command += ["--request-timeout", "120"]  # a deletion writes all rows anew
    command += ["--continue-on-failure", "--exclude-path-regex", "events"]
    made = 0
    while made < calls:
        done = subprocess.run([*command, "-n", str(count)], stdout=subprocess.PIPE, text=True, check=False)
        print(done.stdout, flush=True)
        told = re.search(r"([\d,]+) generated", done.stdout)
        if done.returncode != 0 or told is None:
            return ["a made-up call made the server fail"]
        fresh = int(told[1].replace(",", ""))
        made += fresh
        count = max(1, -(-count * (calls - made) // fresh))
    print(f"{made:,} made-up calls, none made the server fail")
    return []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("rows", 100_000), ("clients", 32), ("calls", 10_000), ("port", 8911)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--minutes", type=float, default=5.0, help="of the clients; users take half as long")
    told = parser.parse_args()
    address, seconds, wrong = f"http://127.0.0.1:{told.port}", 60 * told.minutes, []
    with tempfile.TemporaryDirectory(prefix="soak-") as place:
        folder = Path(place)
        write(folder, told.rows)
        with served(folder, told.port) as server:
            picture = picture_file(folder).read_bytes()
            visit(address, picture, time.monotonic() + 1, 0, Load("what is read once is read"))
            first_page(address)
            usable(address)
            loads = [soak("1 user", address, picture, 1, seconds / 4, 0)]
            loads += [soak("20 users", address, picture, 20, seconds / 4, 1)]
            with watched(server, wrong):
                loads += [soak(f"{told.clients} clients", address, picture, told.clients, seconds, 0)]
            wrong += [f"{len(load.errors)} errors with {load.name}" for load in loads if load.errors]
            wrong += made_up_calls(address, told.calls) if told.calls else []
    for each in wrong:
        print(each)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
