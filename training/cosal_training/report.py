"""Scores as a table to read and as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

from .bootstrap import intervals
from .evaluate import GroupScore, mean_of
from .metrics import NAMES

Row = tuple[str, int, dict[str, float]]
"""Label, images, metrics."""


def rows(scores: list[GroupScore]) -> list[Row]:
    """A row per group, their mean, and the bounds of its 95 % intervals (`bootstrap`)."""
    names = columns(scores)
    images = sum(s.images for s in scores)
    found: list[Row] = [(s.group, s.images, s.metrics) for s in scores]
    found.append(("mean", images, {n: mean_of(scores, n) for n in names}))
    for label, inner in (("groups", False), ("groups, images", True)):
        bounds = intervals([s.vectors for s in scores], images=inner)
        for side, bound in enumerate(("2.5 %", "97.5 %")):
            found.append((f"{bound} {label}", images, {n: bounds[n][side] for n in names}))
    return found


def columns(scores: list[GroupScore]) -> list[str]:
    return [n for n in NAMES if n in scores[0].metrics]


def table(scores: list[GroupScore]) -> str:
    """A line per group, their mean, and where the mean lies (95 %) over other groups, or other groups and images."""
    names = columns(scores)
    lines = [f"{'group':<22} {'images':>6} " + " ".join(f"{n:>6}" for n in names)]
    for label, images, metrics in rows(scores):
        lines.append(f"{label:<22} {images:>6} " + " ".join(f"{metrics[n]:6.3f}" for n in names))
    return "\n".join(lines)


def write_csv(scores: list[GroupScore], path: Path) -> None:
    """The rows of `table` with five decimals."""
    names = columns(scores)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["group", "images", *names])
        for label, images, metrics in rows(scores):
            writer.writerow([label, images, *(f"{metrics[n]:.5f}" for n in names)])
