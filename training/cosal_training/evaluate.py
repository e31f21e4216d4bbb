"""Evaluation on groups with drawn masks: whole group at once, each mask at its photograph's own size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .group_model import GroupModel, Tensors
from .labelled import LabelledGroup, groups_in
from .metrics import measure, summary
from .reliability import counts


@dataclass(frozen=True)
class ImageScore:
    photograph: Path
    mask: np.ndarray
    """8-bit, soft, of the photograph's size."""
    vector: np.ndarray
    """Its part of the metrics: `measure`."""
    counts: np.ndarray | None = None
    """Its part of the calibration: `reliability.counts`."""
    confidence: float | None = None
    """The J that the model expects of its mask; None: it does not say."""

    @property
    def jaccard(self) -> float:
        return float(self.vector[0])


@dataclass(frozen=True)
class GroupScore:
    group: str
    items: list[ImageScore]

    @property
    def images(self) -> int:
        return len(self.items)

    @property
    def vectors(self) -> np.ndarray:
        return np.stack([item.vector for item in self.items])

    @property
    def metrics(self) -> dict[str, float]:
        return summary(self.vectors.mean(0))

    @property
    def jaccard(self) -> float:
        return self.metrics["J"]


def mask_of(logits: np.ndarray, width: int, height: int) -> np.ndarray:
    """Logits (h, w) -> 8-bit soft mask at the photograph's size."""
    upsampled = cv2.resize(logits, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.round(255 / (1 + np.exp(-upsampled))).astype(np.uint8)


def evaluate(
    model: GroupModel,
    folder: Path,
    *,
    group_size: int | None = None,
    everything: bool = False,
    keep: Path | None = None,
    told: Callable[[GroupScore], None] = lambda _: None,
) -> list[GroupScore]:
    """Scores of every group below `folder`, which `told` hears of one by one.

    group_size cuts groups into smaller ones (1: each image alone); everything: S, F, E and MAE too; keep: a
    folder for the masks, `<group>/<photograph>.png`.
    """
    scores = []
    groups = groups_in(folder)
    uses = Counter(path for group in groups for path in group.photographs)
    kept: dict[Path, Tensors] = {}
    for group in groups:
        truths = [group.truth(i) for i in range(len(group.photographs))]
        encoded = []
        for i, path in enumerate(group.photographs):
            one = kept.get(path) or model.encode(model.input.tensor(group.image(i))[None])[0]
            encoded.append(one)
            if uses[path] > 1:
                kept[path] = one
        step = group_size or len(encoded)
        results = [model.masks(encoded[i : i + step]) for i in range(0, len(encoded), step)]
        logits = [z[0] for result in results for z in result.logits]
        masks = [mask_of(z, t.shape[1], t.shape[0]) for z, t in zip(logits, truths, strict=True)]
        if keep is not None:
            (keep / group.name).mkdir(parents=True, exist_ok=True)
            for path, mask in zip(group.photographs, masks, strict=True):
                cv2.imwrite(str(keep / group.name / f"{path.stem}.png"), mask)
        confidence = [c for result in results for c in result.confidence]
        scores.append(_score(group, masks, truths, everything, confidence))
        told(scores[-1])
    return scores


def evaluate_masks(
    masks: Path, folder: Path, *, everything: bool = False, told: Callable[[GroupScore], None] = lambda _: None
) -> list[GroupScore]:
    """Scores of mask files `masks/<group>/<photograph>.png` (8-bit grey, object from 128) against `folder`."""
    scores = []
    for group in groups_in(folder):
        truths = [group.truth(i) for i in range(len(group.photographs))]
        found = []
        for path, truth in zip(group.photographs, truths, strict=True):
            file = masks / group.name / f"{path.stem}.png"
            mask = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) if file.is_file() else None
            if mask is None or mask.shape != truth.shape:
                raise ValueError(f"{file} is missing or is not of its photograph's size")
            found.append(mask)
        scores.append(_score(group, found, truths, everything, [None] * len(found)))
        told(scores[-1])
    return scores


def mean_of(scores: list[GroupScore], name: str = "J") -> float:
    """Mean over groups of one metric."""
    return float(np.mean([s.metrics[name] for s in scores]))


def _score(
    group: LabelledGroup,
    masks: list[np.ndarray],
    truths: list[np.ndarray],
    everything: bool,
    confidence: list[float | None],
) -> GroupScore:
    quadruples = zip(group.photographs, masks, truths, confidence, strict=True)
    return GroupScore(
        group.name,
        [ImageScore(p, m, measure(m, t, everything=everything), counts(m, t), c) for p, m, t, c in quadruples],
    )
