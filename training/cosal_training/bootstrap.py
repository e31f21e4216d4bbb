"""How sure a mean over groups is: percentile intervals of a bootstrap (Efron, 1979), 95 %."""

from __future__ import annotations

import numpy as np

from .metrics import summary

Interval = tuple[float, float]
RESAMPLES = 2000
PERCENTILES = (2.5, 97.5)


def intervals(groups: list[np.ndarray], *, images: bool, seed: int = 0) -> dict[str, Interval]:
    """For each metric, where 95 % of the means over resampled groups lie.

    groups: per group its images' `measure` vectors, (N, K). images: resample the images within each group too.
    Few groups give wide intervals: they are the honest answer to "on other kinds of objects?".
    """
    rng = np.random.default_rng(seed)
    pools = [_resampled(rng, vectors) if images else [summary(vectors.mean(0))] for vectors in groups]
    names = list(pools[0][0])
    values = np.array([[[found[name] for name in names] for found in pool] for pool in pools])
    chosen = rng.integers(len(groups), size=(RESAMPLES, len(groups)))
    draws = rng.integers(values.shape[1], size=chosen.shape)
    low, high = np.percentile(values[chosen, draws].mean(1), PERCENTILES, axis=0)
    return {name: (float(a), float(b)) for name, a, b in zip(names, low, high, strict=True)}


def interval(values: np.ndarray, *, seed: int = 0) -> Interval:
    """Where 95 % of the means over resampled groups lie, of one value each."""
    chosen = np.random.default_rng(seed).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.percentile(values[chosen].mean(1), PERCENTILES)
    return float(low), float(high)


def _resampled(rng: np.random.Generator, vectors: np.ndarray) -> list[dict[str, float]]:
    """The metrics of as many images, drawn with replacement."""
    counts = rng.multinomial(len(vectors), np.full(len(vectors), 1 / len(vectors)), size=RESAMPLES)
    return [summary(mean) for mean in counts @ vectors / len(vectors)]
