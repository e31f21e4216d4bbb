"""The loss of one step: composited groups in, weighted terms out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ..data import GroupBatch
from ..network.blocks import resize_region
from ..network.gam import consensus_of
from ..network.protocol import GroupNetwork
from .classification import IGNORED, acm_loss, racm_loss, region_mean
from .config import LossConfig
from .terms import per_image_bce, per_image_focal, per_image_iou
from .triplet import symmetric_triplet_loss


def group_consensuses(
    network: GroupNetwork, features: Tensor, region: Tensor, sizes: list[int], seeded: list[int], makers: list[int]
) -> tuple[Tensor, list[Tensor]]:
    """Each group's consensus, (G, K, C), and the coarse logits that its refinements made, per refinement.

    region: true regions on the feature grid; seeded[g] is how many of the group's first images are marked, and
    makers[g] how many make the consensus. Without GAM there is nothing to refine.
    """
    if network.fixed_consensus is not None:
        return network.fixed_consensus.expand(len(sizes), -1, -1), []
    consensuses: list[Tensor] = []
    coarse: list[list[Tensor]] = [[] for _ in range(network.refinements)]
    start = 0
    for size, marked, count in zip(sizes, seeded, makers, strict=True):
        own = features[start : start + size]
        part = own[:count]
        if marked:
            consensus = consensus_of(network.gam.pool(own[:marked], region[start : start + marked]))
        else:
            consensus = consensus_of(
                network.affinity_summary(part, network.gam.keys(part), network.mean_weights(count, own.device))
            )
        for index in range(network.refinements):
            logits = network.coarse(own, consensus)
            coarse[index].append(logits)
            consensus = consensus_of(network.gam.refined(part, logits[:count].sigmoid(), consensus))
        consensuses.append(consensus)
        start += size
    return torch.stack(consensuses), [torch.cat(c) for c in coarse]


@dataclass
class LossTerms:
    total: Tensor
    terms: dict[str, Tensor]
    """Weighted, without gradients; on the network's device, so that reading them is what waits for it."""


def training_loss(
    network: GroupNetwork,
    classifier: Callable[[Tensor], Tensor],
    batch: GroupBatch,
    config: LossConfig,
    generator: torch.Generator,
) -> LossTerms:
    """All terms for one step of any network; `batch` is on its device, the generator's device is the CPU.

    classifier: mean features (N, C) -> class logits, for ACM and RACM. Under autocast the networks' convolutions
    run in its type; the consensus and all losses are in float32.
    """
    images, device = len(batch.image), batch.image.device
    image = network.normalise(batch.image).contiguous(memory_format=torch.channels_last)
    encoded = network.encode(image)
    features = encoded.features.float()
    grid = features.shape[-2:]
    region = resize_region(batch.mask, grid)
    seeded = [
        1
        if config.seeded_share and torch.rand((), generator=generator) < config.seeded_share and _marks(region, s)
        else 0
        for s in _starts(batch.sizes)
    ]
    makers = [_makers(size, config.reused_share, generator) for size in batch.sizes]
    with torch.autocast(device.type, enabled=False):
        consensuses, refined = group_consensuses(network, features, region, batch.sizes, seeded, makers)
    own = torch.repeat_interleave(torch.arange(len(batch.sizes)), torch.tensor(batch.sizes)).to(device)
    count = int(images * config.foreign_share) if config.gcm else 0
    order = torch.randperm(images, generator=generator).to(device)
    swapped = order[batch.foreign_weight[order] > 0][:count]
    which = torch.cat([own, batch.foreign[swapped]])
    maps = network.training_maps(encoded, consensuses[which], swapped)
    logits, shrink_logits, coarse_logits = maps.logits.float(), maps.shrink.float(), maps.coarse.float()
    everything, decoded = len(which), len(logits)

    stride = image.shape[-1] // logits.shape[-1]
    target = F.avg_pool2d(torch.cat([batch.mask, batch.foreign_mask[swapped]]), stride)
    coarse_target = resize_region(target, grid)
    trust = torch.cat([batch.weight, batch.foreign_weight[swapped]])
    is_own = torch.arange(everything, device=device) < images
    there = target.amax((1, 2, 3)) > 0.5
    bce = _pad(per_image_bce(logits, target[:decoded], config.edge), everything)
    iou = _pad(per_image_iou(logits, target[:decoded]), everything) * (there & is_own)
    shrink = _pad(per_image_bce(shrink_logits, target[:decoded]), everything)
    coarse = per_image_focal(coarse_logits, coarse_target, config.gamma)
    own_mean = _weighted_mean(trust, is_own)
    foreign_mean = _weighted_mean(trust, ~is_own)
    refined_loss = sum(
        (own_mean(_pad(per_image_bce(r, coarse_target[:images]), everything)) for r in refined),
        bce.new_zeros(()),
    )
    terms: dict[str, Tensor] = {
        "bce": config.bce * own_mean(bce),
        "iou": config.iou * own_mean(iou),
        "shrink": config.shrink * own_mean(shrink),
        "coarse": config.coarse * (own_mean(coarse) + refined_loss),
    }
    if maps.presence is not None:
        presence = F.binary_cross_entropy_with_logits(maps.presence.float(), there.float())
        terms["presence"] = config.presence * presence
    if count:
        terms["gcm"] = config.gcm * (
            foreign_mean(bce) * 0.5 + foreign_mean(shrink) * 0.5 + foreign_mean(coarse) * 0.5
        )
    classes = torch.where(there[:images], batch.classes, IGNORED)
    if config.acm and (classes >= 0).any():
        terms["acm"] = config.acm * acm_loss(classifier, features, region, classes)
    if config.racm:
        again = torch.nonzero(classes >= 0).flatten()
        chosen = torch.randperm(len(again), generator=generator)[: max(1, int(images * config.racm_share))]
        again = again[chosen.to(device)]
        if len(again):
            terms["racm"] = config.racm * racm_loss(
                network, classifier, image[again], maps.roi[again].float(), classes[again]
            )
    if config.gst:
        found = resize_region(logits[:images].sigmoid(), grid)
        vectors = region_mean(features, found)
        terms["gst"] = config.gst * symmetric_triplet_loss(vectors, batch.sizes, config.margin, generator)
    total = torch.stack(list(terms.values())).sum()
    return LossTerms(total, {name: term.detach() for name, term in terms.items()})


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
