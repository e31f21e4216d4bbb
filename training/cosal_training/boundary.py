"""Boundary F: how well a mask's outline lies on the drawn one (Perazzi et al., DAVIS, CVPR 2016)."""

from __future__ import annotations

import cv2
import numpy as np

TOLERANCE = 0.0075
"""Of the photograph's diagonal; in pixels it is rounded up, as DAVIS does."""


def boundary_f(mask: np.ndarray, truth: np.ndarray) -> float:
    """F of the outlines of two boolean masks of one shape: precision and recall of their pixels within `TOLERANCE`.

    1 when neither has an outline, 0 when one of them has none.
    """
    found, drawn = _outline(mask), _outline(truth)
    if not found.any() or not drawn.any():
        return float(not found.any() and not drawn.any())
    radius = int(np.ceil(np.hypot(*mask.shape) * TOLERANCE))
    precision = float((_distance(drawn)[found] <= radius).mean())
    recall = float((_distance(found)[drawn] <= radius).mean())
    return 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)


def _outline(mask: np.ndarray) -> np.ndarray:
    """Pixels that differ from the one below, to the right, or across; a border of the photograph is no outline."""
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    below, right, across = padded[1:, :-1], padded[:-1, 1:], padded[1:, 1:]
    return (mask != below) | (mask != right) | (mask != across)


def _distance(outline: np.ndarray) -> np.ndarray:
    """Pixels from each pixel to the nearest of an outline."""
    return cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
