"""Parts of a mask that look unlike the group's object, left out: what the engine's `likeness.ts` does.

A pixel alone hardly tells a screen from the keyboard below it; the mean features of a whole part do.
"""

from __future__ import annotations

import cv2
import numpy as np

NOTHING = -8.0
"""Logit of what is dropped: a mask of less than 1/255."""


def without_unlike(logits: np.ndarray, features: np.ndarray, consensus: np.ndarray, least: float) -> np.ndarray:
    """The mask without those of its connected parts that are less than `least` times as much like the object as
    the part that is most.

    Likeness: cosine between a part's mean features and the object's in the consensus (the first half of its
    prototypes), both as seen from what surrounds the object (the second half). logits (h, w); features (C, r, c),
    a grid over the same image; consensus (2K, C); least 0..1.
    """
    labels, parts = parts_of(logits)
    if parts < 2:
        return logits
    of_object, surroundings = consensus.reshape(2, -1, consensus.shape[-1]).mean(1, dtype=np.float64)
    found = _mean_features(logits, labels, parts, features) - surroundings
    wanted = of_object - surroundings
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted)
    likeness = np.divide(found @ wanted, lengths, out=np.zeros(parts), where=lengths > 0)
    enough = least * likeness.max()
    return without_parts(logits, labels, np.append(False, (enough > 0) & (likeness < enough)))


def from_surroundings(weight: np.ndarray, features: np.ndarray, consensus: np.ndarray) -> float:
    """Likeness, -1..1, of a region to the object: its cosine as `without_unlike` takes it. 0 for an empty region.

    weight (h, w), how much each pixel counts; features (C, r, c); consensus (2K, C).
    """
    of_object, surroundings = consensus.reshape(2, -1, consensus.shape[-1]).mean(1, dtype=np.float64)
    cell = _cells(weight.shape, features)
    share = np.bincount(cell.ravel(), weight.ravel(), features[0].size)
    total = share.sum()
    if total == 0:
        return 0.0
    found = features.reshape(len(features), -1) @ share / total - surroundings
    wanted = of_object - surroundings
    length = np.linalg.norm(found) * np.linalg.norm(wanted)
    return float(found @ wanted / length) if length > 0 else 0.0


def parts_of(logits: np.ndarray) -> tuple[np.ndarray, int]:
    """Connected parts of the mask: labels from 1 (0 outside) and their number.

    Two logits that touch by a corner are of one part when the bilinear surface between them stays above 0.
    """
    inside = logits >= 0
    count, labels = cv2.connectedComponents(inside.astype(np.uint8), connectivity=4)
    parent = np.arange(count)
    for flip in (1, -1):
        z, own = logits[:, ::flip], labels[:, ::flip]
        a, b, c, d = z[:-1, :-1], z[:-1, 1:], z[1:, :-1], z[1:, 1:]
        joined = (a >= 0) & (d >= 0) & (b < 0) & (c < 0) & (a * d >= b * c)
        for first, second in zip(own[:-1, :-1][joined], own[1:, 1:][joined], strict=True):
            parent[_root(parent, first)] = _root(parent, second)
    roots = np.array([_root(parent, label) for label in range(count)])
    names, renamed = np.unique(roots, return_inverse=True)
    return renamed[labels], len(names) - 1


def without_parts(logits: np.ndarray, labels: np.ndarray, dropped: np.ndarray) -> np.ndarray:
    """Logits without the parts whose `dropped` is true (by label), and all that slopes down from them."""
    gone = dropped[labels]
    if not gone.any():
        return logits
    free = (labels == 0) & (logits > NOTHING)
    edge = gone
    while edge.any():
        height = np.pad(np.where(edge, logits, -np.inf), 1, constant_values=-np.inf)
        beside = np.max([height[:-2, 1:-1], height[2:, 1:-1], height[1:-1, :-2], height[1:-1, 2:]], 0)
        edge = free & ~gone & (logits <= beside)
        gone = gone | edge
    return np.where(gone, logits.dtype.type(NOTHING), logits)


def _root(parent: np.ndarray, label: int) -> int:
    while parent[label] != label:
        label = parent[label]
    return int(label)


def _mean_features(logits: np.ndarray, labels: np.ndarray, parts: int, features: np.ndarray) -> np.ndarray:
    """Of each part, its pixels weighted by the mask: (parts, C)."""
    channels, rows, columns = features.shape
    cell = _cells(logits.shape, features)
    mask = labels > 0
    weight = 1 / (1 + np.exp(-logits[mask].astype(np.float64)))
    index = (labels[mask] - 1) * (rows * columns) + cell[mask]
    share = np.bincount(index, weight, parts * rows * columns).reshape(parts, -1)
    return share @ features.reshape(channels, -1).T / share.sum(1, keepdims=True)


def _cells(shape: tuple[int, ...], features: np.ndarray) -> np.ndarray:
    """Of each pixel (h, w): the cell of the features' grid that it lies in."""
    (height, width), (_, rows, columns) = shape, features.shape
    row, column = np.arange(height) * rows // height, np.arange(width) * columns // width
    return row[:, None] * columns + column
