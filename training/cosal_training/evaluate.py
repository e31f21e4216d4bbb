"""Evaluation on groups with drawn masks: whole group at once, each mask at its photograph's own size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .group_model import GroupModel
from .metrics import measure, summary


@dataclass(frozen=True)
class ImageScore:
    photograph: Path
    mask: np.ndarray
    """8-bit, soft, of the photograph's size."""
    vector: np.ndarray
    """Its part of the metrics: `measure`."""

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


def groups_in(folder: Path) -> list[Path]:
    """Folders of groups, in order of their names. Raises ValueError when there is none."""
    found = sorted(p for p in folder.iterdir() if p.is_dir())
    if not found:
        raise ValueError(f"{folder} holds no folder of photographs")
    return found


def photographs_in(folder: Path) -> list[Path]:
    """The .jpg of a group, in order of their names. Raises ValueError when there is none."""
    found = sorted(folder.glob("*.jpg"))
    if not found:
        raise ValueError(f"{folder} holds no .jpg")
    return found


def read_group(folder: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Photographs (RGB uint8) and boolean masks of a folder of .jpg with .png of the same name beside them."""
    paths = photographs_in(folder)
    return [read_photograph(p) for p in paths], [_truth(p) for p in paths]


def read_photograph(path: Path) -> np.ndarray:
    """RGB uint8 (H, W, 3), as large as it is."""
    image = cv2.imread(str(path))
    if image is None:
        raise ValueError(f"{path} cannot be decoded")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


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
) -> list[GroupScore]:
    """Scores of every group below `folder`.

    group_size cuts groups into smaller ones (1: each image alone); everything: S, F, E and MAE too; keep: a
    folder for the masks, `<group>/<photograph>.png`.
    """
    scores = []
    for group in groups_in(folder):
        paths = photographs_in(group)
        images, truths = read_group(group)
        inputs = np.stack([model.input.tensor(image) for image in images])
        step = group_size or len(inputs)
        logits = [z[0] for i in range(0, len(inputs), step) for z in model.segment(inputs[i : i + step]).logits]
        masks = [mask_of(z, t.shape[1], t.shape[0]) for z, t in zip(logits, truths, strict=True)]
        if keep is not None:
            (keep / group.name).mkdir(parents=True, exist_ok=True)
            for path, mask in zip(paths, masks, strict=True):
                cv2.imwrite(str(keep / group.name / f"{path.stem}.png"), mask)
        scores.append(_score(group.name, paths, masks, truths, everything))
    return scores


def evaluate_masks(masks: Path, folder: Path, *, everything: bool = False) -> list[GroupScore]:
    """Scores of mask files `masks/<group>/<photograph>.png` (8-bit grey, object from 128) against `folder`."""
    scores = []
    for group in groups_in(folder):
        paths = photographs_in(group)
        truths = [_truth(p) for p in paths]
        found = []
        for path, truth in zip(paths, truths, strict=True):
            file = masks / group.name / f"{path.stem}.png"
            mask = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) if file.is_file() else None
            if mask is None or mask.shape != truth.shape:
                raise ValueError(f"{file} is missing or is not of its photograph's size")
            found.append(mask)
        scores.append(_score(group.name, paths, found, truths, everything))
    return scores


def mean_of(scores: list[GroupScore], name: str = "J") -> float:
    """Mean over groups of one metric."""
    return float(np.mean([s.metrics[name] for s in scores]))


def _score(
    group: str, paths: list[Path], masks: list[np.ndarray], truths: list[np.ndarray], everything: bool
) -> GroupScore:
    triples = zip(paths, masks, truths, strict=True)
    return GroupScore(group, [ImageScore(p, m, measure(m, t, everything=everything)) for p, m, t in triples])


def _truth(photograph: Path) -> np.ndarray:
    """The drawn mask beside a photograph, boolean."""
    path = photograph.with_suffix(".png")
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.is_file() else None
    if mask is None:
        raise ValueError(f"{path} is missing: the mask of {photograph}")
    return mask > 127
