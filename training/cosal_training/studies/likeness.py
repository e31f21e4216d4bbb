"""What leaving out the parts of masks that look unlike the object is worth, and how sure the choice of the value is.

`python -m cosal_training.studies.likeness models/cosal-lite --groups DATA/val`
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..bootstrap import interval
from ..evaluate import mask_of
from ..export.cosal_lite import LIKENESS
from ..graphs import Graphs
from ..group_model import Tensors
from ..labelled import groups_in
from ..likeness import parts_of, without_unlike
from ..metrics import jaccard

TRIED = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
SPECK = 0.003
"""Share of the photograph below which a part is a speck."""


@dataclass
class Part:
    """A part of a mask of several."""

    share: float
    """Of the photograph."""
    on_object: float
    """Share of the part that lies on the object."""
    stays: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder with manifest.json and the graphs")
    parser.add_argument("--groups", type=Path, default=Path("../shared/data/val"))
    options = parser.parse_args()
    model = Graphs(options.model)
    shipped, model.likeness = model.likeness or LIKENESS, None
    whole, alone, parts, names = [], [], [], []
    for group in groups_in(options.groups):
        images, truths = group.read()
        encoded = model.encode(np.stack([model.input.tensor(image) for image in images]))
        consensus = model.consensus(encoded)[1]
        together, by_itself = [], []
        for image, truth in zip(encoded, truths, strict=True):
            logits = model.decode([image], consensus)[0][0, 0]
            together.append(_scores(logits, image, consensus, truth))
            parts += _parts(logits, image, consensus, truth, shipped)
            own = model.consensus([image])[1]
            by_itself.append(_scores(model.decode([image], own)[0][0, 0], image, own, truth))
        whole.append(np.mean(together, 0))
        alone.append(np.mean(by_itself, 0))
        names.append(group.name)
    _print_scores(np.array(whole), np.array(alone))
    nearest = int(np.abs(np.array(TRIED) - shipped).argmin())
    gains = np.array(whole)[:, 1 + nearest] - np.array(alone)[:, 1 + nearest]
    low, high = interval(gains)
    print(f"gain at {TRIED[nearest]}, 95 % over groups: {low:.3f} to {high:.3f};", end=" ")
    print(", ".join(f"{name} {gain:.3f}" for name, gain in zip(names, gains, strict=True)))
    for name, chosen in (
        (f"parts of {SPECK:.1%} of the photograph and more", [p for p in parts if p.share >= SPECK]),
        ("smaller ones", [p for p in parts if p.share < SPECK]),
    ):
        right, wrong = ([p.stays for p in chosen if (p.on_object > 0.5) == on] for on in (True, False))
        print(f"{name}, likeness {shipped}: {wrong.count(False)} of {len(wrong)} beside the object go, ", end="")
        print(f"{right.count(False)} of {len(right)} on it")


def _scores(logits: np.ndarray, image: Tensors, consensus: np.ndarray, truth: np.ndarray) -> list[float]:
    """J with all parts, then with each likeness that is tried."""
    masks = [logits, *(without_unlike(logits, image["features"][0], consensus, least) for least in TRIED)]
    return [jaccard(mask_of(z, truth.shape[1], truth.shape[0]) >= 128, truth) for z in masks]


def _parts(logits: np.ndarray, image: Tensors, consensus: np.ndarray, truth: np.ndarray, least: float) -> list[Part]:
    there = cv2.resize(truth.astype(np.float32), logits.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
    left = without_unlike(logits, image["features"][0], consensus, least)
    labels, count = parts_of(logits)
    regions = [labels == label for label in range(1, count + 1)] if count > 1 else []
    return [Part(float(r.mean()), float(there[r].mean()), bool((left[r] >= 0).all())) for r in regions]


def _print_scores(whole: np.ndarray, alone: np.ndarray) -> None:
    """Both (groups, 1 + tried)."""
    print("likeness    whole    alone     gain")
    for column, name in enumerate(("all parts", *map(str, TRIED))):
        w, a = whole[:, column].mean(), alone[:, column].mean()
        print(f"{name:9} {w:8.4f} {a:8.4f} {w - a:8.4f}")
    groups = np.arange(len(whole))
    best = [1 + int(whole[groups != g, 1:].mean(0).argmax()) for g in groups]
    w, a = whole[groups, best].mean(), alone[groups, best].mean()
    print(f"{'others':9} {w:8.4f} {a:8.4f} {w - a:8.4f}   each group with what is best for the others")


if __name__ == "__main__":
    main()
