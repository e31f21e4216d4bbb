"""Confidence Enhancement Module (GCoNet+, sec. 3.5): near-binary maps by differentiable binarisation."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import ConvBN


class ConfidenceEnhancement(nn.Module):
    """Features -> logits k (P - T), and the logits of P for direct supervision.

    P (the shrink map) and T (the threshold map) come from branches that share no weight. The published
    1/(1+exp(-k(P-T))) overflows; its logits are the same function and do not. Each branch ends in a
    sub-pixel convolution: a map of `scale` times the size of its features.
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
        return self.k * (p.sigmoid() - t.sigmoid()), p
