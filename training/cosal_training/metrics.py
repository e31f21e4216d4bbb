"""Metrics of masks against drawn ones, per group.

J and P are of the mask at threshold 0.5. S, F, E and MAE are those of PySODMetrics (the usual protocol of
co-salient object detection: F and E over 256 thresholds, maximum of the mean curve, its mean, and at the
adaptive threshold), on the 8-bit soft mask.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from py_sod_metrics import MAE, Emeasure, Fmeasure, Smeasure

NAMES = ("J", "P", "S", "Fmax", "Fmean", "Fadp", "Emax", "Emean", "Eadp", "MAE")
"""Columns of a full evaluation."""


def jaccard(mask: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of two boolean masks of one shape; 1 when both are empty."""
    union = np.logical_or(mask, truth).sum()
    return 1.0 if union == 0 else float(np.logical_and(mask, truth).sum() / union)


def pixel_precision(mask: np.ndarray, truth: np.ndarray) -> float:
    """Share of pixels on which two boolean masks agree."""
    return float((mask == truth).mean())


def region_metrics(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Mean J and P over pairs of (8-bit soft mask, boolean truth)."""
    binary = [(mask >= 128, truth) for mask, truth in pairs]
    return {
        "J": float(np.mean([jaccard(m, t) for m, t in binary])),
        "P": float(np.mean([pixel_precision(m, t) for m, t in binary])),
    }


def all_metrics(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Every column of `NAMES` over pairs of (8-bit soft mask, boolean truth). About 50 ms a pair."""
    pairs = list(pairs)
    s, f, e, mae = Smeasure(), Fmeasure(), Emeasure(), MAE()
    for mask, truth in pairs:
        for metric in (s, f, e, mae):
            metric.step(pred=mask, gt=truth.astype(np.uint8) * 255)
    fm, em = f.get_results()["fm"], e.get_results()["em"]
    return {
        **region_metrics(pairs),
        "S": float(s.get_results()["sm"]),
        "Fmax": float(fm["curve"].max()),
        "Fmean": float(fm["curve"].mean()),
        "Fadp": float(fm["adp"]),
        "Emax": float(em["curve"].max()),
        "Emean": float(em["curve"].mean()),
        "Eadp": float(em["adp"]),
        "MAE": float(mae.get_results()["mae"]),
    }
