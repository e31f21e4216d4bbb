"""Group-based Symmetric Triplet loss (GCoNet+, sec. 3.6). For training only.

The released code takes it on whole-image features of a frozen encoder, where it has no gradient. Here, as
in the paper's figure, it acts on region-of-interest features, which the encoder and the decoder shape.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def symmetric_triplet_loss(features: Tensor, sizes: list[int], margin: float, generator: torch.Generator) -> Tensor:
    """Each group is split at random into two halves, which must be nearer to each other than to another group.

    features (N, C) of groups one after another, normalised here; sizes: images of each group. Groups of one
    image have no halves and do not count.
    """
    features = F.normalize(features, dim=1, eps=1e-4)
    groups = [g[torch.randperm(len(g), generator=generator)] for g in features.split(sizes) if len(g) >= 2]
    losses = [
        half
        for index, group in enumerate(groups)
        for half in (_half(group, groups[(index + 1) % len(groups)], margin), _half(group, groups[index - 1], margin))
        if len(groups) > 1
    ]
    return torch.stack(losses).mean() if losses else features.new_zeros(())


def _half(group: Tensor, other: Tensor, margin: float) -> Tensor:
    count = min(len(group), len(other)) // 2
    anchor, positive, negative = group[:count], group[-count:], other[:count]
    near, far = F.pairwise_distance(anchor, positive), F.pairwise_distance(anchor, negative)
    return F.relu(near - far + margin).mean()
