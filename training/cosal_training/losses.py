"""Losses of GCoNet+ (sec. 3) on batches of composited groups."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .data import GroupBatch
from .network import CosalLite, Decoded, Encoded
from .network.blocks import resize_region
from .network.gam import consensus_of, mean_weights


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms; 0 switches a term off."""

    bce: float = 1.0
    iou: float = 1.0
    shrink: float = 0.5
    """Direct supervision of the CEM's P."""
    coarse: float = 0.5
    """Coarse logits at every refinement."""
    gcm: float = 1.0
    """Decoding with another group's consensus must give that group's object, or an empty map."""
    presence: float = 0.1
    acm: float = 0.1
    foreign_share: float = 0.5
    """Share of a step's pictures that are also decoded with another group's consensus."""
    seeded_share: float = 0.2
    """Share of groups whose consensus starts from marked regions instead of affinity."""


class AuxiliaryClassifier(nn.Module):
    """ACM (GCoNet sec. 3.4): the class of an image from its object's mean feature. For training only."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, classes)

    def forward(self, features: Tensor, region: Tensor) -> Tensor:
        mean = (features * region).sum((2, 3)) / region.sum((2, 3)).clamp_min(1e-3)
        return self.linear(mean)


def per_image_bce(logits: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, target, reduction="none").mean((1, 2, 3))


def per_image_iou(logits: Tensor, target: Tensor) -> Tensor:
    """1 - intersection over union of soft maps; a mean over pixels' products, defined for empty maps too."""
    p = logits.sigmoid()
    intersection = (p * target).sum((1, 2, 3))
    union = (p + target - p * target).sum((1, 2, 3))
    return 1 - (intersection + 1.0) / (union + 1.0)


def group_consensuses(
    network: CosalLite, features: Tensor, region: Tensor, sizes: list[int], seeded: list[int]
) -> tuple[Tensor, list[Tensor]]:
    """Each group's consensus, (G, 2K, C), and the coarse logits that its refinements made, per refinement.

    region: true regions on the feature grid; seeded[g] is how many of the group's first images are marked.
    """
    consensuses: list[Tensor] = []
    coarse: list[list[Tensor]] = [[] for _ in range(network.config.refinements)]
    start = 0
    for size, marked in zip(sizes, seeded, strict=True):
        own = features[start : start + size]
        if marked:
            consensus = consensus_of(network.gam.pool(own[:marked], region[start : start + marked]))
        else:
            consensus = consensus_of(
                network.affinity_summary(own, network.gam.keys(own), mean_weights(size, own.device))
            )
        for index in range(network.config.refinements):
            logits = network.coarse(own, consensus)
            coarse[index].append(logits)
            consensus = consensus_of(network.gam.pool(own, logits.sigmoid()))
        consensuses.append(consensus)
        start += size
    return torch.stack(consensuses), [torch.cat(c) for c in coarse]


@dataclass
class LossTerms:
    total: Tensor
    terms: dict[str, float]


def training_loss(
    network: CosalLite,
    classifier: AuxiliaryClassifier,
    batch: GroupBatch,
    config: LossConfig,
    generator: torch.Generator,
) -> LossTerms:
    """All terms for one step. Own and foreign decodings share one batch, so that batch normalisation sees both."""
    images = len(batch.image)
    encoded = network.encode(batch.image.contiguous(memory_format=torch.channels_last))
    grid = encoded.features.shape[-2:]
    region = resize_region(batch.mask, grid)
    seeded = [
        1
        if config.seeded_share and torch.rand((), generator=generator) < config.seeded_share and _marks(region, s)
        else 0
        for s in _starts(batch.sizes)
    ]
    consensuses, refined = group_consensuses(network, encoded.features, region, batch.sizes, seeded)
    own = torch.repeat_interleave(torch.arange(len(batch.sizes)), torch.tensor(batch.sizes))
    count = int(images * config.foreign_share) if config.gcm else 0
    swapped = torch.randperm(images, generator=generator)[:count]
    index = torch.cat([torch.arange(images), swapped])
    which = torch.cat([own, batch.foreign[swapped]])
    half = F.avg_pool2d(torch.cat([batch.mask, batch.foreign_mask[swapped]]), 2)
    coarse_target = resize_region(half, grid)
    decoded: Decoded = network.decode(_select(encoded, index), consensuses[which])

    trust = torch.cat([batch.weight, batch.weight[swapped]])
    is_own = torch.arange(len(index)) < images
    there = half.amax((1, 2, 3)) > 0.5
    bce = per_image_bce(decoded.logits, half)
    iou = per_image_iou(decoded.logits, half) * (there & is_own)
    shrink = per_image_bce(decoded.shrink, half)
    coarse = per_image_bce(decoded.coarse, coarse_target)
    own_mean = _weighted_mean(trust, is_own)
    foreign_mean = _weighted_mean(trust, ~is_own)
    refined_loss = sum(
        (own_mean(_pad(per_image_bce(r, coarse_target[:images]), len(index))) for r in refined),
        bce.new_zeros(()),
    )
    terms: dict[str, Tensor] = {
        "bce": config.bce * own_mean(bce),
        "iou": config.iou * own_mean(iou),
        "shrink": config.shrink * own_mean(shrink),
        "coarse": config.coarse * (own_mean(coarse) + refined_loss),
        "presence": config.presence * F.binary_cross_entropy_with_logits(decoded.presence, there.float()),
    }
    if count:
        terms["gcm"] = config.gcm * (
            foreign_mean(bce) * 0.5 + foreign_mean(shrink) * 0.5 + foreign_mean(coarse) * 0.5
        )
    if config.acm:
        classes = torch.where(there[:images], batch.classes, -1)
        if (classes >= 0).any():
            terms["acm"] = config.acm * F.cross_entropy(
                classifier(encoded.features, region), classes, ignore_index=-1
            )
    total = torch.stack(list(terms.values())).sum()
    return LossTerms(total, {name: float(term.detach()) for name, term in terms.items()})


def _starts(sizes: list[int]) -> list[int]:
    return [sum(sizes[:g]) for g in range(len(sizes))]


def _marks(region: Tensor, index: int) -> bool:
    return bool(region[index].sum() > 2)


def _select(encoded: Encoded, index: Tensor) -> Encoded:
    return encoded.select(index)


def _pad(values: Tensor, length: int) -> Tensor:
    return torch.cat([values, values.new_zeros(length - len(values))])


def _weighted_mean(trust: Tensor, chosen: Tensor):  # noqa: ANN202
    weight = trust * chosen
    return lambda values: (values * weight).sum() / weight.sum().clamp_min(1e-6)
