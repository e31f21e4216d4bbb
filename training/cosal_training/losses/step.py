"""The loss of one step: composited groups in, weighted terms out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ..data import GroupBatch
from ..network import CosalLite, Decoded
from ..network.blocks import resize_region
from ..network.gam import consensus_of, mean_weights
from .classification import IGNORED, AuxiliaryClassifier, acm_loss, racm_loss, region_mean
from .config import LossConfig
from .terms import per_image_bce, per_image_focal, per_image_iou
from .triplet import symmetric_triplet_loss


def group_consensuses(
    network: CosalLite, features: Tensor, region: Tensor, sizes: list[int], seeded: list[int], makers: list[int]
) -> tuple[Tensor, list[Tensor]]:
    """Each group's consensus, (G, 2K, C), and the coarse logits that its refinements made, per refinement.

    region: true regions on the feature grid; seeded[g] is how many of the group's first images are marked, and
    makers[g] how many make the consensus. Without GAM there is nothing to refine.
    """
    if not network.config.gam:
        return network.constant.expand(len(sizes), -1, -1), []
    consensuses: list[Tensor] = []
    coarse: list[list[Tensor]] = [[] for _ in range(network.config.refinements)]
    start = 0
    for size, marked, count in zip(sizes, seeded, makers, strict=True):
        own = features[start : start + size]
        part = own[:count]
        if marked:
            consensus = consensus_of(network.gam.pool(own[:marked], region[start : start + marked]))
        else:
            consensus = consensus_of(
                network.affinity_summary(part, network.gam.keys(part), mean_weights(count, own.device))
            )
        for index in range(network.config.refinements):
            logits = network.coarse(own, consensus)
            coarse[index].append(logits)
            consensus = consensus_of(network.gam.pool(part, logits[:count].sigmoid()))
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
    if config.gcm and not network.config.gam:
        raise ValueError("GCM decodes with other groups' consensus: it needs GAM")
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
    makers = [_makers(size, config.reused_share, generator) for size in batch.sizes]
    consensuses, refined = group_consensuses(network, encoded.features, region, batch.sizes, seeded, makers)
    own = torch.repeat_interleave(torch.arange(len(batch.sizes)), torch.tensor(batch.sizes))
    count = int(images * config.foreign_share) if config.gcm else 0
    swapped = torch.randperm(images, generator=generator)[:count]
    index = torch.cat([torch.arange(images), swapped])
    which = torch.cat([own, batch.foreign[swapped]])
    half = F.avg_pool2d(torch.cat([batch.mask, batch.foreign_mask[swapped]]), 2)
    coarse_target = resize_region(half, grid)
    decoded: Decoded = network.decode(encoded.select(index), consensuses[which])

    trust = torch.cat([batch.weight, batch.weight[swapped]])
    is_own = torch.arange(len(index)) < images
    there = half.amax((1, 2, 3)) > 0.5
    bce = per_image_bce(decoded.logits, half)
    iou = per_image_iou(decoded.logits, half) * (there & is_own)
    shrink = per_image_bce(decoded.shrink, half)
    coarse = per_image_focal(decoded.coarse, coarse_target, config.gamma)
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
    classes = torch.where(there[:images], batch.classes, IGNORED)
    if config.acm and (classes >= 0).any():
        terms["acm"] = config.acm * acm_loss(classifier, encoded.features, region, classes)
    if config.racm:
        again = torch.nonzero(classes >= 0).flatten()
        again = again[torch.randperm(len(again), generator=generator)[: max(1, int(images * config.racm_share))]]
        if len(again):
            terms["racm"] = config.racm * racm_loss(
                network, classifier, batch.image[again], decoded.logits[again], classes[again]
            )
    if config.gst:
        found = resize_region(decoded.logits[:images].sigmoid(), grid)
        features = region_mean(encoded.features, found)
        terms["gst"] = config.gst * symmetric_triplet_loss(features, batch.sizes, config.margin, generator)
    total = torch.stack(list(terms.values())).sum()
    return LossTerms(total, {name: float(term.detach()) for name, term in terms.items()})


def _starts(sizes: list[int]) -> list[int]:
    return [sum(sizes[:g]) for g in range(len(sizes))]


def _makers(size: int, reused_share: float, generator: torch.Generator) -> int:
    """How many images of a group make its consensus: all, or by chance some, of which two at least."""
    if size < 3 or not reused_share or torch.rand((), generator=generator) >= reused_share:
        return size
    return int(torch.randint(2, size, (), generator=generator))


def _marks(region: Tensor, index: int) -> bool:
    """Whether the object covers at least two cells of the grid: less cannot be pooled."""
    return bool(region[index].sum() > 2)


def _pad(values: Tensor, length: int) -> Tensor:
    return torch.cat([values, values.new_zeros(length - len(values))])


def _weighted_mean(trust: Tensor, chosen: Tensor) -> Callable[[Tensor], Tensor]:
    weight = trust * chosen
    return lambda values: (values * weight).sum() / weight.sum().clamp_min(1e-6)
