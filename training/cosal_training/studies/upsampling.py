"""Does the photograph help to enlarge the logits? Bilinear against guided filters and joint bilateral upsampling.

    python -m cosal_training.studies.upsampling ../models/cosal-lite FOLDER

FOLDER holds groups as `cosal-train evaluate` takes them: a folder each, photographs `.jpg` with drawn masks
`.png` beside them. Each group is segmented once, each way of enlarging is applied to the same logits, and a
line is printed for each: the means over groups of J, of boundary F within 0.75 % of the diagonal and within
2 pixels, and the milliseconds that one mask takes.

Boundary F is that of DAVIS (Perazzi et al. 2016, 4.1.2): the F-measure of contour precision, the share of the
mask's contour within the tolerance of the drawn one, and recall, the other way round.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..data.compose import resize
from ..graphs import Graphs
from ..labelled import groups_in
from ..metrics import jaccard

Upsample = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Logits (h, w) and a photograph (H, W, 3), RGB uint8, to logits (H, W)."""

CLIP = 6.0
"""Filters work on logits cut off here: beyond it the mask is 0 or 1 within 1/400."""


@dataclass(frozen=True)
class Case:
    """A photograph with its logits and its drawn mask."""

    group: str
    photograph: np.ndarray
    truth: np.ndarray
    logits: np.ndarray


def bilinear(logits: np.ndarray, photograph: np.ndarray) -> np.ndarray:
    """What the engine does: linear between the centres of pixels."""
    height, width = photograph.shape[:2]
    return cv2.resize(logits, (width, height), interpolation=cv2.INTER_LINEAR)


def luminance(photograph: np.ndarray) -> np.ndarray:
    """(H, W) float32 in 0..1."""
    return cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255


def guided(radius: int, epsilon: float, *, of_mask: bool = False, side: int | None = None) -> Upsample:
    """Fast guided filter (He and Sun 2015): a linear model of luminance in each window, made among the logits.

    radius: in logits; epsilon: variance of luminance (0..1) that counts as an edge; of_mask: filter
    sigmoid(logits) instead of the logits; side: guide by luminance at side x side, from there bilinear, instead
    of by the photograph as it is.
    """

    def upsample(logits: np.ndarray, photograph: np.ndarray) -> np.ndarray:
        height, width = logits.shape
        guide = luminance(photograph if side is None else resize(photograph, side, side).astype(np.uint8))
        small = cv2.resize(guide, (width, height), interpolation=cv2.INTER_AREA)
        size = (2 * radius + 1,) * 2
        target = np.clip(logits, -CLIP, CLIP)
        if of_mask:
            target = 1 / (1 + np.exp(-target)) - 0.5
        mean_i, mean_p = cv2.blur(small, size), cv2.blur(target, size)
        variance = cv2.blur(small * small, size) - mean_i**2
        slope = (cv2.blur(small * target, size) - mean_i * mean_p) / (variance + epsilon)
        offset = mean_p - slope * mean_i
        slope, offset = (bilinear(cv2.blur(x, size), guide) for x in (slope, offset))
        filtered = slope * guide + offset
        return filtered if side is None else bilinear(filtered, photograph)

    return upsample


def joint_bilateral(radius: int, sigma_space: float, sigma_range: float) -> Upsample:
    """Joint bilateral upsampling (Kopf et al. 2007): a mean of the logits around, those of like colour first.

    radius and sigma_space: in logits; sigma_range: of RGB distance, 0..1.
    """

    def upsample(logits: np.ndarray, photograph: np.ndarray) -> np.ndarray:
        height, width = photograph.shape[:2]
        rows, columns = logits.shape
        target = np.clip(logits, -CLIP, CLIP)
        image = photograph.astype(np.float32) / 255
        small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
        y = (np.arange(height, dtype=np.float32) + 0.5) * rows / height - 0.5
        x = (np.arange(width, dtype=np.float32) + 0.5) * columns / width - 0.5
        total = np.zeros((height, width), np.float32)
        weights = np.full((height, width), 1e-8, np.float32)
        for dy in range(-radius, radius + 1):
            for dx in range(-radius, radius + 1):
                j, i = np.round(y).astype(int) + dy, np.round(x).astype(int) + dx
                space = ((j - y) ** 2)[:, None] + ((i - x) ** 2)[None]
                at = np.ix_(np.clip(j, 0, rows - 1), np.clip(i, 0, columns - 1))
                unlike = ((small[at] - image) ** 2).sum(2)
                weight = np.exp(-space / (2 * sigma_space**2) - unlike / (2 * sigma_range**2))
                total += weight * target[at]
                weights += weight
        return total / weights

    return upsample


