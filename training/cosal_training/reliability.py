"""Calibration: is a pixel of .8 the object's in 80 of 100 cases? The expected calibration error, and its picture.

Naeini et al., Obtaining well calibrated probabilities using Bayesian binning (AAAI 2015); Guo et al., On calibration
of modern neural networks (ICML 2017). Each group counts the same, and in it each photograph.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

BINS = 15


def counts(mask: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Of an 8-bit mask's pixels by bin of probability, (3, `BINS`): their share, mean probability and object's share,
    the latter two times the share."""
    values = np.bincount(mask.ravel(), minlength=256).astype(np.float64)
    right = np.bincount(mask[truth], minlength=256).astype(np.float64)
    probability = np.arange(256) / 255
    index = np.minimum((probability * BINS).astype(int), BINS - 1)
    rows = (values, values * probability, right)
    return np.stack([np.bincount(index, row, BINS) for row in rows]) / mask.size


def calibration_error(found: np.ndarray) -> float:
    """ECE (0..1) of a mean of `counts`: how far probability and share lie apart, mean over pixels."""
    return float(np.abs(found[1] - found[2]).sum())


def draw(curves: dict[str, np.ndarray], path: Path) -> None:
    """The reliability diagram of one or more means of `counts`, by name: .png, .svg or .pdf."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, 4.2))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for name, found in curves.items():
        some = found[0] > 0
        axes.plot(
            found[1][some] / found[0][some],
            found[2][some] / found[0][some],
            marker="o",
            markersize=3,
            label=f"{name}: ECE {calibration_error(found):.3f}",
        )
    axes.set(xlabel="probability", ylabel="share of pixels that are the object's", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, loc="upper left")
    figure.savefig(path, dpi=140, bbox_inches="tight")
