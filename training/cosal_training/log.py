"""The log of a training: CSV with a line per step."""

from __future__ import annotations

import csv
from pathlib import Path

from .losses import LossConfig


class Log:
    def __init__(self, path: Path, start: int) -> None:
        """Go on after step `start` - 1; what an interrupted run wrote beyond its checkpoint goes."""
        self.path = path
        self.fields = ["step", "total", "seconds", *LossConfig().terms()]
        kept = []
        if start and path.exists():
            with path.open(newline="") as file:
                kept = [row for row in csv.DictReader(file) if int(row["step"]) < start]
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, self.fields, restval="")
            writer.writeheader()
            writer.writerows(kept)

    def write(self, step: int, terms: dict[str, float], total: float, seconds: float) -> None:
        row = {"step": step, "total": f"{total:.5f}", "seconds": f"{seconds:.3f}"}
        row |= {name: f"{value:.5f}" for name, value in terms.items()}
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, self.fields, restval="").writerow(row)
