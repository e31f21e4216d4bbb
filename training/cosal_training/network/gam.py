"""Group Affinity Module (GCoNet+, sec. 3.2): what do the images of a group share?

Differences from the published module, all so that size of image and of group can change freely and the
work streams image by image: queries and keys are L2-normalised, keys are pooled to a quarter of the pixels,
an image's own keys do not count when there are others, and attention weighs pixels by region instead of
1/(N H W). The consensus is a handful of prototype vectors: parts of the object, and of what surrounds it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Summary = tuple[Tensor, Tensor]
"""Per image: sums (N, 2K, C) over a region's pixels of each part, and their mass (N, 2K)."""

EPSILON = 1e-6


class GroupAffinity(nn.Module):
    """Keys of an image, the affinity region of an image within its group, and pooling of regions."""

    def __init__(self, channels: int, keys: int, parts: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, keys, 1)
        self.key = nn.Conv2d(channels, keys, 1)
        self.part = nn.Conv2d(channels, 2 * parts, 1)
        self.parts = parts
        self.temperature = nn.Parameter(torch.tensor(10.0))

    def keys(self, features: Tensor) -> Tensor:
        """Features (N, C, H, W) -> unit keys (N, H/2*W/2, D)."""
        pooled = F.avg_pool2d(features, 2)
        return F.normalize(self.key(pooled).flatten(2), dim=1, eps=1e-4).transpose(1, 2)

    def region(self, features: Tensor, keys: Tensor, weights: Tensor) -> Tensor:
        """How much each pixel looks like something in the other images: (N, 1, H, W), maximum 1 per image.

        features (N, C, H, W); keys (M, P, D) of the whole group; weights (N, M), each row a mean over images.
        """
        n, _, h, w = features.shape
        m, p, d = keys.shape
        query = F.normalize(self.query(features).flatten(2), dim=1, eps=1e-4).transpose(1, 2)
        best = (query @ keys.reshape(m * p, d).t()).reshape(n, h * w, m, p).amax(-1)
        score = (best @ weights.unsqueeze(-1)).squeeze(-1) * self.temperature
        score = torch.exp(score - score.amax(1, keepdim=True))
        return score.reshape(n, 1, h, w)

    def pool(self, features: Tensor, region: Tensor) -> Summary:
        """Sum the features of a region (0..1) by part, and of its complement by part."""
        assignment = self.part(features).flatten(2)
        inside, outside = assignment[:, : self.parts].softmax(1), assignment[:, self.parts :].softmax(1)
        region = region.flatten(2)
        weight = torch.cat([inside * region, outside * (1 - region)], 1)
        return weight @ features.flatten(2).transpose(1, 2), weight.sum(-1)


def consensus_of(summary: Summary) -> Tensor:
    """The group's consensus (2K, C): the mean of each part over all its pixels in all images."""
    sums, mass = summary
    return sums.sum(0) / mass.sum(0).clamp_min(EPSILON).unsqueeze(-1)


def mean_weights(images: int, device: torch.device | None = None) -> Tensor:
    """Weights (N, N) of a mean over the other images; a lone image has only itself."""
    if images == 1:
        return torch.ones(1, 1, device=device)
    return (1 - torch.eye(images, device=device)) / (images - 1)
