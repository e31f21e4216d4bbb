"""Region metrics of binary masks: J (intersection over union) and P (share of right pixels)."""

from __future__ import annotations

import numpy as np


def jaccard(mask: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of two boolean masks of one shape; 1 when both are empty."""
    union = np.logical_or(mask, truth).sum()
    return 1.0 if union == 0 else float(np.logical_and(mask, truth).sum() / union)


def pixel_precision(mask: np.ndarray, truth: np.ndarray) -> float:
    """Share of pixels on which two boolean masks agree."""
    return float((mask == truth).mean())
