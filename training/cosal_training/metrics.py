"""What is measured of masks against drawn ones.

J, P and B are of the mask at threshold 0.5; B is the boundary F of DAVIS (`boundary`). S, F, E and MAE are those of
PySODMetrics (the usual protocol of co-salient object detection: F and E over 256 thresholds, maximum of the mean
curve, its mean, and at the adaptive threshold), on the 8-bit soft mask.
"""

from __future__ import annotations

import numpy as np
from py_sod_metrics import MAE, Emeasure, FmeasureHandler, FmeasureV2, Smeasure

from .boundary import boundary_f

NAMES = ("J", "P", "B", "S", "Fmax", "Fmean", "Fadp", "Emax", "Emean", "Eadp", "MAE")
"""Columns of a full evaluation."""

REGION = ("J", "P", "B")
THRESHOLDS = 256


def jaccard(mask: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of two boolean masks of one shape; 1 when both are empty."""
    union = np.logical_or(mask, truth).sum()
    return 1.0 if union == 0 else float(np.logical_and(mask, truth).sum() / union)


def pixel_precision(mask: np.ndarray, truth: np.ndarray) -> float:
    """Share of pixels on which two boolean masks agree."""
    return float((mask == truth).mean())


def measure(mask: np.ndarray, truth: np.ndarray, *, everything: bool = False) -> np.ndarray:
    """What one image adds to the metrics: a vector whose mean over images `summary` reads.

    mask: 8-bit, soft; truth: boolean, of the same shape. everything: S, F, E and MAE too, about 50 ms an image.
    """
    binary = mask >= 128
    region = [jaccard(binary, truth), pixel_precision(binary, truth), boundary_f(binary, truth)]
    if not everything:
        return np.array(region)
    f = FmeasureV2({"fm": FmeasureHandler(with_dynamic=True, with_adaptive=True, beta=0.3)})
    s, e, mae = Smeasure(), Emeasure(), MAE()
    for metric in (s, f, e, mae):
        metric.step(pred=mask, gt=truth.astype(np.uint8) * 255)
    fm, em = f.get_results()["fm"], e.get_results()["em"]
    scalars = [s.get_results()["sm"], fm["adaptive"], em["adp"], mae.get_results()["mae"]]
    return np.concatenate([region, scalars, fm["dynamic"], em["curve"]])


def summary(mean: np.ndarray) -> dict[str, float]:
    """The metrics of a set of images from the mean of their `measure` vectors."""
    found = dict(zip(REGION, mean.tolist(), strict=False))
    if len(mean) > len(REGION):
        first = len(REGION)
        s, f_adaptive, e_adaptive, mae = mean[first : first + 4].tolist()
        f, e = np.split(mean[first + 4 :], [THRESHOLDS])
        found |= {"S": s, "Fmax": float(f.max()), "Fmean": float(f.mean()), "Fadp": f_adaptive}
        found |= {"Emax": float(e.max()), "Emean": float(e.mean()), "Eadp": e_adaptive, "MAE": mae}
    return found
