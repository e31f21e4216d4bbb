"""A second look at a photograph, in a window around its mask: what the engine's `second-look.ts` does.

What is small is seen larger; both looks' logits are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .group_model import GroupModel, Tensors
from .likeness import without_unlike

MARGIN = 0.5
"""Left around a mask on each side, as a share of the mask's own size."""
SMALLEST = 0.5
"""Of a photograph's sides: smaller windows would take more memory than a Worker has."""
LARGEST = 0.8
"""Of a photograph's area: larger windows would show nothing new."""


@dataclass(frozen=True)
class Window:
    """A part of a photograph, in shares of its sides, 0..1."""

    left: float
    top: float
    width: float
    height: float


def look_again(
    model: GroupModel, image: np.ndarray, encoded: Tensors, logits: np.ndarray, consensus: np.ndarray
) -> np.ndarray:
    """A mask after both looks, twice as fine, or as it was where a second one would show nothing new.

    image: RGB uint8 (H, W, 3), encoded: what it was encoded to; logits (h, w) of the first look, of which nothing
    unlike is left.
    """
    window = window_around(logits)
    if window is None:
        return logits
    again = model.encode(sample_window(model, image, window)[None])[0]
    second = model.run("decoder", {**again, "consensus": consensus})["logits"][0, 0]
    found = combined(logits, second, window)
    if model.likeness is None:
        return found
    return without_unlike(found, encoded["features"][0], consensus, model.likeness)


def window_around(logits: np.ndarray) -> Window | None:
    """Where to look again; None if there is no mask, or it is large. logits (h, w)."""
    rows, columns = np.where(logits >= 0)
    if len(rows) == 0:
        return None
    height, width = logits.shape
    left, across = _stretch(columns.min() / width, (columns.max() + 1) / width)
    top, down = _stretch(rows.min() / height, (rows.max() + 1) / height)
    return None if across * down > LARGEST else Window(left, top, across, down)


def _stretch(start: float, end: float) -> tuple[float, float]:
    """A stretch of an axis with its margins: start and length, 0..1."""
    margin = max(MARGIN * (end - start), (SMALLEST - (end - start)) / 2)
    length = min(1.0, end - start + 2 * margin)
    return min(max(0.0, start - margin), 1 - length), length


def sample_window(model: GroupModel, image: np.ndarray, window: Window) -> np.ndarray:
    """The network's input (3, S, S) for a window: a part of the photograph, at the input's size."""
    size = model.input.size
    width, height = round(size / window.width), round(size / window.height)
    x, y = min(round(window.left * width), width - size), min(round(window.top * height), height - size)
    return model.input.tensor(image, width, height)[:, y : y + size, x : x + size]


def combined(first: np.ndarray, second: np.ndarray, window: Window) -> np.ndarray:
    """Twice as fine as the first look: both looks' mean within the window, the first one's outside. (2h, 2w)"""
    height, width = 2 * first.shape[0], 2 * first.shape[1]
    y, x = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
    v, u = (y - window.top) / window.height, (x - window.left) / window.width
    once, again = _at(first, x, y), _at(second, u, v)
    within = ((v >= 0) & (v <= 1))[:, None] & ((u >= 0) & (u <= 1))[None]
    return np.where(within, (once + again) / 2, once).astype(first.dtype)


def _at(values: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Linear between the centres of pixels, edges repeated, at the shares x and y of the sides: (len(y), len(x))."""
    height, width = values.shape
    column, row = (np.clip(s * n - 0.5, 0, n - 1).astype(np.float32) for s, n in ((x, width), (y, height)))
    grid = np.meshgrid(column, row)
    return cv2.remap(values.astype(np.float32), *grid, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
