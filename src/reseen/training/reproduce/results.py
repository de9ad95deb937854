"""Result files: a run's ``report.json``, kept in ``results/`` under the name of the recipe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reseen.errors import ReseenError, one_line
from reseen.training.reproduce.figures import figures_of

RESULTS = Path("results")
"""Where results lie, in the working folder."""
UNKNOWN = "not recorded"
"""What is said of a result whose file is older than what it is asked for."""


@dataclass(frozen=True)
class Result:
    """What a run has reached, and how it was made.

    Attributes:
        name: The file's name, without its suffix.
        content: Of the file.
    """

    name: str
    content: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Result:
        """Reads a result file.

        Raises:
            ReseenError: If it holds no report.
        """
        try:
            content = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise ReseenError(f"cannot read result {path}: {one_line(error)}; run it again") from error
        if not isinstance(content, dict) or not figures_of(content):
            raise ReseenError(f"{path} holds no figures of an evaluation; run it again")
        return cls(path.stem, content)

    @property
    def figures(self) -> dict[str, float]:
        """In %, by name."""
        return figures_of(self.content)

    @property
    def is_traced(self) -> bool:
        """Whether the file says by which code and on which machine it was made."""
        return "provenance" in self.content

    @property
    def as_run(self) -> dict[str, Any] | None:
        """The recipe it was made by, whole; None if not recorded."""
        as_run: dict[str, Any] | None = self.content.get("as_run")
        return as_run

    @property
    def changes(self) -> Mapping[str, Any]:
        """What differed from the recipe as it was stored when the result was kept, by key."""
        changes: Mapping[str, Any] = self.content.get("changes", {})
        return changes

    @property
    def commit(self) -> str:
        """Of the code."""
        return str(self._made("commit") or UNKNOWN)

    @property
    def seed(self) -> str:
        """Of everything random."""
        seed = self._made("seed")
        return UNKNOWN if seed is None else str(seed)

    @property
    def hardware(self) -> str:
        """The processor it was computed on."""
        hardware = self._made("hardware")
        if hardware is None:
            return UNKNOWN
        if str(self._made("device")).startswith("cuda") and hardware["gpus"]:
            return str(hardware["gpus"][0])
        return f"{hardware['cpu']}, {hardware['cores']} cores"

    @property
    def seconds(self) -> float | None:
        """Wall time of the training; None if not recorded."""
        return self.content.get("training_seconds")

    @property
    def cost(self) -> str:
        """Parameters and multiply-adds of the system that was trained."""
        cost = self.content.get("cost")
        return UNKNOWN if cost is None else f"{cost['parameters'] / 1e6:.1f} M, {cost['multiply_adds'] / 1e9:.2f} G"

    @property
    def memory(self) -> str:
        """The most memory held at once."""
        peak = self._made("peak_memory_bytes")
        if peak is None:
            return UNKNOWN
        return ", ".join(f"{size / 2**30:.1f} GiB{' GPU' if name == 'gpu' else ''}" for name, size in peak.items())

    @property
    def speed(self) -> str:
        """Of the training: images a second, and which share of the time the GPU was busy, if it was one."""
        if not self.rate:
            return UNKNOWN
        speed = self.content["speed"]
        busy = f", GPU busy {100 * speed['gpu_busy']:.0f} %" if "gpu_busy" in speed else ""
        return f"{self.rate} images/s{busy}"

    @property
    def rate(self) -> str:
        """Images a second of the training; empty if not recorded."""
        rate = self.content.get("speed", {}).get("images_per_second")
        return "" if rate is None else f"{rate:,.0f}"

    def _made(self, key: str) -> Any:
        return self.content.get("provenance", {}).get(key)


def duration(seconds: float | None) -> str:
    """Returns a wall time as tables have it."""
    if seconds is None:
        return UNKNOWN
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
