"""A run's curves as a picture: losses by step from `log.csv`, validation J from `validation.txt`."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

NOT_LOSSES = ("step", "seconds")
VALIDATION = re.compile(r"step (\d+): J ([\d.]+), each image alone ([\d.]+)")


class RunError(ValueError):
    """A folder is not that of a run."""


def read_log(run: Path) -> dict[str, np.ndarray]:
    """Columns of `log.csv` by name; NaN where a loss was off. Raises RunError."""
    path = run / "log.csv"
    if not path.is_file():
        raise RunError(f"{path} is missing: {run} is not the folder of a run")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise RunError(f"{path} holds no step yet")
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in rows[0]}


def read_validation(run: Path) -> np.ndarray:
    """Step, J of whole groups, J of each image alone: (N, 3); without rows where nothing was validated.

    Of a step that a resumed run came by again, the last line counts.
    """
    path = run / "validation.txt"
    found = VALIDATION.findall(path.read_text()) if path.is_file() else []
    by_step = {int(step): (step, whole, alone) for step, whole, alone in found}
    return np.array([by_step[step] for step in sorted(by_step)], np.float64).reshape(-1, 3)


def smoothed(values: np.ndarray) -> np.ndarray:
    """Running mean over a fiftieth of the run, of what is there at the ends."""
    window = np.ones(max(1, len(values) // 50))
    here = np.isfinite(values)
    sums = np.convolve(np.where(here, values, 0), window, "same")
    counts = np.convolve(here, window, "same")
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def draw(run: Path, output: Path) -> None:
    """Write the plot (.png, .svg or .pdf). Raises RunError."""
    log, validation = read_log(run), read_validation(run)
    figure = Figure(figsize=(9, 4.2 + 2.6 * bool(len(validation))), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2 if len(validation) else 1, sharex=True, squeeze=False)[:, 0]
    for name, values in log.items():
        if name not in NOT_LOSSES and np.isfinite(values).any():
            emphasis = {"linewidth": 2, "color": "black"} if name == "total" else {"linewidth": 1}
            axes[0].plot(log["step"], smoothed(values), label=name, **emphasis)
    axes[0].set(yscale="log", ylabel="loss", title=run.name)
    axes[0].legend(ncols=4, fontsize=8)
    if len(validation):
        axes[1].plot(validation[:, 0], validation[:, 1], marker="o", label="whole group")
        axes[1].plot(validation[:, 0], validation[:, 2], marker="o", label="each image alone")
        axes[1].set(ylabel="validation J")
        axes[1].legend(fontsize=8)
    axes[-1].set(xlabel="step")
    for axis in axes:
        axis.grid(alpha=0.3)
    figure.savefig(output, dpi=110)
