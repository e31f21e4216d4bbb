"""Losses of one map against one mask, one value per image."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

EDGE = 9
"""Pixels of the window in which a mask's edge counts as near."""


def per_image_bce(logits: Tensor, target: Tensor, edge: float = 0.0) -> Tensor:
    """Binary cross-entropy of logits (N, 1, H, W) against a mask in 0..1, mean over pixels: (N).

    edge: how much more a pixel on the edge counts; the mean is then a weighted one.
    """
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    if edge == 0:
        return loss.mean((1, 2, 3))
    weight = edge_weight(target, edge)
    return (loss * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3))


def edge_weight(target: Tensor, edge: float) -> Tensor:
    """1 far from the edge of a mask (N, 1, H, W), 1 + `edge` on it, by how mixed the window around a pixel is."""
    share = F.avg_pool2d(target, EDGE, stride=1, padding=EDGE // 2, count_include_pad=False)
    return 1 + edge * 4 * share * (1 - share)


def per_image_focal(logits: Tensor, target: Tensor, gamma: float) -> Tensor:
    """Focal loss (Lin et al., 2017, without alpha), mean over pixels: (N). The published GCM has gamma 2.

    With gamma 0 it is the cross-entropy. Targets in 0..1.
    """
    if gamma == 0:
        return per_image_bce(logits, target)
    p = logits.sigmoid()
    missed = p + target - 2 * p * target
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (missed.clamp(0, 1).pow(gamma) * loss).mean((1, 2, 3))


def per_image_iou(logits: Tensor, target: Tensor) -> Tensor:
    """1 - intersection over union of soft maps: (N). Defined for empty maps too (the published one is 0/0)."""
    p = logits.sigmoid()
    intersection = (p * target).sum((1, 2, 3))
    union = (p + target - p * target).sum((1, 2, 3))
    return 1 - (intersection + 1.0) / (union + 1.0)
