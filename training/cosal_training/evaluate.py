"""Evaluation on validation groups: whole group at once, each mask at its photograph's own size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from .data.compose import resize
from .graphs import Graphs
from .metrics import jaccard, pixel_precision
from .network import CosalLite, Encoded

Segment = Callable[[np.ndarray], np.ndarray]
"""A group (N, 3, S, S), float32 in [-1, 1], to logits (N, 1, h, w)."""


@dataclass
class GroupScore:
    group: str
    images: int
    jaccard: float
    precision: float


def read_group(folder: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Photographs (RGB uint8) and boolean masks of a folder of .jpg with .png of the same name beside them."""
    paths = sorted(folder.glob("*.jpg"))
    images = [cv2.cvtColor(cv2.imread(str(p)), cv2.COLOR_BGR2RGB) for p in paths]
    masks = [cv2.imread(str(p.with_suffix(".png")), cv2.IMREAD_GRAYSCALE) > 127 for p in paths]
    return images, masks


def network_input(image: np.ndarray, size: int) -> np.ndarray:
    """RGB uint8 (H, W, 3) -> (3, size, size) in [-1, 1]; the aspect ratio is not kept."""
    return resize(image, size, size).astype(np.float32).transpose(2, 0, 1) / 127.5 - 1


def mask_of(logits: np.ndarray, width: int, height: int) -> np.ndarray:
    """Logits (h, w) -> probability at the photograph's size."""
    return 1 / (1 + np.exp(-cv2.resize(logits, (width, height), interpolation=cv2.INTER_LINEAR)))


def torch_segment(network: CosalLite, batch: int = 16) -> Segment:
    """Segment with a PyTorch network in evaluation mode."""

    @torch.no_grad()
    def segment(images: np.ndarray) -> np.ndarray:
        chunks = torch.from_numpy(images).split(batch)
        parts = [network.encode(c.contiguous(memory_format=torch.channels_last)) for c in chunks]
        consensus = network.consensus(torch.cat([p.features for p in parts]))
        return torch.cat(
            [network.decode(Encoded(p.features, p.lateral8, p.lateral4), consensus).logits for p in parts]
        ).numpy()

    return segment


def graphs_segment(graphs: Graphs) -> Segment:
    """Segment with exported graphs under onnxruntime."""
    return lambda images: graphs.segment(images).logits


def evaluate(segment: Segment, folder: Path, *, size: int, group_size: int | None = None) -> list[GroupScore]:
    """Scores of every group below `folder`. `group_size` cuts groups into smaller ones (1: each image alone)."""
    scores = []
    for group in _groups(folder):
        images, truths = read_group(group)
        inputs = np.stack([network_input(image, size) for image in images])
        step = group_size or len(inputs)
        logits = np.concatenate([segment(inputs[i : i + step]) for i in range(0, len(inputs), step)])
        masks = [mask_of(z[0], t.shape[1], t.shape[0]) >= 0.5 for z, t in zip(logits, truths, strict=True)]
        scores.append(score(group.name, masks, truths))
    return scores


def evaluate_masks(masks: Path, folder: Path) -> list[GroupScore]:
    """Scores of mask files `masks/<group>/<photograph>.png` (8-bit grey, object from 128) against `folder`."""
    scores = []
    for group in _groups(folder):
        names = [p.with_suffix(".png").name for p in sorted(group.glob("*.jpg"))]
        _, truths = read_group(group)
        found = []
        for name, truth in zip(names, truths, strict=True):
            mask = cv2.imread(str(masks / group.name / name), cv2.IMREAD_GRAYSCALE)
            if mask is None or mask.shape != truth.shape:
                raise ValueError(f"{masks / group.name / name} is missing or is not of its photograph's size")
            found.append(mask >= 128)
        scores.append(score(group.name, found, truths))
    return scores


def score(group: str, masks: list[np.ndarray], truths: list[np.ndarray]) -> GroupScore:
    """Means over the images of one group of boolean masks."""
    pairs = list(zip(masks, truths, strict=True))
    return GroupScore(
        group,
        len(pairs),
        float(np.mean([jaccard(m, t) for m, t in pairs])),
        float(np.mean([pixel_precision(m, t) for m, t in pairs])),
    )


def _groups(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir())


def mean_jaccard(scores: list[GroupScore]) -> float:
    return float(np.mean([s.jaccard for s in scores]))


def table(scores: list[GroupScore]) -> str:
    lines = [f"{'group':<12} {'images':>6} {'J':>6} {'P':>6}"]
    lines += [f"{s.group:<12} {s.images:>6} {s.jaccard:6.3f} {s.precision:6.3f}" for s in scores]
    mean_precision = float(np.mean([s.precision for s in scores]))
    lines.append(f"{'mean':<12} {sum(s.images for s in scores):>6} {mean_jaccard(scores):6.3f} {mean_precision:6.3f}")
    return "\n".join(lines)
