"""Evaluation on groups with drawn masks: whole group at once, each mask at its photograph's own size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from .data.compose import resize
from .graphs import Graphs
from .metrics import NAMES, region_metrics
from .network import CosalLite, Encoded

Segment = Callable[[np.ndarray], np.ndarray]
"""A group (N, 3, S, S), float32 in [-1, 1], to logits (N, 1, h, w)."""

Metrics = Callable[[list[tuple[np.ndarray, np.ndarray]]], dict[str, float]]


@dataclass
class GroupScore:
    group: str
    images: int
    metrics: dict[str, float]

    @property
    def jaccard(self) -> float:
        return self.metrics["J"]


def groups_in(folder: Path) -> list[Path]:
    """Folders of groups, in order of their names."""
    return sorted(p for p in folder.iterdir() if p.is_dir())


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
    """Logits (h, w) -> 8-bit soft mask at the photograph's size."""
    upsampled = cv2.resize(logits, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.round(255 / (1 + np.exp(-upsampled))).astype(np.uint8)


def torch_segment(network: CosalLite, batch: int = 16) -> Segment:
    """Segment with a PyTorch network in evaluation mode."""

    @torch.no_grad()
    def segment(images: np.ndarray) -> np.ndarray:
        chunks = torch.from_numpy(images).split(batch)
        parts = [network.encode(c.contiguous(memory_format=torch.channels_last)) for c in chunks]
        consensus = network.consensus(torch.cat([p.features for p in parts]))
        decoded = [network.decode(Encoded(p.features, p.lateral8, p.lateral4), consensus) for p in parts]
        return torch.cat([d.logits for d in decoded]).numpy()

    return segment


def graphs_segment(graphs: Graphs) -> Segment:
    """Segment with exported graphs under onnxruntime."""
    return lambda images: graphs.segment(images).logits


def evaluate(
    segment: Segment,
    folder: Path,
    *,
    size: int,
    group_size: int | None = None,
    metrics: Metrics = region_metrics,
    keep: Path | None = None,
) -> list[GroupScore]:
    """Scores of every group below `folder`.

    group_size cuts groups into smaller ones (1: each image alone); keep: a folder for the masks,
    `<group>/<photograph>.png`.
    """
    scores = []
    for group in groups_in(folder):
        images, truths = read_group(group)
        inputs = np.stack([network_input(image, size) for image in images])
        step = group_size or len(inputs)
        logits = np.concatenate([segment(inputs[i : i + step]) for i in range(0, len(inputs), step)])
        masks = [mask_of(z[0], t.shape[1], t.shape[0]) for z, t in zip(logits, truths, strict=True)]
        if keep is not None:
            (keep / group.name).mkdir(parents=True, exist_ok=True)
            for path, mask in zip(sorted(group.glob("*.jpg")), masks, strict=True):
                cv2.imwrite(str(keep / group.name / f"{path.stem}.png"), mask)
        pairs = list(zip(masks, truths, strict=True))
        scores.append(GroupScore(group.name, len(pairs), metrics(pairs)))
    return scores


def evaluate_masks(masks: Path, folder: Path, *, metrics: Metrics = region_metrics) -> list[GroupScore]:
    """Scores of mask files `masks/<group>/<photograph>.png` (8-bit grey, object from 128) against `folder`."""
    scores = []
    for group in groups_in(folder):
        names = [p.with_suffix(".png").name for p in sorted(group.glob("*.jpg"))]
        _, truths = read_group(group)
        pairs = []
        for name, truth in zip(names, truths, strict=True):
            mask = cv2.imread(str(masks / group.name / name), cv2.IMREAD_GRAYSCALE)
            if mask is None or mask.shape != truth.shape:
                raise ValueError(f"{masks / group.name / name} is missing or is not of its photograph's size")
            pairs.append((mask, truth))
        scores.append(GroupScore(group.name, len(pairs), metrics(pairs)))
    return scores


def mean_of(scores: list[GroupScore], name: str = "J") -> float:
    """Mean over groups of one metric."""
    return float(np.mean([s.metrics[name] for s in scores]))


def table(scores: list[GroupScore]) -> str:
    """A line per group, and their mean."""
    names = [n for n in NAMES if n in scores[0].metrics]
    lines = [f"{'group':<12} {'images':>6} " + " ".join(f"{n:>6}" for n in names)]
    for s in scores:
        lines.append(f"{s.group:<12} {s.images:>6} " + " ".join(f"{s.metrics[n]:6.3f}" for n in names))
    total = sum(s.images for s in scores)
    lines.append(f"{'mean':<12} {total:>6} " + " ".join(f"{mean_of(scores, n):6.3f}" for n in names))
    return "\n".join(lines)
