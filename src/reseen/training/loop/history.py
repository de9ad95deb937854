"""metrics.csv: one row an epoch, kept over interruptions."""

from __future__ import annotations

import csv
from pathlib import Path

from reseen.files import replacing


class History:
    """Rows of figures, rewritten to a CSV file with every new row.

    Args:
        path: The file; rows already in it are kept.
        before: Drop rows from this (phase, epoch) on, which a resumed run will write again.
    """

    def __init__(self, path: Path, before: tuple[int, int] | None = None) -> None:
        self.path = path
        self.rows: list[dict[str, str]] = []
        if before is not None and path.exists():
            with path.open(newline="") as file:
                rows = list(csv.DictReader(file))
            self.rows = [row for row in rows if (int(row["phase"]), int(row["epoch"])) < before]

    def speed(self) -> dict[str, float]:
        """Returns ``images_per_second`` of all epochs' steps, and ``gpu_busy`` where that was looked at.

        The latter is the mean over the epochs in which it was, each as much as it took time.
        """
        known = {name: [row for row in self.rows if row.get(name)] for name in ("images_per_second", "gpu_busy")}
        return {
            name: sum(float(row[name]) * float(row["seconds"]) for row in rows) / sum(float(r["seconds"]) for r in rows)
            for name, rows in known.items()
            if rows
        }

    def add(self, phase: int, epoch: int, figures: dict[str, float]) -> None:
        """Appends a row and writes the file whole."""
        row = {name: f"{value:.6g}" for name, value in figures.items()}
        self.rows.append({"phase": str(phase), "epoch": str(epoch), **row})
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        with replacing(self.path) as partial, partial.open("w", newline="") as file:
            writer = csv.DictWriter(file, names, restval="")
            writer.writeheader()
            writer.writerows(self.rows)
