"""Scores as a table to read and as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from .bootstrap import intervals
from .evaluate import GroupScore, mean_of
from .metrics import NAMES
from .presence import area_under_curve
from .reliability import calibration_error

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


WRONG = 0.5
"""A mask of a lower J is a wrong one: what confidence must tell."""


def trust(scores: list[GroupScore]) -> dict[str, float]:
    """How far the masks' values can be trusted: the calibration error of their probabilities, groups weighed alike;
    and where the model tells a confidence, how well it tells wrong masks and how far from J it is on the mean."""
    found = {"calibration error (ECE)": calibration_error(calibration(scores))}
    told = [
        (item.confidence, item.jaccard) for score in scores for item in score.items if item.confidence is not None
    ]
    if told:
        right, wrong = [c for c, j in told if j >= WRONG], [c for c, j in told if j < WRONG]
        if right and wrong:
            found[f"confidence: AUC, J under {WRONG}"] = area_under_curve(right, wrong)
        found["confidence: mean error"] = float(np.mean([abs(c - j) for c, j in told]))
        found["confidence: mean"] = float(np.mean([c for c, _ in told]))
    return found


def calibration(scores: list[GroupScore]) -> np.ndarray:
    """`reliability.counts`, mean over groups of the mean over their images."""
    return np.mean([np.mean([item.counts for item in score.items], 0) for score in scores], 0)


def write_csv(scores: list[GroupScore], path: Path) -> None:
    """The rows of `table` with five decimals."""
    names = columns(scores)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["group", "images", *names])
        for label, images, metrics in rows(scores):
            writer.writerow([label, images, *(f"{metrics[n]:.5f}" for n in names)])


def write_figures(figures: dict[str, dict[str, float]], path: Path) -> None:
    """Other figures, by what they are of: a line for each."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["of", "figure", "value"])
        for title, found in figures.items():
            writer.writerows([title, name, f"{value:.5f}"] for name, value in found.items())
