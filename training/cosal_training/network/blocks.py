"""Small convolution blocks that several modules share."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvBN(nn.Sequential):
    """Convolution without bias, batch normalisation, and ReLU unless `activation` is False."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, *, activation: bool = True) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        if activation:
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)


def upsample_to(x: Tensor, like: Tensor, *, align_corners: bool = False) -> Tensor:
    """Bilinear upsampling (half-pixel centres, unless corners are aligned) to the height and width of `like`."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=align_corners)


def cosine_maps(features: Tensor, prototypes: Tensor) -> Tensor:
    """Cosine of every pixel with every prototype.

    features: (N, C, H, W); prototypes: (N, K, C) or (K, C). Returns (N, K, H, W) in [-1, 1].
    """
    n, _c, h, w = features.shape
    pixels = F.normalize(features.flatten(2), dim=1, eps=1e-4)
    maps = F.normalize(prototypes, dim=-1, eps=1e-4) @ pixels
    return maps.reshape(n, -1, h, w)


def resize_region(region: Tensor, size: tuple[int, int]) -> Tensor:
    """Area-average a mask (N, 1, H, W) to the feature grid, values kept in 0..1."""
    return torch.nn.functional.adaptive_avg_pool2d(region, size)
