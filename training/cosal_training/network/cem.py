"""Confidence Enhancement Module (GCoNet+, sec. 3.5): near-binary maps by differentiable binarisation."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import ConvBN

PUBLISHED_K = 300.0
PUBLISHED_FALLBACK = 50.0
"""The released code's k where its exponential overflows."""


def binarise(shrink: Tensor, threshold: Tensor, k: float | Tensor) -> Tensor:
    """Logits k (P - T) of the binarised map, from the logits of P (the shrink map) and T (the threshold map).

    The published 1/(1+exp(-k(P-T))) overflows; its logits are the same function and do not. In float32 always:
    a large k would magnify what bfloat16 rounds away.
    """
    return k * (shrink.float().sigmoid() - threshold.float().sigmoid())


def published_k(shrink: Tensor, threshold: Tensor) -> Tensor:
    """The k of the released code, one per image, (N, 1, 1, 1): 50 where exp(300 (T - P)) overflows, else 300.

    The released code falls back for the whole batch; here for the image, as no mask may depend on which
    other images happen to share its batch. With any surely empty pixel (T - P > 0.296) both fall back.
    """
    largest = (threshold.sigmoid() - shrink.sigmoid()).amax((1, 2, 3), keepdim=True)
    overflow = largest * PUBLISHED_K > math.log(torch.finfo(torch.float32).max)
    return torch.where(overflow, PUBLISHED_FALLBACK, PUBLISHED_K)


class ConfidenceEnhancement(nn.Module):
    """Features -> logits k (P - T), and the logits of P for direct supervision.

    P and T come from branches that share no weight. Each branch ends in a sub-pixel convolution: a map of
    `scale` times the size of its features.
    """

    def __init__(self, inputs: int, width: int, *, scale: int, k: float) -> None:
        super().__init__()
        self.k = k
        self.scale = scale
        self.shrink = nn.Sequential(ConvBN(inputs, width), nn.Conv2d(width, scale * scale, 1))
        self.threshold = nn.Sequential(ConvBN(inputs, width), nn.Conv2d(width, scale * scale, 1))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        p = F.pixel_shuffle(self.shrink(features), self.scale)
        t = F.pixel_shuffle(self.threshold(features), self.scale)
        return binarise(p, t, self.k), p


class PlainHead(nn.Module):
    """What the CEM is compared with: one branch, whose logits are the mask's. Takes what the CEM takes."""

    def __init__(self, inputs: int, width: int, *, scale: int, k: float) -> None:
        super().__init__()
        del k
        self.scale = scale
        self.branch = nn.Sequential(ConvBN(inputs, width), nn.Conv2d(width, scale * scale, 1))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        logits = F.pixel_shuffle(self.branch(features), self.scale)
        return logits, logits


class PublishedConfidenceEnhancement(nn.Module):
    """The published branches: two 3x3 blocks and a 1x1 convolution each. (N, C, H, W) -> two maps (N, 1, H, W).

    k: None for that of the released code (`published_k`).
    """

    def __init__(self, channels: int, *, k: float | None) -> None:
        super().__init__()
        self.k = k
        self.binarize = _branch(channels)
        self.thresh = _branch(channels)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        p, t = self.binarize(features), self.thresh(features)
        return binarise(p, t, published_k(p, t) if self.k is None else self.k), p


def _branch(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, channels, 3, padding=1),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, 1, 1),
    )