def contour(mask: np.ndarray) -> np.ndarray:
    """The object's pixels that have one of the background beside them; the image's edge is no contour."""
    padded = np.pad(mask.astype(np.uint8), 1, mode="edge")
    return mask & (cv2.erode(padded, np.ones((3, 3), np.uint8))[1:-1, 1:-1] == 0)


def boundary_f(mask: np.ndarray, truth: np.ndarray, tolerance: float) -> float:
    """F-measure of two boolean masks' contours; pixels within `tolerance` of each other match."""
    found, drawn = contour(mask), contour(truth)
    if not found.any() or not drawn.any():
        return float(found.any() == drawn.any())

    def share(points: np.ndarray, others: np.ndarray) -> float:
        distance = cv2.distanceTransform((~others).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return float((distance[points] <= tolerance).mean())

    precision, recall = share(found, drawn), share(drawn, found)
    return 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)


def cases(model: Path, folder: Path) -> list[Case]:
    """Every photograph of every group below `folder`, segmented with its group."""
    graphs = Graphs(model, threads=1)
    result = []
    for group in groups_in(folder):
        photographs, truths = group.read()
        logits = graphs.segment(np.stack([graphs.input.tensor(image) for image in photographs])).logits
        result += [Case(group.name, *case) for case in zip(photographs, truths, logits[:, 0], strict=True)]
    return result


def ways(side: int) -> dict[str, Upsample]:
    """The sweep, by the name of each way; side: of the network's input."""
    found: dict[str, Upsample] = {"bilinear": bilinear}
    for radius in (1, 2, 4):
        for epsilon in (1e-4, 1e-3, 1e-2):
            found[f"guided, logits, radius {radius}, epsilon {epsilon:g}"] = guided(radius, epsilon)
    for radius in (1, 2, 4):
        for epsilon in (1e-3, 1e-2):
            name = f"guided, mask, radius {radius}, epsilon {epsilon:g}"
            found[name] = guided(radius, epsilon, of_mask=True)
    for epsilon in (1e-4, 1e-3, 1e-2):
        found[f"guided at {side}, logits, radius 1, epsilon {epsilon:g}"] = guided(1, epsilon, side=side)
    for space in (0.7, 1.2):
        for range_ in (0.05, 0.1, 0.2, 0.4):
            name = f"bilateral, radius 2, space {space:g}, range {range_:g}"
            found[name] = joint_bilateral(2, space, range_)
    return found


def score(way: Upsample, photographs: list[Case]) -> tuple[float, float, float, float]:
    """Means over groups of J, of boundary F within 0.75 % and within 2 pixels; milliseconds per mask."""
    groups: dict[str, list[tuple[float, float, float]]] = {}
    seconds = 0.0
    for case in photographs:
        start = time.perf_counter()
        mask = way(case.logits, case.photograph) >= 0
        seconds += time.perf_counter() - start
        tolerance = 0.0075 * float(np.hypot(*mask.shape))
        values = (
            jaccard(mask, case.truth),
            boundary_f(mask, case.truth, tolerance),
            boundary_f(mask, case.truth, 2),
        )
        groups.setdefault(case.group, []).append(values)
    j, f, f2 = np.mean([np.mean(values, 0) for values in groups.values()], 0)
    return float(j), float(f), float(f2), 1000 * seconds / len(photographs)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    photographs = cases(arguments.model, arguments.folder)
    print(f"{len(photographs)} photographs, logits {photographs[0].logits.shape}")
    print(f"{'':<44} {'J':>6} {'F .75%':>7} {'F 2px':>7} {'ms':>7}")
    side = json.loads((arguments.model / "manifest.json").read_text())["input"]["width"]
    for name, way in ways(side).items():
        j, f, f2, milliseconds = score(way, photographs)
        print(f"{name:<44} {j:6.4f} {f:7.4f} {f2:7.4f} {milliseconds:7.1f}", flush=True)


if __name__ == "__main__":
    main()
